"""Rows of the tests, and a recorder of them that is cheap to begin."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labctl.benchfile import load_bench
from labctl.core.clock import WallClock
from labctl.core.quantity import quantity
from labctl.record.provenance import head
from labctl.record.recorder import Recorder


@dataclass(frozen=True)
class Plan:
    """Parameters of nothing."""

    level: float = quantity("V", 0.25, low=0.0, high=1.0)


@dataclass(frozen=True)
class Reading:
    """A row of plain numbers."""

    number: int = quantity("1")
    current: float = quantity("A", 1e-6)
    note: str = quantity("", "")


@dataclass(frozen=True)
class Sweep:
    """A row that holds arrays: one of fixed shape, one of a length of its own."""

    number: int = quantity("1")
    corners: tuple[tuple[float, float], tuple[float, float]] = quantity("V")
    samples: NDArray[np.float64] = quantity("A")
    times: tuple[float, ...] = quantity("s", ())


def known(level: float = 0.25) -> dict[str, Any]:
    """The head of a run of `Plan`."""
    return head(
        "<uuid>", Plan(level), {}, load_bench("virtual_56x8"), {"matrix": "Keithley, 707B, 12, 1.0"}, 0.0
    )


def begun(folder: Path, level: float = 0.25) -> Recorder:
    """A recorder in `folder`, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    return Recorder(folder, known(level), WallClock())


def sweep(number: int) -> Sweep:
    """A row with `number` samples."""
    corners = ((number + 0.25, 1.0), (2.0, 3.0))
    return Sweep(number, corners, np.arange(number) * 1e-6, tuple(float(each) for each in range(number)))
