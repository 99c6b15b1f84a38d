"""The map of the array: cells in colours, numbered headers, selection by mouse and keys, neurons at the feet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from qtpy.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from qtpy.QtGui import (
    QContextMenuEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
)
from qtpy.QtWidgets import QSizePolicy, QWidget

from labctl.core.lines import Cell, Line, LineKind
from labctl.gui.array.geometry import Box, Geometry
from labctl.gui.array.map_layers import Layers
from labctl.gui.array.neurons import NeuronState
from labctl.gui.array.selection import Selection
from labctl.gui.array.shown import Scale, Shown, categories, numbers
from labctl.gui.array.state import ArrayState
from labctl.gui.theme import Theme

_ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
_CTRL, _SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


class HeatMap(QWidget):
    """Shows one quantity of an ArrayState. What is chosen is in `selection`."""

    selected = Signal()
    current_changed = Signal()
    hovered = Signal(object)
    """A Cell, a Line, or None when the mouse is elsewhere."""
    menu_wanted = Signal(QPoint)
    """Where on the screen."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        """An array of one unknown cell."""
        super().__init__(parent)
        self._theme = theme
        self._state, self._neurons = ArrayState(1, 1), NeuronState(0)
        self.selection = Selection(1, 1)
        self._layers = Layers(theme)
        self.shown, self.log = Shown.CONDUCTANCE, True
        self.scale: Scale | None = None
        self.is_plain = False
        self._pixmap: QPixmap | None = None
        self._pressed: QPointF | None = None
        self._band: Box | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(260, 110)
        self.setAccessibleName("map of the array")
        theme.changed.connect(self.refresh)

    def set_array(self, state: ArrayState, neurons: NeuronState) -> None:
        """Show another array; the selection is kept where the shape is the same."""
        is_new = (state.words, state.bits) != (self._state.words, self._state.bits)
        self._state, self._neurons = state, neurons
        if is_new:
            self.selection = Selection(state.words, state.bits)
            self.selected.emit()
            self.current_changed.emit()
        self.refresh()

    def show_quantity(self, shown: Shown, log: bool) -> None:
        """Choose what the colours stand for."""
        self.shown, self.log = shown, log
        self.refresh()

    def refresh(self) -> None:
        """The state has changed: draw it anew."""
        values = numbers(self._state, self.shown)
        self.scale = None if self.shown.in_words else Scale.of(values, self.log)
        self._pixmap = None
        self.update()

    @property
    def has_unknown(self) -> bool:
        """Whether any cell is hatched."""
        if self.shown.in_words:
            return bool((categories(self._state, self.shown)[0] < 0).any())
        return self.scale is None or bool(np.isnan(numbers(self._state, self.shown)).any())

    @property
    def geometry_now(self) -> Geometry:
        """Where everything lies."""
        metrics = self.fontMetrics()
        state = self._state
        plain = Geometry(state.words, state.bits, self.width() - 1, self.height() - 1, 0.0, 0.0, 0.0)
        foot = 0.0
        if len(self._neurons):
            foot = self._layers.foot_width(self.font()) if plain.turned else 14 + 2.9 * metrics.height()
        head = 2 * metrics.height() + 4
        side = metrics.height() + metrics.horizontalAdvance("888") + 6
        return replace(plain, head=head, side=side, foot=foot)

    def sizeHint(self) -> QSize:
        """Room for readable cells."""
        return QSize(640, 220)

    def choose(self, cells: list[Cell], *, add: bool = False) -> None:
        """Choose cells from outside, as a click would."""
        self._changing(lambda: self.selection.choose(cells, cells[-1] if cells else None, add=add))

    # Painting -----------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Cells from a stored picture, the selection on top of it."""
        ratio = self.devicePixelRatioF()
        if self._pixmap is None or self._pixmap.devicePixelRatio() != ratio:
            self._pixmap = QPixmap(self.size() * ratio)
            self._pixmap.setDevicePixelRatio(ratio)
            self._pixmap.fill(Qt.GlobalColor.transparent)
            painter = QPainter(self._pixmap)
            painter.setFont(self.font())
            geometry = self.geometry_now
            if self.shown.in_words:
                places, kinds = categories(self._state, self.shown)
                self._layers.words(painter, geometry, places, kinds)
            else:
                values = numbers(self._state, self.shown)
                placed = np.full(values.shape, np.nan) if self.scale is None else self.scale.places(values)
                self._layers.numbers(painter, geometry, placed)
            self._layers.headers(painter, geometry)
            if len(self._neurons):
                self._layers.neurons(painter, geometry, self._neurons)
            painter.end()
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._pixmap)
        if not self.is_plain:
            self._layers.selection(painter, self.geometry_now, self.selection, self.hasFocus())
        if self._band is not None:
            band = self._band
            self._layers.band(painter, QRectF(band.x, band.y, band.width, band.height))
        painter.end()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Draw anew."""
        self._pixmap = None
        super().resizeEvent(event)

    # Mouse --------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Begin a click or a rubber band; headers choose their line."""
        if event is None or event.button() not in (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton):
            return
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        place, keys = QPointF(event.pos()), event.modifiers()
        geometry = self.geometry_now
        cell, line = geometry.cell_at(place.x(), place.y()), geometry.line_at(place.x(), place.y())
        if event.button() == Qt.MouseButton.RightButton:
            if cell is not None and cell not in self.selection.cells:
                self._changing(lambda: self.selection.click(cell))
            return
        if cell is not None:
            self._pressed = place
        elif line is not None and line.kind is not LineKind.NEURON:
            add = bool(keys & _CTRL)
            if line.kind is LineKind.WORD:
                self._changing(lambda: self.selection.word(line.index, add=add))
            else:
                self._changing(lambda: self.selection.bit(line.index, add=add))

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Draw the rubber band; tell what is below the mouse."""
        if event is None:
            return
        place = QPointF(event.pos())
        if self._pressed is not None and (
            self._band is not None or (place - self._pressed).manhattanLength() > 4
        ):
            start = self._pressed
            self._band = Box(
                min(start.x(), place.x()),
                min(start.y(), place.y()),
                abs(place.x() - start.x()),
                abs(place.y() - start.y()),
            )
            self.update()
        geometry = self.geometry_now
        found: Cell | Line | None = geometry.cell_at(place.x(), place.y())
        self.hovered.emit(found if found is not None else geometry.line_at(place.x(), place.y()))

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """End a click or a rubber band."""
        if event is None or event.button() != Qt.MouseButton.LeftButton or self._pressed is None:
            return
        geometry, start, keys = self.geometry_now, self._pressed, event.modifiers()
        ctrl, shift = bool(keys & _CTRL), bool(keys & _SHIFT)
        first = geometry.cell_at(start.x(), start.y())
        last = geometry.cell_at(event.pos().x(), event.pos().y(), nearest=True)
        is_band, self._band, self._pressed = self._band is not None, None, None
        self.update()
        if first is None or last is None:
            return
        if is_band and first != last:
            self._changing(
                lambda: self.selection.choose(self.selection.between(first, last), last, add=ctrl or shift)
            )
        else:
            self._changing(lambda: self.selection.click(first, ctrl=ctrl, shift=shift))

    def leaveEvent(self, event: QEvent | None) -> None:
        """Nothing is below the mouse."""
        self.hovered.emit(None)
        super().leaveEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent | None) -> None:
        """Ask for the menu, at the current cell when a key asked for it."""
        if event is None:
            return
        where = event.globalPos()
        if event.reason() == QContextMenuEvent.Reason.Keyboard and self.selection.current is not None:
            box = self.geometry_now.box(self.selection.current)
            where = self.mapToGlobal(QPoint(int(box.x + box.width / 2), int(box.y + box.height / 2)))
        self.menu_wanted.emit(where)

    # Keys ---------------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Arrows move the current cell, shift extends; Ctrl+A all, Ctrl+Z the selection before."""
        if event is None:
            return
        key, keys = event.key(), event.modifiers()
        arrow = next((step for each, step in _ARROWS.items() if each == key), None)
        if arrow is not None and not keys & _CTRL:
            words, bits = arrow if self.geometry_now.turned else (arrow[1], arrow[0])
            self._changing(lambda: self.selection.move(words, bits, extend=bool(keys & _SHIFT)))
        elif key == Qt.Key.Key_A and keys & _CTRL:
            self._changing(self.selection.all)
        elif key == Qt.Key.Key_Z and keys & _CTRL:
            self._changing(self.selection.undo)
        else:
            super().keyPressEvent(event)

    def _changing(self, change: Callable[[], object]) -> None:
        before = (self.selection.cells, self.selection.current)
        change()
        if self.selection.current != before[1]:
            self.current_changed.emit()
        if self.selection.cells != before[0]:
            self.selected.emit()
        self.update()

    def rect_of(self, cell: Cell) -> QRect:
        """Where `cell` is drawn, px."""
        box = self.geometry_now.box(cell)
        return QRectF(box.x, box.y, box.width, box.height).toRect()
