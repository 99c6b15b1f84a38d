"""The die as a whole: reproducible, restorable, read cheaply, honest about wiring."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from labctl.core.lines import LineKind
from labctl.physics.circuit import Drive, Source, Topology
from labctl.physics.die import Die

from .conftest import STAGE, Geometry, pulse, volts, write_topology

Make = Callable[..., Die]
REAL = {"forming_spread": 0.05, "threshold_spread": 0.03, "rate_spread": 0.3, "cycle_rate_spread": 0.3}
REAL |= {"unformed_spread": 0.5, "read_noise": 0.005}


def form(die: Die, *chosen: tuple[int, int]) -> None:
    for cell in chosen:
        topology = write_topology(*cell, series=20e3, cable=300e-12)
        for level in (1.0, 1.1, 1.2, 1.3, 1.4):
            pulse(die, topology, level, bias=1.0 / 3.0)


def test_same_seed_same_die_another_die_another_life(make_die: Make) -> None:
    lives = []
    for seed, number in ((1, 0), (1, 0), (1, 1), (2, 0)):
        die = make_die(seed=seed, die=number, **REAL)
        form(die, (0, 0))
        lives.append(die.state())
    assert all(np.array_equal(lives[0][name], lives[1][name]) for name in lives[0])
    assert not np.array_equal(lives[0]["log_conductance"], lives[2]["log_conductance"])
    assert not np.array_equal(lives[0]["log_conductance"], lives[3]["log_conductance"])


def test_a_cell_does_not_care_when_others_were_written(make_die: Make) -> None:
    one, other = make_die(**REAL), make_die(**REAL)
    form(one, (0, 0), (3, 2))
    form(other, (3, 2), (0, 0))
    assert np.allclose(one.conductance(), other.conductance(), rtol=1e-3)
    assert np.array_equal(one.cells.events, other.cells.events)


def test_state_round_trip(make_die: Make) -> None:
    die = make_die(**REAL)
    form(die, (0, 0), (1, 1))
    saved = {name: np.array(value) for name, value in die.state().items()}
    twin = make_die(**REAL)
    twin.restore(saved)
    for each in (die, twin):
        form(each, (2, 2))
        pulse(each, write_topology(1, 1), -0.8)
    after, again = die.state(), twin.state()
    for name in after:
        assert np.allclose(after[name], again[name], rtol=1e-6, atol=1e-15), name
    read = write_topology(1, 1)
    levels = (volts(0.1), volts(0.0), volts(0.0))
    one, two = (each.solve(read, levels, STAGE).source_current[2] for each in (die, twin))
    assert one == pytest.approx(two, rel=1e-6)


def test_a_foreign_state_is_refused(make_die: Make) -> None:
    state = make_die().state()
    with pytest.raises(ValueError, match="'formed' is of shape"):
        make_die(Geometry(word_lines=7)).restore(state)
    del state["nucleation"]
    with pytest.raises(ValueError, match="nucleation"):
        make_die().restore(state)


def test_reads_are_noisy_in_time_but_not_within_a_moment(make_die: Make) -> None:
    die = make_die(read_noise=0.005)
    form(die, (0, 0))
    topology, levels = write_topology(0, 0), (volts(0.1), volts(0.0), volts(0.0))
    readings = []
    for _ in range(50):
        die.advance(topology, levels, 1e-3, STAGE)
        first = die.solve(topology, levels, STAGE).source_current[2]
        assert die.solve(topology, levels, STAGE).source_current[2] == first
        readings.append(first)
    assert 0.001 < np.std(readings) / abs(np.mean(readings)) < 0.01


def test_what_the_terminals_say_is_the_cell(make_die: Make) -> None:
    die = make_die(Geometry(segment_resistance=0.0))
    form(die, (2, 1))
    point = die.solve(write_topology(2, 1), (volts(0.05), volts(0.0), volts(0.0)), STAGE)
    assert -point.source_current[2] / 0.05 == pytest.approx(die.conductance()[2, 1], rel=5e-3)
    assert point.cell_voltage[2, 1] == pytest.approx(0.05, rel=1e-2)
    assert point.source_current.sum() == pytest.approx(0.0, abs=1e-15)


def test_segment_resistance_and_a_missing_contact_change_what_is_read(make_die: Make) -> None:
    readings = []
    for ohm in (0.0, 20.0):
        die = make_die(Geometry(segment_resistance=ohm))
        state = die.state()
        state["formed"][:] = True
        state["log_conductance"][:] = np.log(200e-6)
        die.restore(state)
        point = die.solve(write_topology(0, 3), (volts(0.1), volts(0.0), volts(0.0)), STAGE)
        readings.append(-point.source_current[2])
    assert readings[1] < 0.97 * readings[0]
    topology = write_topology(0, 3)
    lifted = replace(topology, contacts=topology.contacts[1:])
    assert abs(die.solve(lifted, (volts(0.1), volts(0.0), volts(0.0)), STAGE).source_current[2]) < 1e-12


def test_two_sources_on_one_line_fight(make_die: Make) -> None:
    contacts = ((1, LineKind.WORD, 0, 1.0), (2, LineKind.WORD, 0, 1.0))
    topology = Topology(3, (1, 2), contacts=contacts)
    point = make_die().solve(topology, (volts(1.0, 0.1), volts(0.0, 0.1)), STAGE)
    assert point.limited.all() or abs(point.source_current[0]) == pytest.approx(0.1, rel=1e-6)


def test_open_source_reads_what_the_line_has_and_nothing_is_nan_but_the_unknown(make_die: Make) -> None:
    topology = replace(write_topology(0, 0), nodes=6)
    point = make_die().solve(topology, (Source(Drive.OPEN), volts(0.5), volts(0.5)), STAGE)
    assert point.source_voltage[0] == pytest.approx(0.5, rel=1e-3)
    assert point.source_current[0] == 0.0
    assert np.isnan(point.node_voltage).tolist() == [False, False, False, False, True, True]


def test_everything_open_is_quiet(make_die: Make) -> None:
    die, topology = make_die(), write_topology(0, 0)
    off = (Source(Drive.OPEN),) * 3
    die.advance(topology, off, 1.0, STAGE)
    point = die.solve(topology, off, STAGE)
    assert not point.source_current.any()
    assert not point.cell_current.any()


def test_off_source_is_a_low_impedance(make_die: Make) -> None:
    contacts = ((1, LineKind.WORD, 0, 1.0), (2, LineKind.WORD, 0, 1.0))
    topology = Topology(3, (1, 2), contacts=contacts)
    point = make_die().solve(topology, (volts(0.1), volts(0.0, ohm=100.0)), STAGE)
    assert point.source_current[0] == pytest.approx(0.1 / 102.0, rel=1e-6)
    assert point.source_voltage[1] == pytest.approx(0.1 * 100.0 / 102.0, rel=1e-6)


def test_cable_charge_outlives_a_relay(make_die: Make) -> None:
    """A line left charged meets an empty row: they share the charge."""
    die = make_die()
    charged = Topology(3, (1,), contacts=((1, LineKind.WORD, 0, 1.0),), line_capacitance=100e-12)
    die.advance(charged, (volts(0.4),), 1e-3, STAGE)
    state = die.state()
    assert state["line_voltage"][0] == pytest.approx(0.4)
    empty = Topology(
        3, (1,), contacts=((2, LineKind.WORD, 0, 1.0),), line_capacitance=100e-12, node_capacitance=300e-12
    )
    die.advance(empty, (volts(0.0),), 1e-9, STAGE)
    assert 0.0 <= die.state()["line_voltage"][0] <= 0.1 + 1e-9
