"""The array and what stands beside it: solved apart, and together where a node joins them."""

from dataclasses import replace

import numpy as np
import pytest

from labctl.core.lines import LineKind
from labctl.physics.circuit import Drive, Source, Topology
from labctl.physics.parts import split

from .conftest import STAGE, volts, write_topology

OUTPUT, BEHIND, LOOSE = 5, 6, 7
"""Nodes beside the array: the neurons' output row with source 3, a row behind a resistor on it, one with nothing."""


def bench(neuron: int = 1, *, heaters: frozenset[int] = frozenset()) -> Topology:
    """A cell selected, and the output of `neuron` connected to a source of its own."""
    cell = write_topology(2, 3)
    return replace(
        cell,
        nodes=8,
        source_nodes=(*cell.source_nodes, OUTPUT),
        bridges=((OUTPUT, BEHIND, 1e-4),),
        contacts=(*cell.contacts, (OUTPUT, LineKind.NEURON, neuron, 1.0)),
        heaters=heaters,
    )


def formed(die):
    """`die` with cells of 50 uS."""
    state = die.state()
    state["formed"][:] = True
    state["log_conductance"][:] = np.log(50e-6)
    die.restore(state)
    return die


def test_one_point_is_that_of_the_whole(make_die) -> None:
    die, topology = formed(make_die()), bench()
    levels = (volts(0.1), volts(0.0), volts(0.0, 1e-6), volts(0.05, 1e-9))
    whole = die.solve(topology, levels, STAGE)
    for index in range(4):
        point = die.source_point(topology, levels, index)
        assert point.voltage == whole.source_voltage[index]
        assert point.current == whole.source_current[index]
        assert point.limited == whole.limited[index]
    assert whole.limited.tolist() == [False, False, True, True]
    potentials = [die.potential(topology, levels, node) for node in range(topology.nodes)]
    np.testing.assert_array_equal(potentials, whole.node_voltage)
    assert np.isnan(potentials[LOOSE])
    assert potentials[BEHIND] == pytest.approx(whole.source_voltage[3])


def test_what_is_apart_and_what_is_not() -> None:
    array, beside, nodes = split(bench())
    assert nodes == {1, 2, 3}
    assert [kind for _, kind, _, _ in beside.contacts] == [LineKind.NEURON]
    assert beside.bridges == ((OUTPUT, BEHIND, 1e-4),)
    assert LineKind.NEURON not in {kind for _, kind, _, _ in array.contacts}
    joined = replace(bench(), bridges=((OUTPUT, BEHIND, 1e-4), (BEHIND, 2, 1e-4)))
    array, beside, nodes = split(joined)
    assert nodes == {1, 2, 3, OUTPUT, BEHIND}
    assert array.contacts == joined.contacts
    assert array.bridges == joined.bridges
    assert not beside.contacts


def test_a_film_on_a_row_of_the_array_is_felt_there(make_die) -> None:
    die, levels = formed(make_die()), (volts(0.1), volts(0.0), volts(0.0))
    without = write_topology(2, 3)
    film = replace(without, contacts=(*without.contacts, (1, LineKind.NEURON, 0, 1.0)))
    alone = die.solve(without, levels, STAGE)
    both = die.solve(film, levels, STAGE)
    assert both.film_current[0] > 1e-8
    assert both.source_current[0] - alone.source_current[0] == pytest.approx(both.film_current[0], rel=1e-6)


def test_reading_an_output_begins_no_moment_of_the_array(make_die) -> None:
    topology, levels = bench(), (volts(0.1), volts(0.0), volts(0.0), volts(0.05))
    seen = []
    for looked_at in ((), (3,), (2,)):
        die = formed(make_die(read_noise=0.005))
        for _ in range(3):
            for index in looked_at:
                die.source_point(topology, levels, index)
            die.advance(topology, levels, 1e-3, STAGE)
        seen.append(die.source_point(topology, levels, 2).current)
    assert seen[0] == seen[1]
    assert seen[0] != seen[2]


def test_moving_an_output_keeps_what_was_solved_of_the_array(make_die) -> None:
    die = formed(make_die())
    one, other = die._parts(bench(0)), die._parts(bench(1))
    assert one.array is other.array
    assert one.beside is not other.beside


def test_an_open_source_beside_the_array_does_no_harm(make_die) -> None:
    die = formed(make_die())
    levels = (volts(0.1), volts(0.0), volts(0.0), Source(Drive.OPEN))
    point = die.solve(bench(), levels, STAGE)
    assert point.source_current[3] == 0.0
    assert point.film_current[1] == pytest.approx(0.0, abs=1e-15)
