"""Forming, SET, RESET and what limits them, at the terminals of a small die."""

from collections.abc import Callable

import numpy as np
import pytest

from labctl.core.lines import LineKind
from labctl.physics.circuit import Drive, Source, Topology
from labctl.physics.die import Die
from labctl.physics.kinetics import growth_rate

from .conftest import STAGE, Geometry, pulse, volts, write_topology

Make = Callable[..., Die]
CELL = (2, 1)


def form(die: Die, series: float, cable: float = 0.0, level: float = 1.3) -> float:
    topology = write_topology(*CELL, series=series, cable=cable)
    for _ in range(3):
        pulse(die, topology, level)
    assert die.cells.formed[CELL]
    return float(die.conductance()[CELL])


def prepare(die: Die, conductance: float) -> None:
    """Put the chosen cell into a known state, the others low."""
    state = die.state()
    state["formed"][:] = True
    state["nucleation"][:] = 1.0
    state["log_conductance"][:] = np.log(3e-6)
    state["log_conductance"][CELL] = np.log(conductance)
    die.restore(state)


def test_forming_ends_where_the_series_resistor_stops_it(make_die: Make) -> None:
    reached = [form(make_die(), series) for series in (10e3, 20e3, 50e3)]
    assert reached[0] > 1.5 * reached[1] > 3.0 * reached[2]
    assert 10e-6 < reached[1] < 100e-6
    # the cell is left with about the voltage at which it no longer grows
    held = 1.3 / (1.0 + 20e3 * reached[1])
    assert 0.5 < held < 0.85


def test_charge_of_the_line_overshoots_the_filament(make_die: Make) -> None:
    assert form(make_die(), 20e3, cable=500e-12) > 2.0 * form(make_die(), 20e3, cable=0.0)


def test_slow_compliance_overshoots_an_ideal_limit(make_die: Make) -> None:
    reached = []
    for response in (0.0, 30e-6):
        die = make_die()
        pulse(die, write_topology(*CELL, cable=1e-12), 1.3, width=1e-3, limit=30e-6, response=response)
        assert die.cells.formed[CELL]
        reached.append(float(die.conductance()[CELL]))
    assert 10e-6 < reached[0] < 120e-6
    assert reached[1] > 2.0 * reached[0]


def test_ideal_limit_holds_the_current(make_die: Make) -> None:
    die = make_die()
    prepare(die, 300e-6)
    topology = write_topology(*CELL)
    point = die.solve(topology, (volts(0.3, 20e-6), volts(0.0), volts(0.0)), STAGE)
    assert point.limited.tolist() == [True, False, False]
    assert point.source_current[0] == pytest.approx(20e-6, rel=1e-9)
    assert point.source_voltage[0] < 0.1
    free = die.solve(topology, (volts(0.3, 1e-3), volts(0.0), volts(0.0)), STAGE)
    assert not free.limited.any()
    assert free.source_voltage[0] == 0.3


def test_current_source_stops_at_its_voltage_limit(make_die: Make) -> None:
    die = make_die()
    prepare(die, 100e-6)
    topology = write_topology(*CELL)
    driven = (Source(Drive.CURRENT, 10e-6, 0.5), volts(0.0), volts(0.0))
    assert die.solve(topology, driven, STAGE).source_current[0] == pytest.approx(10e-6)
    stopped = (Source(Drive.CURRENT, 1e-3, 0.5), volts(0.0), volts(0.0))
    point = die.solve(topology, stopped, STAGE)
    assert point.limited[0]
    assert point.source_voltage[0] == pytest.approx(0.5)


def test_reset_lowers_set_raises_and_small_voltages_do_nothing(make_die: Make) -> None:
    die = make_die()
    prepare(die, 50e-6)
    topology = write_topology(*CELL)
    pulse(die, topology, 0.1)
    pulse(die, topology, -0.1)
    assert die.conductance()[CELL] == pytest.approx(50e-6, rel=1e-6)
    pulse(die, topology, -0.75)
    low = die.conductance()[CELL]
    assert low < 45e-6
    pulse(die, topology, 0.75)
    assert die.conductance()[CELL] > 1.2 * low
    assert die.cells.events[CELL] == 2
    assert die.cells.energy[CELL] > 0.0


def test_kinetics_span_nine_decades(make_die: Make) -> None:
    constants = make_die().cells.parameters[CELL]
    at = np.log(50e-6)
    assert growth_rate(constants, at, 0.7) == pytest.approx(1e4, rel=0.3)  # one e-fold in 100 us
    assert growth_rate(constants, at, 0.7) > 1e9 * growth_rate(constants, at, 0.2) > 0.0
    assert growth_rate(constants, at, -0.7) < 1e9 * growth_rate(constants, at, -0.2) < 0.0


def test_half_selected_cells_stay(make_die: Make) -> None:
    die = make_die()
    prepare(die, 50e-6)
    state = die.state()
    state["log_conductance"][:] = np.log(np.geomspace(5e-6, 200e-6, 24)).reshape(6, 4)
    die.restore(state)
    before = die.conductance()
    topology = write_topology(*CELL)
    for _ in range(10):
        pulse(die, topology, 0.75)
        pulse(die, topology, -0.75)
    change = np.abs(np.log(die.conductance() / before))
    change[CELL] = 0.0
    assert change.max() < 0.01
    assert change[CELL[0]].max() > 0.0  # but it is not forbidden: the same kinetics act


def test_a_read_of_minutes_disturbs_little(make_die: Make) -> None:
    die = make_die()
    prepare(die, 5e-6)
    topology = write_topology(*CELL)
    die.advance(topology, (volts(0.3), volts(0.0), volts(0.0)), 420.0, STAGE)
    assert abs(np.log(die.conductance()[CELL] / 5e-6)) < 0.05


def test_never_forming_cells(make_die: Make) -> None:
    die = make_die(never_forming=1.0)
    for level in (1.2, 1.6, 2.0):
        pulse(die, write_topology(*CELL, series=20e3), level)
    assert not die.cells.formed.any()
    assert die.conductance()[CELL] < 10e-9


def test_warm_cells_switch_faster(make_die: Make) -> None:
    changes = []
    for stage in (290.0, 330.0):
        die = make_die()
        prepare(die, 50e-6)
        pulse(die, write_topology(*CELL), -0.65, stage=stage)
        changes.append(np.log(50e-6 / die.conductance()[CELL]))
    assert changes[1] > 1.5 * changes[0] > 0.0


@pytest.mark.parametrize("target", [5e-6, 20e-6, 100e-6, 200e-6])
@pytest.mark.parametrize("start", [3e-6, 250e-6])
def test_incremental_pulses_reach_a_five_percent_window(make_die: Make, target: float, start: float) -> None:
    counts = []
    for number in range(8):
        die = make_die(die=number, threshold_spread=0.03, rate_spread=0.3, cycle_rate_spread=0.3)
        prepare(die, start)
        topology, level, count = write_topology(*CELL), 0.0, 0
        while abs(die.conductance()[CELL] / target - 1.0) > 0.05 and count < 80:
            side = 1.0 if die.conductance()[CELL] < target else -1.0
            level = level + side * 0.025 if level * side > 0.0 else side * 0.45
            pulse(die, topology, level)
            count += 1
        counts.append(count)
    assert max(counts) < 80
    assert np.median(counts) <= 25


def test_many_cells_switch_in_one_pulse(make_die: Make) -> None:
    """All word lines raised against all bit lines (a wiring fault): every cell forms, none is forgotten."""
    die = make_die(Geometry(word_lines=25, segment_resistance=0.0))
    contacts = [(1, LineKind.WORD, word, 1.0) for word in range(25)]
    contacts += [(0, LineKind.BIT, bit, 10.0) for bit in range(4)]
    topology = Topology(2, (1,), contacts=tuple(contacts))
    die.advance(topology, (volts(1.4),), 1e-3, STAGE)
    assert die.cells.formed.all()


def test_conductance_stays_between_its_ends(make_die: Make) -> None:
    die = make_die()
    prepare(die, 50e-6)
    topology = write_topology(*CELL)
    pulse(die, topology, -1.4, width=1e-2, bias=1.0 / 3.0)
    assert die.conductance()[CELL] == pytest.approx(die.cells.preset.lowest_conductance, rel=0.05)
    pulse(die, topology, 1.2, width=1e-2, bias=1.0 / 3.0)
    assert die.conductance()[CELL] == pytest.approx(die.cells.preset.highest_conductance, rel=0.05)
