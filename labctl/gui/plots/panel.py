"""The plots of a run: a tab for every view that suits it, tools above and a readout below."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from qtpy.QtCore import Qt, QTimer
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import QFileDialog, QLabel, QSizePolicy, QStackedWidget, QTabWidget, QVBoxLayout, QWidget

from labctl.core.csvstyle import FOR_PROGRAMS
from labctl.core.errors import LabError, RecordError
from labctl.gui.csv_kinds import CSV_KINDS, style_of
from labctl.gui.plots.columns import ColumnsView
from labctl.gui.plots.conductance import ConductanceView
from labctl.gui.plots.exporting import write_csv
from labctl.gui.plots.iv import IvView
from labctl.gui.plots.maps import FeatureMapsView
from labctl.gui.plots.relu import ReluView
from labctl.gui.plots.staircase import StaircaseView
from labctl.gui.plots.tools import PlotTools
from labctl.gui.plots.view import PlotView
from labctl.gui.run_data import RunLike
from labctl.gui.simulated import TEXT
from labctl.gui.theme import Theme

VIEWS: tuple[type[PlotView], ...] = (
    FeatureMapsView,
    ReluView,
    ConductanceView,
    StaircaseView,
    IvView,
    ColumnsView,
)
"""The most telling one first: of those that suit a run the first is shown until the user picks another."""
NO_RUN = "Nothing to show yet. Start a run, or open an earlier one."
NO_ROWS = "Nothing to show yet: this run has not measured anything so far."
HINT = "Point at a curve, or press Left or Right, for its values. Wheel: zoom."


class PlotsPanel(QWidget):
    """Redraws only the view that is visible."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        """Without a run."""
        super().__init__(parent)
        self._run: RunLike | None = None
        self._earlier: tuple[RunLike, ...] = ()
        self._wanted: PlotView | None = None
        self._unfitted: set[PlotView] = set()
        self._choosing = False
        self._writing: Iterator[None] | None = None
        self._written: Path | None = None
        self._style = FOR_PROGRAMS
        self._folder: Path | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._write_on)
        self.tools = PlotTools(self)
        self.tools.paint_in(theme.colours)
        theme.changed.connect(lambda: self.tools.paint_in(theme.colours))
        self.views: list[PlotView] = [make(theme, self) for make in VIEWS]
        self.tabs = QTabWidget(self)
        self.tabs.setAccessibleName("views of the run")
        self.tabs.setDocumentMode(True)
        for view in self.views:
            self.tabs.addTab(view, view.title)
            view.read_out.connect(self._read_out)
        self.placeholder = QLabel(NO_RUN, self)
        self.placeholder.setWordWrap(True)
        self.placeholder.setMargin(24)
        self._stack = QStackedWidget(self)
        self._stack.addWidget(self.placeholder)
        self._stack.addWidget(self.tabs)
        self.readout = QLabel(HINT, self)
        self.readout.setAccessibleName("values of the point under the pointer")
        self.readout.setMargin(4)
        self.readout.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.readout.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.tools)
        column.addWidget(self._stack, 1)
        column.addWidget(self.readout)
        self._connect()
        self.tools.grid_button.click()
        self.refresh()

    @property
    def view(self) -> PlotView | None:
        """The view that is visible; None while there is nothing to show."""
        if self._stack.currentWidget() is not self.tabs:
            return None
        return self.views[self.tabs.currentIndex()]

    def show_run(self, run: RunLike | None) -> None:
        """Show a run, live or past; None for none. The user's choice of a view stays where it suits."""
        if run is None or self._run is None or run.folder != self._run.folder:
            self._unfitted = set(self.views)
            self.readout.setText(HINT)
        self._run = run
        self._hand_over()

    def overlay(self, runs: Sequence[RunLike]) -> None:
        """Draw these earlier runs behind the one shown; the legend names them by their folders."""
        self._earlier = tuple(runs)
        self._hand_over()

    def refresh(self) -> None:
        """Draw what is new; called by a timer after new data."""
        if not self.isVisible():
            return
        try:
            self._choose()
            if self.view is not None:
                self.view.redraw()
                if self.view in self._unfitted:
                    self._unfitted.remove(self.view)
                    self.view.fit()
                self.tools.show_scales(self._logs(self.view), self.view.log_axes)
        except LabError as error:
            self._tell(str(error))

    def export_picture(self, path: Path) -> None:
        """Write the visible plot as a PNG with its title, the run's name and the mark of simulation.

        Raises RecordError when there is no plot, or the file cannot be written.
        """
        self._visible().canvas.export(path)

    def export_data(self, path: Path) -> None:
        """Write what is plotted as CSV: names, units, SI values. Raises RecordError as `export_picture` does."""
        for _ in self._data(path):
            pass

    def showEvent(self, event: QShowEvent | None) -> None:
        """Catch up on what came while the panel was hidden."""
        super().showEvent(event)
        self.refresh()

    def _connect(self) -> None:
        self.tabs.currentChanged.connect(self._picked)
        self.tools.fit.connect(lambda: self._with_view(PlotView.fit))
        self.tools.logs.connect(lambda x, y: self._with_view(lambda view: view.set_log(x, y)))
        self.tools.grid.connect(self._set_grid)
        self.tools.box_zoom.connect(self._set_box_zoom)
        self.tools.picture.connect(
            lambda: self._ask("picture", "png", "Pictures (*.png)", self._save_picture)
        )
        self.tools.data.connect(lambda: self._ask("data", "csv", CSV_KINDS, self._save_data))

    def _hand_over(self) -> None:
        earlier = [run for run in self._earlier if self._run is None or run.folder != self._run.folder]
        for view in self.views:
            view.show_runs(self._run, earlier)
        self.refresh()

    def _choose(self) -> None:
        """Offer the views that suit, and show the one that the user wanted or the most telling."""
        suiting = [view for view in self.views if self._run is not None and view.suits(self._run)]
        self.placeholder.setText(NO_RUN if self._run is None else NO_ROWS)
        self._stack.setCurrentWidget(self.tabs if suiting else self.placeholder)
        self.tools.allow(bool(suiting))
        if not suiting:
            return
        self._choosing = True
        try:
            best = self._wanted if self._wanted in suiting else suiting[0]
            for number, view in enumerate(self.views):
                if self.tabs.isTabVisible(number) != (view in suiting):
                    self.tabs.setTabVisible(number, view in suiting)
            self.tabs.setCurrentIndex(self.views.index(best))
        finally:
            self._choosing = False

    def _picked(self, number: int) -> None:
        if not self._choosing and number >= 0:
            self._wanted = self.views[number]
            self.refresh()

    def _set_grid(self, is_on: bool) -> None:
        for view in self.views:
            view.set_grid(is_on)

    def _set_box_zoom(self, is_on: bool) -> None:
        for view in self.views:
            view.set_box_zoom(is_on)

    def _logs(self, view: PlotView) -> tuple[bool, bool]:
        return view.scales.log_x, view.scales.log_y

    def _with_view(self, work: Callable[[PlotView], None]) -> None:
        if self.view is not None:
            work(self.view)

    def _visible(self) -> PlotView:
        if self.view is None:
            raise RecordError("There is no plot to save yet.")
        return self.view

    def _data(self, path: Path) -> Iterator[None]:
        view = self._visible()
        return write_csv(path, view.series(), TEXT if view.is_simulated() else "", self._style)

    def _ask(self, what: str, suffix: str, kinds: str, save: Callable[[Path], None]) -> None:
        """Ask for a file, without keeping anybody from the rest of the window."""
        if self.view is None or self._run is None:
            return
        folder = self._folder or self._run.folder
        name = f"{self._run.folder.name} {self.view.title}.{suffix}"
        dialog = QFileDialog(self, f"Save {what} as", str(folder / name), kinds)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setFileMode(QFileDialog.FileMode.AnyFile)
        dialog.setDefaultSuffix(suffix)
        dialog.selectFile(name)
        dialog.setModal(False)

        def chosen(path: str) -> None:
            self._style = style_of(dialog.selectedNameFilter())
            self._save(save, Path(path))

        dialog.fileSelected.connect(chosen)
        dialog.finished.connect(dialog.deleteLater)
        dialog.show()

    def _save(self, save: Callable[[Path], None], path: Path) -> None:
        self._folder = path.parent
        try:
            save(path)
        except LabError as error:
            self._tell(str(error))

    def _save_picture(self, path: Path) -> None:
        self.export_picture(path)
        self._tell(f"Saved {path}")

    def _save_data(self, path: Path) -> None:
        if self._writing is not None:
            raise RecordError(f"{self._written} is being written: wait until it is saved.")
        self._writing, self._written = self._data(path), path
        self._tell(f"Saving {path} …")
        self._timer.start()

    def _write_on(self) -> None:
        """A piece of the file, between two redraws."""
        try:
            if self._writing is not None:
                next(self._writing)
                return
        except StopIteration:
            self._tell(f"Saved {self._written}")
        except LabError as error:
            self._tell(str(error))
        self._writing = None
        self._timer.stop()

    def _tell(self, text: str) -> None:
        """A sentence, on as many lines as it needs."""
        self.readout.setText(text)
        self.readout.setToolTip(text)

    def _read_out(self, text: str) -> None:
        """Values on one line: the plot must not jump while the pointer moves."""
        room = self.readout.width() - 4 * self.readout.margin()
        self.readout.setText(self.readout.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room))
        self.readout.setToolTip(text)
