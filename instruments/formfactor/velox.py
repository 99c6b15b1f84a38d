"""FormFactor wafer probers under Velox, by PyMeasure's own driver: dies by the names of the prober's wafer map."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

from labctl.core.capabilities import DiePosition
from labctl.core.errors import InstrumentError, LabError, NotConfirmed
from labctl.driver.borrowed import VELOX, Lender
from labctl.instrumenttype import InstrumentKind, InstrumentType

LONGEST_MOVE = 60.0
"""s; what Velox itself gives a move up to contact before it calls it failed."""
PLACED = 5e-6
"""m; the chuck counts as placed when it reads back within this distance."""
TOUCHING = "CO"
"""Heights of `ReadChuckStatus` at which the probes touch: contact, overtravel."""
SEPARATED = "S"
HEIGHT = 6
"""Place of the chuck's height in the answer to `ReadChuckStatus`."""


class _Chuck(Protocol):
    def move_contact(self, velocity: float = 100) -> str: ...
    def move_separation(self, velocity: float = 100) -> str: ...
    def ask(self, command: str) -> str: ...


class _WaferMap(Protocol):
    end_reached: bool
    enabled: bool

    def step_first_die(self) -> list[int]: ...
    def step_next_die(self) -> list[int]: ...
    def values(self, command: str, separator: str, cast: type) -> list[Any]: ...


class _Velox(Protocol):
    id: str
    version: str
    chuck: _Chuck
    wafermap: _WaferMap


class Velox(Lender):
    """A chuck with a wafer map that is loaded in Velox. A `Prober`.

    Every move is confirmed by a question afterwards; the chuck separates before it moves sideways, whatever Velox's
    own interlock is set to. Moves are waited for in reads of at most 100 ms. Subsites are reached by
    `MoveChuckSubsite`, the only move after which the die's reference point stays where it was.
    """

    model = "Velox"
    patience = LONGEST_MOVE

    def __init__(self, adapter: object, **connection: Any) -> None:
        """Connect; nothing moves, and nothing is known of where the chuck stands before `locate`."""
        super().__init__(adapter, **connection)
        self._velox: _Velox = self.lend(VELOX)
        self._position: DiePosition | None = None

    @property
    def position(self) -> DiePosition | None:
        """Where the probes stand; None before `locate`, and after a move that failed or was interrupted."""
        return self._position

    def identity(self) -> str:
        """What it says it is, and the version of Velox, which only Velox answers as Velox does.

        Before that, what a program before us left unanswered is let come in: a killed one may have left a move.
        """
        word = f"labctl-{os.getpid()}"
        self.put(f"EchoData {word}")
        while not self.collect("EchoData", self.patience).endswith(word):
            self._answer_due = True
        maker = self.obeyed(lambda: self._velox.id)
        return f"{maker}, Velox {self.obeyed(lambda: self._velox.version)}"

    def locate(self) -> None:
        """Ask where the chuck stands; nothing moves. Not known when no wafer map is loaded, or the chuck is off it."""
        before, self._position = self._position, None
        if not self.obeyed(lambda: self._velox.wafermap.enabled):
            return
        try:
            x, y, *_ = self._numbers("ReadMapPosition2")
        except InstrumentError:
            return
        dx, dy = self._offset()
        found = DiePosition(int(x), int(y), None, self._height() in TOUCHING, dx, dy)
        if before is not None and _same_place(before, found):
            found = replace(found, subsite=before.subsite)
        self._position = found

    def status(self) -> str:
        """Where the chuck stands, in words; asks it."""
        self.locate()
        if self._position is None:
            return "on no die of a loaded map"
        return f"{self._position}, {'in contact' if self._position.in_contact else 'separated'}"

    def to_die(self, x: int, y: int) -> None:
        """See `Prober`; LabError when the loaded map has no such die."""
        if not self.obeyed(lambda: self._velox.wafermap.enabled):
            raise LabError(
                f"{self.label} has no wafer map loaded: open one in Velox, its dies are named there."
            )
        self.separate()
        # PyMeasure's step_to_die drops the answer, which tells where the chuck really is
        if self._stepped(lambda: self._answered(f"StepNextDie {x} {y}")) is None:
            raise LabError(f"{self.label}: there is no die ({x}, {y}) on the prober's wafer map.")
        if self._position is None or (self._position.x, self._position.y) != (x, y):
            there, self._position = self._position, None
            raise NotConfirmed(
                f"{self.label} was sent to die ({x}, {y}) and stands on {there}: do not make contact"
            )

    def first_die(self) -> DiePosition | None:
        """Separate, step to the first die of the map; Velox forgets the bins. None when the map has no dies."""
        self.separate()
        return self._stepped(self._velox.wafermap.step_first_die)

    def next_die(self) -> DiePosition | None:
        """Separate, step to the next die of the map; None at its end, which is no error."""
        self.separate()
        return self._stepped(self._velox.wafermap.step_next_die)

    def to_subsite(self, dx: float, dy: float, name: str | None = None) -> None:
        """See `Prober`; NotConfirmed when the chuck reads back another place."""
        die = self._known()
        self.separate()
        self._position = None
        self.obeyed(lambda: self._velox.chuck.ask(f"MoveChuckSubsite {_microns(dx)} {_microns(dy)} Y 100"))
        there = self._offset()
        if math.dist(there, (dx, dy)) > PLACED:
            raise NotConfirmed(
                f"{self.label} was sent {_microns(dx)}, {_microns(dy)} um from the reference point of die "
                f"({die.x}, {die.y}) and stands at {_microns(there[0])}, {_microns(there[1])}: do not make contact"
            )
        self._position = DiePosition(die.x, die.y, name, False, dx, dy)

    def contact(self) -> None:
        """Raise the chuck until the probes touch; NotConfirmed when Velox then reports another height."""
        self._lift(self._known(), self._velox.chuck.move_contact, TOUCHING)

    def separate(self) -> None:
        """Lower the chuck; NotConfirmed when Velox then reports another height."""
        self._lift(self._position, self._velox.chuck.move_separation, SEPARATED)

    def _lift(self, die: DiePosition | None, move: Callable[[], str], wanted: str) -> None:
        self._position = None
        self.obeyed(move)
        height = self._height()
        if height not in wanted:
            verb = "make contact" if wanted == TOUCHING else "separate"
            raise NotConfirmed(
                f"{self.label} was told to {verb} and reports height {height}: look at the probes"
            )
        if die is not None:
            self._position = replace(die, in_contact=wanted == TOUCHING)

    def _stepped(self, step: Callable[[], list[int]]) -> DiePosition | None:
        """Where a step of the wafer map led; None, and the chuck stands where it stood, at the end of the map."""
        before, self._position = self._position, None
        answer = self.obeyed(step)
        if self._velox.wafermap.end_reached:
            self._position = before
            return None
        if len(answer) < 2 or not all(isinstance(each, int) for each in answer[:2]):
            raise InstrumentError(f"{self.label} answered {answer} where the numbers of a die were asked for")
        self._position = DiePosition(answer[0], answer[1])
        return self._position

    def _answered(self, command: str) -> list[int]:
        return self._velox.wafermap.values(command, separator=" ", cast=int)

    def _known(self) -> DiePosition:
        if self._position is None:
            self.locate()
        if self._position is None:
            raise LabError(f"{self.label}: where the chuck stands is not known; bring it to a die first.")
        return self._position

    def _height(self) -> str:
        """Letter of the preset height at which the chuck stands."""
        answer = self.obeyed(lambda: self._velox.chuck.ask("ReadChuckStatus")).split()
        if len(answer) <= HEIGHT:
            raise InstrumentError(
                f"{self.label} answered {' '.join(answer)!r} where the chuck's state was asked for"
            )
        return answer[HEIGHT]

    def _offset(self) -> tuple[float, float]:
        """M from the reference point of the present die."""
        x, y, *_ = self._numbers("ReadChuckPosition Y D")
        return x * 1e-6, y * 1e-6

    def _numbers(self, command: str) -> list[float]:
        answer = self.obeyed(lambda: self._velox.chuck.ask(command)).split()
        if len(answer) < 2:
            raise InstrumentError(f"{self.label} answered {' '.join(answer)!r} to {command}")
        return [self.number(each) for each in answer]


def _same_place(one: DiePosition, other: DiePosition) -> bool:
    return (one.x, one.y) == (other.x, other.y) and math.dist((one.dx, one.dy), (other.dx, other.dy)) < PLACED


def _microns(metres: float) -> str:
    """A length for Velox: micrometres to the nanometre."""
    return f"{metres * 1e6:.3f}".rstrip("0").rstrip(".")


VELOX_PROBER = InstrumentType(name="velox", kind=InstrumentKind.PROBER, driver=Velox, model=Velox.model)
