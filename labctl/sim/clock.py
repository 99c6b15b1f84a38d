"""The virtual bench's own time: it passes when an instrument works, and costs no wall time."""


class VirtualClock:
    """Seconds since the sample was made. Only what happens on the bench moves it."""

    def __init__(self, start: float = 0.0) -> None:
        """Continue at `start` s, where the sample was left."""
        self._now = start

    def now(self) -> float:
        """Seconds since the sample was made."""
        return self._now

    def wait(self, seconds: float) -> None:
        """Let `seconds` pass; ValueError when time would run backwards."""
        if seconds < 0.0:
            raise ValueError(f"time cannot pass by {seconds} s")
        self._now += seconds
