"""The window: puts the rooms together and joins their wishes to the session."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qtpy.QtCore import Qt, QTimer
from qtpy.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeySequence
from qtpy.QtWidgets import (
    QDockWidget,
    QFrame,
    QMainWindow,
    QScrollArea,
    QShortcut,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from labctl.benchfile import BenchFile
from labctl.core.paths import data_folder
from labctl.gui.array.panel import ArrayPanel
from labctl.gui.bench_page import BenchPage
from labctl.gui.form.panel import ProcedurePanel
from labctl.gui.form.presets import Presets
from labctl.gui.log_panel import LogPanel
from labctl.gui.menus import Menus
from labctl.gui.notices import NoticeBar
from labctl.gui.other_engines import FoundEngine
from labctl.gui.plots.panel import PlotsPanel
from labctl.gui.record_page import RecordPage
from labctl.gui.reports import Reports
from labctl.gui.run_data import RunLike
from labctl.gui.runs.earlier_panel import EarlierRuns
from labctl.gui.runs.queue_panel import QueuePanel
from labctl.gui.session import NO_BENCH, OPENING, Session
from labctl.gui.settings import Settings
from labctl.gui.theme import Theme
from labctl.gui.top_bar import TopBar
from labctl.run.plain import Message
from labctl.run.switchboard import note_path

TITLE = "labctl"
SMALLEST = (880, 470)
"""Logical pixels: a screen of 1920 x 1080 at scale 2 has 960 x 540, of which title bar and task bar take some."""
CLOSING = "closing"
"""Key of the notice that asks what shall become of the run."""


class MainWindow(QMainWindow):
    """All rooms. Closing it asks first while a run is under way."""

    def __init__(self, theme: Theme, settings: Settings, config: Path, out: str = "") -> None:
        """Without a bench; run folders are made in `out`, or in the folder used last."""
        super().__init__()
        self.session = Session(self)
        self.theme, self.settings = theme, settings
        self.out = out or settings.out or str(Path.home() / "labctl runs")
        self._closing = False
        self._earlier: dict[str, RunLike] = {}
        self.setWindowTitle(TITLE)
        self.setMinimumSize(*SMALLEST)
        self.setAcceptDrops(True)
        self.notices = NoticeBar(theme)
        self.top = TopBar(theme, self, self.notices.close_all)
        self.array = ArrayPanel(theme)
        self.plots = PlotsPanel(theme)
        self.bench = BenchPage(theme)
        self.record = RecordPage()
        self.form = ProcedurePanel(theme, Presets(config / "presets"))
        self.queue = QueuePanel(theme)
        self.earlier = EarlierRuns(theme)
        self.log = LogPanel(theme)
        self.reports = Reports(self)
        self._lay_out()
        self.menus = Menus(self)
        self._connect_session()
        self._connect_rooms()
        self.set_out(self.out)
        shipped = sorted(path.stem for path in (data_folder() / "benches").glob("*.toml"))
        self.top.offer([*settings.recent, *shipped], settings.bench or (shipped[0] if shipped else ""))
        self._space = QShortcut(QKeySequence("Space"), self)
        self._space.setAutoRepeat(False)
        self._space.activated.connect(self.queue.pause_or_resume)
        self._show_state({"state": NO_BENCH})
        layout = settings.layout()
        if layout is not None:
            self.restoreGeometry(layout[0])
            self.restoreState(layout[1])

    # Rooms ------------------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self.pages = QTabWidget()
        self.pages.setDocumentMode(True)
        for name, page in (
            ("&Array", self.array),
            ("P&lots", self.plots),
            ("Be&nch", self.bench),
            ("Re&cord", self.record),
        ):
            self.pages.addTab(page, name)
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.notices)
        column.addWidget(_scrolling(self.pages), 1)
        self.setCentralWidget(middle)
        self.setMenuWidget(self._head())
        self.setCorner(Qt.Corner.BottomLeftCorner, Qt.DockWidgetArea.LeftDockWidgetArea)
        self.docks = [
            self._dock("Procedure", self.form, Qt.DockWidgetArea.LeftDockWidgetArea),
            self._dock("Queue", self.queue, Qt.DockWidgetArea.BottomDockWidgetArea),
            self._dock("Earlier runs", self.earlier, Qt.DockWidgetArea.BottomDockWidgetArea),
            self._dock("Log", self.log, Qt.DockWidgetArea.BottomDockWidgetArea),
        ]
        self.tabifyDockWidget(self.docks[1], self.docks[2])
        self.tabifyDockWidget(self.docks[2], self.docks[3])
        self.docks[1].raise_()
        self.resizeDocks([self.docks[0]], [340], Qt.Orientation.Horizontal)
        self.resizeDocks([self.docks[1]], [230], Qt.Orientation.Vertical)

    def _head(self) -> QWidget:
        self.head = QWidget()
        column = QVBoxLayout(self.head)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.top)
        return self.head

    def _dock(self, name: str, room: QWidget, area: Qt.DockWidgetArea) -> QDockWidget:
        dock = QDockWidget(name, self)
        dock.setObjectName(name)
        dock.setWidget(_scrolling(room))
        self.addDockWidget(area, dock)
        return dock

    def _connect_session(self) -> None:
        session = self.session
        session.bench_opened.connect(self._bench_opened)
        session.bench_gone.connect(self._bench_gone)
        session.state.connect(self._show_state)
        session.run_shown.connect(self._show_run)
        session.run_grew.connect(self._redraw)
        session.progress.connect(self.queue.show_progress)
        session.queue.connect(self.queue.show_queue)
        session.checked.connect(self.bench.instruments.show_checked)
        session.live.connect(self.bench.show_live)
        session.array.connect(self.array.take_books)
        session.recalled.connect(self.array.recall)
        session.ended.connect(self._run_ended)
        session.told.connect(self.tell)
        session.resumable.connect(self._offer_to_resume)
        session.others.found.connect(self._engines_found)
        session.others.stopped.connect(
            lambda bench: self.tell("info", f"{bench} was told to stop at once.", "")
        )
        session.others.not_stopped.connect(lambda sentence: self.tell("error", sentence, ""))
        session.others.none.connect(self._none_to_stop)

    def _connect_rooms(self) -> None:
        session = self.session
        self.top.bench_asked.connect(self.open_bench)
        self.top.stop_asked.connect(self.emergency)
        self.form.start_asked.connect(self.start)
        self.form.queue_asked.connect(lambda name, texts: session.add(name, texts, self.out))
        self.form.told.connect(lambda sentence: self.log.add("warning", sentence))
        self.array.run_asked.connect(self.start)
        self.array.failed.connect(lambda sentence: self.tell("error", sentence, ""))
        self.queue.command.connect(lambda command, given: session.link.command(command, **given))
        self.queue.edit_asked.connect(self.form.load)
        self.array.selection_changed.connect(self.form.take_cells)
        self.queue.open_asked.connect(lambda folder: session.open_run(Path(folder)))
        self.earlier.open_asked.connect(lambda folder: session.open_run(Path(folder)))
        self.earlier.overlay_changed.connect(self._overlay)
        self.earlier.resume_asked.connect(lambda folder: session.link.command("go_on", run=folder))
        self.earlier.report_asked.connect(self.reports.write)
        self.earlier.load_asked.connect(self._load_parameters)
        self.earlier.folder_changed.connect(self.set_out)
        self.reports.told.connect(self.tell)
        self.bench.check_asked.connect(lambda: session.link.command("check"))
        session.link.refused.connect(lambda _sentence: session.link.command("live", self.bench.show_live))
        self.pages.currentChanged.connect(self._page_chosen)

    # Wishes -----------------------------------------------------------------------------------------------------------

    def set_procedures(self, procedures: Mapping[str, type]) -> None:
        """What can be run, once it is loaded."""
        self.form.set_procedures(procedures)
        self.array.set_procedures(procedures)

    def set_out(self, folder: str) -> None:
        """Where run folders are made, and looked for."""
        self.out = self.settings.out = self.session.out = folder
        if self.earlier.folder != folder:
            self.earlier.set_folder(folder)
        self.form.set_context(self.session.bench if self.session.file else "", folder)

    def open_bench(self, bench: str) -> None:
        """Open a bench, unless a run is under way on another."""
        if self.session.is_running:
            self.tell("warning", "A run is under way: stop or abort it before another bench is opened.", "")
            return
        self.session.open_bench(bench)

    def start(self, procedure: str, texts: dict[str, str]) -> None:
        """Run a procedure now, or after what runs."""
        self.session.start(procedure, texts, self.out)

    def emergency(self) -> None:
        """Stop everything at once: every engine of this user, whether its bench is open here or not."""
        self.log.add("warning", "Emergency stop.")
        self.session.emergency()

    def tell(self, level: str, sentence: str, details: str) -> None:
        """A sentence in the log, and as a notice where somebody should look."""
        self.log.add("info" if level == "log" else level, sentence)
        if level != "log":
            self.notices.tell(level, sentence, details)

    # What goes on -----------------------------------------------------------------------------------------------------

    def _bench_opened(self, file: BenchFile) -> None:
        array = file.array
        self.settings.remember_bench(self.session.bench)
        self.top.offer(
            [self.top.chooser.itemData(i) for i in range(self.top.chooser.count())], self.session.bench
        )
        self.top.mark.tell(file.simulated)
        self.array.set_shape(array.word_lines, array.bit_lines, array.bit_lines if file.neurons else 0)
        self.array.set_simulated(file.simulated)
        self.bench.show_bench(file)
        self.form.set_limits(file.limits.model_dump())
        self.form.set_context(self.session.bench, self.out)
        self.queue.set_connected(True)
        self.setWindowTitle(f"{TITLE}: {file.name}" + (" (SIMULATED)" if file.simulated else ""))

    def _engines_found(self, found: list[FoundEngine]) -> None:
        """Show the first of them, one at work if there is any, where no bench is open; tell of the others."""
        is_free = self.session.now == NO_BENCH
        waiting = [each for each in found if not self._is_own(each)]
        if is_free and waiting:
            first = waiting.pop(0)
            self.log.add("warning", f"An engine was found: {first}.")
            self.open_bench(first.bench)
        for each in waiting:
            self.tell_of_engine(each)

    def tell_of_engine(self, engine: FoundEngine) -> None:
        """A notice of an engine that is not shown here; STOP stops it too."""

        def show() -> None:
            self.session.close_bench(leave_running=True)
            self.open_bench(engine.bench)

        sentence = f"Another engine of yours is there, STOP stops it too. {engine}."
        self.log.add("warning", sentence)
        self.notices.tell("warning", sentence, buttons=[("Show it", show)], key=str(engine.note))

    def _is_own(self, engine: FoundEngine) -> bool:
        return self.session.file is not None and note_path(self.session.file) == engine.note

    def _none_to_stop(self) -> None:
        if not self.session.link.is_open:
            self.tell("info", "No engine of yours is there: there is nothing to stop.", "")

    def _bench_gone(self) -> None:
        self.queue.set_connected(False)
        self.form.set_context("", self.out)
        self.setWindowTitle(TITLE)

    def _show_state(self, state: Message) -> None:
        now = state["state"]
        self.top.show_state(state, self.session.bench)
        self.queue.show_state(state)
        closed = {NO_BENCH: "No bench is open.", OPENING: "The bench is being opened."}.get(now, "")
        busy = "A run is under way." if self.session.is_running else ""
        self._space.setEnabled(bool(busy))  # during a run it is for that alone, wherever no text is typed
        self.form.set_blocked(closed)
        self.form.set_busy(busy and f"{busy} Add to queue runs it afterwards.")
        self.array.set_blocked(closed)
        reason = (closed or busy).removesuffix(".")
        self.earlier.set_blocked(reason)
        self.bench.instruments.set_blocked(reason)
        self.top.open.setEnabled(not busy and now != OPENING)
        if self._closing and now in (NO_BENCH, "idle"):
            QTimer.singleShot(0, self._finish_closing)

    def _show_run(self, run: RunLike | None) -> None:
        is_earlier = run is not None and run.outcome is not None and self.session.is_asked_for
        self.array.show_earlier(run if is_earlier else None)
        if run is not None and run.outcome is None:
            self.array.follow(run)
        self.plots.show_run(run)
        self.record.show_run(run)

    def _redraw(self) -> None:
        page = self.pages.currentWidget()
        self.array.refresh()
        if page is self.plots:
            self.plots.refresh()
        elif page is self.record:
            self.record.refresh()

    def _offer_to_resume(self, sentence: str, folder: str) -> None:
        def resume() -> None:
            self.notices.withdraw(folder)
            self.session.link.command("go_on", run=folder)

        offer = f"{sentence} Its run did not end: {Path(folder).name}."
        self.log.add("warning", offer)
        self.notices.tell("warning", offer, buttons=[("Resume it", resume)], key=folder)

    def _run_ended(self, message: Message) -> None:
        QTimer.singleShot(0, self.earlier.refresh)

    def _page_chosen(self, _place: int) -> None:
        self.session.wants_live = self.pages.currentWidget() is self.bench
        self._redraw()

    def _overlay(self, folders: list[str]) -> None:
        from labctl.core.errors import LabError
        from labctl.record.reading import read_run

        found = []
        for folder in folders:
            try:
                self._earlier[folder] = self._earlier.get(folder) or read_run(Path(folder))
                found.append(self._earlier[folder])
            except LabError as error:
                self.tell("error", str(error), "")
        self._earlier = {folder: run for folder, run in self._earlier.items() if folder in folders}
        self.plots.overlay(found)

    def _load_parameters(self, folder: str) -> None:
        from labctl.core.errors import LabError
        from labctl.record.reading import read_run

        try:
            run = read_run(Path(folder))
        except LabError as error:
            self.tell("error", str(error), "")
            return
        given = {name: str(entry["given"]) for name, entry in run.parameters.items() if "given" in entry}
        self.form.load(str(run.head["procedure"]), given)

    # Coming and going -------------------------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:
        """Files may be dropped anywhere."""
        if event is not None and _dropped(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent | None) -> None:
        """A bench file opens the bench, anything else a run."""
        for path in _dropped(event.mimeData()) if event is not None else []:
            if path.suffix == ".toml" and path.name != "bench.toml":
                self.open_bench(str(path))
            else:
                self.session.open_run(path if path.is_dir() else path.parent)

    def closeEvent(self, event: QCloseEvent | None) -> None:
        """With a run under way ask what shall become of it; else end the engine safe and go."""
        if event is None:
            return
        if self.session.is_running and not self._closing:
            event.ignore()
            self.notices.tell(
                "warning",
                "A run is under way. Shall it go on without the window, or end now?",
                buttons=[
                    ("Leave it running", self._leave_running),
                    ("Stop and make safe", self._stop_and_close),
                    ("Keep the window", lambda: self.notices.withdraw(CLOSING)),
                ],
                key=CLOSING,
            )
            return
        self.settings.keep_layout(self.saveGeometry(), self.saveState())
        self.settings.sync()
        self.session.close_bench()
        event.accept()

    def _leave_running(self) -> None:
        self.settings.keep_layout(self.saveGeometry(), self.saveState())
        self.settings.sync()
        self.session.close_bench(leave_running=True)
        self.close()

    def _stop_and_close(self) -> None:
        """The window stays until every output is off."""
        self._closing = True
        self.notices.tell("info", "Making safe, the window closes then.", key=CLOSING)
        self.session.emergency()

    def _finish_closing(self) -> None:
        self.close()


def _scrolling(room: QWidget) -> QScrollArea:
    """`room` in a frame that scrolls where it is too small for it, so that no room pushes STOP off the screen."""
    frame = QScrollArea()
    frame.setWidgetResizable(True)
    frame.setFrameShape(QFrame.Shape.NoFrame)
    frame.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    frame.setMinimumSize(160, 60)
    frame.setWidget(room)
    return frame


def _dropped(data: Any) -> list[Path]:
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()] if data.hasUrls() else []
