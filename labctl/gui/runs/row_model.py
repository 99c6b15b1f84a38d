"""What the models of all lists of the window share: rows below titles."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Sized
from typing import Any

from qtpy.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt

from labctl.gui.theme import Theme


class RowModel(QAbstractTableModel):
    """What stands in the rows is told by a child's `data`."""

    def __init__(
        self, titles: Sequence[str], rows: Callable[[], Sized], theme: Theme, parent: QObject | None = None
    ) -> None:
        """Columns with these titles; `rows` gives the rows there are at a moment."""
        super().__init__(parent)
        self._titles, self._rows, self._theme = titles, rows, theme

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """As many as there are."""
        return 0 if parent.isValid() else len(self._rows())

    def columnCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """One per title."""
        return 0 if parent.isValid() else len(self._titles)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        """Titles of the columns."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self._titles[section]
        return None

    def _all_changed(self) -> None:
        if self._rows():
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._rows()) - 1, len(self._titles) - 1))
