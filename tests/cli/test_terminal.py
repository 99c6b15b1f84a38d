"""What people read while a run goes on: the time left is that of the part that is being done."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from labctl.cli.terminal import Bar, Lines, columns, duration, observer
from labctl.core.rows import Progress
from labctl.record.outcome import Outcome
from labctl.run.events import Ended, Progressed, Started


class WallAtHand:
    """A wall clock that is set by hand."""

    seconds = 0.0

    def now(self) -> float:
        return self.seconds

    def wait(self, seconds: float) -> None:
        self.seconds += seconds


def test_another_part_has_a_time_left_of_its_own() -> None:
    text, clock = io.StringIO(), WallAtHand()
    lines = Lines(Console(file=text, width=200), clock)
    for seconds, progress in (
        (0.0, Progress(0, 10, "forming")),
        (50.0, Progress(5, 10, "forming")),
        (100.0, Progress(0, 20, "reading")),
        (110.0, Progress(10, 20, "reading")),
        (120.0, Progress(0, 20, "again")),
        (130.0, Progress(5, 20, "again")),
    ):
        clock.seconds = seconds
        lines(Progressed(progress))
    said = text.getvalue().splitlines()
    assert " 50%, 5 of 10, about 50 s left: forming" in said
    assert " 50%, 10 of 20, about 10 s left: reading" in said
    assert " 25%, 5 of 20, about 30 s left: again" in said


def test_the_bar_ends_with_the_outcome() -> None:
    text = io.StringIO()
    bar = Bar(Console(file=text, width=200, force_terminal=True))
    bar(Progressed(Progress(1, 2, "before the start")))
    bar(Ended(Outcome.FAILED, reason="It broke."))
    assert "failed" in text.getvalue()


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.44, "0.4 s"), (12.4, "12 s"), (200.0, "3 min 20 s"), (7500.0, "2 h 05 min")]
)
def test_spans_of_time_are_for_people(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_nothing_in_a_table_is_cut_however_narrow_the_terminal() -> None:
    text, address = io.StringIO(), "TCPIP::127.0.0.1::37513::SOCKET"
    table = columns("instrument", "address", "says it is")
    table.add_row("stage", address, "LSCI,MODEL336,SIM0005/SIM0005,1.0")
    Console(file=text, width=40).print(table)
    assert "…" not in text.getvalue()
    assert set(address) <= set(text.getvalue())


@pytest.mark.parametrize("terminal", [True, False])
def test_a_quiet_observer_tells_progress_only(terminal: bool) -> None:
    text = io.StringIO()
    console = Console(file=text, width=200, force_terminal=terminal)
    tell = observer(console, quietly=True)
    tell(Started(object(), Path("nowhere"), simulated=True))
    tell(Progressed(Progress(1, 2, "reading")))
    tell(Ended(Outcome.FAILED, reason="smu1 is silent."))
    assert "nowhere" not in text.getvalue()
    assert "silent" not in text.getvalue()
    assert ("reading" in text.getvalue()) == terminal
