"""Earlier runs as rows of a table, those with a tick are laid over plots."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import Any

from qtpy.QtCore import QAbstractTableModel, QModelIndex, QObject, QSortFilterProxyModel, Qt, Signal
from qtpy.QtGui import QColor

from labctl.gui.runs.listing import Listed
from labctl.gui.runs.words import lasted, moment, shade, standing
from labctl.gui.theme import Theme

SORT_ROLE = int(Qt.ItemDataRole.UserRole)


class Column(IntEnum):
    """From left to right."""

    STARTED = 0
    PROCEDURE = 1
    BENCH = 2
    OUTCOME = 3
    TOOK = 4
    DATA = 5


TITLES = ("Started", "Procedure", "Bench", "Outcome", "Took", "Data")


class EarlierModel(QAbstractTableModel):
    """Runs, newest first. A tick in the first column means: over the plots."""

    ticks_changed = Signal()

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        """Empty."""
        super().__init__(parent)
        self._theme = theme
        self.runs: list[Listed] = []
        self._ticked: set[str] = set()
        theme.changed.connect(self._all_changed)

    @property
    def ticked(self) -> list[str]:
        """Folders of the ticked runs, in the order of the list."""
        return [run.folder for run in self.runs if run.folder in self._ticked]

    def show_runs(self, runs: Sequence[Listed]) -> None:
        """Take these; a tick stays with its run as long as the run is there."""
        before = self.ticked
        self.beginResetModel()
        self.runs = [*runs]
        self._ticked &= {run.folder for run in self.runs}
        self.endResetModel()
        if self.ticked != before:
            self.ticks_changed.emit()

    def tick(self, folders: Iterable[str], on: bool) -> None:
        """Tick these runs, or take their ticks away."""
        before = set(self._ticked)
        self._ticked = self._ticked | set(folders) if on else self._ticked - set(folders)
        if self._ticked != before:
            self._all_changed()
            self.ticks_changed.emit()

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """One row per run."""
        return 0 if parent.isValid() else len(self.runs)

    def columnCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """See `Column`."""
        return 0 if parent.isValid() else len(Column)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        """Titles of the columns."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return TITLES[section]
        return None

    def flags(self, index: QModelIndex) -> Qt.ItemFlags:
        """The first column has a tick."""
        found = super().flags(index)
        return found | Qt.ItemFlag.ItemIsUserCheckable if index.column() == Column.STARTED else found

    def data(self, index: QModelIndex, role: int = 0) -> Any:
        """Text, tool tip, colour, tick, and what the order of rows goes by."""
        run, column = self.runs[index.row()], Column(index.column())
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(run, column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{self._text(run, column)}\n{run.folder}".strip()
        if role == Qt.ItemDataRole.ForegroundRole and column is Column.OUTCOME:
            return QColor(shade(run.outcome, self._theme.colours))
        if role == Qt.ItemDataRole.CheckStateRole and column is Column.STARTED:
            return Qt.CheckState.Checked if run.folder in self._ticked else Qt.CheckState.Unchecked
        if role == SORT_ROLE:
            return self._order(run, column)
        return None

    def setData(self, index: QModelIndex, value: Any, role: int = int(Qt.ItemDataRole.EditRole)) -> bool:
        """A tick was set or taken away."""
        if role != Qt.ItemDataRole.CheckStateRole:
            return False
        self.tick([self.runs[index.row()].folder], Qt.CheckState(value) == Qt.CheckState.Checked)
        return True

    def _text(self, run: Listed, column: Column) -> str:
        summary = run.summary
        texts = (
            moment(summary.started),
            summary.procedure,
            summary.bench,
            f"{standing(run.outcome)}: {summary.verdict}" if summary.verdict else standing(run.outcome),
            lasted(summary.seconds),
            "SIMULATED" if summary.simulated else "measured",
        )
        return texts[column]

    def _order(self, run: Listed, column: Column) -> Any:
        if column is Column.STARTED:
            return f"{run.summary.started} {run.summary.folder.name}"
        if column is Column.TOOK:
            return -1.0 if run.summary.seconds is None else run.summary.seconds
        return self._text(run, column).casefold()

    def _all_changed(self) -> None:
        if self.runs:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.runs) - 1, len(Column) - 1))


class Filter(QSortFilterProxyModel):
    """Runs in which every word of the filter occurs, in the user's order."""

    def __init__(self, model: EarlierModel, parent: QObject | None = None) -> None:
        """All of them, newest first."""
        super().__init__(parent)
        self._model, self._words = model, [""]
        self.setSourceModel(model)
        self.setSortRole(SORT_ROLE)
        self.sort(Column.STARTED, Qt.SortOrder.DescendingOrder)

    def set_text(self, text: str) -> None:
        """Show only runs with these words in whatever the list tells of them, or in the name of their folder."""
        self._words = text.casefold().split()
        self.invalidateFilter()

    def filterAcceptsRow(self, row: int, parent: QModelIndex) -> bool:
        """Whether the run in this row has all words."""
        run = self._model.runs[row]
        cells = [str(self._model.data(self._model.index(row, column), 0)) for column in Column]
        told = " ".join([*cells, run.summary.folder.name]).casefold()
        return all(word in told for word in self._words)
