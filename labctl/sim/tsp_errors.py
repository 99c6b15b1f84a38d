"""The error queue of a TSP instrument."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from labctl.sim.tsp_tree import Branch

_CAPACITY = 100
_RECOVERABLE = 20
_EMPTY = (0, "Queue Is Empty", 0)


class ErrorQueue:
    """First in, first out; survives reconnects, emptied by reading, `errorqueue.clear()` and `*CLS`.

    posted: called with the code of every new error (the standard event register listens).
    """

    def __init__(self, posted: Callable[[int], None]) -> None:
        self._entries: deque[tuple[int, str, int]] = deque()
        self._posted = posted

    def __len__(self) -> int:
        return len(self._entries)

    def post(self, code: int, message: str, severity: int = _RECOVERABLE) -> None:
        """Append an error; a full queue keeps its oldest entries and ends with -350."""
        if len(self._entries) >= _CAPACITY:
            self._entries[-1] = (-350, "Queue Overflow", _RECOVERABLE)
        else:
            self._entries.append((code, message, severity))
        self._posted(code)

    def next(self) -> tuple[int, str, int, int]:
        """Take the oldest error: code, message, severity, node."""
        code, message, severity = self._entries.popleft() if self._entries else _EMPTY
        return code, message, severity, 1

    def clear(self) -> tuple[()]:
        """Empty the queue."""
        self._entries.clear()
        return ()

    def hang(self, branch: Branch) -> None:
        """Offer the queue to scripts as `errorqueue`."""
        branch.attribute("count", lambda: len(self._entries))
        branch.function("next", self.next)
        branch.function("clear", self.clear)
