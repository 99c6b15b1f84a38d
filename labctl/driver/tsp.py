"""Instruments that run Keithley's Test Script Processor: settings by print, errors from the queue, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from labctl.core.errors import InstrumentError
from labctl.driver.door import Driver

DIGITS = 10
"""Significant digits of printed numbers; the 6 of power-on would hide a difference in a setting read back."""
MOST_ERRORS = 100


class TspInstrument(Driver):
    """An instrument with a TSP node. Every message is one Lua chunk on one line."""

    def __init__(self, adapter: object, **connection: Any) -> None:
        """Connect; end what a program before us left running, empty queues, print numbers in full."""
        super().__init__(adapter, **connection)
        self.device_clear()
        self.send(f"errorqueue.clear() format.data = format.ASCII format.asciiprecision = {DIGITS}")

    def ask(self, *expressions: str, after: str = "", takes: float = 0.0, answers: int = 0) -> list[str]:
        """Values of Lua `expressions`, printed by one message that first executes the statements `after`.

        `answers` counts the values when one expression gives several.
        """
        message = f"{after} print({', '.join(expressions)})".strip()
        found = self.query(message, takes).split("\t")
        if len(found) != (answers or len(expressions)):
            raise InstrumentError(f"{self.label} answered '{message}' with {len(found)} values: {found}")
        return found

    def ask_numbers(
        self, *expressions: str, after: str = "", takes: float = 0.0, answers: int = 0
    ) -> list[float]:
        """As `ask`, each answer a number."""
        return [
            self.number(text) for text in self.ask(*expressions, after=after, takes=takes, answers=answers)
        ]

    def execute(self, statements: str, *expressions: str, takes: float = 0.0) -> list[float]:
        """Execute `statements`, then read `expressions`, in one message; returns when the instrument has done both.

        Raises InstrumentError in words when the error queue holds anything.
        """
        *found, count = self.ask_numbers(*expressions, "errorqueue.count", after=statements, takes=takes)
        if count:
            self.complain(statements)
        return found

    def errors(self) -> list[str]:
        """Empty the error queue; each entry as `-285: TSP Syntax Error`."""
        found: list[str] = []
        while len(found) < MOST_ERRORS:
            code, *text = self.query("print(errorqueue.next())").split("\t")
            if self.number(code) == 0.0:
                break
            found.append(f"{int(self.number(code))}: {text[0] if text else 'no text'}")
        return found

    def unanswered(self, message: str) -> NoReturn:
        """A message without an answer is mostly one that the instrument refused: the error queue says why."""
        self.device_clear()
        self.send("print(errorqueue.next())")
        code, *text = (self.poll() or "0").split("\t")
        if text and self.number(code) != 0.0:
            raise InstrumentError(f"{self.label} refuses '{message}': {text[0]}")
        super().unanswered(message)

    def complain(self, about: str) -> NoReturn:
        """Raise InstrumentError with everything that the error queue holds."""
        found = "; ".join(self.errors())
        raise InstrumentError(f"{self.label} reports {found or 'an error and then none'} (after '{about}')")


class TspChannel:
    """A part of a TSP instrument whose settings stand under one table, such as `smua`."""

    def __init__(self, instrument: TspInstrument, table: str) -> None:
        """The part of `instrument` called `table` there."""
        self._instrument, self._table = instrument, table

    @property
    def label(self) -> str:
        """Instrument and table, for error messages."""
        return f"{self._instrument.label} {self._table}"

    def exchange(self, settings: Mapping[str, str]) -> list[float]:
        """Write settings in their order with one message and read all of them back."""
        statements = [f"{self._table}.{header} = {value}" for header, value in settings.items()]
        questions = [f"{self._table}.{header}" for header in settings]
        return self._instrument.execute(" ".join(statements), *questions)
