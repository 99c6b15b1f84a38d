"""Conductance targets that make up for line resistance: what each cell must be for its column to weigh it rightly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labctl.physics.crossbar import SMALLEST_RESISTANCE, Crossbar, Terminals

Array = NDArray[np.float64]
ROUNDS = 12


@dataclass(frozen=True, kw_only=True)
class Wires:
    """Resistances between the sources and the heaters, ohm.

    segment: of a line per crosspoint pitch; path: from a source to the first cell of a word line, outside the array;
    foot: from the last cell of a bit line to ground, outside the array (the heater).
    """

    segment: float
    path: float
    foot: float


def transfer(conductance: Array, wires: Wires) -> Array:
    """(M, N) S: current in the foot of bit line j per volt on word line i, all other word lines at 0 V.

    By reciprocity one solve per bit line: 1 A into its foot raises word terminal i by what V on i would raise the foot.
    """
    words, bits = conductance.shape
    crossbar = Crossbar(words, bits, wires.segment, wires.segment)
    left = np.full(words, 1.0 / max(wires.path + wires.segment, SMALLEST_RESISTANCE))
    bottom = np.full(bits, 1.0 / max(wires.foot + wires.segment, SMALLEST_RESISTANCE))
    terminals = Terminals(
        left_conductance=left,
        left_voltage=np.zeros(words),
        bottom_conductance=bottom,
        bottom_voltage=np.zeros(bits),
    )
    found = np.empty((words, bits))
    for column in range(bits):
        injected = np.zeros(bits)
        injected[column] = 1.0
        raised = crossbar.response(conductance, terminals, bit_current=injected)
        found[:, column] = raised.word[:, 0] * left * bottom[column]
    return found


def compensate(target: Array, wires: Wires, low: float, high: float) -> Array:
    """Conductances (M, N) whose transfer is proportional to `target`, with one factor for the whole array.

    Fixed-point iteration; the factor keeps the array's sum of conductances. Cells stay within `low`..`high` S: where
    the range is too narrow the nearest end is kept, and `transfer` tells what is then missing.
    """
    present = np.clip(target, low, high)
    for _ in range(ROUNDS):
        weighed = transfer(present, wires)
        factor = float(np.sum(weighed)) / float(np.sum(target))
        present = np.clip(present * target * factor / weighed, low, high)
        present = np.clip(present * float(np.sum(target)) / float(np.sum(present)), low, high)
    return present
