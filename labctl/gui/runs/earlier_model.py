"""Earlier runs as rows of a table, filtered and in the user's order; those with a tick are laid over plots."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from qtpy.QtCore import QModelIndex, QObject, Qt, Signal
from qtpy.QtGui import QColor

from labctl.gui.runs.listed import TITLES, Column, Listed
from labctl.gui.runs.row_model import RowModel
from labctl.gui.runs.words import shade
from labctl.gui.theme import Theme


class EarlierModel(RowModel):
    """Newest first until told otherwise. A tick in the first column means: over the plots.

    Filters and sorts by itself: Qt's proxy asks for each cell many times and takes a second for 1000 runs.
    """

    ticks_changed = Signal()

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        """Empty."""
        super().__init__(TITLES, lambda: self.shown, theme, parent)
        self.runs: list[Listed] = []
        self.shown: list[Listed] = []
        self._ticked: set[str] = set()
        self._words: list[str] = []
        self._by, self._descending = Column.STARTED, True
        theme.changed.connect(self._all_changed)

    @property
    def ticked(self) -> list[str]:
        """Folders of the ticked runs, newest first."""
        return [run.folder for run in self.runs if run.folder in self._ticked]

    def show_runs(self, runs: Sequence[Listed]) -> None:
        """Take these, newest first; a tick stays with its run as long as the run is there."""
        before = self.ticked
        self.runs = [*runs]
        self._ticked &= {run.folder for run in self.runs}
        self._arrange()
        if self.ticked != before:
            self.ticks_changed.emit()

    def set_filter(self, text: str) -> None:
        """Show only runs with all of these words in whatever the list tells, or in the name of their folder."""
        self._words = text.casefold().split()
        self._arrange()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Arrange the rows by this column."""
        self._by, self._descending = Column(column), order == Qt.SortOrder.DescendingOrder
        self._arrange()

    def tick(self, folders: Iterable[str], on: bool) -> None:
        """Tick these runs, or take their ticks away."""
        before = set(self._ticked)
        self._ticked = self._ticked | set(folders) if on else self._ticked - set(folders)
        if self._ticked != before:
            self._all_changed()
            self.ticks_changed.emit()

    def flags(self, index: QModelIndex) -> Qt.ItemFlags:
        """The first column has a tick."""
        found = super().flags(index)
        return found | Qt.ItemFlag.ItemIsUserCheckable if index.column() == Column.STARTED else found

    def data(self, index: QModelIndex, role: int = 0) -> Any:
        """Text, tool tip, colour, tick."""
        run, column = self.shown[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return run.texts[column]
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{run.texts[column]}\n{run.folder}".strip()
        if role == Qt.ItemDataRole.ForegroundRole and column == Column.OUTCOME:
            return QColor(shade(run.outcome, self._theme.colours))
        if role == Qt.ItemDataRole.CheckStateRole and column == Column.STARTED:
            return Qt.CheckState.Checked if run.folder in self._ticked else Qt.CheckState.Unchecked
        return None

    def setData(self, index: QModelIndex, value: Any, role: int = int(Qt.ItemDataRole.EditRole)) -> bool:
        """A tick was set or taken away."""
        if role != Qt.ItemDataRole.CheckStateRole:
            return False
        self.tick([self.shown[index.row()].folder], Qt.CheckState(value) == Qt.CheckState.Checked)
        return True

    def _arrange(self) -> None:
        passed = [run for run in self.runs if all(word in run.told for word in self._words)]
        by = self._by
        passed.sort(key=lambda run: run.order(by), reverse=self._descending)
        self.beginResetModel()
        self.shown = passed
        self.endResetModel()
