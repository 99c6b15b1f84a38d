"""Keithley Series 2600B dual-channel source-measure units: voltage out, current in, pulses timed inside.

Pages are those of the Series 2600B reference manual 2600BS-901-01 rev. F (August 2021) where no other is
named.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from instruments.keithley.k2600_channel import SmuChannel
from instruments.keithley.k2600_models import K2602B, K2612B, K2636B, SmuFacts
from labctl.core.errors import NotConfirmed, SettingOutOfRange
from labctl.core.quantity import show
from labctl.driver import TspInstrument
from labctl.instrumenttype import InstrumentKind, InstrumentType

DIGITAL_LINES = 14
SHORTEST_PULSE = 100e-6
"""s; delays below 50 us drown in overhead (2600S-901-01 rev. C p. 12-17), sources settle within some 50 us."""
LONGEST_PULSE = 100.0


class Keithley2600B(TspInstrument):
    """Two source-measure channels and 14 digital lines. A `SourceMainframe`."""

    facts: SmuFacts

    def __init__(self, adapter: object, **connection: Any) -> None:
        """Connect; nothing at the terminals changes."""
        super().__init__(adapter, **connection)
        self._channels = {letter: SmuChannel(self, letter, self.facts) for letter in "ab"}

    @property
    def channels(self) -> Mapping[str, SmuChannel]:
        """Channels by their letter."""
        return MappingProxyType(self._channels)

    def set_levels(self, levels: Mapping[str, float]) -> None:
        """Source these levels in V in the given order, in one message; NotConfirmed when one reads back otherwise."""
        order = [self._channels[letter].level_statement(level) for letter, level in levels.items()]
        self._confirm_levels(" ".join(order), levels)

    def pulse(
        self,
        levels: Mapping[str, float],
        width: float,
        rest: Mapping[str, float] | None = None,
        spacing: float = 0.0,
    ) -> None:
        """Raise the channels in the given order, hold `width` s, return them in reverse order to `rest` V.

        Between the steps of two channels, up and down, `spacing` s pass.
        `delay()` times the hold inside the instrument, 5 to 10 us longer than asked for (rev. B p. 7-49). One
        message; its answer, the levels read back, comes when the pulse is over.
        """
        if not SHORTEST_PULSE <= width <= LONGEST_PULSE:
            raise SettingOutOfRange(
                f"{self.label}: pulse width = {show(width, 's')}, allowed {show(SHORTEST_PULSE, 's')} to "
                f"{show(LONGEST_PULSE, 's')}"
            )
        after = {letter: (rest or {}).get(letter, 0.0) for letter in reversed(list(levels))}
        up = [self._channels[letter].level_statement(level) for letter, level in levels.items()]
        down = [self._channels[letter].level_statement(level) for letter, level in after.items()]
        between = f" delay({float(spacing)!r}) " if spacing > 0.0 else " "
        statements = f"{between.join(up)} delay({float(width)!r}) {between.join(down)}"
        self._confirm_levels(statements, after, takes=width + 2.0 * spacing * (len(levels) - 1))

    def write_digital(self, line: int, high: bool) -> None:
        """Drive digital output `line` (1-based) and read it back.

        A line that something outside pulls low reads low whatever is written: NotConfirmed.
        """
        (level,) = self.execute(
            f"digio.writebit({self._digital(line)}, {int(high)})", f"digio.readbit({line})"
        )
        if bool(level) != high:
            raise NotConfirmed(
                f"{self.label}: digital line {line} was set {'high' if high else 'low'} and reads "
                f"{'high' if level else 'low'}: check what is wired to it"
            )

    def read_digital(self, line: int) -> bool:
        """Level of digital line `line` as the instrument reads it."""
        (level,) = self.ask_numbers(f"digio.readbit({self._digital(line)})")
        return bool(level)

    def status(self) -> str:
        """Level and output of each channel in words, as the instrument answers."""
        states = {letter: channel.read_state() for letter, channel in self._channels.items()}
        return ", ".join(
            f"{letter} {show(level, 'V')} {'on' if on else 'off'}" for letter, (on, level) in states.items()
        )

    def make_safe(self) -> None:
        """End any script, zero and switch off both channels; NotConfirmed when they do not read back so.

        `abort` ends a script but leaves outputs on, so zero and off follow. Digital lines stay: what an
        isolation relay may do depends on the bench.
        """
        self.request_zero()
        self.confirm_zero()

    def request_zero(self) -> None:
        """Order everything that `make_safe` does and wait for no answer: the next instrument may have its turn."""
        self.device_clear()
        self.send("abort")
        for channel in self._channels.values():
            channel.forget()
        self.put(self._zeroing)

    def confirm_zero(self) -> None:
        """Read back what `request_zero` ordered; NotConfirmed when an output is not at 0 V and off."""
        answers = [self.number(text) for text in self.collect(self._zeroing).split("\t")]
        if len(answers) != len(self._ends):
            raise NotConfirmed(f"{self.label} answers {answers} for {len(self._ends)} settings: look at it")
        wrong = [
            f"{end} is {answer!r}" for end, answer in zip(self._ends, answers, strict=True) if answer != 0.0
        ]
        if wrong:
            raise NotConfirmed(
                f"{self.label} is not safe: {', '.join(wrong)}; switch its outputs off by hand"
            )

    @property
    def _ends(self) -> list[str]:
        """What is 0 when both channels are safe."""
        return [
            f"smu{letter}.source.{end}" for letter in self._channels for end in ("levelv", "leveli", "output")
        ]

    @property
    def _zeroing(self) -> str:
        return f"{' '.join(f'{end} = 0' for end in self._ends)} print({', '.join(self._ends)})"

    def _confirm_levels(self, statements: str, levels: Mapping[str, float], takes: float = 0.0) -> None:
        questions = [f"smu{letter}.source.levelv" for letter in levels]
        answers = self.execute(statements, *questions, takes=takes)
        for (letter, level), answer in zip(levels.items(), answers, strict=True):
            self._channels[letter].confirm_level(level, answer)

    def _digital(self, line: int) -> int:
        if not 1 <= line <= DIGITAL_LINES:
            raise SettingOutOfRange(f"{self.label}: digital line {line}, allowed 1 to {DIGITAL_LINES}")
        return line


class Keithley2602B(Keithley2600B):
    """Model 2602B: 40 V, 3 A."""

    model = "2602B"
    facts = K2602B


class Keithley2612B(Keithley2600B):
    """Model 2612B: 200 V, 1.5 A."""

    model = "2612B"
    facts = K2612B


class Keithley2636B(Keithley2600B):
    """Model 2636B: 200 V, 1.5 A, limits down to 100 pA."""

    model = "2636B"
    facts = K2636B


def _described(driver: type[Keithley2600B]) -> InstrumentType:
    return InstrumentType(
        name=f"keithley{driver.model.lower()}",
        kind=InstrumentKind.SOURCE,
        driver=driver,
        model=driver.model,
        channels=("a", "b"),
        digital_outputs=DIGITAL_LINES,
    )


KEITHLEY_2602B = _described(Keithley2602B)
KEITHLEY_2612B = _described(Keithley2612B)
KEITHLEY_2636B = _described(Keithley2636B)
