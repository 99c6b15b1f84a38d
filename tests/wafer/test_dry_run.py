"""A dry run of a wafer says what the wafer then does; nothing moves, nothing is kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import tomlkit

from labctl.bench.sites import read_all_books
from labctl.benchfile import BenchFile, load_bench, read_bench
from labctl.catalogue import find
from labctl.core.errors import LimitExceeded
from labctl.core.lines import Cell
from labctl.record.outcome import Outcome
from labctl.wafer.campaign import run_wafer
from labctl.wafer.dry_run import rehearse_wafer
from labctl.wafer.geometry import Die
from labctl.wafer.plan import WaferPlan, read_plan
from labctl.wafer.stress import stresses
from procedures.cells_form import CellsForm
from procedures.crossbar_program import CrossbarProgram
from tests.wafer.plans import CORNER, SOURCE, operated_bench


@pytest.fixture(autouse=True)
def _folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABCTL_SAMPLES", str(tmp_path / "samples"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))


def plan(**changes: object) -> WaferPlan:
    return replace(read_plan(CORNER, SOURCE), **changes)  # type: ignore[arg-type]


def files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_is_said_of_one_die_is_what_that_die_then_gets(tmp_path: Path) -> None:
    bench = load_bench("virtual_wafer")
    found = rehearse_wafer(plan(), bench, find)
    assert files(tmp_path) == {}, "sample, ledgers, records: nothing is left behind"
    assert found.die == (0, 0), "the one nearest to the centre"
    assert found.found.ended.outcome is Outcome.FINISHED
    assert found.found.is_copy
    assert found.touchdowns == 4
    assert found.found.rows["Touchdown"] == 2
    assert found.settling == 0.0
    assert found.wafer_seconds == pytest.approx(2 * found.found.seconds)

    end = run_wafer(plan(dies=(Die(0, 0),)), bench.source, tmp_path / "out", find=find)
    assert end.outcome is Outcome.FINISHED
    runs = [books.run for name, books in read_all_books(bench).items() if name]
    assert len(runs) == 2, "one device for each subsite"
    assert found.found.totals.pulses == sum(run.pulses for run in runs) > 0
    assert found.found.totals.pulses <= found.pulses
    assert found.found.totals.reads == sum(run.reads for run in runs)
    assert found.found.totals.energy == pytest.approx(sum(run.energy for run in runs))

    again = rehearse_wafer(plan(dies=(Die(0, 0),)), bench, find)
    assert again.found.totals.pulses == 0, "the copy remembers that these cells are formed"
    assert rehearse_wafer(plan(), bench, find).die == (-4, 2), (
        "a die with nothing to pulse tells little of others"
    )


def test_the_worst_case_follows_from_the_settings(tmp_path: Path) -> None:
    found = rehearse_wafer(plan(dies=(Die(0, 0),)), load_bench("virtual_wafer"), find)
    assert [(each.subsite, each.test) for each in found.worst] == [("cell", "form"), ("array", "form")]
    most = CellsForm(cells=(Cell(0, 0),)).last_pulse
    for each in found.worst:
        assert each.selected == pytest.approx(1.8)
        assert each.others == pytest.approx(1.8 / 3)
        assert each.pulses == most
    assert found.pulses == 3 * most
    assert found.found.selected.max() == pytest.approx(1.8)
    largest_pulse = 1.8**2 / (4 * 20e3) * 500e-6
    assert found.worst[0].energy == pytest.approx(most * largest_pulse)


def test_a_budget_of_the_bench_bounds_the_pulses() -> None:
    bench = load_bench("virtual_wafer")
    few = read_bench(bench.text.replace("run_pulses = 1e5", "run_pulses = 3"), bench.source)
    assert few.limits.run_pulses == 3
    found = rehearse_wafer(plan(dies=(Die(0, 0),)), few, find)
    assert [each.pulses for each in found.worst] == [3, 3]


def test_an_array_that_is_programmed_can_be_pulsed_in_every_round(tmp_path: Path) -> None:
    target = tmp_path / "map.csv"
    target.write_text(("1e-5," * 8).rstrip(",") + "\n" + ("nan," * 8).rstrip(",") + "\n")
    procedure = CrossbarProgram(target=str(target), touch_up=2, max_pulses=7)
    forming, writing, reading = stresses(procedure, (Cell(0, 0),), load_bench("virtual_56x8"))
    assert forming.pulses == procedure.last_pulse
    assert writing.pulses == 7 * (1 + 1 + 2), "RESET after forming, programming, two rounds of touching up"
    assert reading.pulses == 0
    assert reading.energy(0) == 0.0


def real_bench(tmp_path: Path, kind: str) -> BenchFile:
    """A bench with instruments at real addresses."""
    text = tomlkit.parse(load_bench("virtual_wafer").text)
    text["visa"]["library"] = "@py"  # type: ignore[index]
    del text["virtual"]
    if kind == "operator":
        text["prober"] = {"kind": "operator"}
        del text["instruments"]["prober"], text["visa"]["addresses"]["prober"]  # type: ignore[attr-defined,index]
    path = tmp_path / "real.toml"
    path.write_text(tomlkit.dumps(text), encoding="utf-8")
    return load_bench(path)


@pytest.mark.parametrize("kind", ["velox", "operator"])
def test_a_real_bench_is_rehearsed_on_without_its_prober_and_nobody_is_asked(
    tmp_path: Path, kind: str
) -> None:
    found = rehearse_wafer(plan(), real_bench(tmp_path, kind), find)
    assert found.found.ended.outcome is Outcome.FINISHED, found.found.ended.reason
    assert not found.found.is_copy
    assert found.found.totals.pulses > 0


def test_what_the_bench_refuses_is_told() -> None:
    bench = operated_bench()
    beyond = read_bench(bench.text.replace('write_voltage = "2 V"', 'write_voltage = "1 V"'), bench.source)
    with pytest.raises(LimitExceeded, match="this bench permits 1 V"):
        rehearse_wafer(plan(), beyond, find)
