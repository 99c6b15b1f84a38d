"""What somebody wants of a run: go on, hold, end. Ordered by any thread, obeyed by the runner between two yields."""

from __future__ import annotations

import threading
from collections.abc import Callable
from enum import Enum

LOOK_EVERY = 0.05
"""s between two looks of a held run for what cannot wake it, such as a signal."""


class PausePoint(Enum):
    """Where a run may hold."""

    ROW = "row"
    """At the next yield, as it is: inside a connection the sources stand where the procedure left them."""
    SAFE = "safe"
    """At the next yield at which every output is off; a procedure that never yields there is not held."""


class Control:
    """The orders to one run."""

    def __init__(self) -> None:
        """Go on."""
        self._changed = threading.Condition()
        self._point: PausePoint | None = None
        self._stopped = False

    @property
    def stopped(self) -> bool:
        """Whether the run shall end at the next yield."""
        return self._stopped

    def pause(self, point: PausePoint) -> None:
        """Hold at the next point of this kind."""
        with self._changed:
            self._point = point

    def resume(self) -> None:
        """Go on."""
        with self._changed:
            self._point = None
            self._changed.notify_all()

    def stop(self) -> None:
        """End at the next yield, a held run at once."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def wake(self) -> None:
        """Look again whether to hold: an order to abort was given."""
        with self._changed:
            self._changed.notify_all()

    def holds_at(self, at_rest: bool) -> bool:
        """Whether a run that is at a yield shall hold there."""
        return not self._stopped and (
            self._point is PausePoint.ROW or (self._point is PausePoint.SAFE and at_rest)
        )

    def hold(self, check: Callable[[], None]) -> None:
        """Return when the run shall go on or stop; whatever `check` raises ends the wait."""
        with self._changed:
            while self._point is not None and not self._stopped:
                check()
                self._changed.wait(LOOK_EVERY)
        check()
