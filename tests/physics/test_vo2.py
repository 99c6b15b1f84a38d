"""A ReLU must emerge from heater, film and hysteresis."""

from dataclasses import replace

import numpy as np
import pytest

from labctl.core.lines import LineKind
from labctl.physics.circuit import Topology
from labctl.physics.die import Die
from labctl.physics.noise import Streams
from labctl.physics.vo2 import FilmLaw, Neurons, Vo2Preset

from .conftest import Geometry, volts

BASE = 313.0
BIAS = 0.05


def output(preset: Vo2Preset, currents: np.ndarray, bias: float = BIAS, reset: bool = False) -> np.ndarray:
    """A through the film of one neuron for each heater current in turn."""
    neuron = Neurons(1, preset, Streams(1, 0))
    out = []
    for current in currents:
        if reset:
            neuron.warm(np.zeros(1), np.zeros(1), BASE, 1.0)
        neuron.warm(np.array([preset.heater_resistance * current**2]), np.array([bias]), BASE, 1.0)
        out.append(bias * neuron.film_conductance()[0])
    return np.array(out)


def test_relu_emerges(films: Vo2Preset) -> None:
    currents = np.linspace(0.0, 390e-6, 79)
    measured = output(films, currents)
    threshold = np.sqrt((films.heating_knee - BASE) / films.thermal_resistance / films.heater_resistance)
    assert 185e-6 < threshold < 200e-6
    below, above = currents < 0.9 * threshold, (currents > 1.1 * threshold) & (currents < 275e-6)
    assert measured[below].max() < 0.1 * measured[above].max()
    power = currents**2
    slope, start = np.polyfit(power[above], measured[above], 1)
    fit = slope * power[above] + start
    assert np.abs(fit - measured[above]).max() < 0.03 * measured[above].max()
    assert np.sqrt(-start / slope) == pytest.approx(threshold, rel=0.06)  # the warm insulator adds a little
    assert 3.4e-6 < measured.max() < 4.5e-6


def test_hysteresis_closes_and_zero_resets(films: Vo2Preset) -> None:
    up, down = np.linspace(0.0, 350e-6, 30), np.linspace(350e-6, 0.0, 30)
    loop = output(films, np.concatenate((up, down)))
    rising, falling = loop[:30], loop[30:][::-1]
    middle = slice(17, 22)
    assert np.all(falling[middle] > 1.1 * rising[middle])
    assert falling[0] == pytest.approx(rising[0], rel=1e-3)
    after_high = output(films, np.array([350e-6, 220e-6]))[1]
    assert after_high > 1.3 * output(films, np.array([220e-6]))[0]
    with_reset = output(films, np.array([350e-6, 220e-6]), reset=True)[1]
    assert with_reset == pytest.approx(output(films, np.array([220e-6]))[0], rel=1e-6)


def test_minor_loops_return_to_where_they_left(films: Vo2Preset) -> None:
    seen = output(films, np.array([300e-6, 280e-6, 290e-6, 280e-6, 300e-6, 310e-6]), bias=0.0)
    direct = output(films, np.array([300e-6, 310e-6]), bias=0.0)
    assert seen[1] == seen[3]
    assert seen[4] == direct[0]
    assert seen[5] == direct[1]


def test_laws_differ_in_shape(films: Vo2Preset) -> None:
    power = np.linspace(10e-6, 20e-6, 21)
    currents = np.sqrt(power / films.heater_resistance)
    straight = output(films, currents)
    bent = output(replace(films, film_law=FilmLaw.SERIES), currents)

    def curvature(y: np.ndarray) -> float:
        return float(np.abs(np.diff(y, 2)).max() / (y[-1] - y[0]))

    assert curvature(bent) > 3.0 * curvature(straight)


def test_self_heating_grows_with_the_bias(films: Vo2Preset) -> None:
    currents = np.array([250e-6])
    gentle, strong = output(films, currents, bias=0.01)[0] / 0.01, output(films, currents, bias=0.2)[0] / 0.2
    assert strong > 1.05 * gentle
    assert output(films, currents, bias=0.05)[0] / 0.05 == pytest.approx(gentle, rel=0.05)


def test_short_heat_is_felt_by_the_time_constant(films: Vo2Preset) -> None:
    neuron = Neurons(1, films, Streams(1, 0))
    neuron.warm(np.zeros(1), np.zeros(1), BASE, 1.0)
    neuron.warm(np.array([20e-6]), np.zeros(1), BASE, films.thermal_time)
    rise = neuron.temperature[0] - BASE
    assert rise == pytest.approx(50.0 * (1.0 - np.exp(-1.0)), rel=1e-6)


def heating_die(films: Vo2Preset, cells: object) -> tuple[Die, Topology]:
    """One word line drives bit line 1, whose heater is connected; output 1 is biased through node 2."""
    die = Die(Geometry(), cells, films, Streams(1, 0))  # type: ignore[arg-type]
    state = die.state()
    state["formed"][:] = True
    state["log_conductance"][:] = np.log(500e-6)
    die.restore(state)
    contacts = [(1, LineKind.WORD, i, 1.0) for i in range(6)] + [(2, LineKind.NEURON, 1, 1.0)]
    return die, Topology(3, (1, 2), contacts=tuple(contacts), heaters=frozenset({1}))


def test_the_die_drives_heater_and_film(films: Vo2Preset, cells: object) -> None:
    die, topology = heating_die(films, cells)
    quiet, driven = (volts(0.0), volts(0.0)), (volts(0.2), volts(BIAS))
    die.advance(topology, quiet, 1.0, BASE)
    cold = die.solve(topology, (volts(0.0), volts(BIAS)), BASE)
    die.advance(topology, driven, 1e-3, BASE)
    hot = die.solve(topology, driven, BASE)
    assert 200e-6 < hot.heater_current[1] < 400e-6
    assert hot.heater_current[[0, 2, 3]].tolist() == [0.0, 0.0, 0.0]
    assert hot.film_current[1] > 10.0 * cold.film_current[1]
    assert hot.source_current[1] == pytest.approx(hot.film_current[1], rel=1e-9)
    power = 250.0 * hot.heater_current[1] ** 2
    assert die.neurons.temperature[1] == pytest.approx(BASE + 2.5e6 * power, abs=1.0)
    assert die.neurons.temperature[0] == pytest.approx(BASE)


def test_the_hottest_moment_of_an_approach_is_remembered(films: Vo2Preset, cells: object) -> None:
    seen = []
    for approach in ((0.13,), (0.16, 0.13), (0.16, 0.0, 0.13)):
        die, topology = heating_die(films, cells)
        for level in approach:
            die.advance(topology, (volts(level), volts(BIAS)), 1e-3, BASE)
        seen.append(die.solve(topology, (volts(approach[-1]), volts(BIAS)), BASE).film_current[1])
    assert seen[1] > 1.1 * seen[0]
    assert seen[2] == pytest.approx(seen[0], rel=1e-6)


def test_open_relay_means_a_cold_neuron(films: Vo2Preset, cells: object) -> None:
    die, topology = heating_die(films, cells)
    isolated = replace(topology, heaters=frozenset())
    die.advance(isolated, (volts(0.2), volts(BIAS)), 1e-3, BASE)
    assert not die.solve(isolated, (volts(0.2), volts(BIAS)), BASE).heater_current.any()
    assert die.neurons.temperature[1] < BASE + 1.0
