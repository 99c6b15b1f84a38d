"""Time as the bench counts it: real on hardware, the virtual bench's own in simulation."""

import time
from collections.abc import Callable
from typing import Protocol


class Clock(Protocol):
    """Monotonic seconds, and a way to let them pass."""

    def now(self) -> float:
        """Seconds since an arbitrary start."""
        ...

    def wait(self, seconds: float) -> None:
        """Return once `seconds` have passed on this clock."""
        ...


class WallClock:
    """The clock on the wall, for benches made of hardware."""

    def __init__(self, between: Callable[[], None] = lambda: None) -> None:
        """`between` is called during long waits, at least each 50 ms, and may end one by raising."""
        self._between = between

    def now(self) -> float:
        """Seconds of the computer's monotonic clock."""
        return time.monotonic()

    def wait(self, seconds: float) -> None:
        """Sleep in slices of at most 50 ms, so that an order to stop is not kept waiting."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._between()
            time.sleep(min(left, 0.05))
