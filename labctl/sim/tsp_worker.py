"""Work that runs in slices, in a greenlet of its own, and can be ended from outside."""

from __future__ import annotations

from collections.abc import Callable
from threading import get_ident
from weakref import ref

from greenlet import GreenletExit, getcurrent, greenlet  # type: ignore[import-untyped]  # greenlet ships no types

_SLICE = 32.0
"""Units of work in a slice: one per physical action or some instruction hooks, so a slice stays within some ms."""
_HOOK, _LIGHT, _HEAVY = 0.1, 1024.0, 50.0
"""Units of one instruction hook; kilobytes in use from which on a script may work on long strings, whose single
instructions take long; so many of them more are another unit."""


class ScriptEnded(BaseException):
    """Unwinds a script that is told to end; not an `Exception`, so that nothing in between keeps it."""


class Worker:
    """Runs `work` a slice at a time. One side runs at any moment, so the order of events is deterministic."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self._inside: greenlet | None = None
        self._outside: greenlet | None = None
        self._thread = 0
        self._failure: BaseException | None = None
        self._left = 0.0
        self.running = False
        self.ending = False

    def resume(self) -> bool:
        """Begin or go on with the work until it is done or its slice used up; True while some is left.

        Raises `RuntimeError` when another thread began it: one thread owns the instruments.
        """
        if self._inside is None or self._thread != get_ident():
            if self.running:
                raise RuntimeError("a script is under way in another thread: one thread owns the instruments")
            self._inside, self._thread = greenlet(_loop), get_ident()
            start: tuple[ref[Worker], ...] = (ref(self),)
        else:
            start = ()
        self._outside = getcurrent()
        self._left = _SLICE
        self.running = True
        self._inside.switch(*start)
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure
        return self.running

    def spend(self, units: float) -> None:
        """Count work done; hands control back when the slice is used up."""
        self._left -= units
        if self._left <= 0.0:
            self.pause()

    def pause(self) -> None:
        """Hand control back now; a no-op outside the work. Raises `ScriptEnded` when told to end."""
        if not self.running or self._outside is None or getcurrent() is not self._inside:
            return
        try:
            self._outside.switch()
        except BaseException:
            self.ending = True
            raise
        if self.ending:
            raise ScriptEnded

    def tick(self, used: float) -> None:
        """The instruction hook, `used` kilobytes being in use."""
        self.spend(_HOOK + max(0.0, used - _LIGHT) / _HEAVY)

    def leave(self) -> None:
        """End the work from inside."""
        self.ending = True
        raise ScriptEnded

    def stop(self) -> None:
        """End unfinished work now."""
        if self.running:
            self.ending = True
            self.resume()

    def run(self) -> greenlet | None:
        """Do the work once, inside; returns where to hand control back."""
        try:
            self._work()
        except GreenletExit:
            raise
        except BaseException as failure:  # noqa: BLE001 - handed to whoever resumed the work
            self._failure = failure
        self.running = self.ending = False
        return self._outside


def _loop(reference: ref[Worker]) -> None:
    """Life of the greenlet. Between two pieces of work it holds no reference, so that an idle worker can go."""
    while (worker := reference()) is not None:
        outside = worker.run()
        del worker
        if outside is not None:
            outside.switch()
