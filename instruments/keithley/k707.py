"""Keithley 707B and 708B switch matrices over TSP: rows A to H joined across cards of twelve columns."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from labctl.core.errors import InstrumentError, NotConfirmed, SettingOutOfRange
from labctl.core.route import Crosspoint
from labctl.driver import TspInstrument
from labctl.instrumenttype import InstrumentKind, InstrumentType

CARD_COLUMNS = 12
ROWS = "ABCDEFGH"
FEW = 12
"""Crosspoints that are read back one by one; more are found in a list of all."""
_NAME = re.compile(r"([1-6])([A-H])(\d\d)")


class Keithley707B(TspInstrument):
    """Six cards, columns 1 to 72. A `SwitchMatrix`.

    `channel.close` adds to what is closed (707B-901-01 rev. A p. 2-89); nothing here relies on an order
    inside one message: what must open first is opened, and read back, by a message of its own.
    """

    model = "707B"
    slots = 6

    def __init__(self, adapter: object, **connection: Any) -> None:
        """Connect and demand break-before-make (make-before-break can weld reed relays, p. 7-21)."""
        super().__init__(adapter, **connection)
        rule, wanted = self.execute(
            "channel.connectrule = channel.BREAK_BEFORE_MAKE",
            "channel.connectrule",
            "channel.BREAK_BEFORE_MAKE",
        )
        if rule != wanted:
            raise NotConfirmed(
                f"{self.label} keeps connect rule {rule!r}, not break-before-make: do not use it"
            )

    def closed(self) -> frozenset[Crosspoint]:
        """The crosspoints that the instrument reports closed."""
        (answer,) = self.ask('channel.getclose("allslots")')
        return self._parsed(answer)

    def change(self, opening: Iterable[Crosspoint], closing: Iterable[Crosspoint]) -> None:
        """Open those, then close these, in one message, others stay as they are; nothing to move sends nothing.

        Statements run one after another, so the opening is over, settling included, before the closing begins.
        Raises NotConfirmed naming every crosspoint that did not move.
        """
        unwanted, wanted = frozenset(opening), frozenset(closing)
        moved = unwanted | wanted
        if not moved:
            return
        statements = [
            f'channel.{verb}("{self._names(crosspoints)}")'
            for verb, crosspoints in (("open", unwanted), ("close", wanted))
            if crosspoints
        ]
        scope = self._names(moved) if len(moved) <= FEW else "allslots"
        answer, count = self.ask(
            f'channel.getclose("{scope}")', "errorqueue.count", after=" ".join(statements)
        )
        if self.number(count):
            self.complain(" ".join(statements))
        closed = self._parsed(answer)
        if unwanted & closed:
            raise NotConfirmed(f"{self.label}: {self._names(unwanted & closed)} did not open: drive nothing")
        if wanted - closed:
            raise NotConfirmed(f"{self.label}: {self._names(wanted - closed)} did not close: drive nothing")

    def open_all(self) -> None:
        """Open every crosspoint; NotConfirmed when one still reads closed."""
        (answer,) = self.ask('channel.getclose("allslots")', after='channel.open("allslots")')
        stuck = self._parsed(answer)
        if stuck:
            raise NotConfirmed(f"{self.label}: {self._names(stuck)} did not open: pull the card's cables")

    def status(self) -> str:
        """How many relays the instrument reports closed, in words."""
        return f"{len(self.closed())} relays closed"

    def make_safe(self) -> None:
        """End any script, open every crosspoint."""
        self.device_clear()
        self.send("abort")
        self.open_all()

    def channel_name(self, crosspoint: Crosspoint) -> str:
        """The instrument's name of a crosspoint: slot digit, row letter, two-digit column (p. 5-6), such as `2A01`."""
        row, column = crosspoint
        if row not in ROWS or not 1 <= column <= self.slots * CARD_COLUMNS:
            raise SettingOutOfRange(
                f"{self.label}: there is no crosspoint of row {row} and column {column} "
                f"(rows A to H, columns 1 to {self.slots * CARD_COLUMNS})"
            )
        slot, place = divmod(column - 1, CARD_COLUMNS)
        return f"{slot + 1}{row}{place + 1:02d}"

    def _names(self, crosspoints: Iterable[Crosspoint]) -> str:
        return ",".join(sorted(self.channel_name(crosspoint) for crosspoint in crosspoints))

    def _parsed(self, answer: str) -> frozenset[Crosspoint]:
        """`nil`, or names joined by semicolons."""
        if answer == "nil":
            return frozenset()
        found = set()
        for name in answer.split(";"):
            match = _NAME.fullmatch(name)
            if match is None:
                raise InstrumentError(f"{self.label} reports a crosspoint '{name}' that no card here has")
            slot, row, place = int(match[1]), match[2], int(match[3])
            found.add(Crosspoint(row, (slot - 1) * CARD_COLUMNS + place))
        return frozenset(found)


class Keithley708B(Keithley707B):
    """One card, columns 1 to 12."""

    model = "708B"
    slots = 1


def _described(driver: type[Keithley707B]) -> InstrumentType:
    return InstrumentType(
        name=f"keithley{driver.model.lower()}",
        kind=InstrumentKind.MATRIX,
        driver=driver,
        model=driver.model,
        rows=tuple(ROWS),
        slots=driver.slots,
        cards={"7174A": CARD_COLUMNS},
    )


KEITHLEY_707B = _described(Keithley707B)
KEITHLEY_708B = _described(Keithley708B)
