"""How much longer a run will take, from what it has told of its progress."""

from __future__ import annotations

LEAST_SECONDS = 3.0
"""s of work before anything is said: a guess from less is none."""
LEAST_STEPS = 3
"""Steps of progress before anything is said, or a quarter of all of them."""


class Pace:
    """Progress against time; time in which the run is held does not count. Times are of any one clock, in s."""

    def __init__(self) -> None:
        """Nothing was told yet."""
        self._first: tuple[float, int] | None = None
        self._latest = 0.0
        self._done = self._total = 0
        self._held_since: float | None = None
        self._held = 0.0

    def tell(self, now: float, done: int, total: int) -> None:
        """So much is done; less than before, or out of another total, begins a new count."""
        if self._first is None or done < self._done or total != self._total:
            self._first, self._held = (now, done), 0.0
            self._held_since = None if self._held_since is None else now
        if done != self._done or self._first[0] == now:
            self._latest = self._worked(now)
        self._done, self._total = done, total

    def hold(self, now: float) -> None:
        """The run holds from now on."""
        if self._held_since is None:
            self._held_since = now

    def go_on(self, now: float) -> None:
        """The run goes on from now on."""
        if self._held_since is not None:
            self._held += now - self._held_since
        self._held_since = None

    def left(self, now: float) -> float | None:
        """About how many s are left; None when nobody can say. A step that takes long makes the guess longer."""
        if self._first is None:
            return None
        steps, worked = self._done - self._first[1], self._worked(now)
        if self._latest < LEAST_SECONDS or not (steps >= LEAST_STEPS or 0 < self._total <= 4 * steps):
            return None
        begun = min(1.0, (worked - self._latest) * steps / self._latest)
        return max(0.0, (self._total - self._done - begun) * worked / (steps + begun))

    def _worked(self, now: float) -> float:
        """S since the first telling in which the run was not held."""
        assert self._first is not None
        until = now if self._held_since is None else self._held_since
        return until - self._first[0] - self._held
