"""What surrounds the instruments goes wrong: the disk, the clocks, a second program."""

import errno
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from labctl.core.clock import WallClock
from labctl.core.errors import RecordError
from labctl.record import provenance
from labctl.record.catalogue import new_run_folder
from labctl.record.hdf5 import RunFile
from labctl.record.journal import Journal, read_journal
from labctl.record.outcome import Outcome
from labctl.record.reading import read_run
from labctl.run.session import run_on
from procedures.forming import Forming
from tests.faults.lab import BITS, WORDS, is_pulse, served, small_bench, target_map
from tests.faults.test_bus import FaultyBus


class FullDisk:
    """A file on a disk that is full after some writes."""

    def __init__(self, file, writes):
        self._file, self._left = file, writes

    def write(self, data):
        self._left -= 1
        if self._left < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return self._file.write(data)

    def fileno(self):
        return self._file.fileno()

    def close(self):
        self._file.close()


@pytest.fixture
def bus(monkeypatch):
    return FaultyBus(monkeypatch)


@pytest.fixture
def bench(tmp_path, monkeypatch):
    monkeypatch.setenv("LABCTL_SAMPLES", str(tmp_path))
    return small_bench(tmp_path)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "run").mkdir()
    return tmp_path / "run"


@pytest.mark.parametrize("writes", [2, 3, 5])
def test_a_disk_that_fills_up_ends_the_run_safely_and_keeps_what_was_written(
    writes, bus, bench, folder, monkeypatch
):
    begin = Journal.__init__

    def begun(journal, *arguments, **named):
        begin(journal, *arguments, **named)
        journal._file = FullDisk(journal._file, writes)

    monkeypatch.setattr(Journal, "__init__", begun)
    ended = run_on(bench, Forming(word=1, bit=1), folder)
    assert ended.outcome is Outcome.FAILED
    assert "No space left on device" in ended.reason
    assert bus.live_outputs() == []
    assert len(list(read_journal(folder / "journal.jsonl"))) == writes
    assert len(bus.pulses()) <= max(0, writes - 2), "no pulse goes out once rows cannot be kept"


def test_an_hdf5_file_that_cannot_grow_ends_the_run_safely_and_the_journal_has_every_row(
    bus, bench, folder, monkeypatch
):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(RunFile, "append", full)
    ended = run_on(bench, Forming(word=1, bit=1), folder)
    assert ended.outcome is Outcome.FAILED
    assert "No space left on device" in ended.reason
    assert bus.live_outputs() == []
    rows = [line for line in read_journal(folder / "journal.jsonl") if line["line"] == "row"]
    assert len(rows) >= len(bus.pulses()) >= 1


def test_a_folder_that_cannot_be_written_is_refused_before_any_instrument_hears_of_it(
    bus, tmp_path, monkeypatch
):
    def read_only(path, *_, **__):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))

    monkeypatch.setattr(Path, "mkdir", read_only)
    with (
        pytest.raises(RecordError, match="cannot be made .*choose another folder"),
        new_run_folder(tmp_path, "x"),
    ):
        pytest.fail("there is no folder to run in")
    assert bus.written == []


@pytest.mark.parametrize("jump", [-7200.0, 7200.0], ids=["back", "on"])
def test_a_wall_clock_that_jumps_changes_no_row(jump, bus, bench, folder, monkeypatch):
    now, calls = WallClock.now, []

    def jumping(clock):
        calls.append(None)
        return now(clock) + (jump if len(calls) > 5 else 0.0)

    stamps = iter([datetime(2026, 3, 29, 2, 59, tzinfo=UTC), datetime(2026, 3, 29, 0, 59, tzinfo=UTC)])
    monkeypatch.setattr(WallClock, "now", jumping)
    monkeypatch.setattr(provenance, "now_iso", lambda: next(stamps).isoformat())
    ended = run_on(bench, Forming(word=1, bit=1), folder)
    assert ended.outcome is Outcome.FINISHED
    assert bus.live_outputs() == []
    rows = [line for line in read_journal(folder / "journal.jsonl") if line["line"] == "row"]
    assert len(read_run(folder).tables["FormingRead"]) == len(rows) > 1


@pytest.mark.parametrize("at", [20, 40, 60])
def test_an_hour_lost_between_two_messages_is_no_lost_link(at, bus, bench, folder):
    class Sleeper(list):
        """The computer was asleep before message `at`."""

        def append(self, message):
            super().append(message)
            if len(self) == at:
                bus.world.clock.wait(3600.0)

    bus.written = Sleeper()
    ended = run_on(bench, Forming(word=1, bit=1), folder)
    assert ended.outcome is Outcome.FINISHED, ended.reason
    assert bus.live_outputs() == []


def test_a_second_program_on_the_same_bench_is_refused_and_disturbs_nothing(tmp_path):
    with served(tmp_path) as lab:
        target = target_map(tmp_path, {(word, bit): 80e-6 for word in range(WORDS) for bit in range(BITS)})
        first = lab.start(
            "run",
            "crossbar_program",
            "--bench",
            str(lab.lab_file),
            "--out",
            str(lab.out),
            "--set",
            f"target={target}",
        )
        assert lab.wait_until(lambda: any(map(is_pulse, tuple(lab.messages))))
        second = lab.start("bench", "check", "--bench", str(lab.lab_file))
        said = second.communicate()[0]
        assert first.poll() is None, "the first must still be at work for this test to tell anything"
        assert second.returncode == 2, said
        assert "another program" in said or "in use" in said
        assert first.wait(60.0) == 0, first.communicate()[0]
        assert "finished: done" in first.communicate()[0]
