"""VO2 Mott neurons: a heater warms a film whose domains turn metallic, with hysteresis, into a conductor.

The lumped temperature follows base + R_th (heater power + film power) with one time constant. Hysteresis is a play
operator of half width w/2 on the temperature: minor loops are exact and closed, and what the film shows
afterwards is the hottest (or coldest) moment of the approach, not its end.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from labctl.core.quantity import option, quantity
from labctl.physics.noise import Streams

Floats = NDArray[np.float64]

_SAME_BASE = 1e-3
"""K; neurons that have settled do not follow smaller wanderings of the stage."""


_COLD = 1e-6
"""K; a film that warms itself by less is taken as cold: some 1e-8 of its conductance."""
_SAME_DRIVE = 1e-5
"""Relative change of power or voltage that neurons which have settled do not follow: 1 mK of 100 K."""


class FilmLaw(Enum):
    """How the domains of a film make up its resistance."""

    PARALLEL = "parallel domains"
    SERIES = "series"


@dataclass(frozen=True, kw_only=True)
class Vo2Preset:
    """Constants of one neuron technology; medians, from which each neuron of a die departs."""

    film_law: FilmLaw = option(FilmLaw.PARALLEL)
    heater_resistance: float = quantity("ohm", low=1.0, high=1e6)
    heater_temperature_coefficient: float = quantity("1/K", low=-0.01, high=0.02)
    thermal_resistance: float = quantity("K/W", low=1e2, high=1e9)
    thermal_time: float = quantity("s", low=1e-10, high=1.0)
    heating_knee: float = quantity("K", low=250.0, high=500.0)
    loop_width: float = quantity("K", low=0.0, high=50.0)
    transition_spread: float = quantity("K", low=0.1, high=200.0)
    rounding: float = quantity("K", low=0.01, high=20.0)
    metallic_resistance: float = quantity("ohm", low=1.0, high=1e7)
    insulating_prefactor: float = quantity("ohm", low=1e-9, high=1e9)
    insulating_activation: float = quantity("K", low=0.0, high=20000.0)
    series_centre: float = quantity("K", low=250.0, high=500.0)
    series_steepness: float = quantity("1/K", low=0.01, high=10.0)
    thermal_spread: float = quantity("1", low=0.0, high=0.5)
    output_spread: float = quantity("1", low=0.0, high=0.5)
    reference_temperature: float = quantity("K", low=200.0, high=500.0)


class Neurons:
    """The neurons of one die, one per bit line.

    temperature (N,) K of heater and film; branch (N,) K, the play operator's output, which decides the film's phase;
    hottest (N,) K ever reached. heaters_intact (N,): a heater that is not conducts nothing.
    """

    def __init__(self, count: int, preset: Vo2Preset, streams: Streams) -> None:
        """Cold neurons of a die, insulating."""
        self.preset = preset
        device = np.arange(count)
        self.thermal_resistance: Floats = preset.thermal_resistance * streams.lognormal(
            "neuron/thermal resistance", preset.thermal_spread, device
        )
        self.output_factor: Floats = streams.lognormal("neuron/output", preset.output_spread, device)
        self.heaters_intact: NDArray[np.bool_] = np.ones(count, dtype=np.bool_)
        self.temperature: Floats = np.full(count, preset.reference_temperature)
        self.branch: Floats = self.temperature + preset.loop_width / 2
        self.hottest: Floats = self.temperature.copy()
        self._unbiased = np.zeros(count)
        self._steady: tuple[Floats, Floats, float] | None = None
        self._films: Floats | None = None
        self._heaters: Floats | None = None

    def restore(self, temperature: Floats, branch: Floats, hottest: Floats) -> None:
        """Take over an earlier state, (N,) K each."""
        self.temperature, self.branch, self.hottest = temperature, branch, hottest
        self._steady = self._films = self._heaters = None

    def heater_conductance(self) -> Floats:
        """(N,) S of the heaters at their present temperature; the same array until it changes."""
        p = self.preset
        if self._heaters is None:
            rise = self.temperature - p.reference_temperature
            change = np.maximum(1.0 + p.heater_temperature_coefficient * rise, 0.1)
            self._heaters = self.heaters_intact / (p.heater_resistance * change)
        return self._heaters

    def film_conductance(self) -> Floats:
        """(N,) S of the films as they are; the same array until they change."""
        if self._films is None:
            self._films = self._film(self.temperature, self.branch)
        return self._films

    def warm(self, heater_power: Floats, film_voltage: Floats, base: float, duration: float) -> None:
        """Let `duration` s pass at constant heater power (N,) W and film voltage (N,) V over a stage at `base` K.

        The film's own heat is included; it raises the film's conductance and so itself.
        """
        p = self.preset
        biased, done = self._warms_itself(film_voltage), False
        film_voltage = film_voltage if biased else self._unbiased
        if self._is_steady(heater_power, film_voltage, base):
            return
        share = float(-np.expm1(-duration / p.thermal_time))
        start, branch = self.temperature, self.branch
        temperature = start
        for _ in range(100 if biased else 1):
            heat = heater_power
            if biased:
                heat = heat + film_voltage**2 * self._film(temperature, branch)
            end = base + self.thermal_resistance * heat
            goal = end if share == 1.0 else start + share * (end - start)
            branch = np.clip(self.branch, goal - p.loop_width / 2, goal + p.loop_width / 2)
            done = bool(np.abs(goal - temperature).max() < 1e-9 * base)
            temperature = goal
            if done:
                break
        reached = duration > 50.0 * p.thermal_time and (done or not biased)
        self._steady = (heater_power, film_voltage, base) if reached else None
        if not np.array_equal(temperature, self.temperature) or not np.array_equal(branch, self.branch):
            self._films = None
            if p.heater_temperature_coefficient:
                self._heaters = None
        self.temperature, self.branch = temperature, branch
        self.hottest = np.maximum(self.hottest, temperature)

    def _warms_itself(self, film_voltage: Floats) -> bool:
        """Whether any film is warmed by what these (N,) V drive through it."""
        if not film_voltage.any():
            return False
        rise = self.thermal_resistance * film_voltage**2 * self.film_conductance()
        return bool((rise > _COLD).any())

    def _is_steady(self, heater_power: Floats, film_voltage: Floats, base: float) -> bool:
        """Whether the neurons have long reached what these inputs lead to."""
        if self._steady is None:
            return False
        power, voltage, kelvin = self._steady
        if abs(base - kelvin) >= _SAME_BASE:
            return False
        pairs = ((heater_power, power), (film_voltage, voltage))
        return all(
            now is then or (np.abs(now - then) <= _SAME_DRIVE * np.abs(then)).all() for now, then in pairs
        )

    def _film(self, temperature: Floats, branch: Floats) -> Floats:
        """(N,) S of a film at `temperature` whose play operator stands at `branch`, both K.

        PARALLEL: domains whose transitions are evenly spread over `transition_spread` K from the knee, each rounded by
        `rounding`, side by side. SERIES: Zhang 2024 (Nat. Commun., s41467-024-51254-4) R = R0 exp(Ea/T) g + Rm,
        with the play operator in place of that paper's proximity function for minor loops.
        """
        p = self.preset
        insulating = p.insulating_prefactor * np.exp(p.insulating_activation / temperature)
        if p.film_law is FilmLaw.SERIES:
            share = 0.5 + 0.5 * np.tanh(p.series_steepness * (p.series_centre - branch))
            conductance = 1.0 / (insulating * share + p.metallic_resistance)
        else:
            first = p.heating_knee - p.loop_width / 2
            ramp = _softplus((branch - first) / p.rounding)
            ramp -= _softplus((branch - first - p.transition_spread) / p.rounding)
            metallic = ramp * p.rounding / p.transition_spread
            conductance = metallic / p.metallic_resistance + (1.0 - metallic) / insulating
        out: Floats = self.output_factor * conductance
        return out


def _softplus(z: Floats) -> Floats:
    return np.logaddexp(0.0, z)
