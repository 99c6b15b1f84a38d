"""What the models of the 2600B family can source, limit and measure."""

from __future__ import annotations

from dataclasses import dataclass

OVER_RANGE = 1.01
"""A source range goes to 101 % of its full scale (2600B data sheets; 2600BS-901-01 rev. F p. 9-251)."""


@dataclass(frozen=True)
class SmuFacts:
    """Ranges and limits of one channel, V and A, ranges ascending.

    Sources: ranges of the 2602B, 2612B and 2636B data sheets; limits of `smuX.source.limitY`, reference
    manual 2600BS-901-01 rev. F (August 2021) p. 9-244.
    """

    voltage_ranges: tuple[float, ...]
    current_ranges: tuple[float, ...]
    smallest_limit: float
    largest_limit: float

    @property
    def largest_voltage(self) -> float:
        """Largest level in V."""
        return self.voltage_ranges[-1] * OVER_RANGE


_UP_TO_100_MA = (1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1)

K2602B = SmuFacts((0.1, 1.0, 6.0, 40.0), (*_UP_TO_100_MA, 1.0, 3.0), 10e-9, 3.0)
K2612B = SmuFacts((0.2, 2.0, 20.0, 200.0), (*_UP_TO_100_MA, 1.0, 1.5), 10e-9, 1.5)
K2636B = SmuFacts((0.2, 2.0, 20.0, 200.0), (1e-9, 1e-8, *_UP_TO_100_MA, 1.0, 1.5), 100e-12, 1.5)
"""The 2636B also measures in a 100 pA range, which sources nothing and is not used here."""
