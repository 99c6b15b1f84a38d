"""A live run followed from another process by its journal; its HDF5 file is never touched."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from labctl.core.clock import Clock
from labctl.core.errors import RecordError
from labctl.record.journal import FILE_NAME, parsed
from labctl.record.replay import Replay

LOOK_EVERY = 0.2
"""s between two looks at the journal."""


class Tail:
    """The whole lines that are added to the journal in a run folder, each read once."""

    def __init__(self, folder: Path) -> None:
        """Begins with the first line."""
        self._path, self._place = folder / FILE_NAME, 0

    def lines(self) -> Iterator[dict[str, Any]]:
        """Those that nobody has taken yet; none as long as there is no journal.

        Raises RecordError when it cannot be read any more.
        """
        try:
            with self._path.open("rb") as file:
                file.seek(self._place)
                for line in file:
                    if not line.endswith(b"\n"):  # being written at this moment
                        return
                    self._place += len(line)
                    yield parsed(line)
        except FileNotFoundError:
            return
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise RecordError(f"The journal in {self._path.parent} cannot be followed ({error}).") from error


class LiveRun:
    """A run that is being written, as far as its journal goes."""

    def __init__(self, folder: Path) -> None:
        """Nothing is read before the first `update`; RecordError when there is no journal."""
        self.folder = folder
        self.state = Replay()
        self.counts: dict[str, int] = {}
        self.last: dict[str, dict[str, Any]] = {}
        self._tail = Tail(folder)
        if not (folder / FILE_NAME).is_file():
            raise RecordError(f"{folder} holds no run: there is no {FILE_NAME} in it.")

    @property
    def is_over(self) -> bool:
        """Whether the last line said how it ended."""
        return bool(self.state.end)

    def update(self) -> bool:
        """Read what was written since; whether there was anything."""
        is_new = False
        for line in self._tail.lines():
            self.state.add(line)
            is_new = True
        for name, waiting in self.state.waiting.items():
            if len(waiting):
                columns = waiting.take()
                self.counts[name] = self.counts.get(name, 0) + len(columns[waiting.columns[0].name])
                self.last[name] = {column: values[-1] for column, values in columns.items()}
        return is_new


def follow(folder: Path, clock: Clock) -> Iterator[LiveRun]:
    """The run in `folder` each time something was added to it, until it is over; `clock` is the wall's."""
    live = LiveRun(folder)
    while True:
        if live.update():
            yield live
            if live.is_over:
                return
        else:
            clock.wait(LOOK_EVERY)
