"""A table of which rows are chosen: how all lists of the window look and answer the keyboard."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from qtpy.QtCore import QItemSelectionModel, QModelIndex, QObject, Qt
from qtpy.QtGui import QColor, QKeyEvent, QPainter
from qtpy.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from labctl.gui.theme import Theme

Handler = Callable[[], object]
ROOM = 18
"""Pixels beside a text in a column."""
_HANDED_ON = (Qt.Key.Key_Space, Qt.Key.Key_Escape)


class RowTable(QTableView):
    """Whole rows are selected. Cut texts are elided; their tool tip is the model's.

    A key without a handler goes on to the parent where a table would only select with it (Space, Esc).
    """

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        """Empty, with this accessible name."""
        super().__init__(parent)
        self.setAccessibleName(name)
        self._handlers: dict[tuple[int, int], Handler] = {}
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setWordWrap(False)
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)
        self.setTabKeyNavigation(False)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        rows, columns = self.verticalHeader(), self.horizontalHeader()
        if rows is not None and columns is not None:
            rows.hide()
            rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
            rows.setDefaultSectionSize(self.fontMetrics().height() + 4)
            columns.setHighlightSections(False)
            columns.setDefaultAlignment(
                Qt.Alignment(Qt.AlignmentFlag.AlignLeft) | Qt.AlignmentFlag.AlignVCenter
            )

    def fit(self, samples: Mapping[int, str], stretched: Iterable[int]) -> None:
        """Columns of `samples` are as wide as their sample, or their title; those of `stretched` share the rest."""
        header, model = self.horizontalHeader(), self.model()
        if header is None or model is None:
            return
        header.setMinimumSectionSize(24)
        for column, sample in samples.items():
            title = str(model.headerData(column, Qt.Orientation.Horizontal) or "")
            widest = max(self.fontMetrics().horizontalAdvance(text) for text in (sample, title))
            self.setColumnWidth(column, widest + ROOM)
        for column in stretched:
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)

    def on_key(self, key: Qt.Key, handler: Handler, control: bool = False) -> None:
        """Call `handler` when this key is pressed, with Ctrl or without."""
        modifiers = Qt.KeyboardModifier.ControlModifier if control else Qt.KeyboardModifier.NoModifier
        self._handlers[int(key), int(modifiers)] = handler

    @property
    def chosen(self) -> list[QModelIndex]:
        """The first cell of each selected row, from above."""
        selection = self.selectionModel()
        found = [] if selection is None else selection.selectedRows()
        return sorted(found, key=lambda index: index.row())

    def choose(self, rows: list[int], current: int) -> None:
        """Select these rows and no others; the keyboard goes on from `current`, if there is such a row."""
        model, selection = self.model(), self.selectionModel()
        if model is None or selection is None:
            return
        selection.clear()
        flag = QItemSelectionModel.SelectionFlag
        if 0 <= current < model.rowCount():
            selection.setCurrentIndex(model.index(current, 0), flag.NoUpdate)
        for row in rows:
            selection.select(model.index(row, 0), QItemSelectionModel.SelectionFlags(flag.Select) | flag.Rows)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Handlers first."""
        if event is None:
            return
        modifiers = int(event.modifiers()) & ~int(Qt.KeyboardModifier.KeypadModifier)
        handler = self._handlers.get((event.key(), modifiers))
        if handler is not None:
            handler()
            event.accept()
        elif event.key() in _HANDED_ON:
            event.ignore()
        else:
            super().keyPressEvent(event)


class TickDelegate(QStyledItemDelegate):
    """Draws a frame round the box of a tick: the style's own cannot be seen on dark ground."""

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        """For one column of a table."""
        super().__init__(parent)
        self._theme = theme

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """As usual, with the frame."""
        super().paint(painter, option, index)
        full = QStyleOptionViewItem(option)
        self.initStyleOption(full, index)
        style = None if full.widget is None else full.widget.style()
        if painter is None or style is None:
            return
        box = style.subElementRect(QStyle.SubElement.SE_ItemViewItemCheckIndicator, full, full.widget)
        painter.save()
        painter.setPen(QColor(self._theme.colours.muted))
        painter.drawRect(box.adjusted(0, 0, -1, -1))
        painter.restore()
