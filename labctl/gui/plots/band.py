"""A filled band between two curves, such as a verify window that moves from read to read."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg

from labctl.gui.plots.thinning import Floats, Scales

BELOW = 0.1
"""Where a band from zero begins on a logarithmic axis, as a share of what lies above."""


class Band:
    """Steps of width 1 around whole numbers along x."""

    def __init__(self, plot: Any) -> None:
        """Empty, in a `pyqtgraph.PlotItem`."""
        self._edges = [pg.PlotCurveItem(pen=None) for _ in range(2)]
        self._fill = pg.FillBetweenItem(*self._edges)
        self._fill.setZValue(-50)
        for item in (*self._edges, self._fill):
            plot.addItem(item)

    def draw(self, x: Floats, low: Floats, high: Floats, scales: Scales) -> None:
        """From `low` to `high` at each of `x`."""
        if scales.log_y and len(low):
            low = np.where(low > 0.0, low, BELOW * high)
        wide = scales.x(np.column_stack((x - 0.5, x + 0.5)).ravel())
        first = (
            1 if scales.log_x and len(x) and x[0] <= 0.5 else 0
        )  # no place left of 0 on a logarithmic axis
        for edge, values in zip(self._edges, (low, high), strict=True):
            edge.setData(wide[first:], scales.y(np.repeat(values, 2))[first:])

    def paint_in(self, colour: str) -> None:
        """Take this colour, thinly."""
        self._fill.setBrush(pg.mkBrush(f"{colour}38"))
