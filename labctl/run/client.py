"""A client of the engine: gives commands, hears events. What a window and a script use."""

from __future__ import annotations

import itertools
import json
import queue
import threading
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from labctl.benchfile import load_bench
from labctl.core.errors import LabError
from labctl.run.mailbox import Hears
from labctl.run.plain import Message, decoded, encoded
from labctl.run.switchboard import note_path

PATIENCE = 10.0
"""s that a reply may take; commands are taken at once, whatever the instruments do."""

LOOK_EVERY = 0.1
"""s between two looks of a client for its own end."""


class EngineClient:
    """A connection to the engine of a bench; several may be open at once.

    bench: the name or path by which its engine was started, as it is found from any folder.
    """

    bench: str

    def __init__(self, bench: str | Path = "", *, hears: Hears = Hears.ALL, note: Path | None = None) -> None:
        """Connect to the engine of the bench found by name or path; LabError when there is none.

        note: what an engine left for clients (see `note_paths`), in the place of a bench.

        Events are kept until `events` takes them: who never calls it wants to hear `NOTHING`. A window does without
        rows and pictures: it follows the journal of the run.
        """
        if note is None:
            file = load_bench(bench)
            missing = f"No engine holds the bench {file.name}: start one with labctl engine --bench {bench}."
            note = note_path(file)
        else:
            missing = f"The engine that left {note} has ended."
        try:
            left = json.loads(note.read_text(encoding="utf-8"))
            self.bench = str(left.get("bench", bench))
            self._pipe = Client(left["address"], authkey=bytes.fromhex(left["key"]))
        except (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError, AuthenticationError):
            raise LabError(missing) from None
        self._numbers = itertools.count(1)
        self._replies: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._events: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._closing = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        if hears is not Hears.ALL:
            self.command("listen", hears=hears.value)

    def __enter__(self) -> Self:
        """The client."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Hang up; a run goes on."""
        self.close()

    def command(self, command: str, **given: Any) -> Message:
        """Give a command and return its reply; LabError with the engine's sentence when it is refused."""
        number = next(self._numbers)
        try:
            self._pipe.send_bytes(encoded({"id": number, "command": command, **given}))
            while True:
                reply = self._replies.get(timeout=PATIENCE)
                if reply.pop("reply") == number:
                    break
        except (OSError, queue.Empty):
            raise LabError("The engine does not answer: it has ended, or has cut this client off.") from None
        if "error" in reply:
            raise LabError(reply["error"])
        return reply

    def events(self) -> Iterator[Message]:
        """Every event from now on, waited for; ends with the engine, or when it has cut this client off."""
        while (event := self._events.get()) is not None:
            yield event

    def close(self) -> None:
        """Hang up; a run goes on."""
        self._closing.set()
        if threading.current_thread() is not self._reader:
            self._reader.join(PATIENCE)

    def _read(self) -> None:
        """Until the engine or this client hangs up; closing a pipe does not wake who waits for it, so it is polled."""
        with suppress(OSError, EOFError, ValueError, TypeError), self._pipe:
            while not self._closing.is_set():
                if not self._pipe.poll(LOOK_EVERY):
                    continue
                message = decoded(self._pipe.recv_bytes())
                if "reply" in message:
                    self._replies.put(message)
                else:
                    self._events.put(message)
        self._events.put(None)
