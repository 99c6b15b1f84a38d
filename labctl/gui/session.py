"""What goes on, as the rooms of the window hear it: bench, state of the engine, the run that is shown."""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from qtpy.QtCore import QObject, QTimer, Signal

from labctl.benchfile import BenchFile, load_bench
from labctl.core.errors import LabError, RecordError
from labctl.gui.engine_link import EngineLink
from labctl.gui.other_engines import OtherEngines
from labctl.gui.run_data import LiveRunData, RunLike
from labctl.record.journal import FILE_NAME as JOURNAL
from labctl.run.plain import Message
from labctl.run.switchboard import note_path

BEAT = 100
"""ms between two looks at the journal of the run that is shown."""
NO_BENCH, OPENING, IDLE = "no bench", "opening", "idle"
"""States beside those that the engine tells: starting, running, paused, ending."""


class Session(QObject):
    """Between the engine and the rooms; knows no widget.

    bench_opened: its file. state: how the engine stands, see `Message` "state". run_shown: a run to show, or None.
    recalled: earlier runs on the sample of the bench that is open, the oldest first.
    run_grew: there is more of it. progress, queue, checked, live, array: the engine's messages of these names.
    told: level ("log": for the log only), sentence, details. ended: a run is over; its message.
    resumable: what the program before left behind, and the folder of its run.
    """

    bench_opened = Signal(object)
    bench_gone = Signal()
    state = Signal(dict)
    run_shown = Signal(object)
    recalled = Signal(list)
    run_grew = Signal()
    progress = Signal(dict)
    queue = Signal(dict)
    checked = Signal(dict)
    live = Signal(dict)
    array = Signal(dict)
    told = Signal(str, str, str)
    ended = Signal(dict)
    resumable = Signal(str, str)
    _read = Signal(object, str)
    _recalled = Signal(list, object)

    def __init__(self, parent: QObject | None = None) -> None:
        """No bench, no run."""
        super().__init__(parent)
        self.link = EngineLink(self)
        self.others = OtherEngines(self)
        self.file: BenchFile | None = None
        self.bench = ""
        self.run: RunLike | None = None
        self.wants_live = False
        self._state: Message = {"state": NO_BENCH}
        self._live_run: LiveRunData | None = None
        self._asked_live = False
        self.out = ""
        self.is_asked_for = False
        self._beat = QTimer(self)
        self._beat.setInterval(BEAT)
        self._beat.timeout.connect(self._look)
        self.link.opened.connect(self._opened)
        self.link.failed.connect(self._failed)
        self.link.heard.connect(self._heard)
        self.link.refused.connect(lambda sentence: self.told.emit("warning", sentence, ""))
        self.link.lost.connect(self._lost)
        self._read.connect(self._was_read)
        self._recalled.connect(self._were_read)

    @property
    def now(self) -> str:
        """The word for how the engine stands."""
        return str(self._state["state"])

    @property
    def is_running(self) -> bool:
        """Whether instruments are at work, or about to be."""
        return self.now in ("starting", "running", "paused", "ending")

    def open_bench(self, bench: str) -> None:
        """Hang up where a bench is open, then open this one; `bench_opened` or a notice follows."""
        self.close_bench()
        try:
            file = load_bench(bench)
        except LabError as error:
            sentence, _, details = str(error).partition("\n")
            self.told.emit("error", f"The bench cannot be used. {sentence}", details)
            self._become({"state": NO_BENCH})
            return
        self.bench, self.file = bench, file
        self._become({"state": OPENING})
        self.link.open(bench)

    def close_bench(self, *, leave_running: bool = False) -> None:
        """Let go of the engine: it ends safe now, or once it has done what it has to."""
        self.link.leave(quit_engine=not leave_running)
        self.file = None
        self._become({"state": NO_BENCH})
        self.bench_gone.emit()

    def start(self, procedure: str, settings: dict[str, str], out: str) -> None:
        """Run now if nothing runs, else after what is queued."""
        command = "queue_add" if self.is_running else "start"
        self.link.command(command, procedure=procedure, settings=settings, out=str(Path(out).resolve()))

    def add(self, procedure: str, settings: dict[str, str], out: str) -> None:
        """Put a run at the end of the queue."""
        self.link.command("queue_add", procedure=procedure, settings=settings, out=str(Path(out).resolve()))

    def emergency(self) -> None:
        """Everything to 0 V and off, now: the engine that is connected, and every other one of this user."""
        reason, own = "Emergency stop in the window.", None
        if self.link.is_open and self.file is not None:
            own = note_path(self.file)
            self.link.emergency(reason)
        self.others.stop(reason, own)

    def open_run(self, folder: Path, *, is_asked_for: bool = True) -> None:
        """Show an earlier run, or the one that runs.

        is_asked_for: somebody chose it; one that is shown unasked leaves the map at the array as it is now.
        """
        self.is_asked_for = is_asked_for
        live = self._live_run
        if live is not None and live.folder.resolve() == folder.resolve():
            self._show(live)
            return
        threading.Thread(target=self._read_run, args=(folder,), daemon=True, name="read run").start()

    # What the engine tells ------------------------------------------------------------------------------------------

    def _opened(self, state: Message) -> None:
        self.bench_opened.emit(self.file)
        self._asked_live = False
        self.link.command("queue", self.queue.emit)
        self.link.command("array", self._recall)
        self.link.command("live", self.live.emit)
        if not state.get("folder"):
            self.link.command("queue", self._show_latest)
        self._become(state)
        unended = state.get("unended", "")
        for warning in state.get("warnings", ()):
            if unended and unended in warning:
                self.resumable.emit(warning.partition(" Its run did not end")[0], unended)
            else:
                self.told.emit("warning", warning, "")
        if state.get("folder"):
            self._follow(Path(state["folder"]))

    def _show_latest(self, queue: Message) -> None:
        """What ended while no window looked."""
        folders = [item["folder"] for item in queue["items"] if item["folder"]]
        if folders and self.run is None and Path(folders[-1]).is_dir():
            self.open_run(Path(folders[-1]), is_asked_for=False)

    def _recall(self, books: Message) -> None:
        """Read the records of the latest runs on this sample, as far as they are in the folder of runs."""
        self.array.emit(books)
        folders = [Path(self.out) / label for label in books.get("runs", ())] if self.out else []
        found = [folder for folder in folders if (folder / JOURNAL).is_file()]
        if found:
            threading.Thread(
                target=self._read_runs, args=(found, self.file), daemon=True, name="recall"
            ).start()

    def _read_runs(self, folders: list[Path], bench: BenchFile | None) -> None:
        from labctl.record.reading import read_run

        runs = []
        for folder in folders:
            with suppress(LabError):  # what cannot be read is not recalled; the list of runs says so
                run = read_run(folder)
                if run.outcome is not None:
                    runs.append(run)
        self._recalled.emit(runs, bench)

    def _were_read(self, runs: list[RunLike], bench: BenchFile | None) -> None:
        if bench is self.file:  # else another bench was opened meanwhile
            self.recalled.emit(runs)

    def _failed(self, sentence: str, details: str) -> None:
        self._become({"state": NO_BENCH})
        self.told.emit("error", f"The bench did not open. {sentence}", details)

    def _lost(self, told_to: bool) -> None:
        self._become({"state": NO_BENCH})
        self.bench_gone.emit()
        if not told_to:
            self.told.emit(
                "error",
                "The engine has ended unexpectedly. Its watchdog brings the outputs to 0 V; open the bench again, "
                "which makes everything safe first.",
                "",
            )

    def _heard(self, event: Message) -> None:
        match event["event"]:
            case "started":
                self._become({**event, "state": "running"})
                self._follow(Path(event["folder"]))
                for warning in event["warnings"]:
                    self.told.emit("warning", warning, "")
            case "paused" | "resumed" as what:
                self._become({**self._state, "state": "paused" if what == "paused" else "running", **event})
            case "ended":
                self._tell_end(event)
                self._become({"state": "ending"})
                self.ended.emit(event)
            case "idle":
                self._become({"state": IDLE})
                self.link.command("array", self.array.emit)
                self.link.command("live", self.live.emit)
            case "refused":
                self.told.emit("error", event["reason"], "")
            case "queue":
                self.queue.emit(event)
            case "checked":
                self.checked.emit(event)
            case "safe":
                self._tell_safe(event)
            case "dropped":
                self.told.emit("warning", event["reason"], "")

    def _tell_end(self, event: Message) -> None:
        name = f"{self._state.get('procedure', 'run')}: {event['outcome']}"
        verdict = f", {event['verdict']}" if event["verdict"] else ""
        level = {"finished": "log", "stopped": "log", "aborted": "warning"}.get(event["outcome"], "error")
        self.told.emit(level, f"{name}{verdict}. {event['reason']}".strip(), "")
        for sentence in event["unconfirmed"]:
            self.told.emit("error", f"{sentence} Look at the instrument.", "")

    def _tell_safe(self, event: Message) -> None:
        if not event["unconfirmed"]:
            self.told.emit("info", "Every output is at 0 V and off, every relay is open: read back.", "")
        for sentence in event["unconfirmed"]:
            self.told.emit("error", f"{sentence} Look at the instrument.", "")

    def _become(self, state: Message) -> None:
        self._state = state
        self.state.emit(state)
        if self.is_running:
            self._beat.start()

    # The run that is shown ------------------------------------------------------------------------------------------

    def _follow(self, folder: Path) -> None:
        self._live_run = LiveRunData(folder)
        self._show(self._live_run)
        self._beat.start()

    def _show(self, run: RunLike | None) -> None:
        self.run = run
        self.run_shown.emit(run)

    def _look(self) -> None:
        """Once per beat: what is new of the run under way, how far it is, what is driven."""
        progress = self.link.progress()
        if progress is not None:
            self.progress.emit(progress)
        live = self._live_run
        grew = False
        if live is not None:
            try:
                grew = live.update()
            except RecordError as error:
                self._live_run = None
                self.told.emit("error", str(error), "")
        if grew and self.run is live:
            self.run_grew.emit()
        if self.wants_live and self.is_running and not self._asked_live:
            self._asked_live = True
            self.link.command("live", self._told_live)
        if not self.is_running and not grew:
            self._beat.stop()

    def _told_live(self, message: Message) -> None:
        self._asked_live = False
        self.live.emit(message)

    def _read_run(self, folder: Path) -> None:
        from labctl.record.reading import read_run

        try:
            found: Any = read_run(folder if folder.is_dir() else folder.parent)
            if found.outcome is None and (folder / JOURNAL).exists():  # it may be written at this moment
                found = LiveRunData(folder)
                while found.update(1.0):
                    pass
            self._read.emit(found, "")
        except LabError as error:
            self._read.emit(None, str(error))

    def _was_read(self, run: RunLike | None, trouble: str) -> None:
        if trouble:
            self.told.emit("error", trouble, "")
            return
        if not self.is_asked_for and self.run is not None:
            return  # what nobody asked for gives way to a run that began meanwhile
        live = self._live_run
        is_live = live is not None and run is not None and live.folder.resolve() == run.folder.resolve()
        self._show(live if is_live else run)
