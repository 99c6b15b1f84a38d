"""Runs read back: lazily, after a resume, whatever part of them is asked for."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import pytest

from labctl.core.clock import WallClock
from labctl.core.errors import RecordError
from labctl.core.rows import Block, Picture
from labctl.record import hdf5
from labctl.record.journal import last_line, read_journal
from labctl.record.outcome import Outcome
from labctl.record.reading import read_run
from labctl.record.recorder import Recorder
from labctl.record.replay import recover
from labctl.record.seal import unseal
from tests.record.rows import Reading, begun

ROWS = 300_000_000


@pytest.fixture
def large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run of more than 10 GB, of which only the last chunk is on the disk."""
    monkeypatch.setattr(hdf5, "pack", lambda path: None)
    record = begun(tmp_path)
    record.row(Reading(0))
    record.end({"outcome": "finished"})
    with h5py.File(tmp_path / "run.h5", "r+") as file:
        table = file["tables/Reading"]
        for dataset in table.values():
            dataset.resize(ROWS, axis=0)
        table["number"][-3:] = [7, 8, 9]
        table["current"][-3:] = [7e-6, 8e-6, 9e-6]
        table.attrs["rows_valid"] = ROWS
        unseal(tmp_path / "run.h5")
        assert sum(dataset.size * dataset.dtype.itemsize for dataset in table.values()) > 10e9
    return tmp_path


def test_a_row_of_a_large_file_is_read_without_the_rest(large: Path) -> None:
    tracemalloc.start()
    try:
        table = read_run(large).tables["Reading"]
        assert len(table) == ROWS
        assert table[-1]["number"] == 9
        assert list(table[ROWS - 2 :].columns["current"]) == [8e-6, 9e-6]
        _, most = tracemalloc.get_traced_memory()
        assert most < 2_000_000, "8 bytes of each row would be 2.4 GB a column"
    finally:
        tracemalloc.stop()


RESIDENT = """
import resource, sys
from labctl.record.reading import read_run
from labctl.record.seal import unseal
from labctl.record.seal import unseal

def most():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

before, table = most(), read_run(sys.argv[1]).tables["Reading"]
print(table[-1]["number"], table[5]["number"], most() - before)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="the peak of resident memory is asked of a Unix")
def test_hdf5_takes_no_memory_for_the_rest_either(large: Path) -> None:
    answer = subprocess.run(
        [sys.executable, "-c", RESIDENT, str(large)], capture_output=True, text=True, check=True, timeout=60
    )
    last, middle, grown = (int(word) for word in answer.stdout.split())
    assert (last, middle) == (9, 0)
    assert grown < 50_000, "kB, of more than ten million"


def test_rows_are_counted_like_those_of_a_list(tmp_path: Path) -> None:
    record = begun(tmp_path)
    for number in range(5):
        record.row(Reading(number))
    record.end({"outcome": "finished"})
    for place in ("run.h5", "journal.jsonl"):
        table = read_run(tmp_path).tables["Reading"]
        assert table[1]["number"] == table[-4]["number"] == 1
        assert list(table[1:4].columns["number"]) == [1, 2, 3]
        assert list(table[::2].columns["number"]) == [0, 2, 4]
        assert len(table[7:]) == 0
        with pytest.raises(IndexError):
            table[5]
        with pytest.raises(KeyError):
            table.columns["colour"]
        (tmp_path / place).unlink()


def test_a_file_that_is_gone_is_told_when_a_column_is_asked_for(tmp_path: Path) -> None:
    record = begun(tmp_path)
    record.row(Reading(1))
    record.end({"outcome": "finished"})
    run = read_run(tmp_path)
    (tmp_path / "run.h5").unlink()
    with pytest.raises(RecordError, match=r"run\.h5 cannot be read"):
        run.tables["Reading"].columns["number"]


class FixedClock:
    """The bench's clock stands where it is put."""

    seconds = 0.0

    def now(self) -> float:
        return self.seconds

    def wait(self, seconds: float) -> None:
        self.seconds += seconds


def interrupted(folder: Path, outcome: str = "") -> FixedClock:
    """Two rows at 1 s and 2 s, a picture; then the program is killed, or the run ends with `outcome`."""
    begun(folder).end({"outcome": "stopped", "reason": "by order"})
    lines = (folder / "journal.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "journal.jsonl").write_bytes(lines[0])
    (folder / "run.h5").unlink()
    clock = FixedClock()
    record = Recorder.resume(folder, clock)
    for number in (1, 2):
        clock.seconds = float(number)
        record.row(Reading(number))
    record.picture(Picture("map", np.eye(2), "S", ("word", "bit")))
    record.note("a remark")
    record.end({"outcome": outcome or "aborted"})
    if not outcome:
        lines = (folder / "journal.jsonl").read_bytes().splitlines(keepends=True)
        (folder / "journal.jsonl").write_bytes(b"".join(lines[:-1]) + lines[-2][:20])
        (folder / "run.h5").rename(folder / "run.h5.part")
    return clock


@pytest.mark.parametrize("outcome", ["", "stopped"], ids=["killed", "stopped"])
def test_a_run_goes_on_in_its_own_files_and_the_seam_is_marked(tmp_path: Path, outcome: str) -> None:
    interrupted(tmp_path, outcome)
    clock = FixedClock()
    clock.seconds = 500.0
    record = Recorder.resume(tmp_path, clock)
    assert not record.is_empty
    clock.seconds = 501.5
    record.row(Reading(3))
    assert read_run(tmp_path).outcome is None, "it runs again"
    record.end({"outcome": "finished"})
    for _ in range(2):
        run = read_run(tmp_path)
        assert run.outcome is Outcome.FINISHED
        assert list(run.tables["Reading"].columns["number"]) == [1, 2, 3]
        assert list(run.tables["Reading"].columns["bench_time"]) == [1.0, 2.0, 3.5]
        np.testing.assert_array_equal(run.pictures["map"].values, np.eye(2))
        assert run.notes == ("a remark",)
        assert len(run.seams) == 2
        (tmp_path / "run.h5").unlink(missing_ok=True)
    assert last_line(tmp_path / "journal.jsonl")["line"] == "end"
    assert sum(line["line"] == "table" for line in read_journal(tmp_path / "journal.jsonl")) == 1


def test_an_unfinished_file_beside_a_whole_one_says_that_the_journal_is_newer(tmp_path: Path) -> None:
    record = begun(tmp_path)
    record.row(Reading(1))
    record.end({"outcome": "stopped"})
    (tmp_path / "run.h5.part").touch()
    lines = (tmp_path / "journal.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "journal.jsonl").write_bytes(b"".join(lines[:-1]))
    assert read_run(tmp_path).outcome is None


def test_a_run_that_is_being_written_is_neither_resumed_nor_recovered(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from tests.record.rows import Reading, begun\n"
        "record = begun(Path(sys.argv[1])); record.row(Reading(1)); print('begun', flush=True); input()\n"
        "record.end({'outcome': 'finished'})"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "begun\n"
        before = (tmp_path / "journal.jsonl").read_bytes()
        for attempt in (recover, lambda folder: Recorder.resume(folder, WallClock())):
            with pytest.raises(RecordError, match="is writing the run"):
                attempt(tmp_path)
        assert (tmp_path / "journal.jsonl").read_bytes() == before
        writer.communicate("\n", timeout=30)
    assert writer.returncode == 0
    assert read_run(tmp_path).outcome is Outcome.FINISHED


def test_rows_with_other_columns_than_before_are_refused(tmp_path: Path) -> None:
    interrupted(tmp_path)

    @dataclass(frozen=True)
    class Other:
        number: float

    Other.__name__ = "Reading"
    record = Recorder.resume(tmp_path, WallClock())
    with pytest.raises(RecordError, match="other columns"):
        record.row(Other(1.0))
    record.end({"outcome": "failed"})


def test_recovering_holds_a_bounded_number_of_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record = begun(tmp_path)
    for start in range(0, 1000, 100):
        numbers = np.arange(start, start + 100)
        record.block(Block(Reading, {"number": numbers, "current": numbers * 1.0, "note": ["x"] * 100}))  # type: ignore[dict-item]
    record.end({"outcome": "finished", "verdict": "done"})
    (tmp_path / "run.h5").unlink()
    monkeypatch.setattr("labctl.record.replay.AT_ONCE", 150)
    recover(tmp_path)
    run = read_run(tmp_path)
    assert (tmp_path / "run.h5").exists()
    assert list(run.tables["Reading"].columns["number"]) == list(range(1000))
    assert run.outcome is Outcome.FINISHED
    assert run.end["verdict"] == "done"
    assert run.head["recovered"]
