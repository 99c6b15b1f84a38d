"""A recorded array programming and a campaign with known contents."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from labctl.benchfile import load_bench
from labctl.core.clock import WallClock
from labctl.core.rows import Picture, Verdict
from labctl.demo import conductance_picture
from labctl.record.provenance import head
from labctl.record.recorder import Recorder
from labctl.report.wafer.page import Results, results
from procedures.crossbar_program import CellSummary, CrossbarProgram
from procedures.forming import FormingRead
from procedures.program_verify import VerifyRead
from tests.report.campaigning import plan_of, write_campaign

FAILED = (40, 5)


def record_programming(folder: Path) -> None:
    """448 cells, one of which was never verified, without any instrument."""
    rng = np.random.default_rng(5)
    target = conductance_picture(56, 8)
    plan = CrossbarProgram.of(target, folder / "target.npy")
    known = head("<uuid>", plan, {"target": "a & b"}, load_bench("virtual_56x8"), {"smu1": "2636B <1>"}, 0.0)
    record = Recorder(folder, known, WallClock())
    record.picture(Picture("target conductance", target, "S", ("word", "bit")))
    for (word, bit), wanted in np.ndenumerate(target):
        at = {"word": word, "bit": bit}
        steps = int(rng.integers(1, 6))
        for pulses in range(steps + 1):
            amplitude = 1.0 + 0.05 * pulses if pulses else 0.0
            record.row(FormingRead(**at, pulses=pulses, amplitude=amplitude, conductance=1e-9))
        window = {"target": wanted, "low": 0.95 * wanted, "high": 1.05 * wanted}
        count = int(rng.integers(3, 30))
        reached = 4e-6
        for pulses in range(count + 1):
            reached = 4e-6 + (wanted - 4e-6) * (pulses / count) * (1 + 0.02 * rng.standard_normal())
            amplitude = 0.5 + 0.01 * pulses if pulses else 0.0
            record.row(
                VerifyRead(
                    **at, **window, pulses=pulses, amplitude=amplitude, apparent=reached, conductance=reached
                )
            )
        verdict = Verdict.OUT_OF_PULSES if (word, bit) == FAILED else Verdict.VERIFIED
        record.row(
            CellSummary(
                **at, forming=Verdict.FORMED, verdict=verdict, forming_pulses=steps, pulses=count,
                target=wanted, conductance=reached * (2.0 if (word, bit) == FAILED else 1.0),
            )
        )  # fmt: skip
    record.end({"outcome": "finished", "verdict": "some cells failed", "reason": "", "bus_messages": 123456})


@pytest.fixture(scope="session")
def programmed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run folder of such a programming."""
    folder = tmp_path_factory.mktemp("programmed")
    (folder / "bench.toml").write_text(load_bench("virtual_56x8").text)
    record_programming(folder)
    return folder


@pytest.fixture(scope="session")
def wafer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a campaign with known contents."""
    wafer = tmp_path_factory.mktemp("wafer")
    write_campaign(wafer, plan_of())
    return wafer


@pytest.fixture(scope="session")
def found(wafer: Path) -> Results:
    """What the report makes of it."""
    return results(wafer)


@pytest.fixture(scope="session")
def rows(wafer: Path) -> list[dict[str, str]]:
    """Its table of results."""
    with (wafer / "results.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
