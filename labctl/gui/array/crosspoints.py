"""The switch matrix live: closed crosspoints, and the level of each row's source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from qtpy.QtCore import QLineF, QRectF, QSize, Qt, Signal
from qtpy.QtGui import QColor, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from qtpy.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from labctl.benchfile import BenchFile
from labctl.core.lines import LineKind
from labctl.gui.array.elided import ElidedLabel
from labctl.gui.array.matrix_state import MatrixState
from labctl.gui.array.painting import small_font
from labctl.gui.simulated import SimulatedMark
from labctl.gui.theme import Theme

_LEFT = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
_CENTRE = int(Qt.AlignmentFlag.AlignCenter)
_NAMES = {LineKind.WORD: "word lines", LineKind.BIT: "bit lines", LineKind.NEURON: "neurons"}
_SHORT = {LineKind.WORD: "words", LineKind.BIT: "bits", LineKind.NEURON: "neur."}
_ARROWS = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}


class CrosspointsView(QWidget):
    """Shows what it is told; asks for nothing."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        """No bench yet."""
        super().__init__(parent)
        self.setAccessibleName("switch matrix")
        self.grid = MatrixGrid(theme)
        self.mark = SimulatedMark()
        self.summary = ElidedLabel("state of the switch matrix")
        self.readout = ElidedLabel("crosspoint below the mouse")
        self.summary.say("No bench is open.")
        top = QHBoxLayout()
        top.addWidget(self.summary, 1)
        top.addWidget(self.mark)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.setSpacing(3)
        layout.addLayout(top)
        layout.addWidget(self.grid, 1)
        layout.addWidget(self.readout)
        self.grid.pointed.connect(self.readout.say)

    def set_bench(self, file: BenchFile) -> None:
        """Show the matrix of another bench; nothing is known of its relays yet."""
        self.grid.show_matrix(MatrixState(file))
        self.mark.tell(file.simulated)
        self._told()

    def show_live(self, message: Mapping[str, Any]) -> None:
        """Show relays and levels as the engine tells them, see `MatrixState.show`."""
        if self.grid.matrix is not None:
            self.grid.matrix.show(message)
            self._told()

    def _told(self) -> None:
        matrix = self.grid.matrix
        assert matrix is not None
        self.summary.say(matrix.summary())
        levels = "; ".join(f"row {row}: {matrix.terminal(row)}, {matrix.level(row)}" for row in matrix.rows)
        self.grid.setAccessibleDescription(f"{matrix.summary()} {levels}")
        self.grid.update()


@dataclass(frozen=True)
class _Place:
    """Where the matrix lies, px."""

    left: float
    top: float
    width: float
    height: float

    def box(self, row: int, column: int) -> QRectF:
        """The crosspoint in a row (from 0) and a column (from 1)."""
        x = self.left + (column - 1) * self.width
        return QRectF(x, self.top + row * self.height, self.width, self.height)


class MatrixGrid(QWidget):
    """Rows with what is wired to them, columns by the lines that they lead to."""

    pointed = Signal(str)
    """The crosspoint below the mouse, or chosen by keys, in words."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        """Empty until `show_matrix`."""
        super().__init__(parent)
        self._theme = theme
        self.matrix: MatrixState | None = None
        self._cursor = (0, 1)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(420, 170)
        self.setAccessibleName("crosspoints, arrow keys move from one to the next")
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """Room for readable rows."""
        return QSize(680, 250)

    def show_matrix(self, matrix: MatrixState) -> None:
        """Show another matrix."""
        self.matrix, self._cursor = matrix, (0, 1)
        self.update()

    def box(self, row: str, column: int) -> QRectF:
        """Where a crosspoint is drawn, px."""
        assert self.matrix is not None
        return self._place(self.matrix).box(self.matrix.rows.index(row), column)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Rows, columns, closed crosspoints."""
        matrix = self.matrix
        if matrix is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(small_font(self.font()))
        place = self._place(matrix)
        self._paint_columns(painter, matrix, place)
        self._paint_rows(painter, matrix, place)
        self._paint_closed(painter, matrix, place)
        if self.hasFocus():
            painter.setPen(QPen(QColor(self._theme.colours.accent), 2.0))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(place.box(*self._cursor))
        painter.end()

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Tell the crosspoint below the mouse."""
        if event is None or self.matrix is None:
            return
        place = self._place(self.matrix)
        row = int((event.pos().y() - place.top) // place.height)
        column = int((event.pos().x() - place.left) // place.width) + 1
        inside = 0 <= row < len(self.matrix.rows) and 1 <= column <= self.matrix.columns
        self.pointed.emit(self.matrix.sentence(self.matrix.rows[row], column) if inside else "")

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Arrows move to the next crosspoint."""
        if event is None:
            return
        step = next((step for key, step in _ARROWS.items() if key == event.key()), None)
        if step is None or self.matrix is None:
            super().keyPressEvent(event)
            return
        row = min(max(self._cursor[0] + step[0], 0), len(self.matrix.rows) - 1)
        column = min(max(self._cursor[1] + step[1], 1), self.matrix.columns)
        self._cursor = (row, column)
        self.pointed.emit(self.matrix.sentence(self.matrix.rows[row], column))
        self.update()

    def _place(self, matrix: MatrixState) -> _Place:
        metrics = QFontMetrics(small_font(self.font()))
        left = 12.0 + max(metrics.horizontalAdvance(f"H {matrix.terminal(row)}") for row in matrix.rows)
        right = metrics.horizontalAdvance("888 mV, on") + 12.0
        top = 2.0 * metrics.height() + 4
        width = max((self.width() - left - right) / matrix.columns, 2.0)
        rows = len(matrix.rows) + bool(matrix.heater_lines)
        height = max((self.height() - top - 4.0) / rows, 8.0)
        return _Place(left, top, width, height)

    def _paint_columns(self, painter: QPainter, matrix: MatrixState, place: _Place) -> None:
        colours, metrics = self._theme.colours, painter.fontMetrics()
        bottom = place.box(len(matrix.rows), 1).top()
        for kind, first, last in matrix.groups():
            group = place.box(0, first).united(place.box(0, last))
            painter.setPen(QColor(colours.text))
            name = _NAMES[kind]
            if metrics.horizontalAdvance(name) > group.width() - 2:
                name = _SHORT[kind]
            painter.drawText(QRectF(group.left(), 0, group.width(), metrics.height()), _CENTRE, name)
            self._paint_numbers(painter, matrix, place, first, last)
            painter.setPen(QPen(QColor(colours.grid), 1.0))
            for column in range(first + 8, last + 1, 8):
                x = place.box(0, column).left()
                painter.drawLine(QLineF(x, place.top, x, bottom))
            painter.setPen(QPen(QColor(colours.muted), 1.2))
            painter.drawLine(QLineF(group.left(), 2, group.left(), bottom))
        end = place.box(0, matrix.columns).right()
        painter.drawLine(QLineF(end, 2, end, bottom))

    def _paint_numbers(
        self, painter: QPainter, matrix: MatrixState, place: _Place, first: int, last: int
    ) -> None:
        metrics = painter.fontMetrics()
        widest = metrics.horizontalAdvance(str(last - first)) + 3
        stride = next((each for each in (1, 2, 4, 8) if each * place.width >= widest), 16)
        for column in range(first, last + 1, stride):
            line = matrix.line(column)
            text = "" if line is None else str(line.index)
            middle = place.box(0, column).center().x()
            box = QRectF(middle - widest, metrics.height(), 2 * widest, metrics.height())
            painter.drawText(box, _CENTRE, text)

    def _paint_rows(self, painter: QPainter, matrix: MatrixState, place: _Place) -> None:
        colours = self._theme.colours
        end = place.box(0, matrix.columns).right()
        for index, row in enumerate(matrix.rows):
            box = place.box(index, 1)
            is_on = matrix.is_live and matrix.is_on(row)
            painter.setPen(QPen(QColor(colours.text if is_on else colours.grid), 1.4 if is_on else 1.0))
            painter.drawLine(QLineF(place.left, box.center().y(), end, box.center().y()))
            painter.setPen(QColor(colours.text))
            painter.drawText(
                QRectF(2, box.top(), place.left - 4, box.height()), _LEFT, f"{row} {matrix.terminal(row)}"
            )
            painter.setPen(QColor(colours.text if is_on else colours.muted))
            painter.drawText(
                QRectF(end + 8, box.top(), self.width() - end - 8, box.height()), _LEFT, matrix.level(row)
            )

    def _paint_closed(self, painter: QPainter, matrix: MatrixState, place: _Place) -> None:
        colours = self._theme.colours
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.accent))
        for crosspoint in matrix.closed:
            if crosspoint.row in matrix.rows and crosspoint.column <= matrix.columns:
                box = place.box(matrix.rows.index(crosspoint.row), crosspoint.column)
                painter.drawRoundedRect(_mark(box), 2.0, 2.0)
        if matrix.heater_lines:
            self._paint_heaters(painter, matrix, place)

    def _paint_heaters(self, painter: QPainter, matrix: MatrixState, place: _Place) -> None:
        """A row of its own: relays between bit lines and heaters."""
        colours, below = self._theme.colours, len(matrix.rows)
        row = place.box(below, 1)
        painter.setPen(QColor(colours.text))
        painter.drawText(QRectF(2, row.top(), place.left - 4, row.height()), _LEFT, "heater relays")
        bits = [first for kind, first, _ in matrix.groups() if kind is LineKind.BIT]
        for first in bits[:1]:
            for index in range(matrix.heater_lines):
                box = _mark(place.box(below, first + index))
                painter.setPen(QPen(QColor(colours.muted), 1.0))
                painter.setBrush(QColor(colours.warn) if index in matrix.heaters else QColor(colours.base))
                painter.drawRect(box)
        end = place.box(below, matrix.columns).right()
        names = ", ".join(map(str, matrix.heaters))
        text = "not known" if not matrix.is_live else f"on: {names}" if names else "all off"
        painter.setPen(QColor(colours.text if names else colours.muted))
        painter.drawText(QRectF(end + 8, row.top(), self.width() - end - 8, row.height()), _LEFT, text)


def _mark(box: QRectF) -> QRectF:
    """Of a closed crosspoint within its place."""
    width, height = min(max(box.width() - 1.0, 3.0), 14.0), min(0.62 * box.height(), 16.0)
    return QRectF(box.center().x() - width / 2, box.center().y() - height / 2, width, height)
