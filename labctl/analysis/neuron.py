"""What a neuron's transfer curve says: threshold, gain, hysteresis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LOW_PART, HIGH_PART = 0.2, 0.8
"""The straight part of a curve: between these fractions of its rise."""

Point = tuple[float, float]


@dataclass(frozen=True)
class Transfer:
    """threshold, hysteresis: A of heater current; gain: A of output per A of heater; dark_current: A of output."""

    threshold: float
    gain: float
    hysteresis: float
    dark_current: float


def fit_transfer(up: Sequence[Point], down: Sequence[Point]) -> Transfer | None:
    """Fit (heater current, output current) points of the rising and the falling branch.

    The threshold is where the straight line through the middle of the rise meets the dark current, the hysteresis the
    distance of the branches at half of the rise. None when the output never rises above three times its dark current.
    """
    rising, falling = np.array(up, dtype=float), np.array(down, dtype=float)
    dark = float(rising[0, 1])
    rise = float(rising[:, 1].max()) - dark
    if rise <= 3.0 * abs(dark):
        return None
    level = (rising[:, 1] - dark) / rise
    straight = (level >= LOW_PART) & (level <= HIGH_PART)
    if np.count_nonzero(straight) < 2:
        return None
    gain, offset = np.polyfit(rising[straight, 0], rising[straight, 1], 1)
    half = dark + rise / 2.0
    hysteresis = _crossing(rising, half) - _crossing(falling[::-1], half)
    return Transfer(float((dark - offset) / gain), float(gain), hysteresis, dark)


def _crossing(branch: NDArray[np.float64], level: float) -> float:
    """Heater current at which a branch, in ascending order of heater current, first reaches `level`."""
    above = int(np.argmax(branch[:, 1] >= level))
    if above == 0:
        return float(branch[0, 0])
    (x0, y0), (x1, y1) = branch[above - 1], branch[above]
    return float(x0 + (level - y0) * (x1 - x0) / (y1 - y0))
