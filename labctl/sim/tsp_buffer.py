"""Reading buffers of a TSP source-measure unit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from labctl.sim.tsp_runtime import LuaRuntime
from labctl.sim.tsp_tree import Branch, Setting, TspError, whole


@dataclass(frozen=True, slots=True)
class Entry:
    """One stored reading: value in its unit, s since the first reading, source level, status word."""

    reading: float
    timestamp: float
    source_value: float
    status: int


class _Column:
    """One column of a buffer, as `nvbuffer1.timestamps`."""

    def __init__(self, buffer: ReadingBuffer, pick: Callable[[Entry], float]) -> None:
        self._buffer, self._pick = buffer, pick

    def column(self, first: int, last: int) -> list[float]:
        """Values of the readings `first` to `last`, counted from 1."""
        return [self._pick(entry) for entry in self._buffer.entries(first, last)]

    def at(self, place: object) -> float:
        """One value by its place."""
        index = whole(place, 1, 10**9)
        return self.column(index, index)[0]


class ReadingBuffer(_Column):
    """Readings with time stamps and source values; cleared before a measurement unless appending."""

    def __init__(self, runtime: LuaRuntime, capacity: int) -> None:
        super().__init__(self, lambda entry: entry.reading)
        self._capacity = capacity
        self._entries: list[Entry] = []
        self._start = 0.0
        self._append = Setting(0, 0, 1, step=1)
        self._harmless = {
            "collecttimestamps": Setting(1, 0, 1, step=1),
            "collectsourcevalues": Setting(1, 0, 1, step=1),
            "timestampresolution": Setting(1e-6, 1e-6, 3600.0),
            "cachemode": Setting(1, 0, 1, step=1),
            "fillmode": Setting(0, 0, 1, step=1),
            "fillcount": Setting(0, 0, capacity, step=1),
        }
        self.branch = Branch(runtime, luatype="reading_buffer", owner=self, index=self.at)
        self._hang(runtime)

    def entries(self, first: int, last: int) -> list[Entry]:
        """Readings `first` to `last`; `TspError` 4900 or 4901 for places that hold none."""
        if first < 1:
            raise TspError(4900, f"Reading buffer index {first} is invalid")
        if last > len(self._entries):
            raise TspError(4901, f"The maximum index for this buffer is {len(self._entries)}")
        return self._entries[first - 1 : last]

    def begin(self) -> None:
        """A measurement starts: without append mode the old readings go."""
        if not self._append.value:
            self._entries.clear()

    def store(self, reading: float, now: float, source_value: float, status: int) -> None:
        """Add a reading taken at bench time `now`; a full buffer keeps what it has."""
        if not self._entries:
            self._start = now
        if len(self._entries) < self._capacity:
            self._entries.append(Entry(reading, now - self._start, source_value, status))

    def clear(self) -> tuple[()]:
        """Forget all readings."""
        self._entries.clear()
        return ()

    def reset(self) -> None:
        """Empty, with the settings at power on."""
        self._entries.clear()
        for setting in (self._append, *self._harmless.values()):
            setting.reset()

    def _hang(self, runtime: LuaRuntime) -> None:
        branch = self.branch
        branch.attribute("n", lambda: len(self._entries))
        branch.attribute("capacity", lambda: self._capacity)
        branch.attribute("basetimestamp", lambda: self._start)
        branch.setting("appendmode", self._append)
        for name, setting in self._harmless.items():
            branch.setting(name, setting)
        branch.function("clear", self.clear)
        branch.function("clearcache", lambda: ())
        branch.function("getreading", self.at)
        picks: dict[str, Callable[[Entry], float]] = {
            "readings": lambda entry: entry.reading,
            "timestamps": lambda entry: entry.timestamp,
            "sourcevalues": lambda entry: entry.source_value,
            "statuses": lambda entry: entry.status,
        }
        for name, pick in picks.items():
            column = _Column(self, pick)
            child = Branch(runtime, luatype="synchronous_table", owner=column, index=column.at)
            child.function("getreading", column.at)
            branch.branch(name, child)
