"""How well a measured feature map agrees with its software twin: gain-fitted relative L2, cosine, Pearson."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labctl.core.quantity import quantity


@dataclass(frozen=True, kw_only=True)
class MapFidelity:
    """Agreement of one map. NaN where the software map is all zero: such a map has no direction to agree with."""

    gain: float = quantity("1", help="least-squares factor on the measured map")
    relative_l2: float = quantity("1", help="|gain * measured - software| / |software|")
    cosine: float = quantity("1")
    pearson: float = quantity("1")


def compare(measured: NDArray[np.float64], software: NDArray[np.float64]) -> MapFidelity:
    """Compare two maps of one shape.

    The gain is fitted on the measured map, so relative L2 = sqrt(1 - cosine^2): one number in two dresses.
    """
    if measured.shape != software.shape:
        raise ValueError(f"maps of different shape: {measured.shape} and {software.shape}")
    m, s = measured.ravel(), software.ravel()
    norm_m, norm_s = float(np.linalg.norm(m)), float(np.linalg.norm(s))
    if norm_s == 0.0:
        nan = float("nan")
        return MapFidelity(gain=nan, relative_l2=nan, cosine=nan, pearson=nan)
    if norm_m == 0.0:
        return MapFidelity(gain=0.0, relative_l2=1.0, cosine=0.0, pearson=0.0)
    gain = float(m @ s) / norm_m**2
    error = float(np.linalg.norm(gain * m - s)) / norm_s
    spread = float(np.std(m)) * float(np.std(s))
    pearson = float(np.mean((m - m.mean()) * (s - s.mean()))) / spread if spread > 0.0 else 0.0
    return MapFidelity(gain=gain, relative_l2=error, cosine=float(m @ s) / (norm_m * norm_s), pearson=pearson)
