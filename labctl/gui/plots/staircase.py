"""Conductance of one cell from read to read, with the window it shall end in, above the pulses it was given."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtWidgets import QWidget

from labctl.gui.plots.band import Band
from labctl.gui.plots.chart import Quantity
from labctl.gui.plots.rows import Place, RowsByDevice, device_at, has_rows, latest_table, of_these, token
from labctl.gui.plots.thinning import Scales
from labctl.gui.plots.trace import MUTED, Trace
from labctl.gui.plots.view import PlotView
from labctl.gui.plots.words import brief
from labctl.gui.run_data import RunLike, TableLike
from labctl.gui.theme import Theme

PROGRAMMING, FORMING = "programming", "forming"
KINDS = {"VerifyRead": PROGRAMMING, "FormingRead": FORMING}
"""Kinds of rows that are shown, and what they are called here."""
COLUMNS = {"word", "bit", "pulses", "amplitude", "conductance"}
FOLLOW = "latest cell"
LEFT = 84
"""Pixels of the left axes."""
PULSES = (("SET pulse", "t1", 0, 1.0), ("RESET pulse", "t", 1, -1.0))
"""Name, symbol, colour and sign of the pulses."""


class StaircaseView(PlotView):
    """Follows the cell that is being worked on until the user picks another."""

    title = "Staircase"

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        """Empty."""
        super().__init__(theme, parent)
        self._above, self._below = self.add_chart(0), self.add_chart(1)
        self._above.stand_above(self._below, LEFT)
        self.canvas.body.layout.setRowStretchFactor(0, 2)
        self.canvas.body.layout.setRowStretchFactor(1, 1)
        self._band = Band(self._above.plot)
        self._reads = self.chooser("reads", "those of programming or those of forming")
        self._cell = self.chooser("cell", "which cell is shown: (word line, bit line)")
        self._cells = {name: RowsByDevice(("word", "bit")) for name in KINDS}
        self._kind = ""
        self.repaint_all()

    @staticmethod
    def suits(run: RunLike) -> bool:
        """Reads of program-verify or of forming."""
        return bool(_there(run))

    @property
    def log_axes(self) -> tuple[bool, bool]:
        """Read numbers are counted, not scaled."""
        return False, True

    def default_log(self) -> tuple[bool, bool]:
        """Forming spans decades."""
        return False, KINDS.get(self._kind) == FORMING

    def forget(self) -> None:
        """Another run has other cells."""
        for cells in self._cells.values():
            cells.start()

    def repaint_all(self) -> None:
        """Take the theme's colours."""
        super().repaint_all()
        self._band.paint_in(self._theme.colours.good)

    def draw(self, current: RunLike) -> None:
        """The chosen cell, and the same cell (or the last one) of earlier runs."""
        there = _there(current)
        latest = KINDS[latest_table(current, there)]
        reads = self._reads.offer([KINDS[name] for name in there], latest)
        self._kind = next(name for name in there if KINDS[name] == reads)
        table, cells = current.tables[self._kind], self._cells[self._kind]
        cells.update(table)
        names = {f"({word}, {bit})": (word, bit) for word, bit in cells.devices}
        chosen = self._cell.offer([FOLLOW, *names] if len(names) > 1 else list(names), FOLLOW)
        cell = names.get(chosen, cells.latest)
        rows = cells.rows(cell)

        def of(run: RunLike) -> tuple[TableLike, NDArray[np.intp]] | None:
            if self._kind not in _there(run):
                return None
            others = RowsByDevice(("word", "bit"))
            others.update(run.tables[self._kind])
            found = others.rows(cell)
            return run.tables[self._kind], found if len(found) else others.rows(others.latest)

        def conductances(run: RunLike, colour: int, symbol: str) -> list[Trace]:
            found = of(run)
            return [] if found is None else [self._conductance(run, *found, run.folder.name, colour, symbol)]

        def amplitudes(run: RunLike, colour: int, symbol: str) -> list[Trace]:
            found = of(run)
            return [] if found is None else [self._amplitudes(run, *found, colour, symbol)]

        now = self._conductance(current, table, rows, "conductance", 0, "o")
        upper = [*self._window(current, table, rows), now, *self.behind(conductances)]
        lower = [*self._pulses(current, table, rows), *self.behind(amplitudes)]
        scales = Scales(False, self.scales.log_y)
        self._above.measure(self._counted, Quantity("conductance", "S"), scales)
        self._below.measure(self._counted, Quantity("pulse", "V"), Scales())
        self._draw_band(table, rows, scales)
        self._above.draw(upper)
        self._below.draw(lower)
        self.tell(_heading(reads, cell, table, rows), [*upper, *lower])

    @property
    def _counted(self) -> Quantity:
        return Quantity("pulses" if KINDS[self._kind] == FORMING else "read", "1", is_count=True)

    def _x(self, table: TableLike, rows: NDArray[np.intp]) -> NDArray[Any]:
        if KINDS[self._kind] == FORMING:
            return table.columns["pulses"][rows]
        return np.arange(len(rows))

    def _conductance(
        self, run: RunLike, table: TableLike, rows: NDArray[np.intp], name: str, colour: int, symbol: str
    ) -> Trace:
        tell = device_at(table)
        return Trace(
            name,
            self._x(table, rows),
            table.columns["conductance"][rows],
            colour,
            symbol,
            token=token(run, self._kind, int(rows[0]) if len(rows) else -1),
            tell=lambda place: tell(int(rows[place])),
            behind=run is not self.current,
        )

    def _window(self, run: RunLike, table: TableLike, rows: NDArray[np.intp]) -> list[Trace]:
        """The target; the window about it is the band."""
        if "target" not in table.units:
            return []
        key = token(run, self._kind, "target", int(rows[0]) if len(rows) else -1)
        target = table.columns["target"][rows]
        return [
            Trace("target", self._x(table, rows), target, MUTED, "", token=key, keys=[target], behind=True)
        ]

    def _draw_band(self, table: TableLike, rows: NDArray[np.intp], scales: Scales) -> None:
        if not {"low", "high"} <= set(table.units):
            rows = rows[:0]
            nothing = np.empty(0)
            self._band.draw(nothing, nothing, nothing, scales)
            return
        x = self._x(table, rows).astype(np.float64)
        self._band.draw(x, table.columns["low"][rows], table.columns["high"][rows], scales)

    def _pulses(self, run: RunLike, table: TableLike, rows: NDArray[np.intp]) -> list[Trace]:
        """A point per pulse."""
        amplitude, given = table.columns["amplitude"][rows], _given(table, rows)
        x, tell = self._x(table, rows), device_at(table)
        found = []
        for name, symbol, colour, sign in PULSES:
            places = np.flatnonzero(given & (amplitude * sign > 0))
            if not len(places) and sign < 0 and "target" not in table.units:
                continue  # forming has no RESET
            found.append(
                Trace(
                    "forming pulse" if KINDS[self._kind] == FORMING else name,
                    x[places],
                    amplitude[places],
                    colour if not self.earlier else 0,
                    symbol,
                    joined=False,
                    token=token(run, self._kind, name, int(rows[0]) if len(rows) else -1),
                    tell=of_these(tell, rows[places]),
                )
            )
        return found

    def _amplitudes(
        self, run: RunLike, table: TableLike, rows: NDArray[np.intp], colour: int, symbol: str
    ) -> Trace:
        """All pulses of an earlier run in its own colour."""
        places = np.flatnonzero(_given(table, rows))
        tell = device_at(table)
        return Trace(
            run.folder.name,
            self._x(table, rows)[places],
            table.columns["amplitude"][rows[places]],
            colour,
            symbol,
            joined=False,
            token=token(run, self._kind, "amplitude", int(rows[0]) if len(rows) else -1),
            tell=lambda place: tell(int(rows[places[place]])),
            behind=True,
            legend="",
        )


def _there(run: RunLike) -> list[str]:
    return [name for name in KINDS if has_rows(run, name, COLUMNS)]


def _given(table: TableLike, rows: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Which reads follow a pulse; one that only confirms was given none."""
    counts = table.columns["pulses"][rows]
    given: NDArray[np.bool_] = (np.diff(counts, prepend=0) != 0) & (counts > 0)
    return given


def _heading(reads: str, cell: Place | None, table: TableLike, rows: NDArray[np.intp]) -> str:
    parts = [f"{reads} cell {cell}"]
    if len(rows):
        last = float(table.columns["conductance"][rows[-1]])
        parts.append(f"{brief(last, 'S')} after {int(table.columns['pulses'][rows[-1]])} pulses")
        if "target" in table.units:
            low, high = (float(table.columns[name][rows[-1]]) for name in ("low", "high"))
            window = f"{brief(low, 'S')} to {brief(high, 'S')}" if low > 0 else f"below {brief(high, 'S')}"
            parts.append(f"window {window}")
    return " · ".join(parts)
