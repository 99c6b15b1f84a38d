"""A run as views see it: the same tables and pictures while it is written and after it has ended."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from time import monotonic
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from labctl.core.rows import Picture
from labctl.record.following import Tail
from labctl.record.outcome import Outcome
from labctl.record.replay import Replay

FIRST_ROOM = 256
"""Rows that a new table has room for; the room doubles when it is full."""


class TableLike(Protocol):
    """Rows of one kind as columns, see `labctl.record.reading.Table`."""

    @property
    def columns(self) -> Mapping[str, NDArray[Any]]:
        """One array per column, all of one length."""
        ...

    @property
    def units(self) -> Mapping[str, str]:
        """SI unit of each column; empty for text, "1" for plain numbers."""
        ...

    def __len__(self) -> int:
        """Number of rows."""
        ...


class RunLike(Protocol):
    """A run that is being written (`LiveRunData`) or was (`labctl.record.reading.Run`)."""

    @property
    def folder(self) -> Path:
        """Its run folder."""
        ...

    @property
    def head(self) -> Mapping[str, Any]:
        """What was known before the first row: procedure, bench, sample, `simulated`."""
        ...

    @property
    def parameters(self) -> Mapping[str, Mapping[str, Any]]:
        """Each with `applied` and `unit`."""
        ...

    @property
    def tables(self) -> Mapping[str, TableLike]:
        """Rows by kind."""
        ...

    @property
    def pictures(self) -> Mapping[str, Picture]:
        """The last picture of each name."""
        ...

    @property
    def outcome(self) -> Outcome | None:
        """None while it runs, or when the program was killed."""
        ...


class GrowingTable:
    """Columns that rows are appended to; reading a column copies nothing."""

    def __init__(self, units: Mapping[str, str]) -> None:
        """Empty, with one column per unit."""
        self.units = dict(units)
        self._room: dict[str, NDArray[Any]] = {}
        self._rows = 0

    def __len__(self) -> int:
        """Number of rows so far."""
        return self._rows

    @property
    def columns(self) -> Mapping[str, NDArray[Any]]:
        """Each column as far as it goes; later rows do not show in an array that was taken before."""
        return {name: room[: self._rows] for name, room in self._room.items()}

    def extend(self, columns: Mapping[str, NDArray[Any]]) -> None:
        """Append rows, one array per column and all of one length."""
        added = len(next(iter(columns.values()), ()))
        for name, values in columns.items():
            kind = np.dtype(object) if values.dtype.kind in "USO" else values.dtype
            room = self._room.get(name)
            if room is None:
                room = np.empty((max(FIRST_ROOM, added), *values.shape[1:]), dtype=kind)
            elif len(room) < self._rows + added:
                larger = np.empty((max(2 * len(room), self._rows + added), *room.shape[1:]), dtype=room.dtype)
                larger[: self._rows] = room[: self._rows]
                room = larger
            room[self._rows : self._rows + added] = values
            self._room[name] = room
        self._rows += added


class LiveRunData:
    """A run that is being written, followed by its journal. A `RunLike`."""

    def __init__(self, folder: Path) -> None:
        """Nothing is read before the first `update`."""
        self.folder = folder
        self.tables: dict[str, GrowingTable] = {}
        self._state = Replay()
        self._tail = Tail(folder)

    @property
    def head(self) -> Mapping[str, Any]:
        """Empty before the first line was read."""
        return {name: value for name, value in self._state.head.items() if name != "parameters"}

    @property
    def parameters(self) -> Mapping[str, Mapping[str, Any]]:
        """As applied."""
        found: Mapping[str, Mapping[str, Any]] = self._state.head.get("parameters", {})
        return found

    @property
    def pictures(self) -> Mapping[str, Picture]:
        """The last picture of each name."""
        return self._state.pictures

    @property
    def end(self) -> Mapping[str, Any]:
        """What was written at the end; empty until then."""
        return self._state.end

    @property
    def notes(self) -> list[str]:
        """Remarks on what went wrong beside the experiment."""
        return self._state.notes

    @property
    def outcome(self) -> Outcome | None:
        """None until the end is written."""
        return Outcome(self._state.end["outcome"]) if "outcome" in self._state.end else None

    def update(self, seconds: float = 0.02) -> bool:
        """Read on in the journal for about so long; whether anything was new.

        Raises RecordError when the journal cannot be read any more.
        """
        end, is_new = monotonic() + seconds, False
        for line in self._tail.lines():
            self._state.add(line)
            is_new = True
            if monotonic() > end:
                break
        for name, waiting in self._state.waiting.items():
            if name not in self.tables:
                self.tables[name] = GrowingTable({each.name: each.unit for each in waiting.columns})
            if len(waiting):
                self.tables[name].extend(waiting.take())
        return is_new
