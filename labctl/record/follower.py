"""Follows a journal with HDF5, in a thread of its own: no slow disk keeps the instruments waiting."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from threading import Event, Lock, Thread
from typing import Any

from labctl.core.clock import WallClock
from labctl.core.errors import RecordError
from labctl.core.rows import Picture
from labctl.record.columns import Layout
from labctl.record.hdf5 import RunFile
from labctl.record.journal import Journal
from labctl.record.waiting import Waiting

FOLLOW_EVERY = 1.0
"""s of wall time after which what waits is written to HDF5, also when nothing more comes."""
UNIT_FOLLOW_EVERY = 0.25
"""s between two such writes at the ends of units, which may be shorter than a write takes."""
MOST_WAITING = 65536
"""Rows that may wait for HDF5 before whoever adds one must write them."""


class Follower:
    """Writes rows to HDF5 at least each second, and the journal through to the disk at the end of each unit.

    Units that end while the disk is still busy with earlier ones share the next write. After a failure the HDF5 file is
    given up: the journal holds all that it held, and `labctl recover` makes it anew once there is space.
    """

    def __init__(self, journal: Journal, file: RunFile) -> None:
        """Begin to follow; only this object touches `file` from now on."""
        self._journal, self._file = journal, file
        self._waiting: dict[str, Waiting] = {}
        self._count = 0
        self._adding, self._writing = Lock(), Lock()
        self._wake, self._unit, self._over = Event(), False, False
        self._trouble: RecordError | None = None
        self._is_told = self._is_given_up = self._is_dirty = False
        self._wall = WallClock()
        self._followed = self._wall.now()
        self._thread = Thread(target=self._run, name="labctl record", daemon=True)
        self._thread.start()

    def row(self, table: Layout, values: list[Any]) -> None:
        """A row is in the journal."""
        with self._adding:
            self._of(table).add_row(values)
            self._count += 1
        if self._trouble is not None or self._count >= MOST_WAITING:
            self._write_now()

    def block(self, table: Layout, columns: Mapping[str, Any]) -> None:
        """A block is in the journal."""
        with self._adding:
            waiting = self._of(table)
            self._count -= len(waiting)
            waiting.add_block(columns)
            self._count += len(waiting)
        if self._trouble is not None or self._count >= MOST_WAITING:
            self._write_now()

    def picture(self, picture: Picture) -> None:
        """A picture is in the journal."""
        with self._writing:
            self._attempt(lambda: self._file.write_picture(picture))
            self._is_dirty = True
        self._tell()

    def unit_end(self) -> None:
        """A unit is complete in the journal."""
        self._unit = True
        self._wake.set()
        self._tell()

    def stop(self) -> RecordError | None:
        """End the thread and write all that waits; what went wrong, unless it was raised already."""
        self._over = True
        self._wake.set()
        self._thread.join()
        with self._writing:
            self._attempt(self._write)
        return self._untold()

    def close(self, end: Mapping[str, Any]) -> RecordError | None:
        """Close the HDF5 file, which gets its final name; what went wrong, unless it was raised already."""
        with self._writing:
            self._attempt(lambda: self._file.close(end))
        return self._untold()

    def abandon(self) -> None:
        """Give the HDF5 file up."""
        self._is_given_up = True
        self._file.abandon()

    def _of(self, table: Layout) -> Waiting:
        if table.name not in self._waiting:
            self._waiting[table.name] = Waiting(table.columns)
        return self._waiting[table.name]

    def _run(self) -> None:
        while not self._over and self._trouble is None:
            age = self._wall.now() - self._followed
            is_due = not self._wake.wait(min(max(0.0, FOLLOW_EVERY - age), FOLLOW_EVERY))
            self._wake.clear()
            is_unit, self._unit = self._unit, False
            if is_unit:
                self._attempt(self._journal.sync)
            if is_due or (is_unit and self._wall.now() - self._followed >= UNIT_FOLLOW_EVERY):
                with self._writing:
                    self._attempt(self._write)

    def _write_now(self) -> None:
        with self._writing:
            self._attempt(self._write)
        self._tell()

    def _write(self) -> None:
        self._followed = self._wall.now()
        with self._adding:
            found, self._waiting, self._count = self._waiting, {}, 0
        for name, waiting in found.items():
            self._file.append(name, waiting.columns, waiting.take())
        if found or self._is_dirty:
            self._file.flush()
        self._is_dirty = False

    def _attempt(self, write: Callable[[], None]) -> None:
        """Do it; keep what went wrong for whoever calls next."""
        if self._is_given_up:
            return
        try:
            write()
        except RecordError as error:
            self._trouble = error
        except Exception as error:  # noqa: BLE001 - h5py tells of a full disk by OSError, RuntimeError and others
            self._trouble = RecordError(
                f"HDF5 could not follow ({_reason(error)}): the journal {self._journal.path} holds every row; "
                "`labctl recover` makes run.h5 of it once there is space."
            )
            self.abandon()

    def _tell(self) -> None:
        """Raise what went wrong, once."""
        trouble = self._untold()
        if trouble is not None:
            raise trouble

    def _untold(self) -> RecordError | None:
        trouble = None if self._is_told else self._trouble
        self._is_told = self._is_told or trouble is not None
        return trouble


def _reason(error: Exception) -> str:
    """What the operating system said, out of the many words that HDF5 makes of it."""
    found = re.search(r"error message = '([^']*)'", str(error))
    return found[1] if found else " ".join(str(error).split())
