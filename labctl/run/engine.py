"""The engine as a process of its own: holds a bench, takes commands and tells events over a pipe of this computer."""

from __future__ import annotations

import json
import os
import queue
import secrets
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from multiprocessing import AuthenticationError
from multiprocessing.connection import Connection, Listener, answer_challenge, deliver_challenge
from pathlib import Path
from typing import Any

from labctl.bench import open_bench
from labctl.bench.lock import lock_path
from labctl.benchfile import BenchFile, load_bench
from labctl.core.errors import LabError, PlanError
from labctl.core.quantity import make
from labctl.record.catalogue import find_run, new_run_folder
from labctl.record.provenance import procedure_name
from labctl.run.control import PausePoint
from labctl.run.events import Ended, Event, Observer, Paused, Resumed, Started
from labctl.run.interrupts import Interrupts
from labctl.run.mailbox import Mailbox
from labctl.run.plain import Message, decoded, encoded, plain
from labctl.run.resuming import find_interrupted
from labctl.run.runner import Runner
from labctl.run.watchdog import Watchdog

LONGEST_COMMAND = 1_000_000
"""Bytes; whoever sends more is cut off."""
LOOK_EVERY = 0.2
"""s between two looks of an idle engine for a signal."""
FAREWELL = 0.5
"""s that an engine which ends waits for each client to hear of it."""

Job = Callable[[], object]


class Engine:
    """One bench, one run at a time in the thread that calls `serve`; commands come from any number of clients."""

    def __init__(
        self, bench: str | Path, find: Callable[[str], type], observers: Iterable[Observer] = ()
    ) -> None:
        """For the bench found by name or path; `find` gives a procedure by its name."""
        self._bench, self._find, self._observers = bench, find, list(observers)
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._mailboxes: set[Mailbox] = set()
        self._speakers: list[threading.Thread] = []
        self._state: Message = {"state": "opening"}
        self._busy = self._quitting = False
        self._key = secrets.token_bytes(32)

    def serve(self, ready: Callable[[], None] = lambda: None) -> None:
        """Open the bench, call `ready`, take commands until quit or Ctrl-C; then make safe and close.

        Raises LabError when the bench cannot be opened.
        """
        file = load_bench(self._bench)
        with Interrupts() as interrupts, Watchdog(file):
            with interrupts.let_through():
                opened = open_bench(self._bench)
            with opened, Listener() as listener:
                self._runner = Runner(opened, [self._tell, *self._observers], interrupts)
                self._state = {"state": "idle"}
                note = _leave_note(file, listener.address, self._key)
                try:
                    threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
                    ready()
                    with suppress(KeyboardInterrupt):
                        self._work(interrupts)
                finally:
                    note.unlink(missing_ok=True)
        self._close()

    # The thread that owns the instruments ---------------------------------------------------------------------------

    def _work(self, interrupts: Interrupts) -> None:
        while True:
            job: Job | None = None
            with interrupts.let_through():
                try:
                    job = self._jobs.get(timeout=LOOK_EVERY)
                except queue.Empty:
                    if self._quitting:
                        return
                    continue
            if job is None:
                return
            try:
                if not self._quitting:
                    job()
            except LabError as error:
                self._send_all({"event": "refused", "reason": str(error)})
            finally:
                with self._lock:
                    self._busy, self._state = False, {"state": "idle"}
                self._send_all({"event": "idle"})

    def _tell(self, event: Event) -> None:
        match event:
            case Started():
                self._state = {**plain(event), "state": "running"}
            case Paused() | Resumed():
                self._state = {
                    **self._state,
                    "state": "paused" if isinstance(event, Paused) else "running",
                }
            case Ended():
                self._state = {"state": "ending"}
            case _:
                pass
        self._send_all(plain(event))

    def _send_all(self, message: Message) -> None:
        with self._lock:
            self._mailboxes = {mailbox for mailbox in self._mailboxes if mailbox.put(message)}

    # Clients --------------------------------------------------------------------------------------------------------

    def _accept(self, listener: Listener) -> None:
        while not self._quitting:
            try:
                connection = listener.accept()
            except (OSError, EOFError):
                return
            threading.Thread(target=self._attend, args=(connection,), daemon=True).start()

    def _attend(self, connection: Connection[Any, Any]) -> None:
        """Know who it is, then hear commands until the client hangs up; a second thread tells it events."""
        with suppress(OSError, EOFError, AuthenticationError), connection:
            deliver_challenge(connection, self._key)
            answer_challenge(connection, self._key)
            mailbox = Mailbox()
            with self._lock:
                self._mailboxes.add(mailbox)
            speaker = threading.Thread(target=_deliver, args=(mailbox, connection), daemon=True)
            self._speakers.append(speaker)
            speaker.start()
            try:
                while (
                    speaker.is_alive()
                ):  # it ends with its mailbox: the client was given up, or the engine ends
                    if connection.poll(LOOK_EVERY):
                        mailbox.put(self._answer(connection.recv_bytes(LONGEST_COMMAND)))
            finally:
                mailbox.close()

    def _answer(self, data: bytes) -> Message:
        number: Any = None
        try:
            message = decoded(data)
            number = message.pop("id", None)
            return {"reply": number, **self._obey(**message)}
        except LabError as error:
            return {"reply": number, "error": str(error)}
        except (ValueError, TypeError) as error:
            return {"reply": number, "error": f"This is no command of the engine: {error}."}

    def _obey(self, command: str, **given: Any) -> Message:
        orders: dict[str, Callable[..., Message | None]] = {
            "run": self._order_run,
            "go_on": self._order_go_on,
            "pause": lambda at="safe": self._runner.pause(PausePoint(at)),
            "resume": self._runner.resume,
            "stop": self._runner.stop,
            "abort": self._runner.abort,
            "state": lambda: dict(self._state),
            "quit": self._quit,
        }
        if command not in orders:
            raise PlanError(f"The engine knows no command '{command}'; it knows {', '.join(orders)}.")
        if command in ("pause", "resume", "stop", "abort") and not self._busy:
            raise PlanError("No run is under way.")
        return orders[command](**given) or {}

    def _order_run(self, procedure: str, out: str, settings: dict[str, str] | None = None) -> Message:
        kind = self._find(procedure)
        given = settings or {}
        plan: Any = make(kind, given)

        def job() -> None:
            with new_run_folder(Path(out), procedure_name(kind)) as folder:
                self._runner.run(plan, folder, given)

        return self._take(job)

    def _order_go_on(self, run: str) -> Message:
        found = find_interrupted(find_run(run), str(self._bench))
        plan = found.plan(self._find(found.procedure))
        return self._take(lambda: self._runner.go_on(plan, found.folder))

    def _take(self, job: Job) -> Message:
        with self._lock:
            if self._busy or self._quitting:
                raise PlanError("A run is under way: wait for it, stop it or abort it.")
            self._busy, self._state = True, {"state": "starting"}
        self._jobs.put(job)
        return {}

    def _quit(self) -> None:
        self._quitting = True
        if self._busy:
            self._runner.abort("The engine was told to quit.")
        self._jobs.put(None)

    def _close(self) -> None:
        self._send_all({"event": "quit"})
        with self._lock:
            for mailbox in self._mailboxes:
                mailbox.close()
        for speaker in self._speakers:
            speaker.join(FAREWELL)


def note_path(file: BenchFile) -> Path:
    """Where an engine leaves its address and key for clients of this user."""
    return lock_path(file).with_suffix(".engine")


def _leave_note(file: BenchFile, address: Any, key: bytes) -> Path:
    """Only the user may read it: who knows the key commands the bench."""
    path = note_path(file)
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as note:
        json.dump({"address": address, "key": key.hex()}, note)
    return path


def _deliver(mailbox: Mailbox, connection: Connection[Any, Any]) -> None:
    """Send what comes into the mailbox until there will be no more; a client that is gone ends it."""
    with suppress(OSError):
        while (message := mailbox.take()) is not None:
            connection.send_bytes(encoded(message))
    mailbox.close()
