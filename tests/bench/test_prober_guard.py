"""The prober moves only over a bench that is cold, and nothing is connected where no probe touches."""

import pytest
import pyvisa

from labctl.bench import open_bench
from labctl.bench.prober import GuardedProber
from labctl.bench.relays import Relays
from labctl.bench.sites import SiteLedgers
from labctl.bench.sources import Sources
from labctl.core.capabilities import DiePosition
from labctl.core.errors import Aborted, HotSwitchRefused, LinkLost, NotConfirmed, UnsupportedByBench
from labctl.core.route import Crosspoint, Scheme
from tests.bench.benches import fresh_relays, small_bench
from tests.bench.fakes import World
from tests.bench.probing import BENCH, CELL, read

pytestmark = pytest.mark.usefixtures("samples")


class FakeProber:
    """Does at once what it is told, and writes down how the bench stood then."""

    def __init__(self, world):
        self.world, self.position, self.fails = world, DiePosition(0, 0), None

    def _did(self, what, position):
        on = [name for name, is_on in self.world.on.items() if is_on]
        self.world.log.append((what, on, set(self.world.closed), set(self.world.heaters)))
        if self.fails:
            self.position = None
            raise self.fails
        self.position = position

    def to_die(self, x, y):
        self._did("die", DiePosition(x, y))

    def to_subsite(self, dx, dy, name=None):
        self._did("subsite", DiePosition(self.position.x, self.position.y, name, False, dx, dy))

    def contact(self):
        self._did("contact", DiePosition(self.position.x, self.position.y, in_contact=True))

    def separate(self):
        self._did("separate", DiePosition(self.position.x, self.position.y))


@pytest.fixture
def guarded():
    """A prober behind its guard, the world under it, and the sources."""
    bench = small_bench()
    world = World(bench)
    sources = Sources(world.mainframes)
    relays = Relays(bench, world.matrix, world.mainframes, sources, fresh_relays(bench))
    relays.isolate_all()
    with SiteLedgers(bench) as ledgers:
        yield GuardedProber(FakeProber(world), sources, relays, ledgers, "small"), world, sources


MOVES = {
    "die": lambda prober: prober.to_die(3, -2),
    "subsite": lambda prober: prober.to_subsite(1e-3, 0.0),
    "contact": lambda prober: prober.contact(),
    "separate": lambda prober: prober.separate(),
}


@pytest.mark.parametrize("what", MOVES)
def test_every_move_finds_outputs_off_crosspoints_open_and_heaters_isolated(guarded, what):
    prober, world, _ = guarded
    world.closed |= {Crosspoint("B", 1), Crosspoint("C", 6)}
    prober._relays.connect(frozenset({Crosspoint("B", 1)}), frozenset({0}))
    assert world.heaters == {0}
    world.log.clear()
    MOVES[what](prober)
    *before, move = world.log
    assert move == (what, [], set(), set())
    assert [entry for entry in before if entry[0] == "off"] == [("off", name) for name in world.levels]
    assert ("heater", 0, False) in before


@pytest.mark.parametrize("what", MOVES)
def test_nothing_moves_while_a_connection_is_open(guarded, what):
    prober, world, sources = guarded
    sources._on.add("smu1.b")
    world.log.clear()
    with pytest.raises(HotSwitchRefused, match="smu1.b drive the sample"):
        MOVES[what](prober)
    assert world.log == []


@pytest.mark.parametrize("what", MOVES)
def test_nothing_moves_while_an_output_does_not_say_that_it_is_off(guarded, what):
    prober, world, _ = guarded
    world.silent.add("smu2")
    with pytest.raises(NotConfirmed, match="smu2.a could not be confirmed to be off"):
        MOVES[what](prober)
    assert not [entry for entry in world.log if entry[0] in MOVES]


def test_after_a_failed_move_nothing_is_measured_and_nothing_booked_on_a_device(guarded):
    prober, _, _ = guarded
    prober.contact()
    ledgers = prober._ledgers
    assert ledgers.current is not ledgers._own
    prober._prober.fails = LinkLost("prober (Velox) does not answer")
    with pytest.raises(LinkLost):
        prober.to_die(1, 1)
    assert ledgers.current is ledgers._own
    with pytest.raises(UnsupportedByBench, match="not known.*labctl bench chuck --bench small --die"):
        prober.refuse_without_contact()


def test_without_contact_a_run_is_told_what_to_do():
    with open_bench(BENCH) as bench:
        assert bench.prober.position == DiePosition(0, 0)
        assert bench.messages < 60
        sentence = (
            "the chuck is separated, no probe touches die .0, 0.. Make contact first: labctl bench chuck"
        )
        for connect in (
            lambda: bench.connect_cell(bench.router.cell_form(CELL, 1.8, Scheme.THIRD)),
            lambda: bench.connect_heater(0, 0.01),
            lambda: bench.connect_computing({"A": 0.1}, [0]),
        ):
            with pytest.raises(UnsupportedByBench, match=sentence):
                connect()


def test_an_abort_during_a_move_is_heeded_and_the_move_let_finish_before_the_next():
    with open_bench(BENCH) as bench:
        driver = bench._drivers["prober"]
        bench.prober.to_die(1, 0)
        polls, poll = [], driver.poll

        def counted():
            polls.append(bench.clock.now())
            if len(polls) == 2:
                bench.order.give("enough", reached=False)
            return poll()

        driver.poll = counted
        with pytest.raises(Aborted, match="enough"):
            bench.prober.contact()
        driver.poll = poll
        assert len(polls) == 2
        assert bench.prober.position is None
        bench.order.withdraw()
        with pytest.raises(UnsupportedByBench, match="not known"):
            read(bench)
        bench.prober.separate()
        driver.locate()
        assert bench.prober.position == DiePosition(1, 0)


def test_a_chuck_that_moves_hot_is_written_down(invariants):
    manager = pyvisa.ResourceManager(f"{BENCH}@labctl")
    smu, matrix, prober = (manager.open_resource(f"GPIB0::{n}::INSTR") for n in (21, 16, 28))
    workbench = manager.visalib._world
    matrix.write('channel.close("1B01")')
    assert float(smu.query("smub.source.limiti = 1e-3 print(smub.source.limiti)")) == 1e-3
    smu.write("smub.source.output = 1 smub.source.levelv = 0.2")
    assert prober.query("MoveChuckContact 100") == "0:\n"
    assert workbench.relay_record()[1] == {"chuck": 1}
    smu.write("smub.source.levelv = 0 smub.source.output = 0")
    manager.close()
    assert any(
        "the chuck moved (MoveChuckContact 100) with smu1.b on" in what for what in invariants.violations
    )
    invariants.forgive()
