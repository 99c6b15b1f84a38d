"""Clients of an engine: who may come in, what each hears, how its commands are answered."""

from __future__ import annotations

import json
import os
import secrets
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import AuthenticationError
from multiprocessing.connection import Connection, Listener, answer_challenge, deliver_challenge
from pathlib import Path
from typing import Any

from labctl.bench.lock import lock_path
from labctl.benchfile import BenchFile
from labctl.core.errors import LabError
from labctl.core.paths import state_folder
from labctl.run.mailbox import Hears, Mailbox
from labctl.run.plain import Message, decoded, encoded

LONGEST_COMMAND = 1_000_000
"""Bytes; whoever sends more is cut off."""
LOOK_EVERY = 0.2
"""s between two looks of a client's thread for the end."""
FAREWELL = 0.5
"""s that an engine which ends waits for each client to hear of it."""


class Switchboard:
    """Any number of clients over a pipe of this computer; each is told what it wants, none can slow the teller."""

    def __init__(self, obey: Callable[..., Message]) -> None:
        """`obey(command, **given)` answers a client's command or raises LabError; it is called in clients' threads."""
        self._obey = obey
        self._lock = threading.Lock()
        self._mailboxes: set[Mailbox] = set()
        self._speakers: list[threading.Thread] = []
        self._key = secrets.token_bytes(32)
        self._closing = False

    @property
    def are_there(self) -> bool:
        """Whether anybody is connected."""
        return bool(self._mailboxes)

    @property
    def wants_data(self) -> bool:
        """Whether anybody listens to rows and pictures."""
        return any(mailbox.hears is Hears.ALL for mailbox in tuple(self._mailboxes))

    def open(self, file: BenchFile, listener: Listener, bench: str) -> Path:
        """Let clients in by `listener`; where its address, its key and `bench` (name or path) were left for them."""
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return _leave_note(file, listener.address, self._key, bench)

    def tell(self, message: Message) -> None:
        """Put `message` into every mailbox that wants it; never waits."""
        with self._lock:
            self._mailboxes = {
                mailbox for mailbox in self._mailboxes if not mailbox.wants(message) or mailbox.put(message)
            }

    def close(self) -> None:
        """Say farewell and hang up."""
        self._closing = True
        self.tell({"event": "quit"})
        with self._lock:
            for mailbox in self._mailboxes:
                mailbox.close()
        for speaker in tuple(self._speakers):
            speaker.join(FAREWELL)

    def _accept(self, listener: Listener) -> None:
        while not self._closing:
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
                        mailbox.put(self._answer(connection.recv_bytes(LONGEST_COMMAND), mailbox))
            finally:
                mailbox.close()
                with self._lock:
                    self._mailboxes.discard(mailbox)
                self._speakers.remove(speaker)

    def _answer(self, data: bytes, mailbox: Mailbox) -> Message:
        number: Any = None
        try:
            message = decoded(data)
            number = message.pop("id", None)
            if message.get("command") == "listen":
                mailbox.hears = Hears(message.get("hears", Hears.ALL))
                return {"reply": number}
            return {"reply": number, **self._obey(**message)}
        except LabError as error:
            return {"reply": number, "error": str(error)}
        except (ValueError, TypeError) as error:
            return {"reply": number, "error": f"This is no command of the engine: {error}."}


def note_path(file: BenchFile) -> Path:
    """Where an engine leaves its address and key for clients of this user."""
    return lock_path(file).with_suffix(".engine")


def note_paths() -> list[Path]:
    """The notes of every engine of this user, some of engines that died."""
    return sorted(state_folder().glob("*.engine"))


def _leave_note(file: BenchFile, address: Any, key: bytes, bench: str) -> Path:
    """Only the user may read it: who knows the key commands the bench."""
    path = note_path(file)
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as note:
        json.dump({"address": address, "key": key.hex(), "bench": bench}, note)
    return path


def _deliver(mailbox: Mailbox, connection: Connection[Any, Any]) -> None:
    """Send what comes into the mailbox until there will be no more; a client that is gone ends it."""
    with suppress(OSError):
        while (message := mailbox.take()) is not None:
            connection.send_bytes(encoded(message))
    mailbox.close()
