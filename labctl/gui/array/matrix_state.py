"""What is closed in the switch matrix, and where each row's source stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from labctl.benchfile import BenchFile
from labctl.core.lines import Line, LineKind
from labctl.core.quantity import show
from labctl.core.route import GROUND, Crosspoint
from labctl.gui.array.neurons import short


class MatrixState:
    """Rows and columns as wired, and the latest live message."""

    def __init__(self, bench: BenchFile) -> None:
        """Nothing is known of levels and relays yet."""
        self._wires = dict(sorted(bench.wiring.rows.items()))
        self.rows = tuple(self._wires)
        self._lines = {column: line for line, column in bench.columns.items()}
        self.columns = max(self._lines, default=1)
        self.heater_lines = len(bench.relays)
        self.closed: frozenset[Crosspoint] = frozenset()
        self.heaters: tuple[int, ...] = ()
        self._levels: dict[str, float] = {}
        self._on: frozenset[str] = frozenset()
        self.is_live = False

    def show(self, message: Mapping[str, Any]) -> None:
        """Take `closed` ("G37"), `levels` in V by terminal, `on` (terminals), `heaters` (indices)."""
        self.closed = frozenset(Crosspoint(name[0].upper(), int(name[1:])) for name in message["closed"])
        self._levels = {name: float(level) for name, level in message["levels"].items()}
        self._on = frozenset(message["on"])
        self.heaters = tuple(sorted(message["heaters"]))
        self.is_live = True

    def line(self, column: int) -> Line | None:
        """The line of the device at a matrix column; None where nothing is wired."""
        return self._lines.get(column)

    def groups(self) -> list[tuple[LineKind, int, int]]:
        """Runs of columns that lead to lines of one kind: kind, first and last column."""
        found: list[tuple[LineKind, int, int]] = []
        for column, line in sorted(self._lines.items()):
            if found and found[-1][0] is line.kind and found[-1][2] == column - 1:
                found[-1] = (line.kind, found[-1][1], column)
            else:
                found.append((line.kind, column, column))
        return found

    def terminal(self, row: str) -> str:
        """What is wired to a row: `smu3.b via 20 kohm`, or the star ground."""
        wire = self._wires[row]
        name = "star ground" if wire.terminal == GROUND else wire.terminal
        return f"{name} via {show(wire.series, 'ohm')}" if wire.series else name

    def is_on(self, row: str) -> bool:
        """Whether the output of a row's source is on; the star ground always holds its row."""
        terminal = self._wires[row].terminal
        return terminal == GROUND or terminal in self._on

    def level(self, row: str) -> str:
        """Level and output of a row's source in words."""
        terminal = self._wires[row].terminal
        if terminal == GROUND:
            return "0 V, always"
        if not self.is_live:
            return "not known"
        if terminal not in self._on:
            return "off"
        level = self._levels.get(terminal)
        return "on, level not known" if level is None else f"{short(level, 'V')}, on"

    def sentence(self, row: str, column: int) -> str:
        """One crosspoint in words."""
        line = self.line(column)
        what = "no line" if line is None else str(line)
        state = "closed" if Crosspoint(row, column) in self.closed else "open"
        state = state if self.is_live else "not known"
        return f"{row}{column}, {state}: row {row} ({self.terminal(row)}: {self.level(row)}) and {what}"

    def summary(self) -> str:
        """The whole matrix in a line."""
        if not self.is_live:
            return "Nothing is known of the relays yet."
        count = len(self.closed)
        closed = (
            "No crosspoint is closed" if not count else f"{count} crosspoint{'s' if count > 1 else ''} closed"
        )
        if not self.heater_lines:
            return f"{closed}."
        names = ", ".join(map(str, self.heaters))
        return f"{closed}; heaters connected: {names or 'none'}."
