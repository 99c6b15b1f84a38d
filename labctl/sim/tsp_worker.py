"""Work that runs in slices, in a greenlet of its own, and can be ended from outside."""

from __future__ import annotations

from collections.abc import Callable

from greenlet import getcurrent, greenlet  # type: ignore[import-untyped]

_SLICE = 32.0
"""Units of work in a slice: one per instruction hook or physical action, so a slice stays within some ms."""


class ScriptEnded(BaseException):
    """Unwinds a script that is told to end; not an `Exception`, so that nothing in between keeps it."""


class Worker:
    """Runs `work` a slice at a time. One side runs at any moment, so the order of events is deterministic."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self._inside: greenlet | None = None
        self._outside: greenlet | None = None
        self._left = 0.0
        self.ending = False

    @property
    def running(self) -> bool:
        """Whether work was begun and is not finished."""
        return self._inside is not None

    def resume(self) -> bool:
        """Begin or go on with the work until it is done or its slice used up; True while some is left."""
        inside = self._inside
        if inside is None:
            inside = self._inside = greenlet(self._work)
        self._outside = getcurrent()
        self._left = _SLICE
        try:
            inside.switch()
        finally:
            if inside.dead:
                self._inside = None
                self.ending = False
        return self._inside is not None

    def spend(self, units: float) -> None:
        """Count work done; hands control back when the slice is used up."""
        self._left -= units
        if self._left <= 0.0:
            self.pause()

    def pause(self) -> None:
        """Hand control back now; a no-op outside the work. Raises `ScriptEnded` when told to end."""
        if self._inside is None or getcurrent() is not self._inside or self._outside is None:
            return
        try:
            self._outside.switch()
        except BaseException:
            self.ending = True
            raise
        if self.ending:
            raise ScriptEnded

    def tick(self) -> None:
        """The instruction hook: one unit of work."""
        if self.ending:
            raise ScriptEnded
        self.spend(1.0)

    def leave(self) -> None:
        """End the work from inside."""
        self.ending = True
        raise ScriptEnded

    def stop(self) -> None:
        """End unfinished work now."""
        if self._inside is not None:
            self.ending = True
            self.resume()
