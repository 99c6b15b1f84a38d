"""A generic Ag-CBRAM array: preset, spread between devices, state of every cell.

One state per cell, the logarithm of its low-field conductance; a cell conducts as I = G V0 sinh(V / V0).
Kinetics (`labctl.physics.kinetics`): each direction has a steep branch at low voltage in series with a shallow
one at high voltage, as reported for Ag electrochemical cells (van den Hurk 2015, JPCC 119 18678; Nayak 2010, JPCL 1
604). The needed voltage shifts with conductance, which makes incremental-step programming gradual.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labctl.core.quantity import quantity
from labctl.physics.kinetics import PARAMETERS
from labctl.physics.network import Medium
from labctl.physics.noise import Streams

Floats = NDArray[np.float64]
BOLTZMANN = 8.617333e-5
"""eV/K."""
_CYCLES_KEPT = 256
_MOMENTS_DRAWN = 16
"""Moments of read noise that are drawn together: setting up a generator takes longer than its numbers do."""
_LARGEST_NOISE = 0.02
_STALE = 1e-4
"""Change of ln G after which solved fields of the network are out of date."""


@dataclass(frozen=True, kw_only=True)
class CbramPreset:
    """Constants of one device technology; medians, from which each cell of a die departs."""

    unformed_conductance: float = quantity("S", low=1e-12, high=1e-6)
    unformed_spread: float = quantity("1", low=0.0, high=2.0)
    unformed_v0: float = quantity("V", low=0.05, high=10.0)
    formed_v0: float = quantity("V", low=0.05, high=10.0)
    contact_conductance: float = quantity("S", low=1e-8, high=1e-3)
    lowest_conductance: float = quantity("S", low=1e-9, high=1e-3)
    highest_conductance: float = quantity("S", low=1e-6, high=1e-1)
    forming_voltage: float = quantity("V", low=0.1, high=10.0)
    forming_time: float = quantity("s", low=1e-9, high=1.0)
    forming_slope: float = quantity("V", low=0.005, high=1.0)
    forming_spread: float = quantity("1", low=0.0, high=0.5)
    never_forming: float = quantity("1", low=0.0, high=1.0)
    set_crossing: float = quantity("V", low=0.05, high=5.0)
    set_rate: float = quantity("1/s", low=1e-6, high=1e12)
    set_steep: float = quantity("V", low=0.002, high=1.0)
    set_shallow: float = quantity("V", low=0.005, high=1.0)
    set_shift: float = quantity("V", low=0.0, high=1.0)
    reset_crossing: float = quantity("V", low=0.05, high=5.0)
    reset_rate: float = quantity("1/s", low=1e-6, high=1e12)
    reset_steep: float = quantity("V", low=0.002, high=1.0)
    reset_shallow: float = quantity("V", low=0.005, high=1.0)
    reset_shift: float = quantity("V", low=0.0, high=1.0)
    reference_conductance: float = quantity("S", low=1e-8, high=1e-2)
    fastest_time: float = quantity("s", low=1e-12, high=1e-3)
    threshold_spread: float = quantity("1", low=0.0, high=0.5)
    rate_spread: float = quantity("1", low=0.0, high=3.0)
    cycle_rate_spread: float = quantity("1", low=0.0, high=3.0)
    activation_energy: float = quantity("eV", low=0.0, high=3.0)
    reference_temperature: float = quantity("K", low=200.0, high=500.0)
    read_noise: float = quantity("1", low=0.0, high=0.2)
    read_noise_conductance: float = quantity("S", low=1e-8, high=1e-2)
    read_noise_exponent: float = quantity("1", low=0.0, high=2.0)


class CbramCells:
    """All cells of one die: fixed parameters drawn from the die's streams, and the state that pulses change.

    formed (M, N) bool; nucleation (M, N), 0 fresh to 1 formed; log_conductance (M, N), of formed cells;
    events (M, N) number of pulses that switched the cell; energy (M, N) J spent in it while switching.
    """

    def __init__(self, shape: tuple[int, int], preset: CbramPreset, streams: Streams) -> None:
        """Fresh cells of a die of `shape` (words, bits)."""
        self.preset = preset
        self.shape = shape
        self._streams = streams
        device = np.arange(shape[0] * shape[1])

        def spread(name: str, sigma: float) -> Floats:
            return streams.lognormal(f"cell/{name}", sigma, device).reshape(shape)

        p = preset
        self.unformed = p.unformed_conductance * spread("unformed conductance", p.unformed_spread)
        never = streams.uniform("cell/never forms", device).reshape(shape) < p.never_forming
        self.formed = np.zeros(shape, dtype=np.bool_)
        self.nucleation = np.zeros(shape)
        self.log_conductance = np.full(shape, np.log(p.contact_conductance))
        self.events = np.zeros(shape, dtype=np.int64)
        self.energy = np.zeros(shape)
        self._cycles: dict[int, Floats] = {}
        self._draws: tuple[int, Floats] = (-1, np.empty(0))
        self._conduction: tuple[Floats, Floats] | None = None
        self._noise_levels: Floats | None = None
        self.revision = 0
        """Counts changes of state that make a solved network out of date; raised by `renew`."""
        self.drift = 0.0
        """Change of ln G since `revision` last counted."""
        columns = {name: np.full(shape, getattr(p, name)) for name in PARAMETERS if hasattr(p, name)}
        columns["forming_factor"] = spread("forming voltage", p.forming_spread)
        columns["forming_factor"][never] = np.inf
        columns["set_factor"] = spread("set threshold", p.threshold_spread)
        columns["reset_factor"] = spread("reset threshold", p.threshold_spread)
        columns["set_rate"] *= spread("set rate", p.rate_spread)
        columns["reset_rate"] *= spread("reset rate", p.rate_spread)
        columns["log_reference"] = np.full(shape, np.log(p.reference_conductance))
        columns["log_contact"] = np.full(shape, np.log(p.contact_conductance))
        self.parameters: Floats = np.ascontiguousarray(
            np.stack([columns[name] for name in PARAMETERS], axis=-1)
        )
        """(M, N, P) constants of every cell, in the order of `kinetics.PARAMETERS`."""

    def crept(self, largest: float) -> None:
        """Tell that states were written, ln G of no cell by more than `largest`; fields grow stale bit by bit."""
        self._conduction = self._noise_levels = None
        self.drift += largest
        if self.drift > _STALE:
            self.renew()

    def renew(self) -> None:
        """Tell that states were written: whatever was derived or solved from them is out of date."""
        self._conduction = self._noise_levels = None
        self.revision += 1
        self.drift = 0.0

    def conduction(self) -> tuple[Floats, Floats]:
        """((M, N) S at low field, (M, N) 1/V curvature) of all cells; not to be written."""
        if self._conduction is None:
            conductance = np.where(self.formed, np.exp(self.log_conductance), self.unformed)
            inverse_v0 = np.where(self.formed, 1.0 / self.preset.formed_v0, 1.0 / self.preset.unformed_v0)
            self._conduction = conductance, inverse_v0
        return self._conduction

    def medium(self, films: Floats) -> Medium:
        """The cells as they are, without read noise, beside `films` (N,) S."""
        return Medium(self.conduction, films, (self.revision, -1))

    def noise(self, moment: int) -> Floats:
        """(M, N) relative departures of conductance while reading number `moment` is taken."""
        p = self.preset
        if p.read_noise == 0.0:
            return np.zeros(self.shape)
        if self._noise_levels is None:
            conductance, _ = self.conduction()
            sigma = p.read_noise * (p.read_noise_conductance / conductance) ** p.read_noise_exponent
            self._noise_levels = np.clip(sigma, 0.0, _LARGEST_NOISE)
        number, place = divmod(moment, _MOMENTS_DRAWN)
        if number != self._draws[0]:
            block = self._streams.block("cell/read noise", number, _MOMENTS_DRAWN * self.formed.size)
            self._draws = number, block.reshape(_MOMENTS_DRAWN, *self.shape)
        noise: Floats = self._noise_levels * self._draws[1][place]
        return noise

    def cycle_factors(self, words: NDArray[np.intp], bits: NDArray[np.intp]) -> Floats:
        """Rate factors of the coming switching event of the cells (words, bits), a fresh draw per event."""
        device = words * self.shape[1] + bits
        factors = np.empty(len(device))
        for place, (cell, event) in enumerate(zip(device, self.events[words, bits].tolist(), strict=True)):
            if event not in self._cycles:
                if len(self._cycles) >= _CYCLES_KEPT:
                    self._cycles.clear()
                self._cycles[event] = self._streams.block("cell/cycle", event, self.energy.size)
            factors[place] = self._cycles[event][cell]
        out: Floats = np.exp(self.preset.cycle_rate_spread * factors)
        return out

    def temperature_factor(self, kelvin: float) -> float:
        """Acceleration of all kinetics at a stage temperature (Arrhenius)."""
        p = self.preset
        return float(
            np.exp(p.activation_energy / BOLTZMANN * (1.0 / p.reference_temperature - 1.0 / max(kelvin, 1.0)))
        )
