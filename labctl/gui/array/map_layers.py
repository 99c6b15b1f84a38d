"""The layers of the map: cells, headers, neurons, selection."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QLineF, QPointF, QRectF, Qt
from qtpy.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen, QPixmap

from labctl.core.lines import Cell
from labctl.gui.array.geometry import Box, Geometry
from labctl.gui.array.neurons import NeuronState, short
from labctl.gui.array.painting import (
    category_colour,
    category_image,
    hatch,
    neuron_mark,
    scale_image,
    small_font,
    text_on,
)
from labctl.gui.array.selection import Selection
from labctl.gui.array.shown import Category
from labctl.gui.theme import Theme

SMALLEST_GRID = 5.0
"""px; cells smaller than this have no line between them."""
SMALLEST_LETTER = 8.0
"""px; nor a letter."""
SELECTED = "#d55e00"
"""No colour of the map: vermilion, with a white line beside it."""
_CENTRE = int(Qt.AlignmentFlag.AlignCenter)
_LEFT = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
_RIGHT = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight)


class Layers:
    """Paints on whatever painter it is given; lengths are in pixels."""

    def __init__(self, theme: Theme) -> None:
        """In the colours of `theme`."""
        self._theme = theme

    def numbers(self, painter: QPainter, geometry: Geometry, placed: NDArray[np.float64]) -> None:
        """Cells coloured by their places (words, bits) on the scale, 0 to 1; NaN is hatched."""
        upright = placed.T if geometry.turned else placed
        hatch(painter, _rect(geometry.map), self._theme.colours)
        painter.drawImage(_rect(geometry.map), scale_image(upright))
        self._grid(painter, geometry)

    def words(
        self,
        painter: QPainter,
        geometry: Geometry,
        places: NDArray[np.intp],
        kinds: tuple[Category, ...],
    ) -> None:
        """Cells coloured and lettered by their category; -1 is hatched."""
        upright = places.T if geometry.turned else places
        hatch(painter, _rect(geometry.map), self._theme.colours)
        colours = [category_colour(self._theme.colours, kind.colour) for kind in kinds]
        painter.drawImage(_rect(geometry.map), category_image(upright, colours))
        self._grid(painter, geometry)
        width, height = geometry.cell
        if min(width, height) < SMALLEST_LETTER:
            return
        letters = [
            self._letter(painter, kind.letter, text_on(colour), width, height)
            for kind, colour in zip(kinds, colours, strict=True)
        ]
        for word, bit in np.argwhere(places >= 0):
            box = geometry.box(Cell(int(word), int(bit)))
            painter.drawPixmap(QPointF(box.x, box.y), letters[places[word, bit]])

    def headers(self, painter: QPainter, geometry: Geometry) -> None:
        """Numbers of the lines as far as they fit, and what runs along each axis."""
        colours, area, (width, height) = self._theme.colours, geometry.map, geometry.cell
        painter.save()
        font = small_font(painter.font())
        painter.setFont(font)
        metrics = QFontMetrics(font)
        along_x, along_y = ("word line", "bit line") if geometry.turned else ("bit line", "word line")
        painter.setPen(QColor(colours.text))
        painter.drawText(
            QRectF(area.x, 0, max(area.width, 120), geometry.head / 2),
            _LEFT,
            along_x,
        )
        painter.save()
        painter.translate(0, area.y + area.height)
        painter.rotate(-90)
        painter.drawText(
            QRectF(0, 0, max(area.height, metrics.horizontalAdvance(along_y) + 4), metrics.height()),
            _LEFT,
            along_y,
        )
        painter.restore()
        painter.setPen(QColor(colours.text))
        widest = metrics.horizontalAdvance(str(geometry.along_x - 1)) + 4
        for index in range(0, geometry.along_x, _stride(widest / width)):
            box = QRectF(
                area.x + index * width - widest, geometry.head / 2, width + 2 * widest, geometry.head / 2
            )
            painter.drawText(box, _CENTRE, str(index))
        for index in range(0, geometry.along_y, _stride(0.9 * metrics.height() / height)):
            box = QRectF(0, area.y + index * height - 20, geometry.side - 4, height + 40)
            painter.drawText(box, _RIGHT, str(index))
        painter.restore()

    def foot_width(self, font: QFont) -> float:
        """Px that neurons need at the right of a turned array."""
        metrics = QFontMetrics(small_font(font))
        return 26.0 + 2 * self._column(metrics)

    def neurons(self, painter: QPainter, geometry: Geometry, neurons: NeuronState) -> None:
        """A triangle at the foot of each bit line, with threshold and output as far as they fit."""
        colours = self._theme.colours
        painter.save()
        font = small_font(painter.font())
        painter.setFont(font)
        metrics = QFontMetrics(font)
        column = self._column(metrics)
        if geometry.turned:
            top = geometry.neuron(0)
            painter.setPen(QColor(colours.text))
            for part, text in enumerate(("threshold", "output")):
                box = QRectF(top.x + 22 + part * column, geometry.head / 2, column, geometry.head / 2)
                painter.drawText(box, _RIGHT, text)
            painter.drawText(QRectF(top.x + 6, 0, top.width - 6, geometry.head / 2), _LEFT, "neuron")
        for index in range(len(neurons)):
            place = geometry.neuron(index)
            values = short(neurons.threshold[index], "A"), short(neurons.output[index], "A")
            known = any(np.isfinite(each[index]) for each in (neurons.threshold, neurons.output))
            if geometry.turned:
                self._mark(painter, QPointF(place.x + 13, place.y + place.height / 2), place.height, known)
                if place.height >= 0.8 * metrics.height():
                    for part, text in enumerate(values):
                        where = QRectF(place.x + 22 + part * column, place.y, column, place.height)
                        painter.drawText(where, _RIGHT, text)
                continue
            self._mark(painter, QPointF(place.x + place.width / 2, place.y + 8), place.width, known)
            if _fits(metrics, values, place.width):
                for part, text in enumerate(values):
                    y = place.y + 14 + part * metrics.height() * 0.95
                    painter.drawText(QRectF(place.x, y, place.width, metrics.height()), _CENTRE, text)

        if not geometry.turned:
            below = QRectF(
                geometry.side, geometry.neuron(0).y + geometry.foot - metrics.height(), 400, metrics.height()
            )
            fits = _fits(metrics, ("888 mA",), geometry.neuron(0).width)
            painter.drawText(below, _LEFT, "neurons: threshold, output" if fits else "neurons: point at one")
        painter.restore()

    def selection(self, painter: QPainter, geometry: Geometry, chosen: Selection, focused: bool) -> None:
        """An outline round what is chosen, a dotted frame in the current cell."""
        lines = _outline(geometry, chosen) if chosen.cells else []
        if lines:
            for colour, width in (("#ffffff", 4.0), (SELECTED, 2.2)):
                pen = QPen(QColor(colour), width)
                pen.setCapStyle(Qt.PenCapStyle.SquareCap)
                painter.setPen(pen)
                painter.drawLines(*lines)
        if chosen.current is not None:
            edge = 2.0 if min(geometry.cell) > 12.0 else 1.0
            inner = _rect(geometry.box(chosen.current)).adjusted(edge, edge, -edge, -edge)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor("#ffffff"), 1.6))
            painter.drawRect(inner)
            painter.setPen(
                QPen(QColor("#000000"), 1.6, Qt.PenStyle.DotLine if focused else Qt.PenStyle.DashLine)
            )
            painter.drawRect(inner)

    def band(self, painter: QPainter, box: QRectF) -> None:
        """The rubber band."""
        fill = QColor(SELECTED)
        fill.setAlpha(50)
        painter.setPen(QPen(QColor(SELECTED), 1.2, Qt.PenStyle.DashLine))
        painter.setBrush(fill)
        painter.drawRect(box)

    @staticmethod
    def _letter(painter: QPainter, letter: str, ink: QColor, width: float, height: float) -> QPixmap:
        """One letter in the middle of a cell: drawn once, for all cells of its category."""
        device = painter.device()
        ratio = device.devicePixelRatioF() if device is not None else 1.0
        pixmap = QPixmap(int(width * ratio) + 1, int(height * ratio) + 1)
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        font = QFont(painter.font())
        font.setPixelSize(int(min(0.95 * width, 0.8 * height, 15)))
        inner = QPainter(pixmap)
        inner.setFont(font)
        inner.setPen(ink)
        inner.drawText(QRectF(0, 0, width, height), _CENTRE, letter)
        inner.end()
        return pixmap

    def _grid(self, painter: QPainter, geometry: Geometry) -> None:
        colours, area, (width, height) = self._theme.colours, geometry.map, geometry.cell
        if min(width, height) >= SMALLEST_GRID:
            painter.setPen(QPen(QColor(colours.window), 1.0))
            across = [
                QLineF(area.x + index * width, area.y, area.x + index * width, area.y + area.height)
                for index in range(1, geometry.along_x)
            ]
            down = [
                QLineF(area.x, area.y + index * height, area.x + area.width, area.y + index * height)
                for index in range(1, geometry.along_y)
            ]
            for line in (*across, *down):
                painter.drawLine(line)
        painter.setPen(QPen(QColor(colours.muted), 1.0))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(_rect(area))

    def _mark(self, painter: QPainter, middle: QPointF, room: float, known: bool) -> None:
        neuron_mark(painter, middle, min(10.0, 0.7 * room), self._theme.colours, known)
        painter.setPen(QColor(self._theme.colours.text))

    @staticmethod
    def _column(metrics: QFontMetrics) -> float:
        return max(metrics.horizontalAdvance("threshold"), metrics.horizontalAdvance("888 mA")) + 6.0


def _fits(metrics: QFontMetrics, texts: tuple[str, ...], width: float) -> bool:
    return max(metrics.horizontalAdvance(text) for text in texts) < width


def _outline(geometry: Geometry, chosen: Selection) -> list[QLineF]:
    """Edges between what is chosen and what is not."""
    inside = np.zeros((geometry.along_x + 2, geometry.along_y + 2), dtype=bool)
    places = np.array(list(chosen.cells)) + 1
    inside[tuple((places if geometry.turned else places[:, ::-1]).T)] = True
    area, (width, height) = geometry.map, geometry.cell
    lines = []
    for x, y in np.argwhere(inside[1:, 1:-1] != inside[:-1, 1:-1]):
        left, top = area.x + x * width, area.y + y * height
        lines.append(QLineF(left, top, left, top + height))
    for x, y in np.argwhere(inside[1:-1, 1:] != inside[1:-1, :-1]):
        left, top = area.x + x * width, area.y + y * height
        lines.append(QLineF(left, top, left + width, top))
    return lines


def _stride(needed: float) -> int:
    """Every how many lines a number is written, when one needs so many lines of room."""
    return next((step for step in (1, 2, 4, 5, 8, 10, 16, 20, 50, 100) if step >= needed), 200)


def _rect(box: Box) -> QRectF:
    return QRectF(box.x, box.y, box.width, box.height)
