"""The window's end of the pipe to an engine: starts one where there is none, never lets the window wait."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from qtpy.QtCore import QObject, Signal

from labctl.bench.lock import lock_path
from labctl.benchfile import BenchFile, load_bench
from labctl.core.errors import LabError
from labctl.run.client import EngineClient
from labctl.run.mailbox import Hears
from labctl.run.plain import Message

START = 120.0
"""s that an engine may take to open its instruments; the first start of an installation compiles as well."""
LOOK_EVERY = 0.05
"""s between two looks for an engine that is starting."""
FORMER = 10.0
"""s that an engine which was told to quit is waited for before the next one starts."""
ENOUGH = 4000
"""Characters of what an engine said that are shown when it does not start."""

Reply = Callable[[Message], None]


class EngineLink(QObject):
    """One engine at a time. Signals arrive in the window's thread; commands are given in a thread of their own.

    opened:  the engine is there; its `state` message. failed: it is not; a sentence and details.
    heard:   what it tells, progress apart (see `progress`). refused: it refused a command; its sentence.
    lost:    it has ended; whether it was told to.
    """

    opened = Signal(dict)
    failed = Signal(str, str)
    heard = Signal(dict)
    refused = Signal(str)
    lost = Signal(bool)
    _answered = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        """To no engine yet."""
        super().__init__(parent)
        self._client: EngineClient | None = None
        self._urgent: EngineClient | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._orders: queue.SimpleQueue[tuple[str, dict[str, Any], Reply | None] | None] = queue.SimpleQueue()
        self._progress: Message | None = None
        self._giving_up = threading.Event()
        self._leaving = False
        self._answered.connect(lambda then, reply: then(reply))

    @property
    def is_open(self) -> bool:
        """Whether an engine is connected."""
        return self._client is not None

    @property
    def process(self) -> subprocess.Popen[bytes] | None:
        """The engine's process, if this window started it."""
        return self._process

    def open(self, bench: str) -> None:
        """Connect to the engine of `bench`, starting it where there is none; `opened` or `failed` follows."""
        self._giving_up.clear()
        self._leaving = False
        threading.Thread(target=self._open, args=(bench,), daemon=True, name="engine").start()

    def command(self, command: str, then: Reply | None = None, **given: Any) -> None:
        """Give a command; `then` is called with the reply in this thread. A refusal becomes `refused`."""
        if self._client is not None:
            self._orders.put((command, given, then))

    def emergency(self, reason: str) -> None:
        """Stop at once, by a connection of its own: no command that waits for its reply stands before it."""
        if self._urgent is not None:
            client = self._urgent
            threading.Thread(
                target=self._order, args=(client, "emergency", {"reason": reason}), daemon=True
            ).start()

    def progress(self) -> Message | None:
        """The latest progress since the last call, if there was any."""
        latest, self._progress = self._progress, None
        return latest

    def leave(self, *, quit_engine: bool) -> None:
        """Hang up; the engine ends now, or once everything it has to run is done."""
        self._giving_up.set()
        self._leaving = True
        client, urgent, self._client, self._urgent = self._client, self._urgent, None, None
        if client is None:
            return
        with suppress(LabError):
            if urgent is not None:
                urgent.command("quit" if quit_engine else "end_when_done")
        self._orders.put(None)
        client.close()
        if urgent is not None:
            urgent.close()

    # Threads of its own ---------------------------------------------------------------------------------------------

    def _open(self, bench: str) -> None:
        try:
            file = load_bench(bench)
            self._wait_for_former()
            client = self._found(bench) or self._started(bench, file)
            if client is None:
                return
            self._urgent = EngineClient(bench, hears=Hears.NOTHING)
            client.command("end_when_done", yes=False)
            state = client.command("state")
        except LabError as error:
            self.failed.emit(str(error), "")
            return
        self._client = client
        threading.Thread(target=self._give, args=(client,), daemon=True, name="commands").start()
        self.opened.emit(state)
        self._hear(client)

    def _wait_for_former(self) -> None:
        """An engine of this window that was told to quit still makes safe and gives its bench back."""
        if self._process is not None:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(FORMER)

    def _found(self, bench: str) -> EngineClient | None:
        with suppress(LabError):
            return EngineClient(bench, hears=Hears.EVENTS)
        return None

    def _started(self, bench: str, file: BenchFile) -> EngineClient | None:
        """Start an engine and wait for it; None when it did not start, which was told, or the window gave up."""
        said = lock_path(file).with_suffix(".engine.log")
        said.parent.mkdir(parents=True, exist_ok=True)
        with said.open("wb") as log:
            self._process = process = subprocess.Popen(
                [sys.executable, "-m", "labctl", "engine", "--bench", bench],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                **_on_its_own(),
            )
        looks = int(START / LOOK_EVERY)
        while looks > 0 and process.poll() is None:
            client = self._found(bench)
            if client is not None:
                return client
            looks -= 1
            if self._giving_up.wait(LOOK_EVERY):
                process.terminate()
                return None
        self.failed.emit(*_why(said))
        return None

    def _give(self, client: EngineClient) -> None:
        while (order := self._orders.get()) is not None:
            command, given, then = order
            reply = self._order(client, command, given)
            if reply is not None and then is not None:
                self._answered.emit(then, reply)

    def _order(self, client: EngineClient, command: str, given: dict[str, Any]) -> Message | None:
        try:
            return client.command(command, **given)
        except LabError as error:
            if not self._leaving:
                self.refused.emit(str(error))
            return None

    def _hear(self, client: EngineClient) -> None:
        told_to = False
        for event in client.events():
            if event["event"] == "progress":
                self._progress = event
                continue
            told_to = event["event"] == "quit"
            self.heard.emit(event)
        if self._client is client:
            self._client = self._urgent = None
            self._orders.put(None)
            self.lost.emit(told_to)


def _on_its_own() -> dict[str, Any]:
    """Ctrl-C at the window's terminal is meant for the window: the engine is told over the pipe."""
    if os.name == "nt":
        return {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)}
    return {"start_new_session": True}


def _why(said: Path) -> tuple[str, str]:
    """The last sentence that an engine said before it ended, and all of it."""
    try:
        text = said.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        text = ""
    _, told, sentence = f"\n{text}".rpartition("\nlabctl: ")
    sentence = sentence if told else "The engine did not start, see the details."
    return sentence, text[-ENOUGH:]
