"""What people read: a run's progress as a bar, or as a line now and then where there is no terminal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from labctl.core.clock import Clock, WallClock
from labctl.core.quantity import applied
from labctl.core.rows import Progress as Done
from labctl.record.outcome import Outcome
from labctl.run.events import Acquired, Ended, Event, Progressed, Started

if TYPE_CHECKING:
    from labctl.record.reading import Run

LINE_EVERY = 5.0
"""s between two lines where there is no terminal."""


def complain(text: str) -> None:
    """One sentence on stderr."""
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    console.print("[bold red]labctl:[/] ", end="")
    console.print(text, markup=False)


def read_and_tell(folder: Path) -> Run:
    """The run in `folder`; what is damaged about its files goes to stderr. Raises RecordError."""
    from labctl.record.reading import read_run

    found = read_run(folder)
    if found.damage:
        complain(found.damage)
    return found


def page() -> Console:
    """A console for tables: as wide as the terminal, wide enough where there is none."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=160)


def columns(*headers: str) -> Table:
    """A table without lines whose cells are never cut: what is too wide goes on in the next line."""
    table = Table(box=None, show_header=bool(headers))
    for header in headers:
        table.add_column(header, overflow="fold")
    return table


def observer(console: Console, *, quietly: bool = False) -> Callable[[Event], None]:
    """The observer that suits the console; quietly: it tells progress only, neither folder nor end."""
    return Bar(console, quietly) if console.is_terminal else Lines(console, WallClock(), quietly)


class Bar:
    """A progress bar with the time left."""

    def __init__(self, console: Console, quietly: bool = False) -> None:
        """Draws on `console`."""
        self._console, self._quietly = console, quietly
        self._bar = Progress(
            BarColumn(bar_width=30),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("{task.description}", markup=False),
            console=console,
        )
        self._task: TaskID | None = None
        self._parts = _Parts()

    def __call__(self, event: Event) -> None:
        """Draw what happened."""
        match event:
            case Started():
                if not self._quietly:
                    _announce(self._console, event)
                self._task = self._bar.add_task("starting", total=None)
                self._bar.start()
            case Progressed(progress) if self._task is not None:
                if self._parts.begins(progress):
                    self._bar.reset(self._task)
                self._bar.update(
                    self._task, completed=progress.done, total=progress.total, description=progress.doing
                )
            case Ended():
                self._bar.stop()
                if not self._quietly:
                    _conclude(self._console, event)
            case _:
                pass


class Lines:
    """A line every few seconds, for logs."""

    def __init__(self, console: Console, clock: Clock, quietly: bool = False) -> None:
        """Prints on `console`; `clock` is the wall's."""
        self._console, self._clock, self._quietly = console, clock, quietly
        self._start = self._said = clock.now()
        self._parts = _Parts()
        self._rows = 0

    def __call__(self, event: Event) -> None:
        """Print what happened, unless a line was printed a moment ago."""
        match event:
            case Started():
                if not self._quietly:
                    _announce(self._console, event)
                self._start = self._said = self._clock.now()
            case Acquired():
                self._rows += 1
            case Progressed(progress):
                now = self._clock.now()
                if self._parts.begins(progress):
                    self._start = now
                if now - self._said >= LINE_EVERY:
                    self._said = now
                    self._console.print(progress_line(progress, now - self._start), markup=False)
            case Ended() if not self._quietly:
                _conclude(self._console, event)
            case _:
                pass


class _Parts:
    """A run may count several things one after another; the time left is that of the present one."""

    def __init__(self) -> None:
        self._last = Done(0, 0)

    def begins(self, progress: Done) -> bool:
        """Whether this is the first of another part."""
        last, self._last = self._last, progress
        return progress.total != last.total or progress.done < last.done


def progress_line(progress: Done, elapsed: float) -> str:
    """`42 %, 189 of 448, about 12 s left: programming word line 23`."""
    share = progress.done / progress.total if progress.total else 0.0
    left = f", about {duration(elapsed * (1 - share) / share)} left" if 0.0 < share < 1.0 else ""
    return f"{share:4.0%}, {progress.done} of {progress.total}{left}: {progress.doing}"


def duration(seconds: float) -> str:
    """A span of time for people: `0.4 s`, `12 s`, `3 min 20 s`, `2 h 05 min`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def _announce(console: Console, event: Started) -> None:
    mark = " (SIMULATED)" if event.simulated else ""
    console.print(f"Recording{mark} in {event.folder}", markup=False, soft_wrap=True)
    print_parameters(console, event.procedure)
    for warning in event.warnings:
        console.print("[bold yellow]Warning:[/] ", end="")
        console.print(warning, markup=False, soft_wrap=True)


def print_parameters(console: Console, plan: object) -> None:
    """Print the parameters of `plan` as they were understood, so that a wrong one is seen before anything moves."""
    texts = applied(plan)
    if texts:
        together = ", ".join(f"{name} = {text}" for name, text in texts.items() if text)
        console.print(f"with {together}", markup=False, soft_wrap=True)


def _conclude(console: Console, event: Ended) -> None:
    colour = "green" if event.outcome is Outcome.FINISHED else "red"
    verdict = f": {event.verdict.value}" if event.verdict is not None else ""
    outcome = "refused, nothing is kept" if event.refused else event.outcome.value
    console.print(f"[bold {colour}]{outcome}[/]", end="")
    console.print(verdict or ".", markup=False)
    if event.reason and event.outcome is Outcome.FAILED:
        complain(event.reason)
    elif event.reason:
        console.print(event.reason, markup=False, soft_wrap=True)
    for sentence in event.unconfirmed:
        console.print("[bold red]Not confirmed to be safe, please look:[/] ", end="")
        console.print(sentence, markup=False, soft_wrap=True)
