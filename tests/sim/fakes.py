"""Small stand-ins for the bench behind the ports: a resistor at a terminal, a clock, recorders."""

from dataclasses import dataclass, field

from labctl.physics.circuit import Drive, Source
from labctl.sim.ports import TerminalReading


class FakeClock:
    """Bench time that only waiting moves."""

    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        return self.time

    def wait(self, seconds: float) -> None:
        assert seconds >= 0.0
        self.time += seconds


@dataclass
class ResistorTerminal:
    """A resistor from the terminal to ground; keeps what it was driven with and when."""

    clock: FakeClock
    resistance: float = 1e4
    history: list[tuple[float, Source]] = field(default_factory=list)

    def drive(self, source: Source) -> None:
        self.history.append((self.clock.now(), source))

    @property
    def source(self) -> Source:
        return self.history[-1][1]

    def sense(self) -> TerminalReading:
        source = self.source
        if source.drive is Drive.OPEN:
            return TerminalReading(0.0, 0.0, False)
        if source.drive is Drive.VOLTAGE:
            current = source.level / self.resistance
            if abs(current) > source.limit:
                current = source.limit if current > 0 else -source.limit
                return TerminalReading(current * self.resistance, current, True)
            return TerminalReading(source.level, current, False)
        voltage = source.level * self.resistance
        if abs(voltage) > source.limit:
            voltage = source.limit if voltage > 0 else -source.limit
            return TerminalReading(voltage, voltage / self.resistance, True)
        return TerminalReading(voltage, source.level, False)


@dataclass
class FakeDigital:
    """Remembers the level of each line."""

    lines: dict[int, bool] = field(default_factory=dict)

    def set_line(self, line: int, high: bool) -> None:
        self.lines[line] = high


@dataclass
class FakeMatrix:
    """Remembers every state of the relays."""

    states: list[frozenset[tuple[str, int]]] = field(default_factory=list)

    def set_closed(self, crosspoints: frozenset[tuple[str, int]]) -> None:
        self.states.append(crosspoints)


class FakeStage:
    """A stage that is at once where it is sent."""

    def __init__(self) -> None:
        self.orders: list[tuple[float, bool]] = []
        self.now = 295.0

    def regulate(self, setpoint: float, heater_on: bool) -> None:
        self.orders.append((setpoint, heater_on))
        if heater_on:
            self.now = setpoint

    def temperature(self) -> float:
        return self.now


@dataclass
class FakeNoise:
    """The same number every time: 0 for an ideal instrument."""

    normals: float = 0.0
    constants: float = 0.0

    def normal(self, quantity: str) -> float:
        return self.normals

    def constant(self, quantity: str) -> float:
        return self.constants
