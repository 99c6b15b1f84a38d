"""What a pulse or a read does to a cell, as numbers: energy from measured currents, shares of bystanders."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

BIN = 0.05
"""V; amplitudes are counted in bins of this width, numbered from 0 V."""
SHARES = {"V/2": (0.5, 0.5, 0.0), "V/3": (1 / 3, 1 / 3, 1 / 3)}
"""Fraction of a pulse's amplitude on cells of the same word line, of the same bit line, of neither, by scheme."""
READ_TIME = 50e-3
"""s that a read holds its voltage: two integrations over a line period each, and the bus. Assumed, for its energy."""
SHORTEST_PULSE = 100e-6
"""s; budgets that do not allow a pulse of this width allow none."""


class Bin(NamedTuple):
    """Pulses of one scheme and about one amplitude."""

    scheme: str
    number: int

    @classmethod
    def of(cls, scheme: str, amplitude: float) -> Bin:
        """The bin of `amplitude` V."""
        return cls(scheme, round(amplitude / BIN))

    @property
    def amplitude(self) -> float:
        """V in its middle."""
        return self.number * BIN


@dataclass
class Dose:
    """What one device has been given, for one run or for its life.

    voltage, current: largest magnitudes, V and A. energy: J. conductance: S at the last read; NaN before the first.
    bins:             pulses by scheme and amplitude: what the other cells saw of them follows from these alone.
    highest:          S, the most that any read found; 0 before the first. A cell that is RESET does not lower it.
    """

    pulses: int = 0
    reads: int = 0
    voltage: float = 0.0
    current: float = 0.0
    energy: float = 0.0
    conductance: float = math.nan
    bins: dict[Bin, int] = field(default_factory=dict)
    highest: float = 0.0

    def see(self, voltage: float, current: float, energy: float) -> None:
        """Take a share of energy, remember the largest voltage and current."""
        self.energy += energy
        if abs(voltage) > self.voltage:
            self.voltage = abs(voltage)
        if abs(current) > self.current:
            self.current = abs(current)


def current_into(conductance: float, voltage: float, series: float) -> float:
    """Current in A through a cell of `conductance` S behind `series` ohm at |`voltage`| V."""
    return abs(voltage) * conductance / (1.0 + conductance * series)


def pulse_energy(low: float, high: float, amplitude: float, width: float, series: float) -> float:
    """Largest energy in J that a cell takes in one pulse while its conductance lies from `low` to `high` S.

    The power in a cell behind a resistor R is V^2 G / (1 + G R)^2, largest where G = 1 / R.
    """
    worst = high
    if series > 0.0:
        worst = min(max(low, 1.0 / series), high)
    return width * amplitude**2 * worst / (1.0 + worst * series) ** 2


def largest_energy(amplitude: float, width: float, series: float, current: float) -> float:
    """What a cell cannot exceed in one pulse whatever it does, in J: `current` A is all that the source gives."""
    power = abs(amplitude) * current
    if series > 0.0:
        power = min(power, amplitude**2 / (4.0 * series))
    return power * width
