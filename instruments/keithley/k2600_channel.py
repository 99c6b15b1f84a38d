"""One channel of a Keithley Series 2600B: prepared and read back before its output may close."""

from __future__ import annotations

import math

from instruments.keithley.k2600_models import SmuFacts
from labctl.core.capabilities import Sample
from labctl.core.errors import NotConfirmed, SettingOutOfRange
from labctl.core.quantity import show
from labctl.driver import Setting, TspInstrument, confirm
from labctl.driver.setting import AGREEMENT
from labctl.driver.tsp import TspChannel

OVERFLOW = 9e37
"""A reading beyond the range comes as 9.91e37 (2600BS-901-01 rev. F p. 9-230)."""
SMALLEST_STEP = 1e-9
"""V; levels that differ by less are the same level."""


class SmuChannel(TspChannel):
    """Sources voltage, measures current. A `SourceMeter`."""

    def __init__(self, instrument: TspInstrument, letter: str, facts: SmuFacts) -> None:
        """Channel `letter` ("a" or "b") of `instrument`."""
        super().__init__(instrument, f"smu{letter}")
        self._settings = SmuSettings(facts)
        self._largest_voltage = facts.largest_voltage
        self._prepared_level: float | None = None
        self._ordered_level = 0.0

    @property
    def ordered_level(self) -> float:
        """V that was ordered last: for a display; what the instrument does, `read_state` asks it."""
        return self._ordered_level

    def prepare(
        self, *, largest_level: float, compliance: float, nplc: float, largest_reading: float | None = None
    ) -> None:
        """Set up as a voltage source at 0 V, output off, ranges fixed, everything read back.

        The limit ranges itself (2600BS-901-01 rev. B p. 7-224), so a measuring range below the limit stays
        legal: a current beyond it only overflows the reading. Output-off mode is NORMAL: 0 V at low impedance
        within `offlimiti`, no relay worn (p. 2-42); it therefore shunts whatever is still connected.
        """
        self.forget()
        settings = self._settings
        reading = compliance if largest_reading is None else largest_reading
        confirm(
            self,
            {
                settings.output: 0.0,
                settings.level: 0.0,
                settings.function: settings.voltage_source,
                settings.off_mode: settings.off_normal,
                settings.off_function: settings.voltage_source,
                settings.off_limit: settings.off_current,
                settings.remote_sense: 0.0,
            },
        )
        confirm(
            self,
            {
                settings.voltage_range: largest_level,
                settings.compliance: compliance,
                settings.current_range: reading,
                settings.nplc: nplc,
            },
        )
        self._prepared_level = largest_level

    def forget(self) -> None:
        """No longer trust what `prepare` confirmed: the output may not close before the next."""
        self._prepared_level = None

    def set_compliance(self, compliance: float) -> None:
        """Write a new limit in A and read it back."""
        confirm(self, {self._settings.compliance: compliance})

    def set_output(self, on: bool) -> None:
        """Close the output relay, or zero the level and open it; read back.

        NotConfirmed when it is to close before `prepare`.
        """
        if on and self._prepared_level is None:
            raise NotConfirmed(f"{self.label}: range and compliance are not confirmed, the output stays off")
        settings = self._settings
        self._ordered_level = 0.0  # `prepare` left it there
        confirm(self, {settings.output: 1.0} if on else {settings.level: 0.0, settings.output: 0.0})

    def set_level(self, voltage: float) -> None:
        """Source `voltage` V, read back."""
        statement = self.level_statement(voltage)
        (answer,) = self._instrument.execute(statement, f"{self._table}.source.levelv")
        self.confirm_level(voltage, answer)

    def level_statement(self, voltage: float) -> str:
        """The Lua statement that sources `voltage` V; SettingOutOfRange beyond what was prepared."""
        largest = self._largest_voltage if self._prepared_level is None else self._prepared_level
        if not abs(voltage) <= largest * (1.0 + AGREEMENT):
            raise SettingOutOfRange(
                f"{self.label}: level = {show(voltage, 'V')}, prepared for at most {show(largest, 'V')}"
            )
        self._ordered_level = voltage
        return f"{self._table}.source.levelv = {float(voltage)!r}"

    def confirm_level(self, voltage: float, answer: float) -> None:
        """NotConfirmed when the level read back is not `voltage`."""
        if not math.isclose(voltage, answer, rel_tol=AGREEMENT, abs_tol=SMALLEST_STEP):
            raise NotConfirmed(
                f"{self.label}: level was set to {show(voltage, 'V')}, but the instrument answers {show(answer, 'V')}"
            )

    def sample(self) -> Sample:
        """One current reading at the present level, in one message."""
        return self._sample("")

    def source_and_sample(self, voltage: float) -> Sample:
        """Source `voltage` V and take one current reading, in one message."""
        return self._sample(self.level_statement(voltage))

    def visit(self, voltage: float) -> Sample:
        """Source `voltage` V, take one current reading, return to 0 V, in one message."""
        statement = (
            f"{self.level_statement(voltage)} local current, limited = {self._table}.measure.i(), "
            f"{self._table}.source.compliance {self.level_statement(0.0)}"
        )
        return self._parsed(*self._instrument.ask("current", "limited", after=statement))

    def measure_current(self) -> float:
        """One reading in A; infinite when it leaves the range."""
        (current,) = self._instrument.ask_numbers(f"{self._table}.measure.i()")
        return _in_range(current)

    def measure(self) -> tuple[float, float]:
        """Voltage in V and current in A, one reading each, taken together (`measure.iv`)."""
        current, voltage = self._instrument.ask_numbers(f"{self._table}.measure.iv()", answers=2)
        return _in_range(voltage), _in_range(current)

    def in_compliance(self) -> bool:
        """Whether the limit rules at this moment (p. 9-240)."""
        (answer,) = self._instrument.ask(f"{self._table}.source.compliance")
        return answer == "true"

    def read_state(self) -> tuple[bool, float]:
        """Output on? and level in V, as the instrument answers."""
        output, level = self._instrument.ask_numbers(
            f"{self._table}.source.output", f"{self._table}.source.levelv"
        )
        return bool(output), level

    def residue(self) -> tuple[float, float]:
        """Level in V and measured current in A that a relay beside this source would switch; zeros while it is off."""
        on = f"{self._table}.source.output ~= 0"
        level, current = self._instrument.ask_numbers(
            f"{on} and {self._table}.source.levelv or 0", f"{on} and {self._table}.measure.i() or 0"
        )
        return level, _in_range(current)

    def _sample(self, statement: str) -> Sample:
        return self._parsed(
            *self._instrument.ask(
                f"{self._table}.measure.i()", f"{self._table}.source.compliance", after=statement
            )
        )

    def _parsed(self, current: str, compliance: str) -> Sample:
        value = _in_range(self._instrument.number(current))
        return Sample(value, compliance == "true" or math.isinf(value))


class SmuSettings:
    """Settings of one channel with the ranges of its model."""

    voltage_source = 1.0
    off_normal = 0.0
    off_current = 1e-3

    def __init__(self, facts: SmuFacts) -> None:
        """Settings of a channel with these `facts`."""
        volts, amps = facts.voltage_ranges, facts.current_ranges
        low, high = facts.smallest_limit, facts.largest_limit
        level = facts.largest_voltage
        self.output = Setting("source.output", "output", "1", 0, 1)
        self.level = Setting("source.levelv", "level", "V", -level, level)
        self.function = Setting("source.func", "source function", "1", 0, 1)
        self.off_mode = Setting("source.offmode", "output-off mode", "1", 0, 2)
        self.off_function = Setting("source.offfunc", "output-off function", "1", 0, 1)
        self.off_limit = Setting("source.offlimiti", "output-off limit", "A", low, high)
        self.remote_sense = Setting("sense", "remote sense", "1", 0, 3)
        self.voltage_range = Setting("source.rangev", "source range", "V", 0.0, volts[-1], volts)
        self.compliance = Setting("source.limiti", "compliance", "A", low, high)
        self.current_range = Setting("measure.rangei", "measuring range", "A", 0.0, amps[-1], amps)
        self.nplc = Setting("measure.nplc", "integration time in power line cycles", "1", 0.001, 25.0)


def _in_range(reading: float) -> float:
    return math.copysign(math.inf, reading) if abs(reading) > OVERFLOW else reading
