"""Every end of a run: outcome in journal and HDF5, outputs made safe, observers told."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from fake_bench import Counting, FakeBench

from labctl.core.errors import Aborted, InstrumentError, LimitExceeded, NotConfirmed, PlanError
from labctl.core.rows import Experiment, Verdict
from labctl.record.hdf5 import FILE_NAME, PART_NAME
from labctl.record.journal import read_journal
from labctl.record.outcome import Outcome
from labctl.record.reading import read_run
from labctl.run.events import Acquired, Ended, Event, Pictured, Progressed, Started
from labctl.run.runner import Runner, run
from labctl.run.session import run_on


def raising(error: BaseException):
    def at_end(bench: FakeBench) -> None:
        raise error

    return at_end


def test_a_finished_run_is_told_recorded_and_safe(tmp_path: Path) -> None:
    bench, events = FakeBench(), []
    ended = run(Counting(count=2), bench, tmp_path, [events.append], given={"count": "2"})
    assert ended == Ended(Outcome.FINISHED, Verdict.DONE)
    assert [type(event) for event in events] == [
        Started, Acquired, Progressed, Acquired, Progressed, Pictured, Acquired, Ended
    ]  # fmt: skip
    assert bench.made_safe == 1
    found = read_run(tmp_path)
    assert found.outcome is Outcome.FINISHED
    assert found.end["verdict"] == "done"
    assert found.end["bus_messages"] == 0
    assert found.end["bench_seconds"] == pytest.approx(0.2)
    assert found.parameters["count"] == {"applied": 2, "unit": "1", "low": 0, "high": 1_000_000, "given": "2"}
    assert "given" not in found.parameters["amplitude"]
    assert found.head["instruments"]["smu1"]["identity"].startswith("Keithley")
    assert found.head["mark"] == "SIMULATED"


def test_rows_blocks_and_pictures_come_back_as_they_were(tmp_path: Path) -> None:
    run(Counting(count=2), FakeBench(), tmp_path)
    table = read_run(tmp_path).tables["Read"]
    assert list(table.columns["word"]) == [0, 1, 5, 7]
    assert list(table.columns["bit"]) == [1, 1, 6, 8]
    assert list(table.columns["side"]) == ["right side", "right side", "left side", "right side"]
    assert list(table.columns["limited"]) == [False, False, True, False]
    np.testing.assert_array_equal(table.columns["conductance"], [0.0, 1e-6, 1e-6, np.nan])
    np.testing.assert_array_equal(table.columns["temperature"], [np.nan, np.nan, 300.0, 301.0])
    assert table.columns["bench_time"] == pytest.approx([0.1, 0.2, 0.2, 0.2])
    assert table.units["conductance"] == "S"
    frame = table.to_dataframe()
    assert len(frame) == 4
    assert frame.attrs["units"]["temperature"] == "K"
    picture = read_run(tmp_path).pictures["map"]
    np.testing.assert_array_equal(picture.values, np.eye(2))
    assert (picture.unit, picture.axes) == ("S", ("word", "bit"))


@pytest.mark.parametrize(
    ("error", "outcome", "words"),
    [
        (InstrumentError("smu1: the interlock is open."), Outcome.FAILED, "the interlock is open"),
        (Aborted("Ordered from the window."), Outcome.ABORTED, "from the window"),
        (KeyboardInterrupt(), Outcome.ABORTED, "keyboard"),
    ],
)
def test_every_unhappy_end_is_recorded_and_safe(
    tmp_path: Path, error: BaseException, outcome: Outcome, words: str
) -> None:
    bench, procedure = FakeBench(), Counting(at_end=raising(error))
    ended = run(procedure, bench, tmp_path)
    assert ended.outcome is outcome
    assert words in ended.reason
    assert bench.made_safe == 1
    assert procedure.left == ["left"]
    found = read_run(tmp_path)
    assert found.outcome is outcome
    assert words in found.end["reason"]
    assert len(found.tables["Read"]) == 3
    assert list(read_journal(tmp_path / "journal.jsonl"))[-1]["outcome"] == outcome.value


def test_an_error_nobody_foresaw_leaves_its_traceback(tmp_path: Path) -> None:
    ended = run(Counting(at_end=raising(ZeroDivisionError("by nothing"))), FakeBench(), tmp_path)
    assert ended.outcome is Outcome.FAILED
    assert "traceback.txt" in ended.reason
    assert "ZeroDivisionError" in (tmp_path / "traceback.txt").read_text()


def test_a_plan_that_does_not_fit_is_refused_only_before_the_first_row(tmp_path: Path) -> None:
    for name, count, error, refused in (
        ("first", 0, PlanError("There is no cell (3, 9)."), False),
        ("second", 3, LimitExceeded("20 mA is above 5 mA."), False),
        ("third", -1, PlanError("There is no cell (3, 9)."), True),
    ):
        (tmp_path / name).mkdir()
        procedure = Counting(count=count, at_end=raising(error))
        ended = run(procedure, FakeBench(), tmp_path / name)
        assert (ended.outcome, ended.refused) == (Outcome.FAILED, refused)


@pytest.mark.parametrize(
    ("error", "refused"),
    [(LimitExceeded("20 mA is above 5 mA."), True), (InstrumentError("smu1 is silent."), False)],
)
def test_only_a_refusal_before_the_first_row_is_a_refusal(
    tmp_path: Path, error: Exception, refused: bool
) -> None:
    class AtOnce(Counting):
        def run(self, bench):
            raise error
            yield

    assert run(AtOnce(), FakeBench(), tmp_path).refused is refused


def test_stop_ends_at_the_next_yield_and_leaves_the_procedure_properly(tmp_path: Path) -> None:
    bench, procedure, seen = FakeBench(), Counting(count=100), []

    def stop_at_third(event: Event) -> None:
        if isinstance(event, Acquired):
            seen.append(event)
        if len(seen) == 3:
            runner.stop()

    runner = Runner(bench, [stop_at_third])
    ended = runner.run(procedure, tmp_path)
    assert ended.outcome is Outcome.STOPPED
    assert len(seen) == 3
    assert procedure.left == ["left"]
    assert bench.made_safe == 1
    assert len(read_run(tmp_path).tables["Read"]) == 3


def test_ctrl_c_reaches_the_procedure_and_a_second_one_cannot_spoil_the_end(tmp_path: Path) -> None:
    interrupt = lambda bench=None: signal.raise_signal(signal.SIGINT)  # noqa: E731
    bench = FakeBench(before_safe=interrupt)
    before = signal.getsignal(signal.SIGINT)
    ended = run(Counting(at_end=interrupt), bench, tmp_path)
    assert ended.outcome is Outcome.ABORTED
    assert bench.made_safe == 1
    assert read_run(tmp_path).outcome is Outcome.ABORTED
    assert signal.getsignal(signal.SIGINT) is before


def test_a_second_ctrl_c_does_not_interrupt_the_procedures_way_out(tmp_path: Path) -> None:
    unwound = []

    class Unwinding(Counting):
        def run(self, bench: FakeBench) -> Experiment:
            try:
                signal.raise_signal(signal.SIGINT)
                yield from super().run(bench)
            finally:
                signal.raise_signal(signal.SIGINT)
                unwound.append("output at 0 V")

    assert run(Unwinding(), FakeBench(), tmp_path).outcome is Outcome.ABORTED
    assert unwound == ["output at 0 V"]


def test_ctrl_c_while_an_observer_works_waits_for_the_procedure(tmp_path: Path) -> None:
    finished = []

    def interrupted_observer(event: Event) -> None:
        if isinstance(event, Acquired) and not finished:
            signal.raise_signal(signal.SIGINT)
            finished.append(event)

    ended = run(Counting(), FakeBench(), tmp_path, [interrupted_observer])
    assert ended.outcome is Outcome.ABORTED
    assert len(finished) == 1
    assert len(read_run(tmp_path).tables["Read"]) == 1


class OpenedBench(FakeBench):
    """A bench as a context manager, interrupted while it is entered and while it is left."""

    def __enter__(self) -> FakeBench:
        signal.raise_signal(signal.SIGINT)
        return self

    def __exit__(self, *_: object) -> None:
        signal.raise_signal(signal.SIGINT)
        self.closed = True


def test_ctrl_c_between_opening_and_running_aborts_and_one_while_closing_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = OpenedBench()
    monkeypatch.setattr("labctl.run.session.open_bench", lambda name: bench)
    ended = run_on("virtual_56x8", Counting(), tmp_path)
    assert ended.outcome is Outcome.ABORTED
    assert bench.closed
    assert "Read" not in read_run(tmp_path).tables


class UnsafeBench(FakeBench):
    """A bench as a context manager that cannot be confirmed to be off, as a real one says when it is closed."""

    def __enter__(self) -> FakeBench:
        return self

    def __exit__(self, *_: object) -> None:
        raise NotConfirmed("smu2 does not answer.")


@pytest.mark.parametrize("told", [True, False])
def test_what_is_not_confirmed_is_told_once(
    told: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = UnsafeBench(unconfirmed=("smu2 does not answer.",) if told else ())
    monkeypatch.setattr("labctl.run.session.open_bench", lambda name: bench)
    if told:
        ended = run_on("virtual_56x8", Counting(), tmp_path)
        assert ended.unconfirmed == ("smu2 does not answer.",)
    else:
        with pytest.raises(NotConfirmed):
            run_on("virtual_56x8", Counting(), tmp_path)
    assert read_run(tmp_path).outcome is Outcome.FINISHED


def test_a_procedure_that_cannot_let_go_is_a_failure_even_when_stopped(tmp_path: Path) -> None:
    class Clinging(Counting):
        def run(self, bench: FakeBench) -> Experiment:
            try:
                yield from super().run(bench)
            finally:
                raise InstrumentError("smu1: the output relay is stuck.")

    bench = FakeBench()

    def stop_at_first(event: Event) -> None:
        if isinstance(event, Acquired):
            runner.stop()

    runner = Runner(bench, [stop_at_first])
    ended = runner.run(Clinging(count=9), tmp_path)
    assert ended.outcome is Outcome.FAILED
    assert "relay is stuck" in ended.reason
    assert bench.made_safe == 1


def test_what_the_bench_could_not_confirm_is_told_and_recorded(tmp_path: Path) -> None:
    ended = run(Counting(), FakeBench(unconfirmed=("smu2 does not answer.",)), tmp_path)
    assert ended.unconfirmed == ("smu2 does not answer.",)
    assert list(read_run(tmp_path).end["unconfirmed"]) == ["smu2 does not answer."]


def test_a_bench_that_cannot_be_made_safe_does_not_keep_the_record_open(tmp_path: Path) -> None:
    def broken() -> None:
        raise InstrumentError("the bus hangs.")

    ended = run(Counting(), FakeBench(before_safe=broken), tmp_path)
    assert "the bus hangs" in ended.unconfirmed[0]
    assert read_run(tmp_path).outcome is Outcome.FINISHED


def test_an_observer_that_breaks_is_left_out_and_the_run_goes_on(tmp_path: Path) -> None:
    calls = []

    def breaks(event: Event) -> None:
        calls.append(event)
        raise ValueError("window closed")

    assert run(Counting(), FakeBench(), tmp_path, [breaks]).outcome is Outcome.FINISHED
    assert len(calls) == 1
    notes = [line["text"] for line in read_journal(tmp_path / "journal.jsonl") if line["line"] == "note"]
    assert "window closed" in notes[0]


def test_every_row_is_in_the_journal_before_anybody_hears_of_it(tmp_path: Path) -> None:
    def check(event: Event) -> None:
        if isinstance(event, Acquired):
            rows.append(event)
            lines = list(read_journal(tmp_path / "journal.jsonl"))
            told = sum(line["line"] in ("row", "block") for line in lines)
            counts.append((told, len(rows)))

    rows, counts = [], []
    run(Counting(), FakeBench(), tmp_path, [check])
    assert counts == [(1, 1), (2, 2), (3, 3), (4, 4)]


KILLED = """
import os, sys
from pathlib import Path
sys.path.insert(0, {here!r})
from fake_bench import Counting, FakeBench
from labctl.run.runner import run
run(Counting(count=50, at_end=lambda bench: os._exit(9)), FakeBench(), Path(sys.argv[1]))
"""


def test_a_killed_run_has_no_outcome_and_keeps_every_row(tmp_path: Path) -> None:
    code = KILLED.format(here=str(Path(__file__).parent))
    killed = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False, timeout=60)
    assert killed.returncode == 9
    assert (tmp_path / PART_NAME).exists()
    assert not (tmp_path / FILE_NAME).exists()
    found = read_run(tmp_path)
    assert found.outcome is None
    assert list(found.tables["Read"].columns["word"]) == list(range(50))
    assert found.tables["Read"].units["conductance"] == "S"
    assert found.parameters["count"]["applied"] == 50
    np.testing.assert_array_equal(found.pictures["map"].values, np.eye(2))


def test_a_disk_that_fills_up_ends_the_run_safe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = FakeBench()

    def full(bench: FakeBench) -> None:
        def refuse(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("labctl.record.journal.os.fsync", refuse)

    ended = run(Counting(at_end=full), bench, tmp_path)
    assert ended.outcome is Outcome.FAILED
    assert "No space left" in ended.reason
    assert bench.made_safe == 1
    assert (tmp_path / FILE_NAME).exists()
