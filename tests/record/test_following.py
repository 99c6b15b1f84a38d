"""HDF5 follows the journal by itself; what goes wrong there is told, and the journal stays whole."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from labctl.core.clock import WallClock
from labctl.core.errors import RecordError
from labctl.core.rows import Block, Picture
from labctl.record import follower
from labctl.record.hdf5 import RunFile
from labctl.record.journal import Journal, read_journal
from labctl.record.outcome import Outcome
from labctl.record.reading import read_run
from labctl.record.replay import recover
from tests.record.rows import Reading, begun

FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def numbers_in_part(folder: Path) -> list[int]:
    """Rows that a reader of the unfinished HDF5 file would find, as far as they are valid; none of a torn copy."""
    copy = shutil.copy(folder / "run.h5.part", folder / "as a reader sees it.h5")
    try:
        reading = h5py.File(copy)
    except OSError:  # copied while it was written
        return []
    with reading as file:
        if "Reading" not in file["tables"]:
            return []
        table = file["tables/Reading"]
        return [int(each) for each in table["number"][: table.attrs["rows_valid"]]]


def wait_until(condition: object, seconds: float = 5.0) -> bool:
    assert callable(condition)
    clock = WallClock()
    end = clock.now() + seconds
    while not condition():
        if clock.now() > end:
            return False
        clock.wait(0.01)
    return True


def test_a_row_reaches_hdf5_though_no_other_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follower, "FOLLOW_EVERY", 0.05)
    record = begun(tmp_path)
    record.row(Reading(7))
    assert wait_until(lambda: numbers_in_part(tmp_path) == [7])
    record.end({"outcome": "finished"})


def test_the_end_of_a_unit_reaches_the_disk_while_nobody_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = []
    monkeypatch.setattr(follower, "FOLLOW_EVERY", 60.0)
    monkeypatch.setattr(follower, "UNIT_FOLLOW_EVERY", 0.0)
    monkeypatch.setattr(Journal, "sync", lambda journal: synced.append(len(list(read_journal(journal.path)))))
    record = begun(tmp_path)
    record.row(Reading(7))
    record.unit_end()
    assert wait_until(lambda: synced == [3] and numbers_in_part(tmp_path) == [7])
    record.end({"outcome": "finished"})


def test_rows_do_not_wait_without_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follower, "FOLLOW_EVERY", 60.0)
    monkeypatch.setattr(follower, "MOST_WAITING", 100)
    record = begun(tmp_path)
    for number in range(150):
        record.row(Reading(number))
    assert numbers_in_part(tmp_path) == list(range(100))
    record.block(
        Block(Reading, {"number": np.arange(150, 300), "current": np.ones(150), "note": ["x"] * 150})
    )
    record.row(Reading(300))
    assert numbers_in_part(tmp_path) == list(range(300))
    record.end({"outcome": "finished"})
    assert list(read_run(tmp_path).tables["Reading"].columns["number"]) == list(range(301))


def test_a_failure_of_hdf5_is_told_by_the_next_call_once_and_the_journal_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise FULL

    monkeypatch.setattr(follower, "FOLLOW_EVERY", 0.01)
    record = begun(tmp_path)
    with monkeypatch.context() as broken:
        broken.setattr(RunFile, "append", full)
        record.row(Reading(1))
        assert wait_until(lambda: not (tmp_path / "run.h5.part").exists())
        with pytest.raises(RecordError, match=r"No space left.*holds every row.*labctl recover"):
            record.row(Reading(2))
    record.row(Reading(3))
    record.picture(Picture("map", np.eye(2), "S"))
    record.end({"outcome": "failed", "reason": "No space left on device."})
    found = read_run(tmp_path)
    assert found.outcome is Outcome.FAILED
    assert list(found.tables["Reading"].columns["number"]) == [1, 2, 3]
    recover(tmp_path)
    assert list(read_run(tmp_path).tables["Reading"].columns["number"]) == [1, 2, 3]


@pytest.mark.parametrize("step", ["append", "flush", "close"])
def test_a_disk_that_is_full_at_the_very_end_makes_the_run_a_failed_one(
    step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise RuntimeError("Unable to flush file's cached information (errno = 28)")

    record = begun(tmp_path)
    record.row(Reading(1))
    with monkeypatch.context() as broken:
        broken.setattr(RunFile, step, full)
        with pytest.raises(RecordError, match="errno = 28"):
            record.end({"outcome": "finished", "verdict": "formed", "reason": ""})
    found = read_run(tmp_path)
    assert found.outcome is Outcome.FAILED
    assert found.end["verdict"] == ""
    assert "errno = 28" in found.end["reason"]
    assert list(found.tables["Reading"].columns["number"]) == [1]
    assert not (tmp_path / "run.h5").exists()


def test_a_line_that_is_cut_by_a_full_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    class HalfFull:
        """Takes a part of one write, then none, then all again."""

        def __init__(self, file: object) -> None:
            self.file, self.calls = file, 0

        def write(self, data: bytes) -> int:
            self.calls += 1
            if self.calls == 1:
                return int(self.file.write(data[:10]))  # type: ignore[attr-defined]
            if self.calls == 2:
                raise FULL
            return int(self.file.write(data))  # type: ignore[attr-defined]

        def __getattr__(self, name: str) -> object:
            return getattr(self.file, name)

    journal = Journal(tmp_path / "journal.jsonl")
    journal.write({"line": "start"})
    journal._file = HalfFull(journal._file)  # type: ignore[assignment]
    with pytest.raises(RecordError, match="No space left"):
        journal.write({"line": "row", "values": [1.0] * 20})
    journal.write({"line": "end"})
    journal.close()
    assert [line["line"] for line in read_journal(journal.path)] == ["start", "end"]


@pytest.mark.skipif(sys.platform == "win32", reason="RLIMIT_FSIZE is POSIX")
def test_the_program_does_not_crash_at_exit_after_hdf5_met_a_full_disk(tmp_path: Path) -> None:
    code = """
import resource, signal, sys
from pathlib import Path
import numpy as np
from labctl.core.errors import RecordError
from labctl.core.rows import Block
from labctl.record import follower
from tests.record.rows import Reading, begun
folder = Path(sys.argv[1])
record = begun(folder)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
follower.MOST_WAITING = 256
rows = 0
try:
    while rows < 100_000:
        record.block(Block(Reading, {"number": np.arange(rows, rows + 256), "current": np.ones(256), "note": ["x"] * 256}))
        rows += 256
except RecordError as error:
    print("told")
    record.end({"outcome": "failed", "reason": str(error)})
"""  # noqa: E501
    ended = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "run")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "told\n", "")
    found = read_run(tmp_path / "run")
    numbers = found.tables["Reading"].columns["number"]
    assert list(numbers) == list(range(len(numbers)))
    assert found.outcome is Outcome.FAILED
