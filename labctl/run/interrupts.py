"""Ctrl-C and SIGTERM, let through only while the procedure itself works: never while recording or making safe."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, Self

from labctl.core.orders import AbortOrder

INTERRUPTED = "Interrupted at the keyboard."
TERMINATED = "Ended by the computer or another program (SIGTERM)."


class Interrupts:
    """While active, SIGINT and SIGTERM wait, and raise KeyboardInterrupt inside `let_through` only.

    In another thread than the main one signals never arrive; there it does nothing.
    """

    def __init__(self) -> None:
        """Inactive until entered."""
        self._is_open = False
        self._waiting: int | None = None
        self._previous: dict[int, Any] = {}
        self._order: AbortOrder | None = None

    def __enter__(self) -> Self:
        """Take the signals over."""
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._previous[number] = signal.signal(number, self._arrived)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the signals back; one that still waits is forgotten: what it asked for has happened."""
        for number, previous in self._previous.items():
            signal.signal(number, previous)

    @contextmanager
    def let_through(self, order: AbortOrder | None = None) -> Iterator[None]:
        """Let a signal interrupt the block, one that waits at once; `order` hears of it: the way out is short."""
        self._is_open, self._order = True, order
        try:
            if self._waiting is not None:
                raise self._interrupt(self._waiting)
            yield
        finally:
            self._is_open, self._order = False, None

    def _arrived(self, number: int, frame: FrameType | None) -> None:
        if self._waiting is None:
            self._waiting = number
        if self._is_open:
            self._is_open = False  # once: the way out must not be interrupted again
            raise self._interrupt(self._waiting)

    def _interrupt(self, number: int) -> KeyboardInterrupt:
        reason = TERMINATED if number == signal.SIGTERM else INTERRUPTED
        if self._order is not None:
            self._order.give(reason, reached=True)
        return KeyboardInterrupt(reason)
