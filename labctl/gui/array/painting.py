"""Colours of the map: the scale, the categories, the hatching of what is unknown."""

from __future__ import annotations

from functools import cache

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from qtpy.QtCore import QPointF, QRectF, Qt
from qtpy.QtGui import QBrush, QColor, QFont, QImage, QPainter, QPen, QPolygonF

from labctl.gui.theme import MAP, Colours

STEPS = 256
"""Colours of the scale."""


@cache
def scale_colours() -> NDArray[np.uint8]:
    """(STEPS, 3) red, green, blue of the map's colours from low to high."""
    table = pg.colormap.get(MAP).getLookupTable(nPts=STEPS, alpha=False)
    return np.asarray(table, dtype=np.uint8)


def scale_image(places: NDArray[np.float64]) -> QImage:
    """(rows, columns) places from 0 to 1 as an image, a pixel each; NaN is transparent."""
    rows, columns = places.shape
    pixels = np.zeros((rows, columns, 4), dtype=np.uint8)
    known = np.isfinite(places)
    index = np.round(np.where(known, places, 0.0) * (STEPS - 1)).astype(np.intp)
    pixels[..., :3] = scale_colours()[index]
    pixels[..., 3] = np.where(known, 255, 0)
    pixels[~known] = 0
    return _image(pixels)


def category_image(places: NDArray[np.intp], colours: list[QColor]) -> QImage:
    """(rows, columns) indices into `colours` as an image, a pixel each; -1 is transparent."""
    table = np.array([[c.red(), c.green(), c.blue(), 255] for c in colours] + [[0, 0, 0, 0]], dtype=np.uint8)
    return _image(table[places])


def _image(pixels: NDArray[np.uint8]) -> QImage:
    rows, columns = pixels.shape[:2]
    data = np.ascontiguousarray(pixels)
    return QImage(data.tobytes(), columns, rows, 4 * columns, QImage.Format.Format_RGBA8888).copy()


def category_colour(colours: Colours, place: int) -> QColor:
    """Of the series colours in force."""
    return QColor(colours.series[place % len(colours.series)])


def text_on(colour: QColor) -> QColor:
    """Black or white, whichever is readable on `colour`."""
    luminance = 0.299 * colour.red() + 0.587 * colour.green() + 0.114 * colour.blue()
    return QColor("#000000" if luminance > 140 else "#ffffff")


def hatch(painter: QPainter, box: QRectF, colours: Colours) -> None:
    """Fill `box` as a cell of which nothing is known."""
    painter.fillRect(box, QColor(colours.base))
    ink = QColor(colours.muted)
    ink.setAlpha(150)
    brush = QBrush(ink, Qt.BrushStyle.BDiagPattern)
    painter.fillRect(box, brush)


def neuron_mark(painter: QPainter, middle: QPointF, size: float, colours: Colours, known: bool) -> None:
    """A neuron's triangle, full when something was measured of it."""
    half = size / 2
    points = [QPointF(-half, -half), QPointF(half, 0.0), QPointF(-half, half)]
    painter.setPen(QPen(QColor(colours.text), 1.0))
    painter.setBrush(QBrush(QColor(colours.accent)) if known else QBrush(Qt.BrushStyle.NoBrush))
    painter.drawPolygon(QPolygonF([middle + each for each in points]))


def small_font(base: QFont, scale: float = 0.85) -> QFont:
    """The widget's font, smaller."""
    font = QFont(base)
    font.setPointSizeF(max(base.pointSizeF() * scale, 6.5))
    return font
