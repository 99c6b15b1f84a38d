"""Bring the stage to a temperature and wait until it stays there."""

from dataclasses import dataclass

from labctl.core.quantity import check, quantity
from labctl.core.rows import Experiment, Progress, Verdict
from labctl.core.views import NeuronBench


@dataclass(frozen=True, kw_only=True)
class StageReading:
    """One reading of the stage's thermometer."""

    time: float = quantity("s", help="since the setpoint was given")
    temperature: float = quantity("K")


@dataclass(frozen=True, kw_only=True)
class StageSettle:
    """Give the setpoint, then read until the temperature stays within the tolerance for the whole hold time."""

    title = "bring the stage to a temperature and wait until it stays there"

    temperature: float = quantity(
        "K", 313.0, low=250.0, high=400.0, help="setpoint", limit="stage_temperature"
    )
    tolerance: float = quantity(
        "K", 0.2, low=0.01, high=10.0, help="largest deviation that counts as settled"
    )
    hold: float = quantity("s", 20.0, low=0.0, high=3600.0, help="how long it must stay settled")
    interval: float = quantity("s", 2.0, low=0.1, high=60.0, help="between two readings")
    patience: float = quantity("s", 900.0, low=1.0, high=86400.0, help="give up after this time")

    def __post_init__(self) -> None:
        """Refuse values out of range."""
        check(self)

    def run(self, bench: NeuronBench) -> Experiment:
        """Yield StageReading rows; DONE or NOT_SETTLED."""
        stage, clock = bench.stage, bench.clock
        stage.set_setpoint(self.temperature)
        start = settled_since = clock.now()
        while (now := clock.now()) - start <= self.patience:
            reading = stage.temperature()
            yield StageReading(time=now - start, temperature=reading)
            if abs(reading - self.temperature) > self.tolerance:
                settled_since = now
            elif now - settled_since >= self.hold:
                return Verdict.DONE
            yield Progress(0, 1, f"stage at {reading:.2f} K, setpoint {self.temperature:.2f} K")
            clock.wait(self.interval)
        return Verdict.NOT_SETTLED
