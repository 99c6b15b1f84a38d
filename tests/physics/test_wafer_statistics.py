"""The virtual wafer: trends as asked for, faults at their rates, every die alone the same as among others."""

from dataclasses import replace
from math import hypot

import numpy as np
import pytest

from labctl.core.lines import LineKind
from labctl.core.paths import find_preset
from labctl.physics.circuit import Topology
from labctl.physics.kinetics import PARAMETERS
from labctl.physics.noise import Streams
from labctl.physics.presets import load_preset
from labctl.physics.vo2 import Vo2Preset
from labctl.physics.wafer_statistics import (
    OPEN,
    SHORT,
    STUCK,
    DieFate,
    Trend,
    WaferSpread,
    die_streams,
    fate_of,
    faults_of,
    lost_pads,
    make_array,
    make_resistor,
)
from tests.physics.conftest import STAGE, Geometry, volts, write_topology

SOUND = DieFate(is_dead=False, touches=True, forming=1.0, span=1.0, threshold=1.0, neuron=1.0)
SHAPE = (6, 4)
DIES = [(x, y) for x in range(-6, 7) for y in range(-6, 7) if hypot(x, y) <= 6]


@pytest.fixture(scope="module")
def neurons():
    return load_preset(Vo2Preset, find_preset("generic_vo2"))


def fates(spread, seed=1):
    return {die: fate_of(spread, seed, die, (die[0] / 6, die[1] / 6)) for die in DIES}


def no_faults(shape=SHAPE):
    return faults_of(WaferSpread(), Streams(0, "sound"), shape)


def array(cells, neurons, fate=SOUND, faults=None, die=(0, 0)):
    return make_array(Geometry(), cells, neurons, die_streams(1, *die), fate, faults or no_faults())


def read_of(word, bit):
    """Topology and sources that read a cell at 0.1 V, every other line at ground."""
    return write_topology(word, bit), (volts(0.1), volts(0.0), volts(0.0))


def conductance(die, word, bit):
    topology, sources = read_of(word, bit)
    return -die.source_point(topology, sources, 2).current / 0.1


def pulse(die, word, bit, amplitude, width=1e-3):
    third = amplitude / 3
    die.advance(write_topology(word, bit), (volts(amplitude), volts(third), volts(0.0)), width, STAGE)


def test_a_radial_trend_grows_with_the_square_of_the_radius():
    found = fates(WaferSpread(forming_voltage=Trend(radial=0.2)))
    assert found[0, 0].forming == 1.0
    assert found[3, 0].forming == found[0, -3].forming == pytest.approx(1.05)
    assert found[-6, 0].forming == pytest.approx(1.2)
    assert {fate.span for fate in found.values()} == {1.0}


def test_a_gradient_points_where_it_says():
    found = fates(WaferSpread(neuron_threshold=Trend(gradient=0.3, direction=90.0)))
    assert found[0, 6].neuron == pytest.approx(1.3)
    assert found[0, -6].neuron == pytest.approx(0.7)
    assert found[6, 0].neuron == pytest.approx(1.0)


def test_dies_differ_by_the_spread():
    found = fates(WaferSpread(conductance_span=Trend(spread=0.1)))
    assert np.std(np.log([fate.span for fate in found.values()])) == pytest.approx(0.1, rel=0.2)


def test_a_die_is_the_same_alone_and_among_others():
    spread = WaferSpread(
        forming_voltage=Trend(spread=0.1), dead_dies=0.3, bad_contacts=0.3, open_cells=0.1, broken_lines=0.2
    )
    among, alone = fates(spread)[4, -3], fate_of(spread, 1, (4, -3), (4 / 6, -3 / 6))
    assert among == alone
    for _ in range(2):  # whatever was drawn in between
        streams = die_streams(1, 4, -3, "array")
        streams.normal("something else", 7)
        found = faults_of(spread, streams, SHAPE)
        np.testing.assert_array_equal(
            found.open_cells, faults_of(spread, die_streams(1, 4, -3, "array"), SHAPE).open_cells
        )
    assert fate_of(spread, 2, (4, -3), (4 / 6, -3 / 6)) != alone


def test_faults_come_at_their_rates_and_none_twice():
    spread = WaferSpread(
        open_cells=0.1, shorted_cells=0.05, stuck_cells=0.2, broken_lines=0.1, dead_neurons=0.3
    )
    found = [faults_of(spread, die_streams(5, *die, "array"), (16, 4)) for die in DIES]
    count = len(found) * 64
    for name, rate in (("open_cells", 0.1), ("shorted_cells", 0.05), ("stuck_cells", 0.2)):
        share = sum(int(getattr(each, name).sum()) for each in found) / count
        assert share == pytest.approx(rate, abs=4 * (rate / count) ** 0.5), name
    for each in found:
        assert not (each.open_cells & each.shorted_cells | each.shorted_cells & each.stuck_cells).any()
        assert not (each.dead_heaters & each.dead_films).any()
        assert each.word_break.max() < 4
        assert each.bit_break.max() < 16
    lines = np.concatenate([np.concatenate([each.word_break, each.bit_break]) for each in found])
    assert (lines >= 0).mean() == pytest.approx(0.1, abs=0.03)
    dead = np.concatenate([each.dead_heaters | each.dead_films for each in found])
    assert dead.mean() == pytest.approx(0.3, abs=0.08)


def test_dead_and_badly_contacted_dies_come_at_their_rates():
    found = fates(WaferSpread(dead_dies=0.3, bad_contacts=0.2)).values()
    assert np.mean([fate.is_dead for fate in found]) == pytest.approx(0.3, abs=0.13)
    assert np.mean([not fate.touches for fate in found]) == pytest.approx(0.2, abs=0.12)


def test_a_badly_contacted_die_loses_the_first_pad_and_most_others():
    lost = [lost_pads(die_streams(3, *die), 24) for die in DIES]
    assert all(each[0] for each in lost)
    assert np.mean(lost) == pytest.approx(0.7, abs=0.03)


def test_the_forming_voltage_follows_its_factor(cells, neurons):
    def forming_voltage(factor):
        die = array(cells, neurons, replace(SOUND, forming=factor))
        amplitude = 0.8
        while not die.cells.formed[2, 1]:
            pulse(die, 2, 1, amplitude, 5e-4)
            amplitude += 0.02
        return amplitude

    assert forming_voltage(1.2) / forming_voltage(1.0) == pytest.approx(1.2, abs=0.03)


def test_a_dead_die_never_forms(cells, neurons):
    die = array(cells, neurons, replace(SOUND, is_dead=True))
    pulse(die, 2, 1, 2.0, 0.1)
    assert not die.cells.formed.any()


def test_the_conductance_span_follows_its_factor(cells, neurons):
    die, wide = (array(cells, neurons, replace(SOUND, span=factor)) for factor in (1.0, 1.5))
    highest = PARAMETERS.index("highest_conductance")
    assert wide.cells.parameters[0, 0, highest] == pytest.approx(1.5 * die.cells.parameters[0, 0, highest])
    for each in (die, wide):
        pulse(each, 2, 1, 1.6, 5e-3)
    assert wide.conductance()[2, 1] > 1.2 * die.conductance()[2, 1]


@pytest.mark.parametrize(("kind", "siemens"), [("shorted_cells", SHORT), ("stuck_cells", STUCK)])
def test_cells_that_do_not_move_conduct_for_good(cells, neurons, kind, siemens):
    which = np.zeros(SHAPE, dtype=bool)
    which[2, 1] = True
    die = array(cells, neurons, faults=replace(no_faults(), **{kind: which}))
    for amplitude in (1.5, -1.5):
        pulse(die, 2, 1, amplitude)
        assert die.conductance()[2, 1] == pytest.approx(siemens)
    assert conductance(die, 2, 1) == pytest.approx(1 / (1 / siemens + 20), rel=0.1)


def test_an_open_cell_never_forms(cells, neurons):
    which = np.zeros(SHAPE, dtype=bool)
    which[2, 1] = True
    die = array(cells, neurons, faults=replace(no_faults(), open_cells=which))
    pulse(die, 2, 1, 2.0, 0.1)
    assert die.conductance()[2, 1] == OPEN


def test_behind_a_break_no_cell_is_reached(cells, neurons):
    """Bit line 1 lacks its second segment from the pad: only the last word line is left to it."""
    bit_break = np.array([-1, 1, -1, -1])
    die = array(cells, neurons, faults=replace(no_faults(), bit_break=bit_break))
    die.cells.formed[...] = True
    die.cells.log_conductance[...] = np.log(50e-6)
    die.cells.renew()
    assert conductance(die, 5, 1) == pytest.approx(50e-6, rel=0.01)
    for word in range(5):
        assert conductance(die, word, 1) < 1e-9
        assert conductance(die, word, 2) == pytest.approx(50e-6, rel=0.01)


def test_behind_a_break_in_a_word_line_no_cell_is_reached(cells, neurons):
    word_break = np.array([-1, -1, 2, -1, -1, -1])
    die = array(cells, neurons, faults=replace(no_faults(), word_break=word_break))
    die.cells.formed[...] = True
    die.cells.log_conductance[...] = np.log(50e-6)
    die.cells.renew()
    reached = [conductance(die, 2, bit) > 40e-6 for bit in range(4)]
    assert reached == [True, True, False, False]


def test_a_dead_heater_conducts_nothing_and_a_dead_film_says_nothing(cells, neurons):
    heaters, films = np.array([True, False, False, False]), np.array([False, True, False, False])
    die = array(cells, neurons, faults=replace(no_faults(), dead_heaters=heaters, dead_films=films))
    for bit, flows in enumerate((False, True, True, True)):
        topology = Topology(
            nodes=2, source_nodes=(1,), contacts=((1, LineKind.BIT, bit, 1.0),), heaters=frozenset({bit})
        )
        current = die.source_point(topology, (volts(0.01),), 0).current
        assert (current > 30e-6) == flows
    outputs = [
        die.source_point(
            Topology(nodes=2, source_nodes=(1,), contacts=((1, LineKind.NEURON, neuron, 1.0),)),
            (volts(0.05),),
            0,
        ).current
        for neuron in range(4)
    ]
    assert outputs[1] < 1e-6 * outputs[0]
    assert outputs[2] == pytest.approx(outputs[0], rel=0.5)


def test_a_monitor_is_a_resistor(cells, neurons):
    die = make_resistor(1e-3, neurons, replace(cells, formed_v0=10.0), Streams(0, "monitor"))
    topology = Topology(
        nodes=3, source_nodes=(1, 2), contacts=((1, LineKind.WORD, 0, 1.0), (2, LineKind.BIT, 0, 1.0))
    )
    for level in (0.1, 1.0, -1.0):
        point = die.source_point(topology, (volts(level), volts(0.0)), 0)
        assert level / point.current == pytest.approx(1004.0, rel=0.003)
        die.advance(topology, (volts(level), volts(0.0)), 10.0, STAGE)
