"""The stage controller within the temperatures that the bench permits."""

from __future__ import annotations

from labctl.bench.ledger import Ledger
from labctl.bench.limits import BenchLimits
from labctl.core.capabilities import Stage


class GuardedStage:
    """The stage controller, kept within the bench's temperatures. A `Stage`."""

    def __init__(self, controller: Stage, limits: BenchLimits, ledger: Ledger) -> None:
        """`controller` within `limits`; setpoints are booked in `ledger`."""
        self._controller, self._limits, self._ledger = controller, limits, ledger

    def set_setpoint(self, kelvin: float) -> None:
        """Regulate towards `kelvin`; LimitExceeded outside the bench's temperatures."""
        self._limits.stage(kelvin)
        self._ledger.book_stage(kelvin)
        self._controller.set_setpoint(kelvin)

    def temperature(self) -> float:
        """Present reading in K."""
        return self._controller.temperature()
