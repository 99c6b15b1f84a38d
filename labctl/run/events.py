"""What happens in a run, as told to every observer: terminal, window, test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from labctl.core.rows import Picture, Progress
from labctl.record.outcome import Outcome


@dataclass(frozen=True)
class Started:
    """The run folder exists and the first line is in the journal; nothing has moved yet.

    warnings: what the bench says is near its end, such as relays; sentences, also in the record.
    """

    procedure: object
    folder: Path
    simulated: bool
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Acquired:
    """A row, or a block of rows, is in the journal."""

    row: object


@dataclass(frozen=True, eq=False)
class Pictured:
    """A picture is in the journal; it replaces an earlier one of its name."""

    picture: Picture


@dataclass(frozen=True)
class Progressed:
    """How far the procedure is."""

    progress: Progress


@dataclass(frozen=True)
class Paused:
    """The run holds between two yields; at_rest: every output is off, else the sources stand as they were left."""

    at_rest: bool


@dataclass(frozen=True)
class Resumed:
    """The run goes on after a pause."""


@dataclass(frozen=True)
class Ended:
    """The run is over and the record is closed.

    verdict:     what the procedure returned; None unless it finished.
    reason:      why it did not finish, a sentence; empty otherwise.
    unconfirmed: what the bench could not confirm to be safe; somebody must look.
    refused:     the procedure refused its parameters or this bench before it recorded anything.
    """

    outcome: Outcome
    verdict: Enum | None = None
    reason: str = ""
    unconfirmed: tuple[str, ...] = ()
    refused: bool = False


Event = Started | Acquired | Pictured | Progressed | Paused | Resumed | Ended
Observer = Callable[[Event], None]
