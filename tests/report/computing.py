"""A recorded run of feature maps with known contents: two images, three filters in two fillings of two columns."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from labctl.benchfile import load_bench
from labctl.core.rows import Block, Picture, Verdict
from labctl.nn.featuremaps import MapAgreement
from labctl.record.provenance import head
from labctl.record.recorder import Recorder
from procedures.crossbar_program import CellSummary
from procedures.forming import FormingRead
from procedures.neuron_calibrate import TrimChoice, TrimPoint
from procedures.neuron_transfer import Branch, TransferFit, TransferPoint
from procedures.patches import OutputReading
from procedures.program_verify import VerifyRead
from procedures.stage_settle import StageReading
from tests.clocks import HandClock

WORDS, COLUMNS = 6, 2
FILTERS = (4, 7, 9)
IMAGES = ("cat", "dog")
SHAPE = (2, 3, 3, 5)
TRIMS = (0.1, 0.2)
SECONDS = {"cell": 1.0, "stage": 30.0, "point": 0.5, "patch": 0.25}
"""Bench time of one of each."""


@dataclass(frozen=True)
class Plan:
    """Stands for a procedure without parameters."""


def exact_maps() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Measured, software, software as coded; filter 7 of the dog is all zero in software."""
    rng = np.random.default_rng(11)
    software = np.maximum(rng.normal(size=SHAPE), 0.0)
    quantised = software + 0.1 * rng.uniform(size=SHAPE)
    software[1, 1] = quantised[1, 1] = 0.0
    return 0.5 * quantised + 0.01 * rng.uniform(size=SHAPE), software, quantised


def record_computing(folder: Path, outcome: str = "finished", groups: int = 2) -> None:
    """Write the record; only the first `groups` fillings were through."""
    clock = HandClock()
    bench = load_bench("virtual_56x8")
    (folder / "bench.toml").write_text(bench.text)
    record = Recorder(folder, head("uuid", Plan(), {}, bench, {}, 0.0), clock)
    record.picture(Picture("images", np.full((2, 3, 5, 3), 128.0), "1"))
    measured, software, quantised = exact_maps()
    for group, filters in enumerate([FILTERS[:2], FILTERS[2:]][:groups]):
        columns = range(len(filters))
        _program(record, clock, [(word, bit) for word in range(WORDS) for bit in columns], 1e-5 * (group + 1))
        clock.wait(SECONDS["stage"])
        record.row(StageReading(time=30.0, temperature=313.0))
        _transfer(record, clock, columns)
        _calibrate(record, clock, columns, TRIMS)
        _program(record, clock, [(WORDS - 1, bit) for bit in columns], 5e-5)
        _calibrate(record, clock, columns, TRIMS[-1:])
        for patch in range(30):
            clock.wait(SECONDS["patch"])
            neurons = np.array(columns)
            record.block(
                Block(
                    OutputReading,
                    {"patch": neurons * 0 + patch, "neuron": neurons, "current": neurons * 1e-6},
                )
            )
        for name, maps in (("measured", measured), ("software", software), ("software_quantised", quantised)):
            known = np.where(np.arange(3)[:, None, None] <= FILTERS.index(filters[-1]), maps, np.nan)
            record.picture(Picture(name, known, "1"))
        for image, name in enumerate(IMAGES):
            for neuron, number in enumerate(filters):
                empty = (image, number) == (1, 7)
                value = float("nan") if empty else 0.1 * (image + 1) + 0.01 * number
                record.row(
                    MapAgreement(
                        image=name, filter=number, neuron=neuron, l2_quantised=value, cosine_quantised=value,
                        l2_software=value, cosine_software=value, rms=0.1,
                    )
                )  # fmt: skip
    record.end({"outcome": outcome, "verdict": "done", "reason": "", "bus_messages": 4321})


def _program(record: Recorder, clock: HandClock, cells: list[tuple[int, int]], target: float) -> None:
    wanted = np.full((WORDS, COLUMNS), np.nan)
    wanted[tuple(np.transpose(cells))] = target
    record.picture(Picture("target conductance", wanted, "S"))
    for word, bit in cells:
        clock.wait(SECONDS["cell"])
        record.row(FormingRead(word=word, bit=bit, pulses=0, amplitude=0.0, conductance=1e-5))
        for pulses in range(3):
            record.row(
                VerifyRead(
                    word=word, bit=bit, pulses=pulses, amplitude=0.6, apparent=target, conductance=target,
                    target=target, low=0.9 * target, high=1.1 * target,
                )
            )  # fmt: skip
    for word, bit in cells:
        record.row(
            CellSummary(
                word=word, bit=bit, forming=Verdict.ALREADY_FORMED, verdict=Verdict.VERIFIED, pulses=2,
                target=target, conductance=target,
            )
        )  # fmt: skip


def _transfer(record: Recorder, clock: HandClock, neurons: range) -> None:
    for neuron in neurons:
        for branch, heater in ((Branch.UP, 0.0), (Branch.UP, 3e-4), (Branch.DOWN, 1e-4), (Branch.RESET, 0.0)):
            clock.wait(SECONDS["point"])
            record.row(
                TransferPoint(
                    neuron=neuron,
                    branch=branch,
                    tap_voltage=0.0,
                    heater_current=heater,
                    output_current=heater / 100,
                )
            )
        if neuron == 0:  # the other one has no knee
            record.row(
                TransferFit(
                    neuron=0,
                    threshold=1.9e-4,
                    gain=0.04,
                    hysteresis=2.2e-5,
                    dark_current=5e-8,
                    reset_error=0.0,
                )
            )


def _calibrate(record: Recorder, clock: HandClock, neurons: range, trims: tuple[float, ...]) -> None:
    for trim in trims:
        clock.wait(10 * SECONDS["patch"])
        for neuron in neurons:
            record.row(TrimPoint(neuron=neuron, trim=trim, error=trim + neuron, gain=2e5))
    for neuron in neurons:
        record.row(
            TrimChoice(neuron=neuron, trim=trims[0], error=trims[0] + neuron, gain=2e5, dark_current=1e-7)
        )
