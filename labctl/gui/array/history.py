"""What has been seen of every cell, the latest so many things."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from labctl.gui.array.facts import Facts, Kind

KEPT = 200_000
"""Entries of the whole array that are remembered at most; the older half goes first."""

_ENTRY = np.dtype(
    [("cell", "i4"), ("time", "f8"), ("kind", "i1"), ("conductance", "f8"), ("amplitude", "f8")]
)


class Seen(NamedTuple):
    """One thing seen of a cell: s since its run began (or the row's number), what was done, S after it, V."""

    time: float
    kind: Kind
    conductance: float
    amplitude: float


class History:
    """Entries in the order in which they were seen."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._room = np.empty(1024, _ENTRY)
        self._count = 0

    def __len__(self) -> int:
        """Entries of all cells."""
        return self._count

    def add(self, cells: NDArray[np.intp], facts: Facts) -> None:
        """Append `facts`, of the cells with these flat indices."""
        needed = self._count + len(facts)
        if needed > KEPT:
            kept = self._room[max(self._count - KEPT // 2, 0) : self._count]
            facts, cells = facts[-KEPT // 2 :], cells[-KEPT // 2 :]
            self._room[: len(kept)] = kept.copy()
            self._count = len(kept)
            needed = self._count + len(facts)
        if needed > len(self._room):
            larger = np.empty(max(2 * len(self._room), needed), _ENTRY)
            larger[: self._count] = self._room[: self._count]
            self._room = larger
        new = self._room[self._count : needed]
        new["cell"] = cells
        for name in ("time", "kind", "conductance", "amplitude"):
            new[name] = facts[name]
        self._count = needed

    def of(self, cell: int) -> list[Seen]:
        """Those of the cell with this flat index."""
        room = self._room[: self._count]
        return [
            Seen(
                float(entry["time"]),
                Kind(entry["kind"]),
                float(entry["conductance"]),
                float(entry["amplitude"]),
            )
            for entry in room[room["cell"] == cell]
        ]
