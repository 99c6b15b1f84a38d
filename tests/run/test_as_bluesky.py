"""The list of tests that Bluesky has of its run engine, in the meaning that its words have here.

Bluesky's `halt`, which leaves everything as it is, does not exist here: no order skips the way out. Nothing is rewound.
"""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import pytest
from fake_bench import Counting, FakeBench

from labctl.core.errors import Aborted, InstrumentError, LinkLost, NotConfirmed
from labctl.core.rows import Experiment, Progress, Verdict
from labctl.record.journal import read_journal
from labctl.record.outcome import Outcome
from labctl.record.reading import read_run
from labctl.run.control import PausePoint
from labctl.run.events import Acquired, Paused, Progressed, Started
from labctl.run.runner import Runner, run

ORDERS = {
    "stop": (lambda runner: runner.stop(), Outcome.STOPPED, "Stopped by order"),
    "abort": (lambda runner: runner.abort("Enough."), Outcome.ABORTED, "Enough."),
    "Ctrl-C": (lambda runner: signal.raise_signal(signal.SIGINT), Outcome.ABORTED, "keyboard"),
    "SIGTERM": (lambda runner: signal.raise_signal(signal.SIGTERM), Outcome.ABORTED, "(SIGTERM)"),
}


def notes(folder: Path) -> list[str]:
    return [line["text"] for line in read_journal(folder / "journal.jsonl") if line["line"] == "note"]


@pytest.mark.parametrize("times", [1, 3, 20])
def test_ctrl_c_once_three_times_and_many_times_is_the_same_end(times: int, tmp_path: Path) -> None:
    left = []

    def interrupt() -> None:
        for _ in range(times):
            signal.raise_signal(signal.SIGINT)

    class Interrupted(Counting):
        def run(self, bench: FakeBench) -> Experiment:
            try:
                yield Progress(0, 1)
                interrupt()
            finally:
                for _ in range(times - 1):
                    signal.raise_signal(signal.SIGINT)
                left.append("output at 0 V")

    bench = FakeBench(before_safe=interrupt)
    ended = run(Interrupted(), bench, tmp_path, [lambda event: interrupt() if left else None])
    assert ended.outcome is Outcome.ABORTED
    assert left == ["output at 0 V"]
    assert bench.made_safe == 1
    assert read_run(tmp_path).outcome is Outcome.ABORTED


@pytest.mark.parametrize("order", list(ORDERS))
def test_after_a_pause_every_order_cleans_up(order: str, tmp_path: Path) -> None:
    give, outcome, words = ORDERS[order]
    procedure, bench = Counting(count=5), FakeBench()
    runner = Runner(bench, [lambda event: isinstance(event, Paused) and give(runner)])
    runner.pause(PausePoint.ROW)
    ended = runner.run(procedure, tmp_path)
    assert ended.outcome is outcome
    assert words in ended.reason
    assert procedure.left == ["left"]
    assert bench.made_safe == 1
    found = read_run(tmp_path)
    assert found.outcome is outcome
    assert words in found.end["reason"]
    assert len(found.tables["Read"]) == 1, "what was measured until then is kept, nothing more was"


@pytest.mark.parametrize("order", ["stop", "abort"])
def test_an_order_given_before_the_first_row_lets_nothing_begin(order: str, tmp_path: Path) -> None:
    give, outcome, _ = ORDERS[order]
    begun = []

    class Begins(Counting):
        def run(self, bench: FakeBench) -> Experiment:
            begun.append(bench)
            yield Progress(0, 1)
            return Verdict.DONE

    bench = FakeBench()
    runner = Runner(bench, [lambda event: isinstance(event, Started) and give(runner)])
    assert runner.run(Begins(), tmp_path).outcome is outcome
    assert begun == []
    assert bench.made_safe == 1


def test_a_stop_is_prompt(tmp_path: Path) -> None:
    procedure, rows = Counting(count=1000), []

    def stop(event: object) -> None:
        if isinstance(event, Acquired):
            rows.append(event)
            runner.stop()

    runner = Runner(FakeBench(), [stop])
    assert runner.run(procedure, tmp_path).outcome is Outcome.STOPPED
    assert len(rows) == 1


def test_pauses_and_resumes_replay_nothing(tmp_path: Path) -> None:
    def again(event: object) -> None:
        if isinstance(event, Paused):
            threading.Thread(target=runner.resume).start()
        elif isinstance(event, Acquired):
            runner.pause(PausePoint.ROW)

    runner = Runner(FakeBench(), [again])
    assert runner.run(Counting(count=5), tmp_path).outcome is Outcome.FINISHED
    assert list(read_run(tmp_path).tables["Read"].columns["word"]) == [0, 1, 2, 3, 4, 5, 7]
    assert notes(tmp_path).count("Paused by order.") == notes(tmp_path).count("Resumed by order.") >= 5


class Cascade(Counting):
    """Loses its link, cannot switch off on its way out; two blocks deep."""

    def run(self, bench: FakeBench) -> Experiment:
        try:
            try:
                yield from super().run(bench)
                raise LinkLost("smu1 does not answer")
            finally:
                raise NotConfirmed("smu1.a could not be confirmed to be off.")
        finally:
            raise InstrumentError("matrix: a relay is stuck.")


def test_a_cascade_of_errors_on_the_way_out_is_told_from_its_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise InstrumentError("the bus hangs.")

    bench = FakeBench(before_safe=broken)
    ended = run(Cascade(), bench, tmp_path)
    assert ended.outcome is Outcome.FAILED
    assert ended.reason == (
        "smu1 does not answer. On the way out: smu1.a could not be confirmed to be off. "
        "On the way out: matrix: a relay is stuck."
    )
    assert ended.unconfirmed == ("The outputs could not be confirmed to be off: the bus hangs.",)
    found = read_run(tmp_path)
    assert found.end["reason"] == ended.reason
    assert list(found.end["unconfirmed"]) == list(ended.unconfirmed)


def test_a_cascade_on_the_way_out_of_an_abort_is_kept_in_the_record(tmp_path: Path) -> None:
    runner = Runner(FakeBench(), [lambda event: isinstance(event, Acquired) and runner.abort("Enough.")])
    ended = runner.run(Cascade(), tmp_path)
    assert (ended.outcome, ended.reason) == (Outcome.ABORTED, "Enough.")
    assert any("a relay is stuck" in note for note in notes(tmp_path))


def test_a_cascade_that_nobody_foresaw_leaves_all_of_its_traceback(tmp_path: Path) -> None:
    class Broken(Counting):
        def run(self, bench: FakeBench) -> Experiment:
            try:
                yield Progress(0, 1)
                raise ZeroDivisionError("by nothing")
            finally:
                raise InstrumentError("smu1 is silent.")

    ended = run(Broken(), FakeBench(), tmp_path)
    assert ended.outcome is Outcome.FAILED
    assert ended.reason.startswith(
        "Unexpected ZeroDivisionError: by nothing. On the way out: smu1 is silent. The traceback is in "
    )
    assert "ZeroDivisionError: by nothing" in (tmp_path / "traceback.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("order", ["abort", "Ctrl-C"])
def test_a_procedure_cannot_make_another_end_of_an_abort(order: str, tmp_path: Path) -> None:
    give, outcome, words = ORDERS[order]

    class Deaf(Counting):
        def run(self, bench: FakeBench) -> Experiment:
            try:
                yield Progress(0, 1)
                give(runner)
                runner._order.check()
            except (Aborted, KeyboardInterrupt):
                bench.clock.wait(0.1)
            return Verdict.DONE

    bench = FakeBench()
    runner = Runner(bench)
    ended = runner.run(Deaf(), tmp_path)
    assert ended.outcome is outcome
    assert ended.verdict is None
    assert words in ended.reason
    assert read_run(tmp_path).outcome is outcome
    assert bench.made_safe == 1


def test_a_procedure_that_will_not_leave_is_left(tmp_path: Path) -> None:
    class Clinging(Counting):
        def run(self, bench: FakeBench) -> Experiment:
            try:
                yield Progress(0, 2)
            except GeneratorExit:
                yield Progress(1, 2)
            return Verdict.DONE

    bench = FakeBench()
    runner = Runner(bench, [lambda event: isinstance(event, Progressed) and runner.stop()])
    ended = runner.run(Clinging(), tmp_path)
    assert ended.outcome is Outcome.FAILED
    assert "generator ignored GeneratorExit" in ended.reason
    assert bench.made_safe == 1
    assert read_run(tmp_path).outcome is Outcome.FAILED
