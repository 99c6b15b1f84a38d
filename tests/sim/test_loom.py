"""The loom: bench-file wires and closed relays become the network's shape; the stage lags its controller."""

import pytest

from labctl.benchfile import load_bench
from labctl.core.lines import LineKind
from labctl.physics.circuit import GROUND
from labctl.sim.clock import VirtualClock
from labctl.sim.stage import LAG, VirtualStage
from labctl.sim.wiring import WiringLoom


class Silence:
    """No noise at all."""

    def normal(self, quantity):
        return 0.0

    def constant(self, quantity):
        return 0.0


@pytest.fixture(scope="module")
def loom():
    return WiringLoom(load_bench("virtual_56x8"))


def test_every_row_and_terminal_has_its_node(loom):
    assert loom.terminals == ["smu1.a", "smu1.b", "smu2.a", "smu2.b", "smu3.a", "smu3.b"]
    assert loom.source_nodes == tuple(loom.row_node(row) for row in "ABCDEF")
    assert len({loom.row_node(row) for row in "ABCDEFGH"} | {GROUND}) == loom.nodes


def test_the_series_resistor_and_the_ground_lead(loom):
    bridges = {
        frozenset((a, b)): siemens for a, b, siemens in loom.topology(frozenset(), frozenset()).bridges
    }
    assert bridges[frozenset((loom.row_node("H"), loom.row_node("F")))] == pytest.approx(1 / 20e3)
    assert bridges[frozenset((loom.row_node("G"), GROUND))] == pytest.approx(1 / 0.2)
    assert len(bridges) == 2


def test_closed_relays_become_contacts(loom):
    topology = loom.topology(frozenset({("B", 3), ("C", 62), ("F", 72)}), frozenset({2}))
    contacts = {(node, kind, index) for node, kind, index, _ in topology.contacts}
    assert contacts == {
        (loom.row_node("B"), LineKind.WORD, 2),
        (loom.row_node("C"), LineKind.BIT, 5),
        (loom.row_node("F"), LineKind.NEURON, 7),
    }
    assert topology.heaters == {2}


def test_the_stage_follows_with_a_lag_and_cannot_cool_below_the_room():
    clock = VirtualClock()
    stage = VirtualStage(clock, Silence(), room=296.0)
    stage.regulate(313.0, heater_on=True)
    clock.wait(LAG)
    assert stage.temperature() == pytest.approx(313.0 - 17.0 / 2.718281828, abs=1e-6)
    clock.wait(30 * LAG)
    assert stage.temperature() == pytest.approx(313.0, abs=1e-6)
    stage.regulate(280.0, heater_on=True)
    clock.wait(30 * LAG)
    assert stage.temperature() == pytest.approx(296.0, abs=1e-6)


def test_time_does_not_run_backwards():
    with pytest.raises(ValueError, match="cannot pass"):
        VirtualClock().wait(-1.0)
