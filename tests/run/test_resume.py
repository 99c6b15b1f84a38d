"""An interrupted array programming is gone on with: nothing is formed twice, the map is the same."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from fake_bench import Counting, FakeBench

from labctl.bench import open_bench
from labctl.core.errors import PlanError
from labctl.core.rows import Verdict
from labctl.record.catalogue import new_run_folder
from labctl.record.journal import read_journal
from labctl.record.outcome import Outcome
from labctl.record.reading import read_run
from labctl.run.events import Acquired
from labctl.run.resuming import find_interrupted
from labctl.run.runner import Runner, run
from labctl.run.session import go_on_with
from procedures.crossbar_program import CrossbarProgram
from procedures.forming import Forming
from tests.faults.lab import small_bench, target_map

TARGET = {(0, 0): 50e-6, (1, 1): 100e-6, (2, 0): 150e-6, (3, 1): 30e-6}
TOLERANCE = 0.05


@pytest.fixture
def bench_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LABCTL_SAMPLES", str(tmp_path))
    return small_bench(tmp_path)


def interrupted_at(row: int, bench_file: Path, folder: Path):
    """Run until `row` rows are recorded, abort; the folder of the run."""
    plan = CrossbarProgram(target=str(target_map(bench_file.parent, TARGET)), tolerance=TOLERANCE)
    rows = []

    def abort(event):
        if isinstance(event, Acquired):
            rows.append(event.row)
            if len(rows) == row:
                runner.abort("Interrupted for this test.")

    with open_bench(bench_file) as bench, new_run_folder(folder, "crossbar_program") as made:
        runner = Runner(bench, [abort])
        ended = runner.run(plan, made)
    assert ended.outcome is Outcome.ABORTED
    return made


def forget_the_last(folder: Path, lines: int) -> None:
    """As if the program had been killed before so many last lines of rows were written."""
    journal = folder / "journal.jsonl"
    kept = journal.read_text(encoding="utf-8").splitlines(keepends=True)
    while lines or json.loads(kept[-1])["line"] not in ("row", "start"):
        lines -= json.loads(kept.pop())["line"] == "row"
    journal.write_text("".join(kept), encoding="utf-8")
    (folder / "run.h5").unlink()


def go_on(folder: Path):
    found = find_interrupted(folder)
    plan, remarks = found.plan(CrossbarProgram)
    return go_on_with(found.bench, plan, folder, remarks=remarks)


def rows_after_the_seam(folder: Path, table: str):
    lines = list(read_journal(folder / "journal.jsonl"))
    seam = next(index for index, line in enumerate(lines) if line["line"] == "resumed")
    return [line["values"] for line in lines[seam:] if line["line"] == "row" and line["table"] == table]


def formed_before_the_seam(folder: Path) -> set[tuple[int, int]]:
    formed = set()
    for line in read_journal(folder / "journal.jsonl"):
        if line["line"] == "resumed":
            break
        if line["line"] == "row" and line["table"] == "FormingRead" and line["values"][6] >= 1e-6:
            formed.add((line["values"][2], line["values"][3]))
    return formed


@pytest.mark.parametrize("forgotten", [0, 1], ids=["aborted", "killed before the last row"])
@pytest.mark.parametrize("row", [1, 6, 13, 25, 38, 47])
def test_a_resumed_run_ends_like_an_uninterrupted_one(row, forgotten, bench_file, tmp_path) -> None:
    folder = interrupted_at(row, bench_file, tmp_path / "runs")
    if forgotten and row > 1:
        forget_the_last(folder, 1)
    before = read_run(folder)
    recorded = {name: np.array(table.columns["bench_time"]) for name, table in before.tables.items()}
    ended = go_on(folder)
    assert (ended.outcome, ended.verdict) == (Outcome.FINISHED, Verdict.DONE), ended.reason
    found = read_run(folder)
    for name, times in recorded.items():
        np.testing.assert_array_equal(found.tables[name].columns["bench_time"][: len(times)], times)
    measured = found.pictures["conductance"].values
    for cell, wanted in TARGET.items():
        assert measured[cell] == pytest.approx(wanted, rel=TOLERANCE)
    assert len(found.tables["CellSummary"]) == len(TARGET)
    assert set(found.tables["CellSummary"].columns["verdict"]) == {"verified"}
    assert set(found.tables["CellSummary"].columns["forming"]) <= {"formed", "already formed"}
    again = formed_before_the_seam(folder)
    assert all((each[2], each[3]) not in again for each in rows_after_the_seam(folder, "FormingRead"))
    seams = [line for line in read_journal(folder / "journal.jsonl") if line["line"] == "resumed"]
    assert len(seams) == 1


def test_a_cell_is_read_before_the_pulse_that_was_ordered_last_is_ordered_again(bench_file, tmp_path) -> None:
    folder = interrupted_at(3, bench_file, tmp_path / "runs")
    forget_the_last(folder, 1)
    assert go_on(folder).outcome is Outcome.FINISHED
    first = rows_after_the_seam(folder, "FormingRead")[0]
    assert first[4] == read_run(folder).tables["FormingRead"].columns["pulses"][1], (
        "the first row after the seam tells the pulses that were known before it"
    )


def test_a_run_whose_summary_had_begun_only_completes_it(bench_file, tmp_path) -> None:
    folder = interrupted_at(1, bench_file, tmp_path / "runs")
    assert go_on(folder).outcome is Outcome.FINISHED
    with pytest.raises(PlanError, match="nothing left to do"):
        find_interrupted(folder)
    lines = (folder / "journal.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    of_summary = [index for index, line in enumerate(lines) if '"table":"CellSummary"' in line]
    (folder / "journal.jsonl").write_text("".join(lines[: of_summary[2]]), encoding="utf-8")
    (folder / "run.h5").unlink()
    reads = len(read_run(folder).tables["VerifyRead"])
    assert go_on(folder).verdict is Verdict.DONE
    found = read_run(folder)
    assert len(found.tables["CellSummary"]) == len(TARGET)
    assert len(found.tables["VerifyRead"]) == reads


def test_a_changed_bench_file_and_a_procedure_that_cannot_go_on_are_refused(bench_file, tmp_path) -> None:
    folder = interrupted_at(2, bench_file, tmp_path / "runs")
    bench_file.write_text(bench_file.read_text(encoding="utf-8") + "\n# rewired\n", encoding="utf-8")
    with pytest.raises(PlanError, match="was changed since"):
        find_interrupted(folder)
    assert find_interrupted(folder, str(bench_file)).bench == str(bench_file)
    (tmp_path / "other").mkdir()
    run(Counting(), FakeBench(), tmp_path / "other")
    with pytest.raises(PlanError, match="Counting cannot go on"):
        Runner(FakeBench()).go_on(Counting(), tmp_path / "other")
    with pytest.raises(PlanError, match="other parameters now"):
        find_interrupted(folder, str(bench_file)).plan(Forming)


def test_a_resumed_run_is_programmed_to_the_map_that_it_was_begun_with(bench_file, tmp_path):
    folder = interrupted_at(12, bench_file, tmp_path / "runs")
    other = dict.fromkeys(TARGET, 0.0002)
    target = target_map(tmp_path, other)
    ended = go_on(folder)
    assert ended.verdict is Verdict.DONE
    run_ = read_run(folder)
    for cell, conductance in TARGET.items():
        assert run_.pictures["target conductance"].values[cell] == conductance
        assert run_.pictures["conductance"].values[cell] == pytest.approx(conductance, rel=3 * TOLERANCE)
    assert run_.parameters["target"]["applied"] == str(target)
    assert f"{target} was changed since the run began; the run goes on with its kept copy." in run_.notes


def test_a_map_that_is_gone_is_told_and_its_copy_used(bench_file, tmp_path, monkeypatch):
    folder = interrupted_at(12, bench_file, tmp_path / "runs")
    (tmp_path / "target.npy").unlink()
    monkeypatch.chdir(folder)
    assert go_on(folder).verdict is Verdict.DONE
    assert any("is gone" in note for note in read_run(folder).notes)


@pytest.mark.parametrize("harm", ["missing", "damaged"])
def test_without_the_kept_copy_a_run_is_not_resumed(bench_file, tmp_path, harm):
    folder = interrupted_at(12, bench_file, tmp_path / "runs")
    (noted,) = read_run(folder).head["inputs"].values()
    kept = folder / noted["kept"]
    if harm == "missing":
        kept.unlink()
    else:
        kept.write_bytes(kept.read_bytes()[:-1] + b"!")
    with pytest.raises(PlanError, match="missing or damaged: the run cannot be resumed"):
        go_on(folder)


def test_a_run_of_a_version_that_kept_no_files_is_not_resumed(bench_file, tmp_path):
    folder = interrupted_at(12, bench_file, tmp_path / "runs")
    found = find_interrupted(folder)
    with pytest.raises(PlanError, match=r"kept no copy of the files that it read \(target\)"):
        dataclasses.replace(found, inputs=None).plan(CrossbarProgram)
