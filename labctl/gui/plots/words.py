"""Names, numbers and units as they stand at an axis, in a legend and in a readout."""

from __future__ import annotations

import re
from typing import Any

from labctl.core.quantity import show

SIGNS = {"o": "●", "s": "■", "d": "◆", "t1": "▲", "t": "▼", "star": "★", "+": "✚", "": "━"}
"""What a symbol of pyqtgraph looks like in text."""
SYMBOLS = ("o", "s", "d", "t1", "t", "star", "+")


def spoken(name: str) -> str:
    """`heater_current` as `heater current`, `TransferPoint` as `transfer point`."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return (parted if parted == name else parted.lower()).replace("_", " ")


def takes_prefix(unit: str) -> bool:
    """Whether `m`, `u`, `k` may stand before the unit."""
    return unit not in ("", "1") and not unit.startswith("1/")


def brief(value: float, unit: str) -> str:
    """A number in three digits with its unit, for a heading."""
    return told(float(f"{value:.3g}"), unit)


def told(value: Any, unit: str) -> str:
    """A number with its unit: `12.3 uS`, `4`, `5.2e+04 1/A`."""
    plain = value.item() if hasattr(value, "item") else value
    if isinstance(plain, int | float) and unit.startswith("1/"):
        return f"{plain:.4g} {unit}"
    return show(plain, unit)
