"""What one observer has still to be told: bounded, so that an observer that stalls costs the engine nothing."""

from __future__ import annotations

import threading
from collections import deque
from enum import Enum

from labctl.run.plain import Message

MOST = 2000
"""Messages that wait for one observer before it is given up."""
DATA = frozenset({"row", "block", "picture"})
"""Events that an observer may do without: it reads the journal of the run instead."""
DROPPED = "You did not keep up: events were lost, connect again and read the record."


class Hears(Enum):
    """What an observer is told without having asked."""

    ALL = "all"
    EVENTS = "events"
    """Everything but rows and pictures."""
    NOTHING = "nothing"
    """Only replies: for a connection that is kept for a command in need."""


class Mailbox:
    """Messages on their way to one observer. `put` never waits."""

    def __init__(self, most: int = MOST) -> None:
        """Empty; holds up to `most` messages. What `hears` does not want need not be put into it."""
        self.hears = Hears.ALL
        self._waiting: deque[Message] = deque()
        self._changed = threading.Condition()
        self._most, self._closed = most, False

    def wants(self, message: Message) -> bool:
        """Whether this observer is to be told this event."""
        if self.hears is Hears.NOTHING:
            return False
        return self.hears is Hears.ALL or message.get("event") not in DATA

    def put(self, message: Message) -> bool:
        """Add a message, progress in the place of progress; False when the observer is given up."""
        with self._changed:
            if self._closed:
                return False
            last = self._waiting[-1] if self._waiting else {}
            if message.get("event") == last.get("event") == "progress":
                self._waiting[-1] = message
            elif len(self._waiting) < self._most:
                self._waiting.append(message)
            else:
                self._waiting.clear()
                self._waiting.append({"event": "dropped", "reason": DROPPED})
                self._closed = True
            self._changed.notify_all()
            return not self._closed

    def take(self) -> Message | None:
        """The next message, waited for; None when there will be none."""
        with self._changed:
            while not self._waiting and not self._closed:
                self._changed.wait()
            return self._waiting.popleft() if self._waiting else None

    def close(self) -> None:
        """No more messages; those that wait can still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
