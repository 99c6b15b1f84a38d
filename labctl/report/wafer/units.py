"""In which unit the numbers of a figure or table are shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labctl.report.wafer.measured import SIZED, Series

_PREFIXES = {-15: "f", -12: "p", -9: "n", -6: "µ", -3: "m", 0: "", 3: "k", 6: "M", 9: "G"}
_LONGEST = 5
"""Digits before the point that are written out."""
_SIGNS = {"ohm": "Ω"}


@dataclass(frozen=True)
class Shown:
    """Numbers times `factor` are in `unit`; the unit is empty for a plain number."""

    factor: float
    unit: str

    def of(self, values: ArrayLike) -> NDArray[np.float64]:
        """SI numbers in this unit."""
        return np.asarray(values, dtype=np.float64) * self.factor

    def label(self, name: str) -> str:
        """For an axis: `forming voltage (V)`."""
        return f"{name} ({self.unit})" if self.unit else name

    def text(self, value: float, digits: int = 3) -> str:
        """One number without its unit, `digits` significant ones; `-` for NaN. A whole plain number has no point."""
        if not np.isfinite(value):
            return "-"
        scaled = value * self.factor
        if scaled == 0.0:
            return "0"
        if abs(scaled) >= 10.0**_LONGEST:
            return f"{scaled:.0e}".replace("e+0", "e").replace("e+", "e")
        behind = max(digits - 1 - int(np.floor(np.log10(abs(scaled)))), 0)
        text = f"{scaled:.{behind}f}"
        whole, _, behind_point = text.partition(".")
        return whole if not self.unit and not behind_point.strip("0") else text


def shown(series: Series) -> Shown:
    """How the numbers of a series are shown: with the prefix of their middle, relative ones in percent."""
    if series.value in SIZED or series.is_flag:
        return Shown(100.0, "%")
    if series.unit in ("", "1"):
        return Shown(1.0, "")
    return prefixed(series.unit, series.values)


def prefixed(unit: str, values: ArrayLike) -> Shown:
    """The SI prefix that brings the middle of the sizes of `values` between 1 and 1000."""
    sizes = np.abs(np.asarray(values, dtype=np.float64))
    sizes = sizes[np.isfinite(sizes) & (sizes > 0.0)]
    middle = float(np.median(sizes)) if sizes.size else 1.0
    exponent = int(np.clip(3 * np.floor(np.log10(middle) / 3.0), min(_PREFIXES), max(_PREFIXES)))
    return Shown(10.0**-exponent, _PREFIXES[exponent] + _SIGNS.get(unit, unit))
