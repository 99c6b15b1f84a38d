"""Keeps one run: every line reaches the journal first, HDF5 follows each second and at the end of each unit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from labctl.core.clock import Clock, WallClock
from labctl.core.errors import RecordError
from labctl.core.rows import Block, Picture
from labctl.record.columns import BENCH_TIME, WALL_TIME, Layout, layout
from labctl.record.exactly import sound_picture
from labctl.record.follower import Follower
from labctl.record.hdf5 import RunFile
from labctl.record.journal import FILE_NAME, Journal, row_head
from labctl.record.outcome import Outcome
from labctl.record.provenance import now_iso
from labctl.record.replay import Replay, closing, rebuild


class Recorder:
    """Journal and HDF5 file of one run. All methods belong to one thread.

    A line is in the journal before a method returns. HDF5 follows in a thread of its own (`Follower`); what goes
    wrong there is raised by the next call as RecordError, and the journal goes on without HDF5.
    """

    def __init__(self, folder: Path, head: Mapping[str, Any] | None, clock: Clock) -> None:
        """Begin both files in `folder`; times of rows are counted on the bench's `clock` from now.

        head: what is known before the first row; None goes on with the run that is there, see `resume`.

        Raises RecordError, with nothing left behind, when they cannot be made.
        """
        self._journal, file, earlier = _resumed(folder) if head is None else _begun(folder, head)
        self._follower = Follower(self._journal, file)
        self._clock, self._wall = clock, WallClock()
        bench, wall = earlier.times
        self._bench_start, self._wall_start = clock.now() - bench, self._wall.now() - wall
        self._is_empty = earlier.is_empty
        self._columns = {name: waiting.columns for name, waiting in earlier.waiting.items()}
        self._heads: dict[str, str] = {}
        self._notes, self._seams = earlier.notes, earlier.seams

    @classmethod
    def resume(cls, folder: Path, clock: Clock) -> Recorder:
        """Go on with the run in `folder`: HDF5 is built anew from the journal, in which a line marks the seam.

        Times go on from the last row's; the pause between is not counted.

        Raises RecordError when there is no run, or another program is writing it.
        """
        return cls(folder, None, clock)

    @property
    def is_empty(self) -> bool:
        """Whether no row, block or picture was recorded yet."""
        return self._is_empty

    def row(self, row: object) -> None:
        """Record one row."""
        table = self._known(type(row))
        values = [
            self._clock.now() - self._bench_start,
            self._wall.now() - self._wall_start,
            *table.values(row),
        ]
        self._journal.write_row(self._heads[table.name], values)
        self._follower.row(table, values)

    def block(self, block: Block) -> None:
        """Record many rows of one kind at once."""
        table = self._known(block.kind)
        arrays = table.arrays(block)
        length = len(next(iter(arrays.values()), ()))
        bench, wall = self._times()
        columns = {BENCH_TIME: np.full(length, bench), WALL_TIME: np.full(length, wall), **arrays}
        self._journal.write({"line": "block", "table": table.name, "columns": columns})
        self._follower.block(table, columns)

    def picture(self, picture: Picture) -> None:
        """Record a picture; it replaces an earlier one of its name in HDF5, the journal keeps all.

        Raises RecordError when its name, its values or its axes cannot be kept as they are.
        """
        picture = sound_picture(picture)
        self._journal.write(
            {
                "line": "picture",
                "name": picture.name,
                "values": picture.values,
                "unit": picture.unit,
                "axes": list(picture.axes),
            }
        )
        self._is_empty = False
        self._follower.picture(picture)

    def unit_end(self) -> None:
        """A cell, a die or another unit is complete: it reaches the disk as soon as the disk can, nobody waits."""
        self._follower.unit_end()

    def sync(self) -> None:
        """Return once all lines are on the disk and would survive a power cut."""
        self._journal.sync()

    def note(self, text: str) -> None:
        """Record a remark in the journal: something that went wrong beside the experiment."""
        self._journal.write({"line": "note", "text": text, "wall_time": self._times()[1]})
        self._notes.append(text)

    def end(self, values: Mapping[str, Any]) -> None:
        """Write how the run ended to both files and close them; the HDF5 file gets its final name.

        When HDF5 cannot be written to its end, the journal says so in the outcome, and RecordError is raised unless
        an earlier call did. The journal is always closed.
        """
        bench, wall = self._times()
        complete = {**values, "bench_seconds": bench, "wall_seconds": wall}
        try:
            early = self._follower.stop()
            complete = complete if early is None else _failed(complete, early)
            self._write_end(complete)
            late = _trouble(self._journal.sync)
            late = self._follower.close(closing(complete, self._notes, self._seams)) or late
            if late is not None:
                self._write_end(_failed(complete, late))
            for trouble in (early, late):
                if trouble is not None:
                    raise trouble
        finally:
            self._journal.close()

    def _write_end(self, end: Mapping[str, Any]) -> None:
        """The last line, of several the last one counts; on a full disk HDF5 gives its place to it."""
        try:
            self._journal.write({"line": "end", **end})
        except RecordError:
            self._follower.abandon()
            self._journal.write({"line": "end", **end})

    def _known(self, kind: type) -> Layout:
        table = layout(kind)
        if table.name in self._heads:
            return table
        if table.name not in self._columns:
            columns = [column.described() for column in table.columns]
            self._journal.write({"line": "table", "name": table.name, "columns": columns})
            self._columns[table.name] = table.columns
        elif self._columns[table.name] != table.columns:
            raise RecordError(
                f"The rows {table.name} have other columns now than when this run began: it cannot be gone on with."
            )
        self._is_empty = False
        self._heads[table.name] = row_head(table.name)
        return table

    def _times(self) -> tuple[float, float]:
        return self._clock.now() - self._bench_start, self._wall.now() - self._wall_start


def _begun(folder: Path, head: Mapping[str, Any]) -> tuple[Journal, RunFile, Replay]:
    journal = Journal(folder / FILE_NAME)
    try:
        journal.write({"line": "start", **head})
        return journal, RunFile(folder, head), Replay()
    except BaseException:
        journal.close()
        journal.path.unlink()
        raise


def _resumed(folder: Path) -> tuple[Journal, RunFile, Replay]:
    earlier, file = rebuild(folder)
    try:
        journal = Journal(folder / FILE_NAME, goes_on=True)
        seam, (bench, wall) = now_iso(), earlier.times
        journal.write({"line": "resumed", "resumed": seam, BENCH_TIME: bench, WALL_TIME: wall})
    except BaseException:
        file.abandon()
        raise
    earlier.seams.append(seam)
    return journal, file, earlier


def _trouble(work: Callable[[], None]) -> RecordError | None:
    try:
        work()
    except RecordError as error:
        return error
    return None


def _failed(end: Mapping[str, Any], trouble: RecordError) -> dict[str, Any]:
    """The same end, told as what it is once the record is not whole."""
    outcome = end.get("outcome")
    if outcome == Outcome.FINISHED.value:
        outcome = Outcome.FAILED.value
    reason = " ".join(text for text in (end.get("reason", ""), str(trouble)) if text)
    return {**end, "outcome": outcome, "verdict": "", "reason": reason}
