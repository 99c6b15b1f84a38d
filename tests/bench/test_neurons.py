"""Neurons connected: order and shares on recording fakes, film currents on the virtual bench."""

import pytest

from labctl.bench import open_bench
from labctl.bench.neurons import connect_computing, connect_heater
from labctl.bench.relays import Relays
from labctl.bench.router import Router
from labctl.bench.sources import Sources
from labctl.core.capabilities import Sample
from labctl.core.errors import HotSwitchRefused, LimitExceeded, RouteRefused
from labctl.core.route import Crosspoint
from tests.bench.benches import BITS, fresh_ledger, fresh_relays, small_bench
from tests.bench.fakes import World

LEVELS = {"A": -0.1, "B": 0.1, "C": 0.2, "D": 0.3, "E": 0.2}


@pytest.fixture
def world():
    return World(small_bench())


@pytest.fixture
def parts(world):
    sources = Sources(world.mainframes)
    book = fresh_relays(world.bench)
    relays = Relays(world.bench, world.matrix, world.mainframes, sources, book)
    relays.isolate_all()
    world.log.clear()
    return world.bench, Router(world.bench), relays, sources, fresh_ledger(world.bench)


def test_one_heater_is_connected_and_the_guard_rises_before_the_tap(world, parts):
    with connect_heater(1, 0.095, *parts) as heater:
        assert world.heaters == {1}
        world.log.clear()
        world.mainframes["smu2"].channels["a"].readings = iter([Sample(0.2e-3, False)])
        assert heater.drive(0.05) == 0.2e-3
        assert world.log[:2] == [("level", "smu1.a", 0.05), ("level", "smu2.a", 0.05)]
        with pytest.raises(LimitExceeded, match="at most 95 mV"):
            heater.drive(0.1)
        heater.release()
        assert not any(world.levels.values())
    assert not any(world.on.values())


def test_outputs_are_read_one_after_another_at_the_output_bias_with_inputs_held(world, parts):
    with connect_computing(LEVELS, range(BITS), *parts) as array:
        array.arrange(list("ABCGE"))
        array.apply(LEVELS)
        held = dict(world.levels)
        world.log.clear()
        world.mainframes["smu3"].channels["b"].readings = iter([Sample(n * 1e-6, False) for n in range(3)])
        assert array.read_outputs(range(3)) == [0.0, 1e-6, 2e-6]
        assert [entry[2] for entry in world.log if entry[0] == "level"] == [0.05, 0.0] * 3
        closed = [entry[1] for entry in world.log if entry[0] == "close"]
        assert closed == [{Crosspoint("F", 9)}, {Crosspoint("F", 10)}, {Crosspoint("F", 11)}]
        assert {terminal: world.levels[terminal] for terminal in held} == held


def test_word_lines_move_between_rows_only_at_zero(world, parts):
    with connect_computing(LEVELS, range(BITS), *parts) as array:
        array.arrange(list("ABCDE"))
        array.apply(LEVELS)
        world.log.clear()
        array.arrange(list("ABCGE"))
        verbs = [entry[0] for entry in world.log]
        assert verbs == ["level"] * 5 + ["open", "close"]
        assert world.log[-1][1] == {Crosspoint("G", 4)}
        assert not any(world.levels.values())


def test_inputs_are_released_in_reverse_of_the_order_in_which_they_rose(world, parts):
    with connect_computing(LEVELS, range(BITS), *parts) as array:
        array.arrange(list("ABCDE"))
        array.apply(LEVELS)
        world.log.clear()
        array.release()
        assert [entry[1] for entry in world.log] == ["smu3.a", "smu2.b", "smu2.a", "smu1.b", "smu1.a"]


def test_levels_beyond_the_plan_and_rows_too_few_are_refused(parts):
    with connect_computing(LEVELS, range(BITS), *parts) as array:
        with pytest.raises(LimitExceeded, match="row B = 200 mV, this route was checked for at most 100 mV"):
            array.apply({"B": 0.2})
        with pytest.raises(RouteRefused, match="4 rows for 5 word lines"):
            array.arrange(list("ABCD"))


def test_a_relay_of_the_output_row_waits_for_zero(world, parts):
    with connect_computing(LEVELS, range(BITS), *parts) as array:
        world.levels["smu3.b"] = 0.05
        with pytest.raises(HotSwitchRefused, match="smu3.b on row F stands at 50 mV"):
            array.read_outputs([0])


def test_a_neuron_opens_above_its_threshold_and_closes_when_released(tmp_path, monkeypatch):
    monkeypatch.setenv("LABCTL_SAMPLES", str(tmp_path / "samples"))
    with open_bench("virtual_56x8") as bench:
        bench.stage.set_setpoint(313.0)
        bench.clock.wait(900.0)
        with bench.connect_heater(2, 0.095) as heater:
            (dark,) = heater.read_outputs([2])
            assert heater.drive(0.09) == pytest.approx(0.09 / bench.heater_resistance, rel=0.1)
            (bright,) = heater.read_outputs([2])
            heater.release()
            (after,) = heater.read_outputs([2])
        assert bright > 20 * dark
        assert after == pytest.approx(dark, rel=0.2)
