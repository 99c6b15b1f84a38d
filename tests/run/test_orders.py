"""Orders to a run that is under way: hold, go on, stop, abort, from any thread, on a bench that answers or hangs."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import pytest
from fake_bench import Counting, FakeBench
from pyvisa.constants import StatusCode
from pyvisa.errors import VisaIOError

from labctl.bench import open_bench
from labctl.core.clock import WallClock
from labctl.core.errors import Aborted, NotConfirmed
from labctl.core.orders import WAY_OUT, AbortOrder, HeedingClock
from labctl.core.rows import Experiment, Progress, Verdict
from labctl.driver.door import Driver
from labctl.record.journal import read_journal
from labctl.record.outcome import Outcome
from labctl.record.reading import read_run
from labctl.run.control import PausePoint
from labctl.run.events import Acquired, Paused, Progressed, Resumed
from labctl.run.runner import Runner
from labctl.testing import virtual_lab
from procedures.program_verify import ProgramVerify

MOST = 0.25
"""s of wall time from the order until every output is at 0 V."""


def in_thread(runner, procedure, folder):
    """Run in a thread of its own; the thread, and the list that will hold how it ended."""
    ends: list = []
    thread = threading.Thread(target=lambda: ends.append(runner.run(procedure, folder)))
    thread.start()
    return thread, ends


def joined(thread, ends):
    thread.join(20.0)
    assert not thread.is_alive()
    return ends[0]


class When:
    """An observer that sets an event at the first event of a kind."""

    def __init__(self, kind):
        self.kind, self.seen, self.events = kind, threading.Event(), []

    def __call__(self, event):
        self.events.append(event)
        if isinstance(event, self.kind):
            self.seen.set()


class RestingBench(FakeBench):
    """At rest only where the procedure says so."""

    at_rest = False

    def __init__(self):
        super().__init__()
        self.order = AbortOrder()


def test_a_run_holds_at_its_next_row_goes_on_and_loses_nothing(tmp_path: Path) -> None:
    held, seen = When(Paused), []
    runner = Runner(FakeBench(), [held])
    runner.pause(PausePoint.ROW)
    thread, ends = in_thread(runner, Counting(count=3), tmp_path)
    assert held.seen.wait(10.0)
    seen = [event for event in held.events if isinstance(event, Acquired)]
    assert len(seen) == 1, "it must hold at the first row"
    assert thread.is_alive()
    runner.resume()
    assert joined(thread, ends).outcome is Outcome.FINISHED
    assert any(isinstance(event, Resumed) for event in held.events)
    assert sum(isinstance(event, Acquired) for event in held.events) == 4
    notes = [line["text"] for line in read_journal(tmp_path / "journal.jsonl") if line["line"] == "note"]
    assert notes == ["Paused by order.", "Resumed by order."]


def test_a_safe_pause_passes_over_yields_at_which_an_output_is_on(tmp_path: Path) -> None:
    bench = RestingBench()

    class Connected(Counting):
        def run(self, bench) -> Experiment:
            yield Progress(0, 2, "connected")
            bench.at_rest = True
            yield Progress(1, 2, "at rest")
            return Verdict.DONE

    held = When(Paused)
    runner = Runner(bench, [held])
    runner.pause(PausePoint.SAFE)
    thread, ends = in_thread(runner, Connected(), tmp_path)
    assert held.seen.wait(10.0)
    told = [event.progress.doing for event in held.events if isinstance(event, Progressed)]
    assert told == ["connected", "at rest"]
    assert held.events[-1] == Paused(at_rest=True)
    runner.stop()
    assert joined(thread, ends).outcome is Outcome.STOPPED


@pytest.mark.parametrize("order", ["stop", "abort"])
def test_a_held_run_can_be_ended(order, tmp_path: Path) -> None:
    held, procedure = When(Paused), Counting(count=5)
    runner = Runner(bench := FakeBench(), [held])
    runner.pause(PausePoint.ROW)
    thread, ends = in_thread(runner, procedure, tmp_path)
    assert held.seen.wait(10.0)
    getattr(runner, order)()
    ended = joined(thread, ends)
    assert ended.outcome is (Outcome.STOPPED if order == "stop" else Outcome.ABORTED)
    assert procedure.left == ["left"]
    assert bench.made_safe == 1


def test_an_order_after_the_end_does_not_reach_the_next_run(tmp_path: Path) -> None:
    bench = RestingBench()
    for name in "ab":
        (tmp_path / name).mkdir()
    runner = Runner(bench)
    assert runner.run(Counting(), tmp_path / "a").outcome is Outcome.FINISHED
    runner.abort()
    assert runner.run(Counting(), tmp_path / "b").outcome is Outcome.FINISHED


def test_the_order_lets_the_way_out_speak_for_a_moment_only() -> None:
    order, wall = AbortOrder(), WallClock()
    order.check()
    order.give("Ordered from the window.")
    with pytest.raises(Aborted, match="window"):
        order.check()
    order.check()
    wall.wait(WAY_OUT * 1.2)
    with pytest.raises(Aborted):
        order.check()
    with order.exempt():
        order.check()
    order.withdraw()
    order.check()


def test_a_wait_on_the_wall_clock_ends_at_the_order() -> None:
    order, wall = AbortOrder(), WallClock()
    clock = HeedingClock(WallClock(order.check), order)
    threading.Timer(0.1, order.give, ["Enough."]).start()
    start = wall.now()
    with pytest.raises(Aborted, match="Enough"):
        clock.wait(60.0)
    assert wall.now() - start < MOST


class Case:
    """A program-verify run on a virtual bench, to be aborted; tells when order and safety came."""

    def __init__(self, folder):
        self.folder, self.lab, self.wall = folder, virtual_lab(folder), WallClock()
        self.ordered = self.quiet = 0.0

    def run(self):
        with open_bench(self.lab.bench_file) as bench:
            self.bench, self.runner = bench, Runner(bench)
            make_safe = bench.make_safe

            def measured():
                unsafe = make_safe()
                self.quiet = self.wall.now()
                return unsafe

            bench.make_safe = measured
            (self.folder / "run").mkdir()
            plan = ProgramVerify(word=0, bit=0, target=1e-4, corrected=False)
            return self.runner.run(plan, self.folder / "run")

    def abort_soon(self):
        def order():
            self.ordered = self.wall.now()
            self.runner.abort("Ordered from the window.")

        threading.Timer(0.15, order).start()


def test_abort_while_a_script_runs_inside_a_virtual_instrument(tmp_path, monkeypatch, invariants) -> None:
    case = Case(tmp_path)

    def endless(self, view, *rest, **named):
        yield from ()
        frame = case.bench._mainframes["smu1"]
        case.abort_soon()
        frame.query("smub.source.levelv = 0.1 while true do end print(1)", takes=1e9)

    monkeypatch.setattr(ProgramVerify, "program", endless)
    ended = case.run()
    assert ended.outcome is Outcome.ABORTED
    assert ended.reason == "Ordered from the window."
    assert ended.unconfirmed == ()
    assert case.quiet - case.ordered < MOST
    (judged,) = invariants.violations  # no driver of ours says such a thing
    assert judged.startswith("nobody can judge what smu1 was told: 'while true do end'")
    invariants.forgive()


def test_abort_while_a_link_hangs_quiets_every_other_instrument_at_once(tmp_path, monkeypatch) -> None:
    received, deaf, quiet = Driver._received, [], {}
    case = Case(tmp_path)

    def hanging(driver):
        if driver in deaf:
            case.wall.wait(0.05)
            case.bench._clock._clock.wait(0.5)
            raise VisaIOError(StatusCode.error_timeout)
        return received(driver)

    def stuck(self, view, *rest, **named):
        yield from ()
        deaf.append(case.bench._mainframes["smu1"])
        case.abort_soon()
        case.bench._mainframes["smu1"].query("print(errorqueue.count)", takes=1e9)

    send = Driver.put

    def put(driver, message):
        send(driver, message)
        if "output = 0" in message and case.ordered:
            for name, frame in case.bench._mainframes.items():
                if frame is driver and name not in quiet:
                    quiet[name] = case.wall.now() - case.ordered

    monkeypatch.setattr(Driver, "_received", hanging)
    monkeypatch.setattr(Driver, "put", put)
    monkeypatch.setattr(ProgramVerify, "program", stuck)
    with pytest.raises(NotConfirmed, match="smu1"):  # closing says again what could not be confirmed
        case.run()
    found = read_run(tmp_path / "run")
    assert found.outcome is Outcome.ABORTED
    assert "smu1" in found.end["unconfirmed"][0]
    assert quiet["smu2"] < MOST
    assert quiet["smu3"] < MOST


def test_sigterm_during_a_wait_aborts_and_a_second_one_changes_nothing(tmp_path: Path) -> None:
    class Waiting(Counting):
        def run(self, bench: FakeBench) -> Experiment:
            yield Progress(0, 1, "waiting")
            signal.raise_signal(signal.SIGTERM)
            raise AssertionError("the signal must end the procedure")

    bench = FakeBench(before_safe=lambda: signal.raise_signal(signal.SIGTERM))
    ended = Runner(bench).run(Waiting(), tmp_path)
    assert ended.outcome is Outcome.ABORTED
    assert bench.made_safe == 1
    assert read_run(tmp_path).outcome is Outcome.ABORTED


def test_ctrl_c_ends_a_held_run(tmp_path: Path) -> None:
    bench, order = FakeBench(), lambda event: isinstance(event, Paused) and signal.raise_signal(signal.SIGINT)
    runner = Runner(bench, [order])
    runner.pause(PausePoint.ROW)
    assert runner.run(Counting(), tmp_path).outcome is Outcome.ABORTED
    assert bench.made_safe == 1


def test_what_fails_on_the_way_out_of_an_abort_is_still_an_abort(tmp_path: Path) -> None:
    class Clinging(Counting):
        def run(self, bench: FakeBench) -> Experiment:
            try:
                yield from super().run(bench)
            finally:
                raise NotConfirmed("smu1.a could not be confirmed to be off.")

    runner = Runner(
        bench := FakeBench(), [lambda event: isinstance(event, Acquired) and runner.abort("Enough.")]
    )
    ended = runner.run(Clinging(), tmp_path)
    assert (ended.outcome, ended.reason) == (Outcome.ABORTED, "Enough.")
    assert bench.made_safe == 1
