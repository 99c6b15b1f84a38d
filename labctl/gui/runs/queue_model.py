"""The items of the queue as rows of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Any

from qtpy.QtCore import QModelIndex, QObject, Qt
from qtpy.QtGui import QColor

from labctl.gui.runs.row_model import RowModel
from labctl.gui.runs.words import in_short, lasted, shade, standing
from labctl.gui.theme import Theme

Item = Mapping[str, Any]
"""An item of the queue as the engine sends it, see `labctl.run.queue.Item`."""
WAITING, RUNNING = "waiting", "running"
CONTINUABLE = frozenset({"stopped", "aborted", "failed", "killed"})
"""A run that ended so and has a record can be gone on with."""


class Column(IntEnum):
    """From left to right."""

    PLACE = 0
    PROCEDURE = 1
    PARAMETERS = 2
    STATUS = 3
    RESULT = 4
    TOOK = 5


TITLES = ("Place", "Procedure", "Parameters", "Status", "Result", "Took")


def result(item: Item) -> str:
    """What became of it: the verdict, or why there is none."""
    return str(item.get("verdict") or item.get("reason") or "")


class QueueModel(RowModel):
    """Rows in the order in which the engine tells them."""

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        """Empty."""
        super().__init__(TITLES, lambda: self.items, theme, parent)
        self.items: list[Item] = []
        self._places: list[str] = []
        theme.changed.connect(self._all_changed)

    def show_items(self, items: Sequence[Item]) -> bool:
        """Take these; whether rows have come, gone or moved, so that a selection is lost."""
        is_new = [each["number"] for each in items] != [each["number"] for each in self.items]
        if is_new:
            self.beginResetModel()
        self.items, waiting = [*items], 0
        self._places = []
        for item in self.items:
            waiting += item["status"] == WAITING
            self._places.append({WAITING: str(waiting), RUNNING: "now"}.get(item["status"], ""))
        if is_new:
            self.endResetModel()
        else:
            self._all_changed()
        return is_new

    def data(self, index: QModelIndex, role: int = 0) -> Any:
        """Text, tool tip and colour."""
        item, column = self.items[index.row()], Column(index.column())
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(index.row(), column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tip(index.row(), column)
        if role == Qt.ItemDataRole.ForegroundRole and column is Column.STATUS:
            return QColor(shade(item["status"], self._theme.colours))
        return None

    def _text(self, row: int, column: Column) -> str:
        item = self.items[row]
        texts = {
            Column.PLACE: self._places[row],
            Column.PROCEDURE: item["procedure"],
            Column.PARAMETERS: in_short(item["settings"]),
            Column.STATUS: standing(item["status"]),
            Column.RESULT: result(item),
            Column.TOOK: lasted(item["seconds"]),
        }
        return str(texts[column])

    def _tip(self, row: int, column: Column) -> str:
        item = self.items[row]
        if column is Column.PARAMETERS and item["settings"]:
            return "\n".join(f"{name} = {text}" for name, text in item["settings"].items())
        if column is Column.STATUS and item["folder"]:
            return f"{item['status']}; its record is in {item['folder']}"
        return self._text(row, column)
