"""One curve on the screen: a line of one pixel, symbols, and what of the data both show."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg

from labctl.gui.plots.thinning import ALL, BREAK, Floats, Places, Scales, Thinning, Window
from labctl.gui.plots.trace import MUTED, Trace
from labctl.gui.theme import Colours

EACH = 400
"""Points up to which each one has its symbol; a longer curve has a few, so that it is known by more than colour."""
FEW = 24
SIZE = 8.0


class Curve:
    """Draws a `Trace`; redrawing costs what is new, not what is there."""

    def __init__(self, plot: Any) -> None:
        """An empty curve in a `pyqtgraph.PlotItem`."""
        self.line = pg.PlotCurveItem(connect="finite")
        self.marks = pg.ScatterPlotItem(size=SIZE, pxMode=True)
        self.places: Places = np.empty(0, dtype=np.intp)
        self.x: Floats = np.empty(0)
        self.y: Floats = np.empty(0)
        self._thinning = Thinning()
        self._shown: tuple[object, ...] | None = None
        self._style: tuple[object, ...] | None = None
        plot.addItem(self.line)
        plot.addItem(self.marks)

    @property
    def is_long(self) -> bool:
        """Whether not every sample is drawn, so that zooming in has more to show."""
        return len(self._thinning) > ALL

    def clear(self) -> None:
        """Show nothing and let go of the data; ready for another trace."""
        self._thinning, self._shown = Thinning(), None
        self.places, self.x, self.y = np.empty(0, dtype=np.intp), np.empty(0), np.empty(0)
        self.line.setData([], [])
        self.marks.setData([], [])

    def draw(self, trace: Trace, scales: Scales, window: Window | None, colours: Colours) -> None:
        """Show the trace as far as the window sees it."""
        self._paint(trace, colours)
        known = (trace.token, scales)
        if trace.token is None or self._shown is None or known != self._shown[:2]:
            self._thinning.start(trace.x, trace.y, scales)
        elif len(trace.x) == len(self._thinning) and (window == self._shown[2] or not self.is_long):
            return
        elif len(trace.x) < len(self._thinning):
            self._thinning.start(trace.x, trace.y, scales)
        else:
            self._thinning.extend(trace.x, trace.y)
        self._shown = (*known, window)
        self.places = _parted(self._thinning.chosen(window), trace)
        joins = self.places == BREAK
        self.x, self.y = scales.x(trace.x[self.places]), scales.y(trace.y[self.places])
        self.x[joins], self.y[joins] = np.nan, np.nan
        self._put(trace)

    def _put(self, trace: Trace) -> None:
        finite = np.flatnonzero(np.isfinite(self.x) & np.isfinite(self.y))
        if trace.joined:
            self.line.setData(self.x if len(finite) else [], self.y if len(finite) else [])
        if not trace.symbol:
            finite = finite[:0]
        elif len(finite) > EACH and trace.joined:
            finite = finite[np.linspace(0, len(finite) - 1, FEW).astype(np.intp)]
        self.marks.setData(self.x[finite], self.y[finite])

    def _paint(self, trace: Trace, colours: Colours) -> None:
        colour = (
            colours.muted if trace.colour == MUTED else colours.series[trace.colour % len(colours.series)]
        )
        style = (colour, trace.symbol, trace.joined, trace.behind, trace.fills)
        if style == self._style:
            return
        self._style = style
        self.line.setPen(pg.mkPen(colour, width=1))
        self.line.setVisible(trace.joined)
        self.line.setFillLevel(0.0 if trace.fills else None)
        self.line.setBrush(pg.mkBrush(f"{colour}50") if trace.fills else None)
        self.marks.setPen(pg.mkPen(colour))
        self.marks.setBrush(pg.mkBrush(colour))
        if trace.symbol:
            self.marks.setSymbol(trace.symbol)
        for item in (self.line, self.marks):
            item.setZValue(-10 if trace.behind else 0)


def _parted(places: Places, trace: Trace) -> Places:
    """With a break wherever a key changes."""
    if not trace.keys or len(places) < 2:
        return places
    changes = np.zeros(len(places) - 1, dtype=bool)
    for key in trace.keys:
        values = key[places]
        changes |= values[1:] != values[:-1]
    return np.insert(places, np.flatnonzero(changes) + 1, BREAK)
