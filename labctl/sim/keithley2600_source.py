"""The source half of a 2600B channel: levels, limits, ranges, output states."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from labctl.physics.circuit import Drive, Source
from labctl.sim.keithley2600_ranges import CURRENT, VOLTAGE, Calibration, Range, smallest
from labctl.sim.ports import SourceTerminal
from labctl.sim.tsp_tree import Branch, Setting, TspError, whole, within

AMPS, VOLTS = 0, 1
NORMAL, ZERO, HIGH_Z = 0, 1, 2
_OFF, _ON = 0, 1

_RANGES = {VOLTS: VOLTAGE, AMPS: CURRENT}
_LETTER = {VOLTS: "v", AMPS: "i"}
_DRIVE = {VOLTS: Drive.VOLTAGE, AMPS: Drive.CURRENT}
_LARGEST = {VOLTS: 202.0, AMPS: 1.515}
_DEFAULT_LIMIT = {VOLTS: 20.0, AMPS: 0.1}
_SMALLEST_LIMIT = {VOLTS: 20e-3, AMPS: 100e-12}
"""Programmable minimum: 20 mV for the 263xB; 100 pA as QCoDeS takes it."""

_RESPONSE_TIME = 50e-6
"""s until the limit acts (of the order of tens of us; assumed)."""
_RANGE_CHANGE = 1e-3
"""s, data sheet: source range change < 2.5 ms."""
_FUNCTION_CHANGE = 1e-3
"""s, data sheet: typical < 1 ms."""
_OUTPUT_SWITCH = {NORMAL: 1e-3, ZERO: 1e-3, HIGH_Z: 10e-3}
"""s to switch the output; HIGH_Z moves the output relay (assumed)."""
_LOW_POWER = (20.2, 0.101)
"""Above 20 V the 2636B gives at most 101 mA."""


class SourceStage:
    """Keeps the terminal driven as programmed. Assigning a level on the same range costs no bench time.

    wait: lets bench time pass.
    """

    def __init__(
        self, terminal: SourceTerminal, calibration: Calibration, wait: Callable[[float], None]
    ) -> None:
        self._terminal, self._calibration, self._wait = terminal, calibration, wait
        self.function = VOLTS
        self.output = _OFF
        self.level = {VOLTS: 0.0, AMPS: 0.0}
        self.limit = dict(_DEFAULT_LIMIT)
        self.range: dict[int, Range] = {}
        self.autorange = {VOLTS: True, AMPS: True}
        self._lowest = {VOLTS: Setting(0.2, 0.2, 200.0), AMPS: Setting(1e-9, 1e-9, 1.5)}
        self._off_mode = Setting(NORMAL, NORMAL, HIGH_Z, step=1)
        self._off_function = Setting(VOLTS, AMPS, VOLTS, step=1)
        self._off_limit = {AMPS: Setting(1e-3, 1e-9, 1.5), VOLTS: Setting(40.0, 20e-3, 200.0)}
        self._delay = Setting(0.0, -1.0, 1e5)
        self._harmless = {
            "settling": Setting(0, 0, 130, step=1),
            "highc": Setting(0, 0, 1, step=1),
            "sink": Setting(0, 0, 1, step=1),
        }
        self._power_limit = Setting(0.0, 0.0, 45.0)
        self.reset()

    @property
    def on(self) -> bool:
        """Whether the output is on."""
        return self.output == _ON

    def reset(self) -> None:
        """Output off and settings as at power on."""
        self.function, self.output = VOLTS, _OFF
        for function in (VOLTS, AMPS):
            self.level[function] = 0.0
            self.limit[function] = _DEFAULT_LIMIT[function]
            self.range[function] = smallest(_RANGES[function], 0.0, sourcing=True)
            self.autorange[function] = True
            self._lowest[function].reset()
            self._off_limit[function].reset()
        for setting in (self._off_mode, self._off_function, self._delay, self._power_limit):
            setting.reset()
        for setting in self._harmless.values():
            setting.reset()
        self.apply()

    # --- what the terminal sees ---------------------------------------------------------------------

    def apply(self) -> None:
        """Drive the terminal as the settings say."""
        self._terminal.drive(self._presented() if self.on else self._presented_off())

    def _presented(self) -> Source:
        function = self.function
        level = self._calibration.sourced(_LETTER[function], self.range[function], self.level[function])
        return Source(_DRIVE[function], level, self.limit[1 - function], response_time=_RESPONSE_TIME)

    def _presented_off(self) -> Source:
        mode = HIGH_Z if self.output == HIGH_Z else self._off_mode.value
        if mode == HIGH_Z:
            return Source(Drive.OPEN)
        if mode == ZERO:
            # 2600BS-901-01 p. 2-77: 0 V; an I-source keeps its level, or 10 % of its range, as current limit
            limit = self.limit[AMPS]
            if self.function == AMPS:
                limit = max(abs(self.level[AMPS]), 0.1 * self.range[AMPS].full_scale)
            return Source(Drive.VOLTAGE, 0.0, limit, response_time=_RESPONSE_TIME)
        if self._off_function.value == VOLTS:
            return Source(Drive.VOLTAGE, 0.0, self._off_limit[AMPS].value, response_time=_RESPONSE_TIME)
        return Source(Drive.CURRENT, 0.0, self._off_limit[VOLTS].value, response_time=_RESPONSE_TIME)

    # --- programming --------------------------------------------------------------------------------

    def set_level(self, function: int, value: object) -> None:
        """Program a level; `TspError` 1101, 1102, 5005 or 5007 leaves the old one in place."""
        level = within(value, -_LARGEST[function], _LARGEST[function])
        scale = self.range[function]
        if self.autorange[function]:
            scale = smallest(_RANGES[function], level, lowest=self._lowest[function].value, sourcing=True)
        elif self.on and self.function == function and abs(level) > scale.source_maximum:
            raise TspError(5005, "Value too big for range")
        self._check_area(function, level, self.limit[1 - function])
        live = self.on and self.function == function
        rising = abs(level) > abs(self.level[function])
        changed = scale is not self.range[function]
        if live and changed and rising:
            self._wait(_RANGE_CHANGE)
        self.level[function], self.range[function] = level, scale
        if live:
            self.apply()
            if changed and not rising:
                self._wait(_RANGE_CHANGE)
            if self._delay.value > 0.0:
                self._wait(self._delay.value)

    def prepare_sweep(self, levels: Sequence[float]) -> None:
        """Fix the range for a sweep between programmed levels; with auto ranging the largest chooses it.

        Raises `TspError` 5005 or 5007.
        """
        function = self.function
        largest = max(abs(level) for level in (*levels, self.level[function]))
        self._check_area(function, largest, self.limit[1 - function])
        if self.autorange[function]:
            self.range[function] = smallest(_RANGES[function], largest, sourcing=True)
        elif largest > self.range[function].source_maximum:
            raise TspError(5005, "Value too big for range")

    def step(self, level: float, limit: float | None) -> None:
        """Drive one point of a sweep; the programmed level and limit stay as they are."""
        if self.on:
            kept, self.level[self.function] = self.level[self.function], level
            source = self._presented()
            self.level[self.function] = kept
            self._terminal.drive(source if limit is None else replace(source, limit=limit))

    @property
    def settling_delay(self) -> float:
        """Seconds of source.delay."""
        return max(0.0, self._delay.value)

    def set_limit(self, function: int, value: object) -> None:
        """Program limitv or limiti; `TspError` 1101, 1102 or 5007 leaves the old one in place."""
        limit = within(value, _SMALLEST_LIMIT[function], _LARGEST[function])
        self._check_area(1 - function, self.level[1 - function], limit)
        self.limit[function] = limit
        if self.on and self.function != function:
            self.apply()

    @staticmethod
    def _check_area(function: int, level: float, limit: float) -> None:
        voltage, current = (abs(level), limit) if function == VOLTS else (limit, abs(level))
        if voltage > _LOW_POWER[0] and current > _LOW_POWER[1]:
            raise TspError(5007, "Operation would exceed safe operating area of the instrument")

    def set_range(self, function: int, value: object) -> None:
        """Fix the range that holds |value|; ends source auto ranging."""
        largest = _RANGES[function][-1].full_scale
        wanted = abs(within(value, -1.01 * largest, 1.01 * largest))
        scale = smallest(_RANGES[function], wanted, sourcing=True)
        if self.on and self.function == function and abs(self.level[function]) > scale.source_maximum:
            raise TspError(5005, "Value too big for range")
        self.autorange[function] = False
        if scale is not self.range[function]:
            self.range[function] = scale
            if self.on and self.function == function:
                self._wait(_RANGE_CHANGE)
                self.apply()

    def set_autorange(self, function: int, value: object) -> None:
        """Let the level choose the range, or keep the present one."""
        self.autorange[function] = bool(whole(value, 0, 1))
        if self.autorange[function]:
            self.set_level(function, self.level[function])

    def set_function(self, value: object) -> None:
        """Source volts or amps."""
        function = whole(value, AMPS, VOLTS)
        if function != self.function:
            self.function = function
            if self.on:
                self._wait(_FUNCTION_CHANGE)
                self.apply()

    def set_output(self, value: object) -> None:
        """Switch the output on, off, or off with the relay open; `TspError` 5005 keeps it off."""
        output = whole(value, _OFF, HIGH_Z)
        if output == _ON and abs(self.level[self.function]) > self.range[self.function].source_maximum:
            raise TspError(5005, "Value too big for range")
        if output != self.output:
            self.output = output
            self.apply()
            self._wait(_OUTPUT_SWITCH[HIGH_Z if output == HIGH_Z else int(self._off_mode.value)])

    def _off_setting(self, setting: Setting) -> Callable[[object], None]:
        def write(value: object) -> None:
            setting.write(value)
            if not self.on:
                self.apply()

        return write

    # --- the tree -----------------------------------------------------------------------------------

    def hang(self, branch: Branch) -> None:
        """Offer `smuX.source` to scripts (without `compliance`, which takes a measurement)."""
        branch.attribute("func", lambda: self.function, self.set_function)
        branch.attribute("output", lambda: self.output, self.set_output)
        for function, letter in _LETTER.items():
            self._hang_function(branch, function, letter)
        branch.attribute("offmode", self._off_mode.read, self._off_setting(self._off_mode))
        branch.attribute("offfunc", self._off_function.read, self._off_setting(self._off_function))
        branch.setting("delay", self._delay)
        branch.setting("limitp", self._power_limit)
        for name, setting in self._harmless.items():
            branch.setting(name, setting)

    def _hang_function(self, branch: Branch, function: int, letter: str) -> None:
        branch.attribute(
            f"level{letter}", lambda: self.level[function], lambda value: self.set_level(function, value)
        )
        branch.attribute(
            f"limit{letter}", lambda: self.limit[function], lambda value: self.set_limit(function, value)
        )
        branch.attribute(
            f"range{letter}",
            lambda: self.range[function].full_scale,
            lambda value: self.set_range(function, value),
        )
        branch.attribute(
            f"autorange{letter}",
            lambda: int(self.autorange[function]),
            lambda value: self.set_autorange(function, value),
        )
        branch.setting(f"lowrange{letter}", self._lowest[function])
        off_limit = self._off_limit[function]
        branch.attribute(f"offlimit{letter}", off_limit.read, self._off_setting(off_limit))
