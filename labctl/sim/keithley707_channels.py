"""Channel specifiers of the Keithley 707B with 8 x 12 matrix cards: `1A03`, lists, ranges, slots."""

from __future__ import annotations

import re
from typing import NamedTuple

from labctl.sim.tsp_tree import TspError

ROWS = "ABCDEFGH"
COLUMNS = 12
SLOTS = 6


class Channel(NamedTuple):
    """One crosspoint of a card; orders slot by slot, row by row, low to high."""

    slot: int
    row: str
    column: int

    def __str__(self) -> str:
        return f"{self.slot}{self.row}{self.column:02d}"


ALL = tuple(
    Channel(slot, row, column)
    for slot in range(1, SLOTS + 1)
    for row in ROWS
    for column in range(1, COLUMNS + 1)
)
_PLACE = {channel: place for place, channel in enumerate(ALL)}
CROSSPOINT = {channel: (channel.row, (channel.slot - 1) * COLUMNS + channel.column) for channel in ALL}
"""Row letter and matrix column 1..72 of each channel, the rows being joined across the cards."""
_NAMED = {str(channel): channel for channel in ALL}


def _single(text: str) -> Channel:
    if text in _NAMED:
        return _NAMED[text]
    raise TspError(-222, f"Parameter Data Out of Range: no channel {text or '(empty)'}")


def _item(text: str, whole_slots: bool) -> tuple[Channel, ...]:
    low, colon, high = text.partition(":")
    if colon:
        first, last = _PLACE[_single(low)], _PLACE[_single(high)]
        if first > last:
            raise TspError(
                -222, f"Parameter Data Out of Range: {text} does not begin with its lowest channel"
            )
        return ALL[first : last + 1]
    if text == "ALLSLOTS" or re.fullmatch(r"SLOT[1-6]", text):
        if not whole_slots:
            raise TspError(-222, f"Parameter Data Out of Range: {text.lower()} cannot be closed")
        return ALL if text == "ALLSLOTS" else tuple(c for c in ALL if c.slot == int(text[4]))
    return (_single(text),)


def channels(specifier: object, *, whole_slots: bool) -> tuple[Channel, ...]:
    """The channels of a list separated by commas or semicolons, in the order given.

    whole_slots: whether `slotX` and `allslots` are allowed (they cannot be closed).
    """
    if not isinstance(specifier, str):
        raise TspError(-104, "Data Type")
    items = re.split(r"[,;]", specifier.upper().replace(" ", ""))
    return tuple(channel for item in items for channel in _item(item, whole_slots))
