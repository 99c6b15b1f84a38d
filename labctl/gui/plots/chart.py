"""One pair of axes with its curves: scales, zoom, and the point nearest to the pointer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyqtgraph as pg
from qtpy.QtCore import QPointF

from labctl.gui.plots.axis import SiAxis
from labctl.gui.plots.curve import Curve
from labctl.gui.plots.thinning import BREAK, Scales, Window
from labctl.gui.plots.trace import Trace
from labctl.gui.theme import Colours

REACH = 40.0
"""Pixels from the pointer within which a point is read out."""


@dataclass(frozen=True)
class Quantity:
    """What an axis shows: a name and its SI unit; `is_count` for what comes in whole numbers."""

    name: str
    unit: str = ""
    is_count: bool = False


@dataclass(frozen=True)
class Hit:
    """A point of a curve, and its distance from the pointer in pixels."""

    trace: Trace
    place: int
    x: float
    y: float
    distance: float


class Chart:
    """A `pyqtgraph.PlotItem` that draws traces; the mouse zooms and pans it."""

    def __init__(self, grid: Any, row: int, column: int, colours: Colours, rows: int = 1) -> None:
        """At a place in a `pyqtgraph.GraphicsLayout`, so many rows high."""
        self._axes = {place: SiAxis(place) for place in ("left", "bottom")}
        self.plot: Any = grid.addPlot(row, column, rowspan=rows, axisItems=self._axes)
        self.plot.hideButtons()
        self.plot.setMenuEnabled(False)
        self.traces: tuple[Trace, ...] = ()
        self.curves: list[Curve] = []
        self._spare: list[Curve] = []
        self.x, self.y = Quantity("x"), Quantity("y")
        self.scales = Scales()
        self._colours = colours
        self._is_led = False
        self._ringed = -1
        self._ring = pg.ScatterPlotItem(size=14, pxMode=True, brush=None)
        self._ring.setZValue(100)
        self.plot.addItem(self._ring, ignoreBounds=True)
        self.plot.getViewBox().sigRangeChanged.connect(self._zoomed)
        self.paint_in(colours)

    def measure(self, x: Quantity, y: Quantity, scales: Scales) -> None:
        """What the axes show, and how."""
        self.x, self.y, self.scales = x, y, scales
        self._axes["bottom"].tell(x.name, x.unit, scales.log_x, x.is_count)
        self._axes["left"].tell(y.name, y.unit, scales.log_y, y.is_count)

    def draw(self, traces: Sequence[Trace]) -> None:
        """Show these; a trace keeps its curve from one call to the next by its place."""
        self.traces = tuple(traces)
        if not traces:
            self.ring(None)
        while len(self.curves) > len(traces):
            self._spare.append(self.curves.pop())
            self._spare[-1].clear()
        while len(self.curves) < len(traces):
            self.curves.append(self._spare.pop() if self._spare else Curve(self.plot))
        self._redraw(self._window())

    def fit(self) -> None:
        """Show everything, from now on also what comes."""
        self._redraw(None)
        self.plot.enableAutoRange(x=not self._is_led, y=True)

    def paint_in(self, colours: Colours) -> None:
        """Take these colours."""
        self._colours = colours
        for axis in self._axes.values():
            axis.paint_in(colours.text, colours.muted)
        self._ring.setPen(pg.mkPen(colours.text, width=2))
        self._redraw(self._window())

    def box_zoom(self, is_on: bool) -> None:
        """Whether dragging draws a box to zoom into, or moves the plot."""
        box = self.plot.getViewBox()
        box.setMouseMode(box.RectMode if is_on else box.PanMode)

    def grid(self, is_on: bool) -> None:
        """Show lines at the numbers of the axes."""
        self.plot.showGrid(x=is_on, y=is_on, alpha=0.25)

    def stand_above(self, other: Chart, wide: int) -> None:
        """Share the x axis of a chart that stands directly below; both left axes are `wide` pixels."""
        other.plot.setXLink(self.plot)
        other.plot.enableAutoRange(x=False)
        other._is_led = True
        self._axes["bottom"].hush()
        for chart in (self, other):
            chart.plot.getAxis("left").setWidth(wide)

    def holds(self, place: QPointF) -> bool:
        """Whether a place in the scene lies within the axes."""
        return bool(self.plot.getViewBox().sceneBoundingRect().contains(place))

    def nearest(self, place: QPointF) -> Hit | None:
        """The point of a curve nearest to a place in the scene; None when none is near."""
        box = self.plot.getViewBox()
        at = box.mapSceneToView(place)
        across, up = box.viewPixelSize()
        best: Hit | None = None
        for trace, curve in zip(self.traces, self.curves, strict=True):
            if not len(curve.x) or not across or not up:
                continue
            distance = np.hypot((curve.x - at.x()) / across, (curve.y - at.y()) / up)
            distance[~np.isfinite(distance)] = np.inf
            number = int(distance.argmin())
            found, where = float(distance[number]), int(curve.places[number])
            if where != BREAK and found <= REACH and (best is None or found < best.distance):
                best = Hit(trace, where, float(trace.x[where]), float(trace.y[where]), found)
        return best

    def step(self, by: int) -> Hit | None:
        """The point so many further along the first curve in front; None when there is none."""
        for trace, curve in zip(self.traces, self.curves, strict=True):
            places = curve.places[np.isfinite(curve.x) & np.isfinite(curve.y)]
            if trace.behind or not len(places):
                continue
            at = int(np.searchsorted(places, self._ringed)) + by if self._ringed >= 0 else 0
            place = int(places[min(max(at, 0), len(places) - 1)])
            return Hit(trace, place, float(trace.x[place]), float(trace.y[place]), 0.0)
        return None

    def ring(self, hit: Hit | None) -> None:
        """Mark the point that is read out, or none."""
        self._ringed = -1 if hit is None else hit.place
        if hit is None:
            self._ring.setData([], [])
            return
        place = slice(hit.place, hit.place + 1)
        self._ring.setData(self.scales.x(hit.trace.x[place]), self.scales.y(hit.trace.y[place]))

    def _zoomed(self) -> None:
        if any(curve.is_long for curve in self.curves):
            self._redraw(self._window())

    def _redraw(self, window: Window | None) -> None:
        for trace, curve in zip(self.traces, self.curves, strict=True):
            curve.draw(trace, self.scales, window, self._colours)

    def _window(self) -> Window | None:
        """What a user's zoom lets see; None while the axes follow the data."""
        box = self.plot.getViewBox()
        auto_x, auto_y = box.autoRangeEnabled()
        if auto_x and auto_y:
            return None
        (left, right), (bottom, top) = box.viewRange()
        return Window(
            -np.inf if auto_x else left,
            np.inf if auto_x else right,
            -np.inf if auto_y else bottom,
            np.inf if auto_y else top,
        )
