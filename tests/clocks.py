"""A clock for tests."""

from dataclasses import dataclass


@dataclass
class HandClock:
    """Bench time that only waiting moves."""

    seconds: float = 100.0

    def now(self) -> float:
        return self.seconds

    def wait(self, seconds: float) -> None:
        self.seconds += seconds
