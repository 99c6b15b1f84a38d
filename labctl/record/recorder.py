"""Keeps one run: every line reaches the journal first, HDF5 follows each second and at the end of each unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from labctl.core.clock import Clock, WallClock
from labctl.core.rows import Block, Picture
from labctl.record.columns import BENCH_TIME, WALL_TIME, Layout, layout, stack
from labctl.record.hdf5 import RunFile
from labctl.record.journal import FILE_NAME, Journal

FLUSH_EVERY = 1.0
"""s of wall time after which rows that wait are written to HDF5."""
UNIT_FLUSH_EVERY = 0.25
"""s between two flushes at unit ends: units may be shorter than a flush takes."""


class Recorder:
    """Journal and HDF5 file of one run."""

    def __init__(self, folder: Path, head: Mapping[str, Any], clock: Clock) -> None:
        """Begin both files in `folder`; times of rows are counted on the bench's `clock` from now."""
        self._clock, self._wall = clock, WallClock()
        self._bench_start, self._wall_start = clock.now(), self._wall.now()
        self._journal = Journal(folder / FILE_NAME)
        self._journal.write({"line": "start", **head})
        try:
            self._file = RunFile(folder, head)
        except BaseException:  # nothing has begun: leave nothing behind
            self._journal.close()
            self._journal.path.unlink()
            raise
        self._waiting: dict[str, tuple[Layout, list[list[Any]]]] = {}
        self._has_pictures = False
        self._flushed = self._wall.now()

    @property
    def is_empty(self) -> bool:
        """Whether no row, block or picture was recorded yet."""
        return not self._waiting and not self._has_pictures

    def row(self, row: object) -> None:
        """Record one row."""
        table = self._known(type(row))
        values = [*self._times(), *table.values(row)]
        self._journal.write({"line": "row", "table": table.name, "values": values})
        self._waiting[table.name][1].append(values)
        self._flush_when_due(FLUSH_EVERY)

    def block(self, block: Block) -> None:
        """Record many rows of one kind at once."""
        table = self._known(block.kind)
        arrays = table.arrays(block)
        length = len(next(iter(arrays.values()), ()))
        bench, wall = self._times()
        columns = {BENCH_TIME: np.full(length, bench), WALL_TIME: np.full(length, wall), **arrays}
        self._journal.write({"line": "block", "table": table.name, "columns": columns})
        self._write_waiting()
        self._file.append(table, columns)
        self._flush_when_due(FLUSH_EVERY)

    def picture(self, picture: Picture) -> None:
        """Record a picture; it replaces an earlier one of its name in HDF5, the journal keeps all."""
        self._journal.write(
            {
                "line": "picture",
                "name": picture.name,
                "values": picture.values,
                "unit": picture.unit,
                "axes": list(picture.axes),
            }
        )
        self._has_pictures = True
        self._file.write_picture(picture)
        self._flush_when_due(FLUSH_EVERY)

    def unit_end(self) -> None:
        """A cell, a die or another unit is complete."""
        self._flush_when_due(UNIT_FLUSH_EVERY)

    def note(self, text: str) -> None:
        """Record a remark in the journal: something that went wrong beside the experiment."""
        self._journal.write({"line": "note", "text": text, "wall_time": self._times()[1]})

    def end(self, values: Mapping[str, Any]) -> None:
        """Write how the run ended to both files and close them; the HDF5 file gets its final name.

        The journal is written and closed even when HDF5 cannot be.
        """
        bench, wall = self._times()
        complete = {**values, "bench_seconds": bench, "wall_seconds": wall}
        try:
            self._journal.write({"line": "end", **complete})
            self._journal.sync()
        finally:
            self._journal.close()
            self._write_waiting()
            self._file.close({"end": complete})

    def _known(self, kind: type) -> Layout:
        table = layout(kind)
        if table.name not in self._waiting:
            columns = [asdict(column) | {"kind": column.kind.value} for column in table.columns]
            self._journal.write({"line": "table", "name": table.name, "columns": columns})
            self._waiting[table.name] = (table, [])
        return table

    def _times(self) -> tuple[float, float]:
        return self._clock.now() - self._bench_start, self._wall.now() - self._wall_start

    def _flush_when_due(self, every: float) -> None:
        if self._wall.now() - self._flushed < every:
            return
        self._write_waiting()
        self._file.flush()
        self._flushed = self._wall.now()

    def _write_waiting(self) -> None:
        for table, rows in self._waiting.values():
            if rows:
                self._file.append(table, stack(table.columns, rows))
                rows.clear()
