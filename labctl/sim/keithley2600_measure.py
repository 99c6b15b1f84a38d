"""The measuring half of a 2600B channel: ranges, integration, overflow, series into reading buffers."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import NamedTuple

from labctl.sim.keithley2600_ranges import CURRENT, VOLTAGE, Calibration, Range, smallest
from labctl.sim.keithley2600_source import AMPS, VOLTS, SourceStage
from labctl.sim.ports import SimClock, SourceTerminal, TerminalReading
from labctl.sim.tsp_buffer import ReadingBuffer
from labctl.sim.tsp_status import RegisterSet
from labctl.sim.tsp_tree import Branch, Setting, TspError, whole, within

OVERFLOW = 9.91e37
VOLTAGE_LIMIT, CURRENT_LIMIT, READING_OVERFLOW, BUFFER_AVAILABLE = 1, 2, 128, 256
"""Bits of status.measurement.instrument.smuX (2600BS-901-01 p. 7-285)."""

_RANGES = {VOLTS: VOLTAGE, AMPS: CURRENT}
_LETTER = {VOLTS: "v", AMPS: "i"}
_OVERHEAD = 33e-6
"""s per reading beside the integration: 20 000/s at 0.001 NPLC, 5000/s at 0.01 (data sheet, 60 Hz)."""
_OVERHEAD_SHARE = 0.015
"""Share of the aperture on top: 580/s at 0.1 NPLC, 59/s at 1 (data sheet, 60 Hz)."""
_DELAY_AUTO = -1.0


class Sample(NamedTuple):
    """One measurement: V and A as read, and the status word."""

    voltage: float
    current: float
    status: int

    def value(self, function: str) -> float:
        """The reading of measure.v, i, r or p."""
        if function == "i":
            return self.current
        if function == "v":
            return self.voltage
        if OVERFLOW in (abs(self.voltage), abs(self.current)):
            return OVERFLOW
        if function == "p":
            return self.voltage * self.current
        return self.voltage / self.current if self.current else OVERFLOW


Series = Generator[float, None, Sample]
"""A measurement under way: yields the seconds it needs next, returns its last sample."""


class MeasureStage:
    """Reads what stands at the terminal.

    flag: switches bits of the channel's measurement status.
    """

    def __init__(
        self,
        terminal: SourceTerminal,
        source: SourceStage,
        calibration: Calibration,
        clock: SimClock,
        line_frequency: float,
        register: RegisterSet,
    ) -> None:
        self._terminal, self._source, self._calibration = terminal, source, calibration
        self._clock, self._line_frequency, self._register = clock, line_frequency, register
        self.range: dict[int, Range] = {}
        self.autorange = {VOLTS: True, AMPS: True}
        self._lowest = {VOLTS: Setting(0.2, 0.2, 200.0), AMPS: Setting(100e-12, 100e-12, 1.5)}
        self._cycles = Setting(1.0, 0.001, 25.0)
        self._count = Setting(1, 1, 60_000, step=1)
        self._interval = Setting(0.0, 0.0, 1.0)
        self._delay = Setting(_DELAY_AUTO, _DELAY_AUTO, 1e5)
        self._harmless = {
            "autozero": Setting(2, 0, 2, step=1),
            "delayfactor": Setting(1.0, 0.0, 1e3),
            "adc": Setting(0, 0, 1, step=1),
        }
        self._filter = {
            "enable": Setting(0, 0, 1, step=1),
            "count": Setting(1, 1, 100, step=1),
            "type": Setting(1, 0, 2, step=1),
        }
        self.reset()

    def reset(self) -> None:
        """Settings as at power on."""
        self.range = {VOLTS: smallest(VOLTAGE, 0.0), AMPS: smallest(CURRENT, 0.1)}
        self.autorange = {VOLTS: True, AMPS: True}
        for setting in (self._cycles, self._count, self._interval, self._delay, *self._lowest.values()):
            setting.reset()
        for setting in (*self._harmless.values(), *self._filter.values()):
            setting.reset()
        self._register.set(VOLTAGE_LIMIT | CURRENT_LIMIT | READING_OVERFLOW | BUFFER_AVAILABLE, False)

    # --- one reading --------------------------------------------------------------------------------

    def _scale(self, function: int) -> Range:
        """The range in use: a sourced quantity is measured on the source range (p. 2-84)."""
        if self._source.on and self._source.function == function:
            return self._source.range[function]
        return self.range[function]

    def limited(self) -> bool:
        """Whether the limit rules now; updates the limit bits."""
        bits = self._limit_bits(self._terminal.sense())
        self._register.assign(VOLTAGE_LIMIT | CURRENT_LIMIT, bits)
        return bits != 0

    def _limit_bits(self, point: TerminalReading) -> int:
        if not point.limited or not self._source.on:
            return 0
        return CURRENT_LIMIT if self._source.function == VOLTS else VOLTAGE_LIMIT

    def _settle(self, functions: str) -> Generator[float, None, None]:
        """The measure delay, then the range changes of auto ranging."""
        if self._delay.value > 0.0:
            yield self._delay.value
        for function, letter in _LETTER.items():
            wanted = letter in functions or not {"v", "i"} & set(functions)
            if (
                not wanted
                or not self.autorange[function]
                or self._scale(function) is not self.range[function]
            ):
                continue
            point = self._terminal.sense()
            value = point.voltage if function == VOLTS else point.current
            found = smallest(_RANGES[function], value, lowest=self._lowest[function].value)
            if found is not self.range[function]:
                yield found.settling + self._automatic_delay(found)
                self.range[function] = found

    def _automatic_delay(self, scale: Range) -> float:
        """DELAY_AUTO: low current ranges settle once more before they are trusted (assumed)."""
        return scale.settling if self._delay.value == _DELAY_AUTO and scale.full_scale <= 1e-6 else 0.0

    def sample(self, functions: str) -> Series:
        """Measure "v", "i" or both at once at the end of one aperture; "r" and "p" take both."""
        if self._delay.value > 0.0 or self.autorange[VOLTS] or self.autorange[AMPS]:
            yield from self._settle(functions)
        aperture = self._cycles.value / self._line_frequency
        readings = int(self._filter["count"].value) if self._filter["enable"].value else 1
        yield readings * (aperture * (1.0 + _OVERHEAD_SHARE) + _OVERHEAD)
        point = self._terminal.sense()
        cycles = self._cycles.value * readings
        bits = self._limit_bits(point)
        voltage = current = 0.0
        if functions != "i":
            voltage = self._read(VOLTS, point.voltage, cycles)
        if functions != "v":
            current = self._read(AMPS, point.current, cycles)
        if OVERFLOW in (abs(voltage), abs(current)):
            bits |= READING_OVERFLOW
        self._register.assign(VOLTAGE_LIMIT | CURRENT_LIMIT | READING_OVERFLOW, bits)
        return Sample(voltage, current, self._register.condition)

    def _read(self, function: int, value: float, cycles: float) -> float:
        scale = self._scale(function)
        if abs(value) > scale.measure_maximum:
            return OVERFLOW if value > 0.0 else -OVERFLOW
        return self._calibration.measured(_LETTER[function], scale, value, cycles)

    # --- series -------------------------------------------------------------------------------------

    def series(self, functions: str, buffers: tuple[ReadingBuffer | None, ...]) -> Series:
        """`measure.count` samples at `measure.interval`, each stored in the buffer of its function."""
        if self._count.value == 1 and not buffers:
            return self.sample(functions)
        return self._series(functions, buffers)

    def _series(self, functions: str, buffers: tuple[ReadingBuffer | None, ...]) -> Series:
        for buffer in buffers:
            if buffer is not None:
                buffer.begin()
        taken: Sample | None = None
        due = self._clock.now()
        for _ in range(int(self._count.value)):
            if taken is not None and (ahead := due - self._clock.now()) > 0.0:
                yield ahead
            taken = yield from self.sample(functions)
            due += self._interval.value
            self.store(functions, buffers, taken)
        assert taken is not None
        return taken

    def store(
        self,
        functions: str,
        buffers: tuple[ReadingBuffer | None, ...],
        taken: Sample,
        level: float | None = None,
    ) -> None:
        """Put one sample into the buffers of its functions; `level` is the source value when not the programmed."""
        if level is None:
            level = self._source.level[self._source.function]
        for function, buffer in zip(functions, buffers, strict=False):
            if buffer is not None:
                buffer.store(taken.value(function), self._clock.now(), level, taken.status)
                self._register.set(BUFFER_AVAILABLE, True)

    @staticmethod
    def checked(buffers: tuple[object, ...]) -> tuple[ReadingBuffer | None, ...]:
        """Arguments of a measure function as buffers; `TspError` 1401 for anything else."""
        result: list[ReadingBuffer | None] = []
        for place, buffer in enumerate(buffers, start=1):
            if buffer is not None and not isinstance(buffer, ReadingBuffer):
                raise TspError(1401, f"Parameter {place} is invalid")
            result.append(buffer)
        return tuple(result)

    # --- the tree -----------------------------------------------------------------------------------

    def _set_range(self, function: int, value: object) -> None:
        largest = _RANGES[function][-1].measure_maximum
        self.range[function] = smallest(_RANGES[function], abs(within(value, -largest, largest)))
        self.autorange[function] = False

    def _set_autorange(self, function: int, value: object) -> None:
        self.autorange[function] = bool(whole(value, 0, 1))

    def hang(self, branch: Branch, new: Callable[[], Branch]) -> None:
        """Offer the settings of `smuX.measure` to scripts."""
        branch.setting("nplc", self._cycles)
        branch.setting("count", self._count)
        branch.setting("interval", self._interval)
        branch.setting("delay", self._delay)
        for name, setting in self._harmless.items():
            branch.setting(name, setting)
        filtered = branch.branch("filter", new())
        for name, setting in self._filter.items():
            filtered.setting(name, setting)
        for function, letter in _LETTER.items():
            self._hang_function(branch, function, letter)

    def _hang_function(self, branch: Branch, function: int, letter: str) -> None:
        branch.attribute(
            f"range{letter}",
            lambda: self._scale(function).full_scale,
            lambda value: self._set_range(function, value),
        )
        branch.attribute(
            f"autorange{letter}",
            lambda: int(self.autorange[function]),
            lambda value: self._set_autorange(function, value),
        )
        branch.setting(f"lowrange{letter}", self._lowest[function])
