"""Rows of any run as numbers to plot: which columns are numbers, which cell a row is of."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from labctl.gui.plots.trace import Numbers
from labctl.gui.run_data import RunLike, TableLike

DEVICE = ("die", "cell", "word", "bit", "neuron", "cycle")
"""Columns that tell one device, or one pass, from the next."""
TIMES = ("bench_time", "wall_time")
"""Columns that every table has."""
Place = tuple[int, ...]


def is_number(values: NDArray[np.generic]) -> bool:
    """Whether a column can be plotted: one plain number per row."""
    return values.ndim == 1 and values.dtype.kind in "fiub"


def device_keys(table: TableLike) -> list[Numbers]:
    """Columns in which rows of different devices differ."""
    return [table.columns[name] for name in DEVICE if name in table.units]


def of_these(tell: Callable[[int], str], places: NDArray[np.intp]) -> Callable[[int], str]:
    """Tells as `tell` does, of the rows at `places` counted among themselves."""
    return lambda place: tell(int(places[place]))


def device_at(table: TableLike) -> Callable[[int], str]:
    """Tells of which device a row is: `cell (3, 5), row 17`."""
    units = set(table.units)

    def tell(place: int) -> str:
        columns, found = table.columns, []
        if {"word", "bit"} <= units:
            found.append(f"cell ({columns['word'][place]}, {columns['bit'][place]})")
        found += [
            f"{name} {columns[name][place]}" for name in ("neuron", "die", "cycle", "branch") if name in units
        ]
        return ", ".join((*found, f"row {place}"))

    return tell


def filled(run: RunLike) -> dict[str, TableLike]:
    """The tables that have rows."""
    return {name: table for name, table in run.tables.items() if len(table)}


def latest_table(run: RunLike, names: Sequence[str]) -> str:
    """Of these tables the one with the latest row; empty when none has rows."""
    there = [name for name in names if name in run.tables and len(run.tables[name])]
    return max(there, key=lambda name: _last_time(run.tables[name]), default="")


def has_rows(run: RunLike, name: str, columns: set[str]) -> bool:
    """Whether there are rows of this name, and of the kind that is meant: with these columns."""
    return name in run.tables and len(run.tables[name]) > 0 and columns <= set(run.tables[name].units)


def token(run: RunLike, *what: Hashable) -> Hashable:
    """Equal for the same rows of the same run, which only ever grow."""
    return (str(run.folder), *what)


def _last_time(table: TableLike) -> float:
    return float(table.columns[TIMES[0]][-1]) if TIMES[0] in table.units else 0.0


class RowsByDevice:
    """Places of the rows of each device, kept up to date at the cost of what is new."""

    def __init__(self, names: tuple[str, ...]) -> None:
        """names: the columns that tell devices apart, whole numbers."""
        self._names = names
        self.start()

    def start(self) -> None:
        """Forget everything: another table."""
        self._done = 0
        self._found: dict[Place, list[NDArray[np.intp]]] = {}
        self.latest: Place | None = None

    @property
    def devices(self) -> list[Place]:
        """All of them in ascending order."""
        return sorted(self._found)

    def update(self, table: TableLike) -> None:
        """Take in the rows that are new."""
        if len(table) <= self._done:
            return
        columns = table.columns
        new = np.column_stack([columns[name][self._done :] for name in self._names]).astype(np.int64)
        devices, of_row = np.unique(new, axis=0, return_inverse=True)
        order = np.argsort(of_row.ravel(), kind="stable")
        counts = np.bincount(of_row.ravel(), minlength=len(devices))
        parts = np.split(order + self._done, np.cumsum(counts)[:-1])
        for device, part in zip(devices.tolist(), parts, strict=True):
            self._found.setdefault(tuple(device), []).append(part)
        self.latest = tuple(new[-1].tolist())
        self._done = len(table)

    def rows(self, device: Place | None) -> NDArray[np.intp]:
        """Places of its rows, in their order."""
        parts = self._found.get(device, []) if device is not None else []
        if len(parts) > 1:
            parts[:] = [np.concatenate(parts)]
        return parts[0] if parts else np.empty(0, dtype=np.intp)
