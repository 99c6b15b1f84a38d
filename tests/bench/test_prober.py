"""The prober on the bench: moved only over a bench that is cold, each device with a ledger and a life of its own."""

import subprocess
import sys

import numpy as np
import pytest
import pyvisa

from labctl.bench import open_bench
from labctl.bench.prober import GuardedProber
from labctl.bench.relays import Relays
from labctl.bench.sites import SiteLedgers, device_ledgers, read_all_books, site_ledger
from labctl.bench.sources import Sources
from labctl.benchfile import load_bench, read_bench
from labctl.core.capabilities import DiePosition
from labctl.core.errors import (
    Aborted,
    BenchFileError,
    HotSwitchRefused,
    LabError,
    LinkLost,
    NotConfirmed,
    UnsupportedByBench,
)
from labctl.core.lines import Cell
from labctl.core.paths import samples_folder
from labctl.core.route import Crosspoint, Scheme
from labctl.sim.workbench import new_sample, open_workbench
from labctl.wafer.operator import OperatorProber
from tests.bench.benches import fresh_relays, small_bench
from tests.bench.fakes import World

BENCH = "virtual_wafer"
CELL = Cell(1, 1)


@pytest.fixture(autouse=True)
def samples(tmp_path, monkeypatch):
    monkeypatch.setenv("LABCTL_SAMPLES", str(tmp_path / "samples"))


@pytest.fixture
def altered(tmp_path):
    """A bench file like virtual_wafer with pieces of its text replaced."""

    def write(*replacements, name="altered.toml"):
        text = load_bench(BENCH).text
        for old, new in replacements:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def read(bench, cell=CELL):
    with bench.connect_cell(bench.router.cell_read(cell, 0.1)) as view:
        return view.read(0.1).conductance


def form(bench, cell=CELL):
    """Pulses that it took to form `cell`."""
    with bench.connect_cell(bench.router.cell_form(cell, 1.8, Scheme.THIRD)) as view:
        for pulses in range(18):
            if view.read(0.1).conductance > 1e-6 or view.has_conducted(1e-6):
                return pulses
            view.pulse(0.9 + 0.05 * pulses, 500e-6)
    raise AssertionError("it did not form")


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


def test_a_die_is_formed_and_its_neighbour_is_another_device():
    with open_bench(BENCH) as bench:
        bench.begin_run("one")
        prober = bench.prober
        prober.to_die(3, -2)
        prober.contact()
        assert read(bench) < 1e-7
        pulses = form(bench)
        assert pulses > 0
        formed = read(bench)
        assert formed > 1e-6
        prober.to_die(2, -2)
        prober.contact()
        assert read(bench) < 1e-7
        prober.to_die(3, -2)
        prober.contact()
        assert read(bench) == pytest.approx(formed, rel=0.05)
        assert form(bench) == 0
        assert bench.ledger.books.run.label == "one"
    books = read_all_books(load_bench(BENCH))
    assert {name: each.of(CELL).pulses for name, each in books.items()} == {
        "": 0,
        "x002_y-002": 0,
        "x003_y-002": pulses,
    }


def test_the_ledger_remembers_each_device_and_the_chuck_stays_where_it_is():
    with open_bench(BENCH) as bench:
        bench.prober.to_die(3, -2)
        bench.prober.contact()
        form(bench)
        assert bench.make_safe() == []
        assert bench.prober.position == DiePosition(3, -2, in_contact=True)
    with open_bench(BENCH) as bench:
        assert bench.prober.position == DiePosition(3, -2, in_contact=True)
        assert bench.ledger.has_conducted(CELL, 1e-6)
        states = {row.name: (row.role, row.state, row.verdict) for row in bench.check()}
        assert states["prober"] == ("prober", "die (3, -2), in contact", "in order")
        bench.prober.to_subsite(2e-3, 0.0, "cell")
        bench.prober.contact()
        assert not bench.ledger.has_conducted(CELL, 1e-6)
        read(bench)
        assert str(bench.prober.position) == "die (3, -2), cell"
    assert list(device_ledgers(load_bench(BENCH))) == ["x003_y-002", "x003_y-002_+2000_+0um"]


def test_a_single_cell_and_a_monitor_hang_between_the_first_two_lines():
    with open_bench(BENCH) as bench:
        prober = bench.prober
        prober.to_die(0, 1)
        prober.to_subsite(2e-3, 1e-3, "monitor")
        prober.contact()
        assert 1.0 / read(bench, Cell(0, 0)) == pytest.approx(1e3, rel=0.02)
        assert abs(read(bench, Cell(1, 0))) < 1e-7
        prober.to_subsite(2e-3, 0.0, "cell")
        prober.contact()
        assert form(bench, Cell(0, 0)) > 0
        assert read(bench, Cell(0, 0)) > 1e-6
        assert abs(read(bench, Cell(0, 1))) < 1e-7
        prober.to_subsite(1e-3, 0.0)
        prober.contact()
        assert abs(read(bench, Cell(0, 0))) < 1e-7


def test_moves_take_a_second_or_so_and_no_bus_call_is_long():
    with open_bench(BENCH) as bench:
        before = bench.clock.now()
        bench.prober.to_die(1, 0)
        bench.prober.contact()
        assert 0.8 < bench.clock.now() - before < 3.0
        driver = bench._drivers["prober"]
        assert driver._bus.connection.timeout == 100


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


def test_a_badly_contacted_die_is_open_and_a_dead_one_only_does_not_form(altered):
    bad = altered(("bad_contacts = 0.04", "bad_contacts = 1.0"))
    with open_bench(bad) as bench:
        bench.prober.contact()
        with bench.connect_heater(0, 0.01) as heater:
            assert abs(heater.drive(0.01)) < 1e-7
    dead = altered(("dead_dies = 0.04", "dead_dies = 1.0"), ("bad_contacts = 0.04", "bad_contacts = 0.0"))
    new_sample(str(dead))
    with open_bench(dead) as bench:
        bench.prober.contact()
        with bench.connect_heater(0, 0.01) as heater:
            assert 0.01 / heater.drive(0.01) == pytest.approx(260, rel=0.1)
        with pytest.raises(AssertionError, match="did not form"):
            form(bench)


def test_any_die_is_made_alone_and_a_wafer_of_another_make_is_refused(altered):
    workbench = open_workbench(BENCH)
    first = workbench.wafer.device(workbench.wafer.under(-2 * 8e-3, 3 * 8e-3)).die.cells.parameters
    assert len(workbench.wafer.dies) == 100
    workbench.close()
    workbench = open_workbench(BENCH)
    for x, y in ((0, 0), (4, 1)):
        workbench.wafer.device(workbench.wafer.under(x * 8e-3, y * 8e-3))
    again = workbench.wafer.device(workbench.wafer.under(-2 * 8e-3, 3 * 8e-3)).die.cells.parameters
    np.testing.assert_array_equal(first, again)
    workbench.close()
    with pytest.raises(LabError, match="made for another bench file.*wafer.*new-sample"):
        open_workbench(str(altered(("dead_dies = 0.04", "dead_dies = 0.05"))))


def test_a_new_sample_is_a_virgin_wafer_with_empty_ledgers():
    with open_bench(BENCH) as bench:
        bench.prober.contact()
        form(bench)
    new_sample(BENCH)
    assert device_ledgers(load_bench(BENCH)) == {}
    with open_bench(BENCH) as bench:
        assert bench.prober.position == DiePosition(0, 0)
        bench.prober.contact()
        assert form(bench) > 0


KILLED = """
import os
from labctl.bench import open_bench
from tests.bench.test_prober import CELL, form
bench = open_bench("virtual_wafer")
bench.prober.to_die(3, -2)
bench.prober.contact()
print(form(bench), flush=True)
os._exit(9)  # as kill -9: nothing is put away
"""


def test_what_a_killed_program_did_to_a_device_is_kept():
    killed = subprocess.run(
        [sys.executable, "-c", KILLED], check=False, capture_output=True, text=True, timeout=100
    )
    assert (killed.returncode, killed.stderr) == (9, "")
    assert int(killed.stdout) > 0
    with open_bench(BENCH) as bench:
        assert bench.prober.position == DiePosition(3, -2, in_contact=True)
        assert read(bench) > 1e-6
        assert bench.ledger.books.of(CELL).pulses == int(killed.stdout)


def test_a_damaged_device_is_told():
    with open_bench(BENCH) as bench:
        bench.prober.contact()
    device = samples_folder() / "virtual_wafer.devices" / "x000_y000.device"
    device.write_bytes(device.read_bytes()[:200])
    with pytest.raises(LabError, match=r"x000_y000.device cannot be read .*new-sample"):
        open_workbench(BENCH)


def test_the_record_says_which_die_it_was():
    with open_bench(BENCH) as bench:
        bench.prober.to_die(3, -2)
        bench.prober.to_subsite(2e-3, 1e-3, "monitor")
        found = bench.conditions()
    assert [found[name] for name in ("die_x", "die_y", "die_dx", "die_dy")] == [3, -2, 2e-3, 1e-3]


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


# Ledgers of real wafers, and a person as the prober ---------------------------------------------------------------


def test_wafers_are_kept_apart_by_name_on_a_real_bench():
    bench = small_bench()
    place = DiePosition(3, -2, in_contact=True)
    assert site_ledger(bench, place).parent == samples_folder() / "small.devices"
    with SiteLedgers(bench) as ledgers:
        ledgers.begin_run("a")
        ledgers.put_wafer("L1_W1")
        ledgers.meet(place)
        ledgers.current.book_read(CELL, 0.1, 1e-5, 1e-3)
        assert ledgers.current.has_conducted(CELL, 1e-6)
        ledgers.put_wafer("L1_W2")
        assert not ledgers.current.has_conducted(CELL, 1e-6)
        ledgers.put_wafer("L1_W1")
        assert ledgers.current.has_conducted(CELL, 1e-6)
    assert list(device_ledgers(bench, "L1_W1")) == ["x003_y-002"]


def test_places_that_differ_by_less_than_a_micrometre_share_a_ledger():
    bench = small_bench()
    near, far = (DiePosition(0, 0, None, True, dx, 0.0) for dx in (0.4e-6, 0.6e-6))
    assert site_ledger(bench, near) == site_ledger(bench, DiePosition(0, 0, "array", True))
    assert site_ledger(bench, far) != site_ledger(bench, near)


def test_an_operator_is_told_what_to_do():
    told = []
    prober = OperatorProber(told.append)
    assert prober.position is None
    prober.to_die(3, -2)
    prober.to_subsite(1.5e-3, 0.0, "cell")
    prober.contact()
    assert prober.position == DiePosition(3, -2, "cell", True, 1.5e-3, 0.0)
    prober.to_subsite(0.0, 0.0)
    prober.separate()
    assert told == [
        "Separate the probes from the wafer, then press Enter.",
        "Move to the reference point of die (3, -2), then press Enter.",
        "Move to x 1.5 mm, y 0 m from the reference point of die (3, -2) (cell), then press Enter.",
        "Make contact on die (3, -2), cell, then press Enter.",
        "Separate the probes from the wafer, then press Enter.",
        "Move to the reference point of die (3, -2), then press Enter.",
    ]
    assert prober.position == DiePosition(3, -2)


def test_an_operator_who_gives_up_leaves_an_unknown_place():
    def gives_up(sentence):
        if sentence.startswith("Make contact"):
            raise KeyboardInterrupt

    prober = OperatorProber(gives_up)
    with pytest.raises(LabError, match="move to a die first"):
        prober.contact()
    prober.to_die(0, 0)
    with pytest.raises(KeyboardInterrupt):
        prober.contact()
    assert prober.position is None


OPERATOR = ('kind = "velox"\ninstrument = "prober"', 'kind = "operator"')


def test_a_bench_with_an_operator_asks_for_one(altered):
    with open_bench(altered(OPERATOR)) as bench:
        with pytest.raises(UnsupportedByBench, match="moved by a person .prober.kind., and nobody is asked"):
            _ = bench.prober
        chuck = bench._drivers["prober"]
        hands = {"Make": chuck.contact, "Sepa": chuck.separate, "Move": lambda: chuck.to_die(3, -2)}
        bench.use_prober(OperatorProber(lambda sentence: hands[sentence[:4]]()))
        bench.prober.to_die(3, -2)
        with pytest.raises(UnsupportedByBench, match="the chuck is separated"):
            read(bench)
        bench.prober.contact()
        assert form(bench) > 0
        assert bench.ledger.has_conducted(CELL, 1e-6)


def test_only_a_bench_that_says_so_takes_an_operator():
    for name, words in (
        (BENCH, "leaves no prober to a person"),
        ("virtual_56x8", "leaves no prober to a person"),
    ):
        with open_bench(name) as bench, pytest.raises(UnsupportedByBench, match=words):
            bench.use_prober(OperatorProber(print))
    with open_bench("virtual_56x8") as bench, pytest.raises(UnsupportedByBench, match="has no prober"):
        _ = bench.prober


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            'kind = "velox"',
            'kind = "robot"',
            "prober.kind: 'robot' is no kind of prober (there are: velox, operator)",
        ),
        ('kind = "velox"', 'kind = "operator"', 'prober: kind = "operator" names no instrument'),
        ('instrument = "prober"', "", 'prober: kind = "velox" needs instrument = "..."'),
        (
            'instrument = "prober"',
            'instrument = "robot"',
            "prober.instrument: there is no instrument 'robot'",
        ),
        (
            'instrument = "prober"',
            'instrument = "stage"',
            "prober.instrument: stage is a lakeshore336, no velox",
        ),
        (
            'offset = ["2 mm", "1 mm"]',
            'offset = ["2 mm", "0 mm"]',
            "virtual.wafer: the subsites cell and monitor lie at the same place",
        ),
        ("dead_dies = 0.04", "dead_dies = 4", "virtual.wafer.defects.dead_dies: = 4, allowed 0 to 1"),
        (
            "dead_dies = 0.04",
            "dead_die = 0.04",
            "virtual.wafer.defects.dead_die: unknown key (there are: dead_dies, bad_contacts, ",
        ),
        (
            'array = { kind = "array" }',
            'array = { kin = "array" }',
            "virtual.wafer.subsites.array.kin: unknown key (there are: kind, offset, resistance)",
        ),
    ],
)
def test_a_wrong_prober_or_wafer_is_told_with_its_place(old, new, sentence):
    good = load_bench(BENCH)
    assert old in good.text
    with pytest.raises(BenchFileError) as caught:
        read_bench(good.text.replace(old, new), good.source)
    assert any(mistake.startswith(sentence) for mistake in caught.value.mistakes)


def test_a_virtual_wafer_without_a_prober_is_told():
    good = load_bench(BENCH)
    text = good.text.replace('kind = "velox"\ninstrument = "prober"\n', "").replace(
        "[prober]", "[sample]\nname = 'x'"
    )
    with pytest.raises(BenchFileError, match="virtual.wafer: there is no prober to move this wafer"):
        read_bench(text, good.source)
