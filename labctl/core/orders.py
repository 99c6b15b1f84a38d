"""The order to end at once: given by any thread, obeyed by the one that speaks to the instruments."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from labctl.core.clock import Clock, WallClock
from labctl.core.errors import Aborted

WAY_OUT = 0.08
"""s of wall time in which a procedure may still return its sources in their order, once the order reached it."""


class AbortOrder:
    """One order for a whole bench: each exchange with an instrument and each wait asks `check` first.

    The first `check` after `give` raises; what then leads out of the procedure may still speak for `WAY_OUT`, so
    that bystanders of a pulse go down after it. Whoever needs longer, because a link hangs, is interrupted again.
    """

    def __init__(self) -> None:
        """Nothing is ordered."""
        self._wall = WallClock()
        self._reason: str | None = None
        self._reached: float | None = None
        self._exempt = 0

    @property
    def reason(self) -> str | None:
        """Why it was given, a sentence; None while nothing is ordered."""
        return self._reason

    def give(self, reason: str, *, reached: bool = False) -> None:
        """Order it; a second order changes nothing. Any thread or signal handler may.

        reached: whoever gives it raises in the procedure at once, as Ctrl-C does.
        """
        if self._reason is None:
            self._reason = reason
            if reached:
                self._reached = self._wall.now()

    def withdraw(self) -> None:
        """Nothing is ordered any more: a new run begins."""
        self._reason = self._reached = None

    def check(self) -> None:
        """Raise Aborted when the order was given and the way out is over, or was not begun."""
        reason = self._reason
        if reason is None or self._exempt:
            return
        now = self._wall.now()
        if self._reached is None:
            self._reached = now
            raise Aborted(reason)
        if now - self._reached > WAY_OUT:
            raise Aborted(reason)

    @contextmanager
    def exempt(self) -> Iterator[None]:
        """What makes safe is never interrupted by the order to make safe."""
        self._exempt += 1
        try:
            yield
        finally:
            self._exempt -= 1


class HeedingClock:
    """A bench's clock whose waits end at the order. A `Clock`."""

    def __init__(self, clock: Clock, order: AbortOrder) -> None:
        """`clock` as it is; one that really waits asks `order` in between as well (see `WallClock`)."""
        self._clock, self._order = clock, order

    def now(self) -> float:
        """Seconds of the clock."""
        return self._clock.now()

    def wait(self, seconds: float) -> None:
        """Return once `seconds` have passed; Aborted when the order is given before or meanwhile."""
        self._order.check()
        self._clock.wait(seconds)
        self._order.check()
