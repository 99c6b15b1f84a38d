"""Connected cells on instruments that write down what they are told: order, shares, and how a block may end."""

import pytest

from labctl.bench.array import connect_cell
from labctl.bench.relays import Relays
from labctl.bench.router import Router
from labctl.bench.sources import Sources
from labctl.core.capabilities import Sample
from labctl.core.errors import HotSwitchRefused, LimitExceeded, NotConfirmed, RouteRefused
from labctl.core.lines import Cell
from labctl.core.route import Scheme
from tests.bench.benches import fresh_ledger, fresh_relays, small_bench
from tests.bench.fakes import World

CELL = Cell(3, 1)


@pytest.fixture
def bench():
    return small_bench()


@pytest.fixture
def world(bench):
    return World(bench)


@pytest.fixture
def router(bench):
    return Router(bench)


@pytest.fixture
def connect(bench, world):
    sources = Sources(world.mainframes)
    relays = Relays(bench, world.matrix, world.mainframes, sources, fresh_relays(bench))
    relays.isolate_all()
    ledger = fresh_ledger(bench)
    return lambda route: connect_cell(route, bench, relays, sources, ledger)


def verbs(world):
    return [entry[0] for entry in world.log]


def channel(world, terminal):
    name, letter = terminal.split(".")
    return world.mainframes[name].channels[letter]


def everything_off(world):
    return not any(world.on.values()) and not any(world.levels.values())


def test_relays_move_first_then_every_source_is_confirmed_then_outputs_close(world, router, connect):
    world.log.clear()
    with connect(router.cell_write(CELL, 1.0, Scheme.HALF, 1e-4)):
        assert verbs(world) == ["close", *["prepare"] * 3, *["on"] * 3]
        assert all(level == 0.0 for level in world.levels.values())
    assert verbs(world)[-3:] == ["off"] * 3
    assert everything_off(world)


def test_no_output_closes_when_one_compliance_is_not_confirmed(world, router, connect):
    channel(world, "smu2.a").refuse = True
    with pytest.raises(NotConfirmed), connect(router.cell_write(CELL, 1.0, Scheme.HALF, 1e-4)):
        pass
    assert "on" not in verbs(world)
    assert everything_off(world)


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_error_inside_the_block_leaves_everything_off(world, router, connect, error):
    with pytest.raises(error), connect(router.cell_write(CELL, 1.0, Scheme.THIRD, 1e-4)) as view:  # noqa: PT012
        view.pulse(1.0, 1e-3)
        raise error
    assert everything_off(world)


def test_one_dead_instrument_does_not_keep_the_others_on(world, router, connect):
    with (
        pytest.raises(NotConfirmed, match="smu2.a could not be confirmed to be off"),
        connect(router.cell_write(CELL, 1.0, Scheme.HALF, 1e-4)),
    ):
        world.silent.add("smu2")
    assert not world.on["smu1.a"]
    assert not world.on["smu1.b"]


def test_the_next_route_moves_only_what_differs(world, router, connect):
    with connect(router.cell_read(Cell(3, 1), 0.1)):
        pass
    world.log.clear()
    with connect(router.cell_read(Cell(3, 2), 0.1)):
        pass
    moved = [entry for entry in world.log if entry[0] in ("open", "close")]
    assert [verb for verb, _ in moved] == ["open", "close"]
    assert [len(crosspoints) for _, crosspoints in moved] == [2, 2]


def test_a_relay_beside_a_live_source_does_not_move(world, router, connect):
    world.on["smu1.b"], world.levels["smu1.b"] = True, 0.5
    with (
        pytest.raises(HotSwitchRefused, match="smu1.b on row B stands at 500 mV"),
        connect(router.cell_read(CELL, 0.1)),
    ):
        pass
    assert not world.closed


def test_a_relay_that_carries_current_does_not_move(world, router, connect):
    world.on["smu1.b"], world.leakage = True, 5e-6
    with pytest.raises(HotSwitchRefused, match="passes 5 uA"), connect(router.cell_read(CELL, 0.1)):
        pass


def test_a_read_is_the_difference_of_two_in_four_messages(world, router, connect):
    with connect(router.cell_read(CELL, 0.1)) as view:
        channel(world, "smu1.b").readings = iter([Sample(12e-6, False), Sample(2e-6, False)])
        channel(world, "smu2.a").readings = iter([Sample(-8e-6, False), Sample(1e-6, False)])
        world.log.clear()
        reading = view.read(0.1)
    assert reading.current == pytest.approx(9e-6)
    assert reading.source_current == pytest.approx(10e-6)
    assert reading.conductance == pytest.approx(90e-6)
    assert not reading.limited
    order = [entry[:2] for entry in world.log[:4]]
    assert order == [("level", "smu1.b"), ("sample", "smu2.a"), ("level", "smu1.b"), ("sample", "smu2.a")]


def test_a_read_through_the_resistor_takes_its_drop_off(world, router, connect):
    with connect(router.cell_form(CELL, 1.0, Scheme.HALF)) as view:
        channel(world, "smu3.b").readings = iter([Sample(2.1e-6, False), Sample(0.1e-6, False)])
        channel(world, "smu2.a").readings = iter([Sample(-2e-6, False), Sample(0.0, True)])
        reading = view.read(0.1)
    assert reading.voltage == pytest.approx(0.1 - 20e3 * 2e-6)
    assert reading.limited


def test_reads_and_pulses_beyond_the_route_are_refused(world, router, connect):
    with connect(router.cell_write(CELL, 1.0, Scheme.HALF, 1e-4)) as view:
        with pytest.raises(LimitExceeded, match="read voltage"):
            view.read(0.31)
        with pytest.raises(LimitExceeded, match="at most 1 V"):
            view.pulse(-1.01, 1e-3)
    with connect(router.cell_read(CELL, 0.1)) as view, pytest.raises(RouteRefused, match="reading only"):
        view.pulse(0.5, 1e-3)


@pytest.mark.parametrize("form", [False, True])
@pytest.mark.parametrize("amplitude", [1.2, -1.2])
@pytest.mark.parametrize(("scheme", "share"), [(Scheme.HALF, 1 / 2), (Scheme.THIRD, 1 / 3)])
def test_no_bystander_sees_more_than_its_share_at_any_moment(
    world, router, connect, scheme, share, amplitude, form
):
    route = router.cell_form(CELL, 1.2, scheme) if form else router.cell_write(CELL, 1.2, scheme, 1e-4)
    with connect(route) as view:
        view.pulse(amplitude, 1e-3)
        assert not any(world.levels.values())
    assert world.seen[CELL] == pytest.approx(1.2)
    world.seen[CELL] = 0.0
    assert world.seen.max() == pytest.approx(1.2 * share)


def test_a_half_select_pulse_and_its_verify_read_take_five_messages(world, router, connect):
    with connect(router.cell_write(CELL, 1.0, Scheme.HALF, 1e-4)) as view:
        world.log.clear()
        view.pulse(1.0, 1e-3)
        view.read(0.1)
        assert len(world.log) == 5
        assert world.log[0] == ("pulse", "smu1", ("a", "b"), 1e-3)


def test_a_pulse_that_fails_comes_down_without_overdriving_a_bystander(world, router, connect):
    with pytest.raises(RuntimeError), connect(router.cell_write(CELL, 1.2, Scheme.THIRD, 1e-4)) as view:  # noqa: PT012

        def fail(levels, width, rest=None, spacing=0.0):
            raise RuntimeError

        world.mainframes["smu1"].pulse = fail
        view.pulse(1.2, 1e-3)
    world.seen[CELL] = 0.0
    assert world.seen.max() == pytest.approx(0.4)
    assert everything_off(world)
