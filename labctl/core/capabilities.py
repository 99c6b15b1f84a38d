"""What instruments can do, as small Protocols: all that composition and procedures know of a driver."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from labctl.core.route import Crosspoint


class Sample(NamedTuple):
    """One current reading in A, positive out of the terminal, and whether the limit ruled or the range was left.

    A reading beyond the measuring range is infinite.
    """

    current: float
    limited: bool


@dataclass(frozen=True)
class DiePosition:
    """Where the probes stand on a wafer.

    x, y:       the prober's own integers of the die.
    subsite:    what the place on the die was called when the chuck was sent there; None where nobody named it.
    in_contact: whether the probes touch.
    dx, dy:     m from the die's reference point, along the prober's own axes.
    """

    x: int
    y: int
    subsite: str | None = None
    in_contact: bool = False
    dx: float = 0.0
    dy: float = 0.0

    def __str__(self) -> str:
        """`die (3, -2)`, `die (3, -2), array` or `die (3, -2) + (1.5 mm, 0 mm)`."""
        if self.subsite is not None:
            return f"die ({self.x}, {self.y}), {self.subsite}"
        if not (self.dx or self.dy):
            return f"die ({self.x}, {self.y})"
        return f"die ({self.x}, {self.y}) + ({self.dx * 1e3:g} mm, {self.dy * 1e3:g} mm)"


class Instrument(Protocol):
    """Anything with an address on the bench."""

    def identity(self) -> str:
        """Maker, model, serial number, firmware, as the instrument says it."""
        ...

    @property
    def messages(self) -> int:
        """Messages sent since the connection was opened."""
        ...

    def status(self) -> str:
        """How it stands, in words, as it answers; nothing moves."""
        ...

    def errors(self) -> list[str]:
        """Empty the instrument's error queue; each entry in words."""
        ...

    def make_safe(self) -> None:
        """Zero, switch off, open: whatever this instrument can do to harm nothing; confirmed by reading back."""
        ...

    def close(self) -> None:
        """End the connection."""
        ...


class SourceMeter(Protocol):
    """One channel that sources voltage and measures current."""

    @property
    def ordered_level(self) -> float:
        """V that was ordered last, for a display."""
        ...

    def prepare(
        self, *, largest_level: float, compliance: float, nplc: float, largest_reading: float | None = None
    ) -> None:
        """At 0 V and off: voltage source, range for `largest_level` V, limit `compliance` A; all read back.

        Currents are measured in a fixed range for `largest_reading` A (left out: for `compliance`).
        Raises SettingOutOfRange, or NotConfirmed when the instrument answers another value.
        """
        ...

    def set_compliance(self, compliance: float) -> None:
        """Write a new limit in A and read it back."""
        ...

    def set_output(self, on: bool) -> None:
        """Close the output, or zero it and open it, read back; refuses to close before `prepare` was confirmed."""
        ...

    def set_level(self, voltage: float) -> None:
        """Source `voltage` V, read back."""
        ...

    def sample(self) -> Sample:
        """One current reading at the present level, in one message."""
        ...

    def source_and_sample(self, voltage: float) -> Sample:
        """Source `voltage` V and take one current reading, in one message."""
        ...

    def visit(self, voltage: float) -> Sample:
        """Source `voltage` V, take one current reading, return to 0 V, in one message."""
        ...

    def measure_current(self) -> float:
        """One reading in A, positive out of the terminal."""
        ...

    def measure(self) -> tuple[float, float]:
        """Voltage in V and current in A at the terminal, one reading each."""
        ...

    def in_compliance(self) -> bool:
        """Whether the limit rules at this moment."""
        ...

    def read_state(self) -> tuple[bool, float]:
        """Output on? and level in V, as the instrument answers."""
        ...

    def residue(self) -> tuple[float, float]:
        """Level in V and measured current in A that a relay beside this source would switch; zeros while it is off."""
        ...


class SourceMainframe(Instrument, Protocol):
    """An instrument with several source-measure channels and digital outputs."""

    @property
    def channels(self) -> Mapping[str, SourceMeter]:
        """Channels by their letter."""
        ...

    @property
    def answer_due(self) -> bool:
        """Whether a question was put whose answer never came: it is busy, or does not hear."""
        ...

    def request_zero(self) -> None:
        """Order every channel to 0 V and off, and wait for no answer: the next instrument may have its turn."""
        ...

    def confirm_zero(self) -> None:
        """Read back what `request_zero` ordered; NotConfirmed when an output is not at 0 V and off."""
        ...

    def set_levels(self, levels: Mapping[str, float]) -> None:
        """Source these levels in V, channel after channel in the given order, in one message; read back."""
        ...

    def pulse(
        self,
        levels: Mapping[str, float],
        width: float,
        rest: Mapping[str, float] | None = None,
        spacing: float = 0.0,
    ) -> None:
        """Raise the channels in the given order, hold `width` s, return them in reverse order to `rest` V (else 0).

        Between the steps of two channels, up and down, `spacing` s pass.

        Timed inside the instrument: the width does not depend on the bus. Returns when the pulse is over.
        """
        ...

    def write_digital(self, line: int, high: bool) -> None:
        """Drive digital output `line` (1-based)."""
        ...

    def read_digital(self, line: int) -> bool:
        """Level of digital line `line` as the instrument reads it."""
        ...


class SwitchMatrix(Instrument, Protocol):
    """A row-column relay matrix."""

    def closed(self) -> frozenset[Crosspoint]:
        """The crosspoints that the instrument reports closed."""
        ...

    def change(self, opening: Iterable[Crosspoint], closing: Iterable[Crosspoint]) -> None:
        """Open those, then close these, others stay as they are; read back.

        Raises NotConfirmed naming every crosspoint that did not move.
        """
        ...

    def open_all(self) -> None:
        """Open every crosspoint."""
        ...


class Stage(Protocol):
    """A heated stage with a thermometer."""

    def set_setpoint(self, kelvin: float) -> None:
        """Regulate towards `kelvin`, heater on."""
        ...

    def temperature(self) -> float:
        """Present reading in K."""
        ...


class TemperatureController(Instrument, Stage, Protocol):
    """The instrument that regulates a stage."""


class Prober(Protocol):
    """Steps a wafer under the probes: a machine, or a person who is told what to do."""

    @property
    def position(self) -> DiePosition | None:
        """Where the probes stand; None while that is not known."""
        ...

    def to_die(self, x: int, y: int) -> None:
        """Separate, and bring the reference point of die (x, y), the prober's own integers, under the probes.

        Raises LabError when there is no such die; the position is confirmed when this returns.
        """
        ...

    def to_subsite(self, dx: float, dy: float, name: str | None = None) -> None:
        """Separate, and stand `dx`, `dy` m from the reference point of the present die, along the prober's own axes.

        `name` is what the position is called from then on.
        """
        ...

    def contact(self) -> None:
        """Let the probes touch."""
        ...

    def separate(self) -> None:
        """Take the probes off the wafer."""
        ...


class MachineProber(Instrument, Prober, Protocol):
    """A prober that can be asked where its chuck stands."""

    def locate(self) -> None:
        """Ask where the chuck stands; nothing moves."""
        ...
