"""A dry run says what the run then does, moves nothing and leaves nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tomlkit

from labctl.bench import open_bench
from labctl.bench.ledger import ledger_path, read_books
from labctl.bench.relaybook import read_relay_book
from labctl.benchfile import load_bench
from labctl.core.lines import Cell
from labctl.record.outcome import Outcome
from labctl.record.reading import read_run
from labctl.run.rehearsal import rehearse
from labctl.run.session import run_on
from procedures.forming import Forming
from procedures.program_verify import ProgramVerify
from tests.faults.lab import small_bench

CELL = Cell(1, 0)


@pytest.fixture
def bench_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LABCTL_SAMPLES", str(tmp_path / "samples"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return small_bench(tmp_path)


def files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def measured(bench_file: Path, plan, folder: Path):
    folder.mkdir()
    assert run_on(bench_file, plan, folder).outcome is Outcome.FINISHED
    return read_run(folder)


def test_what_a_dry_run_says_is_what_the_run_then_does(bench_file: Path, tmp_path: Path) -> None:
    measured(bench_file, Forming(word=CELL.word, bit=CELL.bit), tmp_path / "formed")
    plan = ProgramVerify(word=CELL.word, bit=CELL.bit, target=60e-6)
    before = files(tmp_path)
    found = rehearse(bench_file, plan)
    assert files(tmp_path) == before, "sample, ledgers, locks: nothing is left behind"

    closed = read_relay_book(load_bench(bench_file)).closures()
    run = measured(bench_file, plan, tmp_path / "run")
    books = read_books(load_bench(bench_file))
    assert found.is_copy
    assert found.ended.verdict is not None
    assert found.ended.verdict.value == run.end["verdict"]
    assert found.rows == {"VerifyRead": len(run.tables["VerifyRead"])}
    assert found.totals.pulses == books.run.pulses > 0
    assert found.totals.reads == books.run.reads
    assert found.totals.energy == pytest.approx(books.run.energy)
    assert found.doses[CELL].pulses == books.in_run[CELL].pulses
    assert found.seconds == pytest.approx(run.end["bench_seconds"], abs=0.2)
    after = read_relay_book(load_bench(bench_file)).closures()
    assert found.closures == {
        relay: times - closed.get(relay, 0) for relay, times in after.items() if times > closed.get(relay, 0)
    }
    largest = np.abs(run.tables["VerifyRead"].columns["amplitude"]).max()
    assert found.selected[CELL] >= largest
    assert np.count_nonzero(found.selected) >= 1
    assert found.unselected[CELL.word, 1] >= largest / 2


def test_a_bench_in_use_can_be_rehearsed_on(bench_file: Path) -> None:
    with open_bench(bench_file):
        found = rehearse(bench_file, Forming(word=0, bit=0))
    assert found.ended.outcome is Outcome.FINISHED
    assert found.totals.pulses > 0


def test_limits_already_spent_are_refused_as_they_will_be(bench_file: Path, tmp_path: Path) -> None:
    measured(bench_file, Forming(word=0, bit=0), tmp_path / "formed")
    spent = read_books(load_bench(bench_file)).of(Cell(0, 0)).pulses
    text = bench_file.read_text(encoding="utf-8")
    assert "cell_pulses = 1e6" in text
    bench_file.write_text(text.replace("cell_pulses = 1e6", f"cell_pulses = {spent}"), encoding="utf-8")
    found = rehearse(bench_file, ProgramVerify(word=0, bit=0, target=20e-6))
    assert found.ended.outcome is Outcome.FAILED
    assert f"has taken {spent} pulses" in found.ended.reason
    assert found.totals.pulses == 0


def test_a_plan_that_does_not_fit_is_refused(bench_file: Path) -> None:
    found = rehearse(bench_file, Forming(word=9, bit=0))
    assert found.ended.refused
    assert "no cell (9, 0)" in found.ended.reason


def test_a_real_bench_is_rehearsed_on_a_new_sample_with_its_own_ledger(bench_file: Path) -> None:
    text = tomlkit.parse(bench_file.read_text(encoding="utf-8"))
    del text["virtual"]
    text["visa"]["library"] = "@py"  # type: ignore[index]
    bench_file.write_text(tomlkit.dumps(text), encoding="utf-8")
    ledger = ledger_path(load_bench(bench_file))
    ledger.parent.mkdir(parents=True, exist_ok=True)
    ledger.write_text('["ledger","labctl-ledger-1",4,2]\n["run","earlier","2026-11-25T00:00:00"]\n')
    before = ledger.read_bytes()
    found = rehearse(bench_file, Forming(word=0, bit=0))
    assert not found.is_copy
    assert found.ended.outcome is Outcome.FINISHED
    assert found.totals.pulses > 0
    assert ledger.read_bytes() == before
