"""The engine as a process of its own: holds a bench, runs what clients on this computer order or have queued."""

from __future__ import annotations

import queue
import shutil
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from multiprocessing.connection import Listener
from pathlib import Path
from typing import Any

from labctl.bench import Bench, open_bench
from labctl.bench.lock import lock_path
from labctl.bench.standing import array_standing
from labctl.benchfile import load_bench
from labctl.core.clock import WallClock
from labctl.core.errors import Aborted, LabError, PlanError
from labctl.core.quantity import make
from labctl.record.catalogue import find_run, new_run_folder
from labctl.record.provenance import procedure_name
from labctl.run.control import PausePoint
from labctl.run.events import Acquired, Ended, Event, Observer, Paused, Pictured, Resumed, Started
from labctl.run.interrupts import Interrupts
from labctl.run.plain import Message, plain
from labctl.run.queue import Item, RunQueue, Status
from labctl.run.resuming import find_interrupted
from labctl.run.runner import Runner
from labctl.run.switchboard import Switchboard
from labctl.run.watchdog import Watchdog

LOOK_EVERY = 0.2
"""s between two looks of an idle engine for a signal."""

Job = Callable[[], object]


class Engine:
    """One bench, one run at a time in the thread that calls `serve`; commands come from any number of clients."""

    def __init__(
        self, bench: str | Path, find: Callable[[str], type], observers: Iterable[Observer] = ()
    ) -> None:
        """For the bench found by name or path; `find` gives a procedure by its name."""
        self._bench_name, self._find, self._observers = bench, find, list(observers)
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._state: Message = {"state": "opening"}
        self._busy = self._quitting = self._ends_when_done = False
        self._wall = WallClock()
        self._clients = Switchboard(self._obey)

    def serve(self, ready: Callable[[], None] = lambda: None) -> None:
        """Open the bench, call `ready`, take commands until quit or Ctrl-C; then make safe and close.

        Raises LabError when the bench cannot be opened.
        """
        self._file = file = load_bench(self._bench_name)
        with Interrupts() as interrupts, Watchdog(file):
            with interrupts.let_through():
                opened = open_bench(self._bench_name)
            with opened, Listener() as listener:
                self._bench: Bench = opened
                self._runner = Runner(opened, [self._tell, *self._observers], interrupts)
                self._queue = RunQueue(lock_path(file).with_suffix(".queue"), self._queue_changed)
                self._warnings = [*opened.warnings(), *filter(None, [self._queue.trouble])]
                self._state = self._idle()
                self._orders = self._known_orders()
                note = self._clients.open(file, listener, _found_again(self._bench_name))
                try:
                    ready()
                    with suppress(KeyboardInterrupt):
                        self._work(interrupts)
                finally:
                    note.unlink(missing_ok=True)
        self._clients.close()

    # The thread that owns the instruments ---------------------------------------------------------------------------

    def _work(self, interrupts: Interrupts) -> None:
        while not self._quitting:
            job: Job | None = None
            with interrupts.let_through():
                job = self._next_job()
            if job is None:
                self._quitting |= self._ends_when_done and not self._busy and not self._clients.are_there
                continue
            try:
                if not self._quitting:
                    job()
            except LabError as error:
                self._clients.tell({"event": "refused", "reason": str(error)})
            finally:
                with self._lock:
                    self._runner.forget()
                    self._busy, self._state = False, self._idle()
                self._clients.tell({"event": "idle"})

    def _next_job(self) -> Job | None:
        """What a client ordered, or else the next of the queue; None after a while without either."""
        with self._lock:
            item = None
            if self._jobs.empty() and not self._busy and not self._quitting:
                item = self._queue.take()
            if item is not None:
                self._begin()
                return lambda: self._run_item(item)
        with suppress(queue.Empty):
            return self._jobs.get(timeout=LOOK_EVERY)
        return None

    def _run_item(self, item: Item) -> None:
        """Run an item of the queue; whatever becomes of it, the next one may begin, unless somebody must look first."""
        start, started = self._wall.now(), datetime.now().astimezone().isoformat(timespec="seconds")
        self._queue.change(item.number, started=started)
        try:
            ended, folder = self._run(
                item.procedure,
                item.out,
                item.settings,
                lambda made: self._queue.change(item.number, folder=str(made.resolve())),
            )
            status, verdict, reason = Status.of(ended.outcome), ended.verdict, ended.reason
            if ended.unconfirmed:
                self._queue.hold()
            changes: dict[str, Any] = {"folder": "" if ended.refused else str(folder.resolve())}
            changes |= {"verdict": "" if verdict is None else str(verdict.value), "reason": reason}
        except LabError as error:
            status = Status.ABORTED if isinstance(error, Aborted) else Status.FAILED
            changes = {"reason": str(error), "folder": ""}
            self._clients.tell({"event": "refused", "reason": str(error)})
        self._queue.change(item.number, status=status, seconds=self._wall.now() - start, **changes)

    def _run(
        self, procedure: str, out: str, settings: Any, made: Callable[[Path], object] = lambda folder: None
    ) -> tuple[Ended, Path]:
        kind = self._find(procedure)
        plan: Any = make(kind, settings)
        with new_run_folder(Path(out), procedure_name(kind)) as folder:
            made(folder)
            ended = self._runner.run(plan, folder, settings)
        if ended.refused:
            shutil.rmtree(folder, ignore_errors=True)
        return ended, folder

    def _tell(self, event: Event) -> None:
        match event:
            case Started():
                began = datetime.now().astimezone().isoformat(timespec="seconds")
                self._state = {**plain(event), "state": "running", "began": began}
            case Paused() | Resumed():
                self._state = {
                    **self._state,
                    **plain(event),
                    "state": "paused" if isinstance(event, Paused) else "running",
                }
            case Ended():
                self._state = {"state": "ending"}
            case Acquired() | Pictured() if not self._clients.wants_data:
                return
            case _:
                pass
        self._clients.tell(plain(event))

    def _idle(self) -> Message:
        return {"state": "idle", "warnings": list(self._warnings), "unended": self._bench.unended_run}

    # Commands, in the clients' threads ------------------------------------------------------------------------------

    def _known_orders(self) -> dict[str, Callable[..., Message | None]]:
        runner, waiting = self._runner, self._queue
        return {
            "run": self._order_run,
            "start": self._order_start,
            "go_on": self._order_go_on,
            "pause": lambda at="safe": runner.pause(PausePoint(at)),
            "resume": runner.resume,
            "stop": runner.stop,
            "abort": runner.abort,
            "emergency": self._emergency,
            "state": lambda: dict(self._state),
            "check": self._order_check,
            "live": self._live,
            "array": lambda: array_standing(self._bench.read_books()),
            "queue": waiting.plain,
            "queue_add": self._queue_add,
            "queue_remove": waiting.remove,
            "queue_duplicate": self._queue_duplicate,
            "queue_move": waiting.move,
            "queue_clear": waiting.clear,
            "queue_hold": waiting.hold,
            "queue_go": self._queue_go,
            "end_when_done": self._end_when_done,
            "quit": self._quit,
        }

    def _obey(self, command: str, **given: Any) -> Message:
        if command not in self._orders:
            raise PlanError(f"The engine knows no command '{command}'; it knows {', '.join(self._orders)}.")
        if command in ("pause", "resume", "stop", "abort") and not self._busy:
            raise PlanError("No run is under way.")
        return self._orders[command](**given) or {}

    def _order_run(self, procedure: str, out: str, settings: dict[str, str] | None = None) -> Message:
        given = settings or {}
        make(self._find(procedure), given)
        return self._take(lambda: self._run(procedure, out, given))

    def _order_start(self, procedure: str, out: str, settings: dict[str, str] | None = None) -> Message:
        """As `run`, but listed in the queue; others that wait there are left waiting."""
        given = settings or {}
        make(self._find(procedure), given)
        with self._lock:
            self._refuse_if_busy()
            item = self._queue.begin(self._queue.add(procedure, given, out).number)
            self._begin()
        self._jobs.put(lambda: self._run_item(item))
        return {"number": item.number}

    def _order_go_on(self, run: str) -> Message:
        found = find_interrupted(find_run(run), str(self._bench_name))
        plan, remarks = found.plan(self._find(found.procedure))
        return self._take(lambda: self._runner.go_on(plan, found.folder, remarks))

    def _order_check(self) -> Message:
        def job() -> None:
            found = [vars(each) | {"sound": each.sound} for each in self._bench.check()]
            self._clients.tell({"event": "checked", "instruments": found, "warnings": self._bench.warnings()})

        return self._take(job)

    def _live(self) -> Message:
        return {
            "at_rest": self._bench.at_rest,
            "simulated": self._file.simulated,
            "identities": dict(self._bench.identities()),
            **self._bench.ordered(),
        }

    def _emergency(self, reason: str = "Emergency stop.") -> Message:
        """End the run that is under way, hold the queue; with no run under way make safe all the same."""
        self._queue.hold()
        with self._lock:
            if self._busy:
                self._runner.abort(reason)
                return {}

        def job() -> None:
            self._clients.tell({"event": "safe", "unconfirmed": list(self._bench.make_safe())})

        return self._take(job)

    def _queue_add(self, procedure: str, out: str, settings: dict[str, str] | None = None) -> Message:
        make(self._find(procedure), settings or {})
        item = self._queue.add(procedure, settings or {}, out)
        self._jobs.put(None)
        return {"number": item.number}

    def _queue_duplicate(self, number: int) -> Message:
        item = self._queue.duplicate(number)
        self._jobs.put(None)
        return {"number": item.number}

    def _queue_go(self) -> None:
        self._queue.go()
        self._jobs.put(None)  # wakes the thread that waits for orders

    def _queue_changed(self) -> None:
        self._clients.tell({"event": "queue", **self._queue.plain()})

    def _take(self, job: Job) -> Message:
        with self._lock:
            self._refuse_if_busy()
            self._begin()
        self._jobs.put(job)
        return {}

    def _refuse_if_busy(self) -> None:
        if self._busy or self._quitting:
            raise PlanError("A run is under way: wait for it, stop it or abort it.")

    def _begin(self) -> None:
        """From here on somebody may order an abort, though the work has not begun; the lock is held."""
        self._runner.expect()
        self._busy, self._state = True, {"state": "starting"}

    def _end_when_done(self, yes: bool = True) -> None:
        """End once nothing is left to run and nobody is connected: for a window that is closed during a run."""
        self._ends_when_done = yes

    def _quit(self) -> None:
        self._quitting = True
        if self._busy:
            self._runner.abort("The engine was told to quit.")
        self._jobs.put(None)


def _found_again(bench: str | Path) -> str:
    """The name or path of a bench as other programs find it, whatever folder they are in."""
    return str(Path(bench).resolve()) if Path(bench).is_file() else str(bench)
