"""All that a virtual instrument can touch of the world: its terminals, its relays, noise and time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from labctl.physics.circuit import Source


@dataclass(frozen=True, slots=True)
class TerminalReading:
    """True voltage (V) and current (A, positive out of the source) at a terminal, and whether its limit rules."""

    voltage: float
    current: float
    limited: bool


class SourceTerminal(Protocol):
    """The HI terminal of one source-measure channel; LO is the star ground."""

    def drive(self, source: Source) -> None:
        """Present `source` to the bench from this moment on."""
        ...

    def sense(self) -> TerminalReading:
        """What stands at the terminal at this moment."""
        ...


class MatrixPort(Protocol):
    """The relays of a switch matrix."""

    def set_closed(self, crosspoints: frozenset[tuple[str, int]]) -> None:
        """Close exactly these (row letter, matrix column 1..72) crosspoints; all others are open."""
        ...


class DigitalPort(Protocol):
    """The digital output lines of an instrument."""

    def set_line(self, line: int, high: bool) -> None:
        """Drive output `line` (1-based, as on the connector)."""
        ...


class ChuckPort(Protocol):
    """The chuck of a prober with the wafer on it; lengths in m along the prober's axes."""

    @property
    def dies(self) -> Sequence[tuple[int, int]]:
        """Every die that lies on the wafer as a whole, in the order in which the prober steps."""
        ...

    @property
    def pitch(self) -> tuple[float, float]:
        """Size of a die."""
        ...

    @property
    def subsites(self) -> Sequence[tuple[float, float]]:
        """Places on a die, from its reference point."""
        ...

    @property
    def position(self) -> tuple[float, float]:
        """Where the probes stand over the wafer, from the reference point of die (0, 0)."""
        ...

    @property
    def height(self) -> str:
        """S: separated, A: aligned, C: in contact."""
        ...

    def move(self, x: float, y: float) -> None:
        """Stand at (x, y) from now on."""
        ...

    def lift(self, height: str) -> None:
        """Stand at `height` from now on."""
        ...


class StagePort(Protocol):
    """The heated stage under the die, as its temperature controller meets it."""

    def regulate(self, setpoint: float, heater_on: bool) -> None:
        """Heat towards `setpoint` K, or let the stage drift to the room."""
        ...

    def temperature(self) -> float:
        """Temperature of the stage in K at this moment."""
        ...


class NoisePort(Protocol):
    """Counter-based randomness of one instrument: reproducible, the same whatever other instruments do."""

    def normal(self, quantity: str) -> float:
        """The next standard normal number of `quantity`."""
        ...

    def constant(self, quantity: str) -> float:
        """A standard normal number fixed for the life of this instrument (an offset, a gain error)."""
        ...


class Ports(Protocol):
    """Everything that one virtual instrument may be wired to; it takes what its kind has."""

    @property
    def serial(self) -> str:
        """Serial number that it answers with."""
        ...

    @property
    def clock(self) -> SimClock:
        """The bench's time."""
        ...

    @property
    def noise(self) -> NoisePort:
        """Its own randomness."""
        ...

    @property
    def digital(self) -> DigitalPort:
        """Its digital outputs."""
        ...

    @property
    def relays(self) -> MatrixPort:
        """The relays of the matrix."""
        ...

    @property
    def stage(self) -> StagePort:
        """The stage."""
        ...

    @property
    def chuck(self) -> ChuckPort:
        """The chuck of the prober; raises LabError on a bench without a wafer."""
        ...

    def terminal(self, channel: str) -> SourceTerminal:
        """The terminal of one of its source-measure channels."""
        ...


class SimClock(Protocol):
    """The virtual bench's time; waiting costs no wall time."""

    def now(self) -> float:
        """Seconds since the sample was made."""
        ...

    def wait(self, seconds: float) -> None:
        """Let `seconds` of bench time pass."""
        ...
