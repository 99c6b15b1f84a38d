"""The log: what happened in this window, with a filter, to be copied and saved."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from qtpy.QtCore import QModelIndex, QObject, QSortFilterProxyModel, Qt, Signal
from qtpy.QtGui import QColor, QGuiApplication, QKeySequence
from qtpy.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QShortcut,
    QVBoxLayout,
    QWidget,
)

from labctl.gui.notices import Level
from labctl.gui.runs.row_model import RowModel
from labctl.gui.runs.table import RowTable
from labctl.gui.theme import Theme

MOST = 5000
"""Lines that are kept, the latest."""
SPARE = 500
"""So many are dropped at once: a table does not like to lose its first row with every new one."""
TITLES = ("Time", "Level", "What happened")
LEVELS = {
    "all levels": list(Level),
    "warnings and errors": [Level.WARNING, Level.ERROR],
    "errors": [Level.ERROR],
}


@dataclass(frozen=True)
class Line:
    """One of the log."""

    time: datetime
    level: Level
    text: str
    low: str = ""
    """The text in small letters, for the filter."""

    def __str__(self) -> str:
        """As it is copied and saved."""
        return f"{self.time:%Y-%m-%d %H:%M:%S}  {self.level.value:<7}  {self.text}"


class LogModel(RowModel):
    """Lines as rows, oldest first."""

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        """Empty."""
        super().__init__(TITLES, lambda: self.lines, theme, parent)
        self.lines: deque[Line] = deque()

    def add(self, line: Line) -> None:
        """Append a line; drop the oldest ones when there are too many."""
        if len(self.lines) >= MOST:
            self.beginRemoveRows(QModelIndex(), 0, SPARE - 1)
            for _ in range(SPARE):
                self.lines.popleft()
            self.endRemoveRows()
        row = len(self.lines)
        self.beginInsertRows(QModelIndex(), row, row)
        self.lines.append(line)
        self.endInsertRows()

    def clear(self) -> None:
        """Drop all lines."""
        self.beginResetModel()
        self.lines.clear()
        self.endResetModel()

    def data(self, index: QModelIndex, role: int = 0) -> Any:
        """Text, tool tip and colour."""
        line, column = self.lines[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            first = " ".join(line.text.split("\n"))
            return (f"{line.time:%H:%M:%S}", f"{line.level.symbol} {line.level.value}", first)[column]
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{line.time:%Y-%m-%d %H:%M:%S}\n{line.text}"
        if role == Qt.ItemDataRole.ForegroundRole and column == 1:
            return QColor(line.level.shade(self._theme.colours))
        return None


class LogFilter(QSortFilterProxyModel):
    """Lines of some levels with some text in them."""

    def __init__(self, model: LogModel, parent: QObject | None = None) -> None:
        """All of them."""
        super().__init__(parent)
        self._model, self._levels, self._text = model, list(Level), ""
        self.setSourceModel(model)

    def set_filter(self, levels: list[Level], text: str) -> None:
        """Show lines of these levels that contain this text, large or small letters."""
        self._levels, self._text = levels, text.casefold()
        self.invalidateFilter()

    def filterAcceptsRow(self, row: int, parent: QModelIndex) -> bool:
        """Whether this line is one of them."""
        line = self._model.lines[row]
        return self._text in line.low and line.level in self._levels


class LogPanel(QWidget):
    """Follows its end as long as the end is seen."""

    def __init__(
        self, theme: Theme, parent: QWidget | None = None, now: Callable[[], datetime] = datetime.now
    ) -> None:
        """Empty; `now` dates the lines."""
        super().__init__(parent)
        self._now = now
        self.model = LogModel(theme, self)
        self.filtered = LogFilter(self.model, self)
        self.table = RowTable("log")
        self.table.setModel(self.filtered)
        self.table.fit({0: "19:45:02", 1: "\N{WARNING SIGN} warning"}, (2,))
        self.levels = QComboBox()
        self.levels.addItems(list(LEVELS))
        self.levels.setAccessibleName("levels of the log that are shown")
        self.text = QLineEdit()
        self.text.setPlaceholderText("filter: text")
        self.text.setAccessibleName("filter the log by text")
        self.text.setClearButtonEnabled(True)
        self.copy, self.save, self.empty = QPushButton("Copy"), QPushButton("Save..."), QPushButton("Clear")
        self.copy.setToolTip("Copy the selected lines, or all that are shown (Ctrl+C).")
        self.save.setToolTip("Save the lines that are shown as a text file.")
        self.empty.setToolTip("Empty this log; records of runs keep their own.")
        row, column = QHBoxLayout(), QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        column.setSpacing(4)
        row.addWidget(self.levels)
        row.addWidget(self.text, 1)
        for button in (self.copy, self.save, self.empty):
            row.addWidget(button)
        column.addLayout(row)
        column.addWidget(self.table, 1)
        self.levels.currentTextChanged.connect(lambda _text: self._filter())
        self.text.textChanged.connect(lambda _text: self._filter())
        self.copy.clicked.connect(lambda _checked: self._copy())
        self.save.clicked.connect(lambda _checked: self._ask_for_file())
        self.empty.clicked.connect(lambda _checked: self.model.clear())
        shortcut = QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), self.table)
        shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
        shortcut.activated.connect(self._copy)
        theme.changed.connect(self._repaint)

    def add(self, level: Level | str, text: str) -> None:
        """Append a line: "info", "warning" or "error"."""
        bar = self.table.verticalScrollBar()
        follows = bar is None or bar.value() >= bar.maximum()
        self.model.add(Line(self._now(), Level(level), text.strip(), text.casefold()))
        if follows:
            self.table.scrollToBottom()

    def shown_text(self) -> str:
        """All lines that the filter lets through, as text."""
        return self._as_text(range(self.filtered.rowCount()))

    def save_to(self, path: str | Path) -> None:
        """Write the lines that are shown to a file, and say in the log whether it worked."""
        try:
            zone = f"{self._now().astimezone():%z}"
            head = f"# local times, UTC{zone[:3]}:{zone[3:5]}\n"
            Path(path).write_text(head + self.shown_text(), encoding="utf-8")
        except OSError as error:
            self.add(
                Level.ERROR, f"The log cannot be saved in {path} ({error.strerror}): choose another place."
            )
        else:
            self.add(Level.INFO, f"The log was saved in {path}.")

    def _as_text(self, rows: range | list[int]) -> str:
        at = [self.filtered.mapToSource(self.filtered.index(row, 0)).row() for row in rows]
        return "".join(f"{self.model.lines[row]}\n" for row in at)

    def _copy(self) -> None:
        clipboard = QGuiApplication.clipboard()
        rows = [index.row() for index in self.table.chosen]
        if clipboard is not None:
            clipboard.setText(self._as_text(rows) if rows else self.shown_text())

    def _ask_for_file(self) -> None:
        dialog = QFileDialog(self, "Save the log", f"labctl_{self._now():%Y-%m-%d_%H-%M}.txt")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("txt")
        dialog.setOption(QFileDialog.Option.DontUseNativeDialog)  # a system's own may be modal
        dialog.setModal(False)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.save_to)
        dialog.show()

    def _filter(self) -> None:
        self.filtered.set_filter(LEVELS[self.levels.currentText()], self.text.text())
        self.table.scrollToBottom()

    def _repaint(self) -> None:
        viewport = self.table.viewport()
        if viewport is not None:
            viewport.update()


class _Relay(QObject):
    logged = Signal(str, str)


class LogHandler(logging.Handler):
    """Brings what Python's logging is told, in any thread, into the log panel."""

    def __init__(self, panel: LogPanel, level: int = logging.WARNING) -> None:
        """From this level on; somebody must add it to a logger, and remove it before the panel goes."""
        super().__init__(level)
        self._relay = _Relay()
        self._relay.logged.connect(panel.add)

    def emit(self, record: logging.LogRecord) -> None:
        """Hand a record over to the thread of the window."""
        if record.levelno >= logging.ERROR:
            level = Level.ERROR
        else:
            level = Level.WARNING if record.levelno >= logging.WARNING else Level.INFO
        self._relay.logged.emit(level.value, self.format(record))
