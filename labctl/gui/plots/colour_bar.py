"""A colour bar that tells its quantity in prefixed SI units."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from qtpy.QtCore import QRectF

from labctl.gui.plots.axis import SiAxis
from labctl.gui.theme import MAP, Colours

WIDE = 74
"""Pixels of bar and numbers."""
STEPS = 256


class ColourBar:
    """Beside images that share one scale."""

    def __init__(self, colours: Colours) -> None:
        """From 0 to 1; `item` goes into a grid."""
        self._axis = SiAxis("right")
        self.item: Any = pg.PlotItem(axisItems={"right": self._axis})
        self.item.hideButtons()
        self.item.setMenuEnabled(False)
        self.item.setMouseEnabled(x=False, y=False)
        self.item.showAxis("right")
        for side in ("left", "bottom"):
            self.item.hideAxis(side)
        self._gradient: Any = pg.ImageItem(np.arange(STEPS, dtype=float)[:, None], axisOrder="row-major")
        self._gradient.setColorMap(pg.colormap.get(MAP))
        self.item.addItem(self._gradient)
        self.item.setMaximumWidth(WIDE)
        self.item.setMinimumWidth(WIDE)
        self._axis.paint_in(colours.text, colours.muted)

    def show(self, low: float, high: float, name: str, unit: str) -> None:
        """From `low` to `high` of `unit`."""
        self._gradient.setRect(QRectF(0.0, low, 1.0, high - low))
        self.item.setRange(xRange=(0.0, 1.0), yRange=(low, high), padding=0.0)
        self._axis.tell(name, unit, is_log=False)
