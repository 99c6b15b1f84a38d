"""What all views share: the sheet, the runs shown, scales, readout and what can be exported."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QPointF, Signal
from qtpy.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from labctl.gui.plots.canvas import Canvas
from labctl.gui.plots.chart import Chart, Quantity
from labctl.gui.plots.chooser import Chooser
from labctl.gui.plots.thinning import Scales
from labctl.gui.plots.trace import Trace, merged
from labctl.gui.plots.words import SYMBOLS, spoken, told
from labctl.gui.run_data import RunLike
from labctl.gui.theme import Theme

NAMED = 5
"""Earlier runs that have a colour and a name each; all others are one grey curve."""


@dataclass(frozen=True, eq=False)
class Series:
    """One column of exported data."""

    name: str
    unit: str
    values: NDArray[np.generic]


class PlotView(QWidget):
    """A view of one run and of earlier ones behind it. Subclasses say what suits them and draw."""

    title: ClassVar[str]
    read_out = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        """Empty."""
        super().__init__(parent)
        self._theme = theme
        self.current: RunLike | None = None
        self.earlier: tuple[RunLike, ...] = ()
        self.charts: list[Chart] = []
        self._log: tuple[bool, bool] | None = None
        self.canvas = Canvas(theme.colours, self)
        self.canvas.setAccessibleName(f"plot: {self.title}")
        self._row = QHBoxLayout()
        self._row.setContentsMargins(4, 2, 4, 0)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self._row)
        column.addWidget(self.canvas, 1)
        self.canvas.scene().sigMouseMoved.connect(self._pointed)
        self.canvas.stepped.connect(self._stepped)
        theme.changed.connect(self.repaint_all)

    @staticmethod
    def suits(run: RunLike) -> bool:
        """Whether this view has something to show of the run."""
        raise NotImplementedError

    def draw(self, current: RunLike) -> None:
        """Show the run as it is now, and `self.earlier` behind it."""
        raise NotImplementedError

    def default_log(self) -> tuple[bool, bool]:
        """Which axes (x, y) are logarithmic unless the user chooses."""
        return False, False

    @property
    def log_axes(self) -> tuple[bool, bool]:
        """Which axes (x, y) can be logarithmic at all."""
        return True, True

    @property
    def scales(self) -> Scales:
        """As the user chose, or by default."""
        return Scales(*(self._log or self.default_log()))

    def show_runs(self, current: RunLike | None, earlier: Sequence[RunLike]) -> None:
        """Another run, or others behind it; drawn by the next `redraw`."""
        if current is not self.current:
            self.forget()
        if current is None or self.current is None or current.folder != self.current.folder:
            for chart in self.charts:
                chart.draw(())
        self.current, self.earlier = current, tuple(earlier)

    def forget(self) -> None:
        """Drop what was worked out of the run shown before."""

    def redraw(self) -> None:
        """Draw what is new."""
        if self.current is not None:
            self.draw(self.current)

    def set_log(self, log_x: bool, log_y: bool) -> None:
        """Logarithmic axes, which show magnitudes, or linear ones."""
        self._log = log_x, log_y
        self.redraw()
        self.fit()

    def fit(self) -> None:
        """Show everything."""
        for chart in self.charts:
            chart.fit()

    def set_grid(self, is_on: bool) -> None:
        """Show lines at the numbers of the axes."""
        for chart in self.charts:
            chart.grid(is_on)

    def set_box_zoom(self, is_on: bool) -> None:
        """Whether dragging zooms into a box, or moves the plot."""
        for chart in self.charts:
            chart.box_zoom(is_on)

    def repaint_all(self) -> None:
        """Take the theme's colours."""
        self.canvas.paint_in(self._theme.colours)
        for chart in self.charts:
            chart.paint_in(self._theme.colours)

    def series(self) -> list[Series]:
        """What is shown, as columns in SI units."""
        found = []
        for chart in self.charts:
            for trace in chart.traces:
                for quantity, values in ((chart.x, trace.x), (chart.y, trace.y)):
                    found.append(Series(f"{trace.name}: {spoken(quantity.name)}", quantity.unit, values))
        return found

    def is_simulated(self) -> bool:
        """Whether any run shown was measured on virtual instruments."""
        shown = (*self.earlier, *(() if self.current is None else (self.current,)))
        return any(bool(run.head.get("simulated")) for run in shown)

    def chooser(self, name: str, tip: str) -> Chooser:
        """A list to choose from, above the plot."""
        made = Chooser(name, tip, self)
        if self._row.count():
            self._row.takeAt(self._row.count() - 1)
        self._row.addWidget(made)
        self._row.addStretch(1)
        made.chosen.connect(self._chosen)
        return made

    def add_chart(self, row: int = 0, column: int = 0, rows: int = 1) -> Chart:
        """A pair of axes in the grid of the sheet, so many rows high."""
        chart = Chart(self.canvas.body, row, column, self._theme.colours, rows)
        self.charts.append(chart)
        return chart

    def behind(self, make: Callable[[RunLike, int, str], Sequence[Trace]]) -> list[Trace]:
        """Traces of the earlier runs: `make(run, colour, symbol)` for the first ones, all others merged into one."""
        found: list[Trace] = []
        for number, run in enumerate(self.earlier[:NAMED]):
            found += make(run, number + 1, SYMBOLS[(number + 1) % len(SYMBOLS)])
        rest = [trace for run in self.earlier[NAMED:] for trace in make(run, 0, "")]
        if rest:
            found.append(merged(f"{len(self.earlier) - NAMED} more earlier runs", rest))
        return found

    def tell(self, what: str, traces: Sequence[Trace]) -> None:
        """Heading and legend of the sheet; `what` goes on after the name of the run."""
        name = self.current.folder.name if self.current is not None else ""
        heading = " · ".join(each for each in (self.title, name, what) if each)
        self.canvas.tell(heading, self.is_simulated(), traces)

    def _chosen(self) -> None:
        self.redraw()
        self.fit()

    def _pointed(self, place: QPointF) -> None:
        for chart in self.charts:
            hit = chart.nearest(place) if chart.holds(place) else None
            chart.ring(hit)
            if hit is not None:
                self.read_out.emit(point_text(chart.x, chart.y, hit.x, hit.y, hit.trace, hit.place))

    def _stepped(self, step: int) -> None:
        """From point to point of the curve of the run shown, without a pointer."""
        for chart in self.charts[:1]:
            hit = chart.step(step)
            chart.ring(hit)
            if hit is not None:
                self.read_out.emit(point_text(chart.x, chart.y, hit.x, hit.y, hit.trace, hit.place))


def point_text(x: Quantity, y: Quantity, at_x: float, at_y: float, trace: Trace, place: int) -> str:
    """A point in words: both values with their units, of which device, of which run."""
    values = (
        f"{spoken(quantity.name)} {told(value, quantity.unit)}" for quantity, value in ((x, at_x), (y, at_y))
    )
    return " · ".join(each for each in (", ".join(values), trace.tell(place), trace.name) if each)
