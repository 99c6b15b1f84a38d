"""Switching behind a resistor and a cable, against direct integration of one cell with tiny steps."""

from collections.abc import Callable

import numpy as np
import pytest

from labctl.core.lines import LineKind
from labctl.physics.circuit import Topology
from labctl.physics.die import Die
from labctl.physics.kinetics import growth_rate, nucleation_rate
from labctl.physics.newton import cell_law

from .conftest import STAGE, Geometry, pulse, volts, write_topology

Make = Callable[..., Die]
SERIES = 20e3


def lone_cell(cable: float) -> Topology:
    """One cell of a 2 x 2 die between a source behind 20 kohm and ground; the other bit line floats."""
    contacts = tuple((node, kind, line, 1.0) for node, kind, line in (
        (2, LineKind.WORD, 0), (0, LineKind.BIT, 0), (0, LineKind.WORD, 1)))  # fmt: skip
    return Topology(3, (1,), bridges=((1, 2, 1.0 / SERIES),), contacts=contacts, node_capacitance=cable)


def integrate(die: Die, level: float, cable: float, duration: float) -> tuple[float, float]:
    """Euler with steps far below every time constant: (conductance, energy) of the lone cell."""
    p, v0 = die.cells.parameters[0, 0], die.cells.preset.formed_v0
    time, node, nucleation, log_g, energy = 0.0, 0.0, 0.0, float(p[20]), 0.0
    leak = 2e-9  # through two unformed cells and the floating bit line
    while time < duration:
        g = np.exp(log_g) if nucleation >= 1.0 else 4e-9
        if cable == 0.0:  # bisection of the series circuit
            low, high = 0.0, level
            for _ in range(60):
                node = 0.5 * (low + high)
                current = cell_law(node, g, 1.0 / v0)[0] + leak * node
                low, high = (node, high) if (level - node) / SERIES > current else (low, node)
        current, slope = cell_law(node, g, 1.0 / v0)
        rate = growth_rate(p, log_g, node) if nucleation >= 1.0 else nucleation_rate(p, node)
        rate *= die.cells.temperature_factor(STAGE)
        dt = min(0.01 / rate if rate > 0.0 else 1.0, duration - time, duration / 200)
        if cable > 0.0:
            dt = min(dt, 0.02 * cable * SERIES, 0.02 * cable / slope)
            node += dt / cable * ((level - node) / SERIES - current - leak * node)
        energy += node * current * dt
        if nucleation < 1.0:
            nucleation += rate * dt
        else:
            log_g += rate * dt
        time += dt
    return float(np.exp(log_g)), energy


@pytest.mark.parametrize("cable", [0.0, 20e-12, 300e-12])
def test_forming_behind_a_resistor_follows_the_circuit(make_die: Make, cable: float) -> None:
    die = make_die(Geometry(2, 2))
    topology = lone_cell(cable)
    die.advance(topology, (volts(0.0),), 1e-3, STAGE)
    die.advance(topology, (volts(1.3),), 100e-6, STAGE)
    conductance, energy = integrate(die, 1.3, cable, 100e-6)
    assert die.cells.formed[0, 0]
    assert die.conductance()[0, 0] == pytest.approx(conductance, rel=0.03)
    assert die.cells.energy[0, 0] == pytest.approx(energy, rel=0.1)


def test_a_pulse_in_pieces_is_the_same_pulse(make_die: Make) -> None:
    """Charge of the line, and the time until a limit acts, survive between two calls."""
    topology = lone_cell(300e-12)
    reached = []
    for pieces in (1, 40):
        die = make_die(Geometry(2, 2))
        for _ in range(pieces):
            die.advance(topology, (volts(1.2),), 40e-6 / pieces, STAGE)
        reached.append(die.cells.nucleation[0, 0])
    assert 0.01 < reached[0] < 0.9
    assert reached[1] == pytest.approx(reached[0], rel=0.05)


def test_the_response_time_of_a_limit_runs_on_between_calls(make_die: Make) -> None:
    reached = []
    for pieces in (1, 25):
        die = make_die()
        state = die.state()
        state["formed"][2, 1], state["log_conductance"][2, 1] = True, np.log(20e-6)
        die.restore(state)
        topology = write_topology(2, 1, cable=1e-12)
        sources = (volts(0.75, 20e-6, response=100e-6), volts(0.375), volts(0.0))
        for _ in range(pieces):
            die.advance(topology, sources, 500e-6 / pieces, STAGE)
        reached.append(die.conductance()[2, 1])
    assert reached[0] > 30e-6
    assert reached[1] == pytest.approx(reached[0], rel=0.05)


def test_a_limit_lets_go_when_the_cell_draws_less(make_die: Make) -> None:
    die = make_die()
    state = die.state()
    state["formed"][2, 1], state["log_conductance"][2, 1] = True, np.log(100e-6)
    die.restore(state)
    topology = write_topology(2, 1)
    read = (volts(0.3, 20e-6), volts(0.0), volts(0.0))
    assert die.solve(topology, read, STAGE).limited[0]
    pulse(die, topology, -0.9)
    point = die.solve(topology, read, STAGE)
    assert not point.limited[0]
    assert point.source_voltage[0] == 0.3


def test_the_clock_of_a_limit_runs_while_nothing_switches(make_die: Make) -> None:
    """Pieces too short to switch anything: full voltage until the response time is over, then next to nothing."""
    die = make_die()
    state = die.state()
    state["formed"][2, 1], state["log_conductance"][2, 1] = True, np.log(100e-6)
    die.restore(state)
    topology = write_topology(2, 1, cable=1e-12)
    sources = (volts(0.55, 10e-6, response=50e-6), volts(0.275), volts(0.0))
    grown = [np.log(100e-6)]
    for _ in range(3):
        for _ in range(40):
            die.advance(topology, sources, 1e-6, STAGE)
        grown.append(np.log(die.conductance()[2, 1]))
    first, second, third = np.diff(grown)
    assert first > 1e-3
    assert second == pytest.approx(first / 4.0, rel=0.3)
    assert third < 0.01 * first
