"""The runs that were recorded earlier: found, opened, compared, gone on with."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtCore import QPoint, Qt, QUrl, Signal
from qtpy.QtGui import QDesktopServices, QDragEnterEvent, QDropEvent
from qtpy.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QToolButton, QVBoxLayout, QWidget

from labctl.gui.deed import deed
from labctl.gui.runs.buttons import allow, compact, menu_of
from labctl.gui.runs.dropped import run_folders
from labctl.gui.runs.earlier_model import EarlierModel
from labctl.gui.runs.elided import ElidedLabel
from labctl.gui.runs.listed import DAMAGED, FINISHED, RUNNING, Column, Listed
from labctl.gui.runs.listing import Lister
from labctl.gui.runs.table import RowTable, TickDelegate
from labctl.gui.theme import Theme


class EarlierRuns(QWidget):
    """Wishes come out as signals, each with a run folder.

    overlay_changed: all folders with a tick, newest first. folder_changed: the folder whose runs are listed now.
    """

    open_asked = Signal(str)
    overlay_changed = Signal(object)
    resume_asked = Signal(str)
    report_asked = Signal(str)
    load_asked = Signal(str)
    folder_changed = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        """Waits for `set_folder`."""
        super().__init__(parent)
        self._folder: Path | None = None
        self._blocked = ""
        self._kept: tuple[set[str], int] = (set(), -1)
        self._lister = Lister(self)
        self.model = EarlierModel(theme, self)
        self.place, self.state = ElidedLabel("folder of the runs"), ElidedLabel("how many runs")
        self.filter = QLineEdit()
        self.filter.setPlaceholderText("filter: forming finished")
        self.filter.setAccessibleName("filter the runs")
        self.filter.setToolTip("Only runs with all of these words; empty: all of them.")
        self.filter.setClearButtonEnabled(True)
        self.other, self.again = compact("Other folder..."), compact("Refresh (F6)")
        self.again.setShortcut("F6")
        self.other.setToolTip("List the runs of another folder.")
        self.again.setToolTip("Read the list anew (F6).")
        self.open, self.overlay = compact("Open"), compact("Overlay on plots")
        self.resume, self.report = deed(compact("Resume")), compact("Report")
        self.reveal, self.load = compact("Show folder"), compact("Load parameters into form")
        self.overlay.setCheckable(True)
        self.table = RowTable("earlier runs")
        self.table.setModel(self.model)
        self.table.setItemDelegateForColumn(Column.STARTED, TickDelegate(theme, self))
        self.table.setSortingEnabled(True)
        self.table.sortByColumn(Column.STARTED, Qt.SortOrder.DescendingOrder)
        self.table.fit(
            {
                Column.STARTED: "\N{BALLOT BOX} 2026-11-23 19:45:02_",
                Column.PROCEDURE: "neuron_calibrate",
                Column.BENCH: "virtual_56x8",
                Column.TOOK: "59 min 9 s",
                Column.DATA: "SIMULATED",
            },
            (Column.OUTCOME,),
        )
        self.setAcceptDrops(True)
        self._lay_out()
        self._connect()
        self._refresh_buttons()

    @property
    def folder(self) -> str:
        """The folder whose runs are listed; empty before `set_folder`."""
        return "" if self._folder is None else str(self._folder)

    def set_folder(self, path: str | Path) -> None:
        """List the runs of this output folder; ticks of another folder's runs go."""
        if Path(path) != self._folder:
            self.model.show_runs([])
        self._folder = Path(path)
        self.place.setText(f"Runs in {self._folder.absolute()}")
        self.refresh()
        self.folder_changed.emit(str(path))

    def refresh(self) -> None:
        """Read the list anew; what is selected and ticked stays so."""
        if self._folder is not None:
            self.state.setText("Reading the list...")
            self._lister.read(self._folder)

    def set_blocked(self, reason: str) -> None:
        """Why no run can be gone on with now, without a full stop; empty when one can."""
        self._blocked = reason
        self._refresh_buttons()

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:
        """Run folders may come, and their files."""
        if event is not None and run_folders(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent | None) -> None:
        """Open what was dropped."""
        if event is None:
            return
        event.acceptProposedAction()
        for folder in run_folders(event.mimeData()):
            self.open_asked.emit(folder)

    def _chosen(self) -> list[Listed]:
        return [self.model.shown[index.row()] for index in self.table.chosen]

    def _show_runs(self, runs: list[Listed]) -> None:
        self.model.show_runs(runs)
        self._count()

    def _keep_selection(self) -> None:
        """Rows are about to come, go or move."""
        self._kept = {run.folder for run in self._chosen()}, self.table.currentIndex().row()

    def _restore_selection(self) -> None:
        folders, at = self._kept
        rows = [row for row, run in enumerate(self.model.shown) if run.folder in folders]
        self.table.choose(rows, rows[0] if rows else at)
        self._refresh_buttons()

    def _fail(self, reason: str) -> None:
        self.model.show_runs([])
        self.state.setText(reason)

    def _count(self) -> None:
        count, shown = len(self.model.runs), len(self.model.shown)
        runs = "1 run" if count == 1 else f"{count} runs"
        self.state.setText(runs if shown == count else f"{shown} of {runs}")
        if not count:
            self.state.setText("There is no run in this folder yet.")

    def _filter(self, text: str) -> None:
        self.model.set_filter(text)
        if not self._lister.is_reading:
            self._count()

    def _refresh_buttons(self) -> None:
        chosen = self._chosen()
        one = "" if len(chosen) == 1 else "choose one run"
        outcome = chosen[0].outcome if chosen else ""
        is_over = "it is running still" if outcome == RUNNING else ""
        finished = "it is finished" if outcome == FINISHED else ""
        unread = "its journal cannot be read" if outcome == DAMAGED else ""
        ticked = set(self.model.ticked)
        allow(self.open, one, "Show its plots, parameters and journal (double click).")
        allow(
            self.overlay,
            "" if chosen else "choose a run",
            "Lay it over the plots of the run that is shown; the ticks in the list say which are.",
        )
        self.overlay.setChecked(bool(chosen) and all(run.folder in ticked for run in chosen))
        allow(
            self.resume,
            one or is_over or finished or unread or self._blocked,
            "Go on with this interrupted run in its own folder: what was measured is kept.",
        )
        allow(self.report, one or is_over or unread, "Write its report and show it.")
        allow(self.reveal, one, "Show its files in the file manager.")
        allow(self.load, one or unread, "Load its procedure and parameters into the form.")

    def _double_clicked(self) -> None:
        if self.open.isEnabled():
            self.open_asked.emit(self._chosen()[0].folder)

    def _overlay(self) -> None:
        self.model.tick([run.folder for run in self._chosen()], self.overlay.isChecked())

    def _reveal(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(self._chosen()[0].folder))

    def _ask_for_folder(self) -> None:
        dialog = QFileDialog(self, "Folder of runs", self.folder)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.setOption(QFileDialog.Option.DontUseNativeDialog)  # a system's own may be modal
        dialog.setModal(False)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.set_folder)
        dialog.show()

    def _show_menu(self, at: QPoint) -> None:
        viewport = self.table.viewport()
        if viewport is not None and self._chosen():
            menu = menu_of(self, self._of_runs)
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.popup(viewport.mapToGlobal(at))

    @property
    def _of_runs(self) -> tuple[QToolButton, ...]:
        return self.open, self.overlay, self.resume, self.report, self.reveal, self.load

    def _connect(self) -> None:
        self._lister.found.connect(self._show_runs)
        self._lister.failed.connect(self._fail)
        selection = self.table.selectionModel()
        if selection is not None:
            selection.selectionChanged.connect(lambda _new, _old: self._refresh_buttons())
        self.model.modelAboutToBeReset.connect(self._keep_selection)
        self.model.modelReset.connect(self._restore_selection)
        self.model.ticks_changed.connect(self._ticks_changed)
        self.filter.textChanged.connect(self._filter)
        self.other.clicked.connect(lambda _checked: self._ask_for_folder())
        self.again.clicked.connect(lambda _checked: self.refresh())
        self.overlay.clicked.connect(lambda _checked: self._overlay())
        self.reveal.clicked.connect(lambda _checked: self._reveal())
        for button, signal in (
            (self.open, self.open_asked),
            (self.resume, self.resume_asked),
            (self.report, self.report_asked),
            (self.load, self.load_asked),
        ):
            button.clicked.connect(lambda _checked, signal=signal: signal.emit(self._chosen()[0].folder))
        self.table.doubleClicked.connect(lambda _index: self._double_clicked())
        for key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.table.on_key(key, self._double_clicked)
        self.table.on_key(Qt.Key.Key_Space, self.overlay.click)
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.table.customContextMenuRequested.connect(self._show_menu)

    def _ticks_changed(self) -> None:
        self._refresh_buttons()
        self.overlay_changed.emit(self.model.ticked)

    def _lay_out(self) -> None:
        above, below, column = QHBoxLayout(), QHBoxLayout(), QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        column.setSpacing(4)
        above.setSpacing(4)
        below.setSpacing(2)
        above.addWidget(self.place, 3)
        above.addWidget(self.filter, 2)
        above.addWidget(self.other)
        above.addWidget(self.again)
        below.addWidget(self.state, 1)
        for button in self._of_runs:
            below.addWidget(button)
        column.addLayout(above)
        column.addWidget(self.table, 1)
        column.addLayout(below)
