"""The judge of messages sees what there is to see, and catches copies of the suite that were broken on purpose."""

import subprocess
import sys
from contextlib import contextmanager, suppress
from dataclasses import replace

import pytest
import pyvisa

from instruments.keithley.k707 import Keithley707B
from instruments.keithley.k2600 import Keithley2600B
from instruments.keithley.k2600_channel import SmuChannel
from labctl.bench import checks, limits, open_bench
from labctl.bench.ledger import Ledger
from labctl.bench.probing import connect_probe
from labctl.bench.relays import Relays
from labctl.bench.router import Router
from labctl.bench.sources import Sources
from labctl.bench.station import Bench
from labctl.core.errors import LabError, RouteRefused
from labctl.core.lines import Cell, LineKind
from labctl.core.route import Crosspoint, Role, Scheme
from tests.bench.truth import write_bench

CELL = Cell(3, 1)


@pytest.fixture
def accused(invariants):
    """What the judge found; it counts as asked for."""

    def found():
        sentences = invariants.violations
        invariants.forgive()
        return sentences

    return found


def bench_file(tmp_path, *replacements):
    return write_bench(tmp_path / "bench.toml", *replacements)


@contextmanager
def written(bench, amplitude=1.0):
    route = bench.router.cell_write(CELL, amplitude, Scheme.HALF, 1e-4)
    with bench.connect_cell(route) as view:
        yield view


@pytest.mark.parametrize("scheme", [Scheme.HALF, Scheme.THIRD])
def test_the_judge_counts_the_pulses_that_were_sent(tmp_path, invariants, scheme):
    with open_bench(bench_file(tmp_path)) as bench:
        with written(bench) as view:
            for amplitude in (0.8, 1.0, -0.9):
                view.pulse(amplitude, 1e-3)
                view.read(0.1)
        with bench.connect_cell(bench.router.cell_form(Cell(5, 2), 1.0, scheme)) as view:
            view.pulse(1.0, 1e-3)
        (judge,) = invariants.judges
        assert judge.pulses == {CELL: 3, Cell(5, 2): 1}
        assert len(judge.closed) == 64
    assert not invariants.violations


def test_a_ledger_that_forgets_is_caught(tmp_path, monkeypatch, accused):
    keep, lines = Ledger._append, []

    def forget_every_second(self, line):
        lines.append(line)
        if len(lines) % 2:
            keep(self, line)

    monkeypatch.setattr(Ledger, "_append", forget_every_second)
    with open_bench(bench_file(tmp_path)) as bench, written(bench) as view:
        for _ in range(4):
            view.pulse(1.0, 1e-3)
    assert accused() == ["cell (3, 1) took 4 pulses, the ledger tells of 2"]


def test_a_ledger_that_permits_more_pulses_is_caught_in_a_second_program_too(tmp_path, monkeypatch, accused):
    path = bench_file(tmp_path, ("cell_pulses = 1e6", "cell_pulses = 2"))
    with open_bench(path) as bench, written(bench) as view:
        view.pulse(1.0, 1e-3)
        view.pulse(1.0, 1e-3)
    assert not accused()
    monkeypatch.setattr(Ledger, "_out_of_pulses", lambda *_: "")
    with open_bench(path) as bench, written(bench) as view:
        view.pulse(1.0, 1e-3)
    assert accused() == ["cell (3, 1) was pulsed beyond its budget of 2"]


def test_a_ledger_that_permits_higher_levels_is_caught(tmp_path, monkeypatch, accused):
    monkeypatch.setattr(Ledger, "permit", lambda *_: [])
    monkeypatch.setattr(limits, "_refuse", lambda *_: None)
    with open_bench(bench_file(tmp_path)) as bench, written(bench, 2.4) as view:
        view.pulse(2.4, 1e-3)
    found = accused()
    assert any("a cell saw 2.4" in each for each in found)
    assert any("several cells saw more than 0.95 V" in each for each in found)


def test_a_compliance_beyond_the_limit_is_caught(tmp_path, monkeypatch, accused):
    prepare = SmuChannel.prepare

    def generous(self, *, compliance, **rest):
        prepare(self, compliance=20 * compliance, **rest)

    monkeypatch.setattr(SmuChannel, "prepare", generous)
    with open_bench(bench_file(tmp_path)) as bench, written(bench):
        pass
    assert any("closed with a compliance of" in each for each in accused())


def test_an_output_that_closes_unconfirmed_is_caught(tmp_path, monkeypatch, accused):
    def careless(self, *, largest_level, compliance, **_):
        self._instrument.send(f"{self._table}.source.limiti = {compliance!r}")
        self._prepared_level = largest_level

    monkeypatch.setattr(SmuChannel, "prepare", careless)
    with open_bench(bench_file(tmp_path)) as bench, written(bench):
        pass
    assert len(accused()) == 3


def test_relays_that_move_hot_are_caught(tmp_path, monkeypatch, accused):
    monkeypatch.setattr(Relays, "_refuse_hot", lambda *_: None)
    with open_bench(bench_file(tmp_path)) as bench, written(bench, 0.2):
        bench._sources.raise_to({"smu1.b": 0.1})
        other = bench.router.cell_read(Cell(4, 1), 0.1)
        with suppress(LabError):
            bench._relays.connect(other.crosspoints, frozenset())
    found = accused()
    assert any(each.startswith("relay B4 moved while smu1.b stood at 0.1 V") for each in found)
    assert any(each.startswith("relay A") and each.endswith("smu1.b drove the array") for each in found)


def test_a_router_that_joins_two_sources_is_caught(tmp_path, monkeypatch, accused):
    monkeypatch.setattr(checks, "check", lambda *_: None)
    with open_bench(bench_file(tmp_path)) as bench:
        route = bench.router.cell_read(CELL, 0.1)
        bench._relays.connect(route.crosspoints | {Crosspoint("A", 4)}, frozenset())
    assert accused() == ["smu1.a and smu1.b met on word 3"]


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ("smu1", "smub.source.levelv = 0.1 smua.trigger.source.linearv(0, 5, 9)"),
        ("smu1", "local s = smub.source s.levelv = 5"),
        ("smu1", "print(setmetatable(smub.source, {}))"),
        ("matrix", "channel.reset('allslots')"),
        ("stage", "MOUT 1,100"),
        ("stage", "SETP 1,400;RANGE 1,3"),
    ],
)
def test_a_message_that_nobody_understands_is_caught(tmp_path, accused, part, message):
    with open_bench(bench_file(tmp_path)) as bench:
        assert accused() == []
        bench._drivers[part].send(message)
        bench._drivers[part].device_clear()
        found = accused()
    assert any(each.startswith(f"nobody can judge what {part} was told") for each in found), found


def test_what_a_person_types_is_not_judged_for_its_words(tmp_path, accused):
    manager = pyvisa.ResourceManager(f"{bench_file(tmp_path)}@labctl")
    manager.open_resource("GPIB0::21::INSTR").write("x = 5 print(x)")
    assert accused() == []
    manager.close()


def test_a_source_that_meets_ground_with_more_than_harms_nothing_is_caught(tmp_path, monkeypatch, accused):
    monkeypatch.setattr(checks, "proof_is_harmless", lambda *_: None)
    with open_bench(bench_file(tmp_path)) as bench:
        lines = bench.file.lines(LineKind.WORD)[3:4]
        route = bench.router.proof({"B": lines, "G": lines}, {"B": 1.0}, 5e-3, 1e-3)
        with connect_probe(route, bench.file, bench._relays, bench._sources, bench.ledger) as probe:
            probe.look()
    assert set(accused()) == {"ground and smu1.b met on word 3"}


def test_a_make_safe_that_forgets_the_outputs_is_caught(tmp_path, monkeypatch, accused):
    with (
        open_bench(bench_file(tmp_path)) as bench,
        monkeypatch.context() as broken,
        suppress(LabError),
        written(bench, 0.2),
    ):
        bench._sources.raise_to({"smu1.b": 0.2})
        broken.setattr(Bench, "make_safe", lambda self: self._open_matrix())
        bench.make_safe()
    assert any("moved while smu1.b stood at 0.2 V" in each for each in accused())


def test_a_make_safe_that_does_nothing_and_says_all_is_well_is_caught(tmp_path, monkeypatch, accused):
    with open_bench(bench_file(tmp_path)) as bench:
        route = bench.router.cell_write(CELL, 0.5, Scheme.HALF, 1e-4)
        monkeypatch.setattr(Sources, "quiet", lambda *_: None)
        with bench.connect_cell(route):
            bench._sources.raise_to({"smu1.b": 0.2})
        monkeypatch.setattr(Bench, "make_safe", lambda *_: [])
    found = accused()
    assert "made safe with smu1.b on at 0.2 V" in found
    assert "made safe with 64 crosspoints and 0 heaters closed" in found


@pytest.mark.parametrize(
    ("part", "name", "words"),
    [
        (Keithley707B, "make_safe", "made safe with 64 crosspoints and 0 heaters closed"),
        (Relays, "isolate_all", "made safe with 0 crosspoints and 8 heaters closed"),
        (Keithley2600B, "request_zero", "made safe with smu1.b on at 0.2 V"),
    ],
)
def test_a_make_safe_without_one_of_its_parts_is_caught(part, name, words, tmp_path, monkeypatch, accused):
    with open_bench(bench_file(tmp_path)) as bench:
        with bench.connect_cell(bench.router.cell_read(CELL, 0.1)) as view:
            view.read(0.1)
        for driver in bench._mainframes.values():  # as a make_safe must find a bench in the worst case
            for output in range(1, 9) if driver is bench._mainframes["smu3"] else ():
                driver.send(f"digio.writebit({output}, 1)")
        bench._mainframes["smu1"].send("smub.source.output = 1 smub.source.levelv = 0.2")
        accused()
        monkeypatch.setattr(part, name, lambda *_: None)
        monkeypatch.setattr(Keithley2600B, "confirm_zero", lambda *_: None)
        assert bench.make_safe() == []
        monkeypatch.undo()
        assert words in accused()


@pytest.mark.parametrize(
    ("fraction", "refused", "words"),
    [
        (
            0.1,
            r"cell \(3, 0\) would see 1.35 V, the route says at most 750 mV",
            "several cells saw more than",
        ),
        (-0.5, "would see 2.25 V, the route says at most", "a cell saw 2.25 V"),
    ],
    ids=["unselected lines too low", "unselected lines of the wrong sign"],
)
def test_a_router_that_gives_bystanders_the_wrong_share_is_caught(
    fraction, refused, words, tmp_path, monkeypatch, accused
):
    plan = Router.cell_write

    def careless(self, *request):
        route = plan(self, *request)
        feeds = (replace(feed, fraction=fraction) if feed.role is Role.BIAS else feed for feed in route.feeds)
        return replace(route, feeds=tuple(feeds))

    monkeypatch.setattr(Router, "cell_write", careless)
    with open_bench(bench_file(tmp_path)) as bench:
        with pytest.raises(RouteRefused, match=refused), written(bench, 1.5):
            pytest.fail("the bench lets it pass")
        assert not accused()
        monkeypatch.setattr(checks, "check", lambda *_: None)
        monkeypatch.setattr(Ledger, "permit", lambda *_: [])
        with written(bench, 1.5) as view:
            view.pulse(1.5, 1e-3)
    assert any(each.startswith(words) for each in accused())


def test_a_router_that_connects_another_cell_than_it_says_is_caught(tmp_path, monkeypatch, accused):
    plan = Router.cell_write
    monkeypatch.setattr(
        Router,
        "cell_write",
        lambda self, cell, *rest: replace(plan(self, Cell(cell.word + 1, cell.bit), *rest), cell=cell),
    )
    with open_bench(bench_file(tmp_path)) as bench:
        with pytest.raises(
            RouteRefused, match="a write of cell .3, 1. would drive and sense bit 1 and word 4"
        ):
            bench.connect_cell(bench.router.cell_write(CELL, 0.9, Scheme.HALF, 1e-4)).__enter__()
        assert not accused()
        monkeypatch.setattr(checks, "check", lambda *_: None)
        with written(bench, 0.9) as view:
            view.pulse(0.9, 1e-3)
    assert accused() == ["cell (4, 1) took 1 pulses, the ledger tells of 0"]


def test_a_way_up_to_a_pulse_that_never_comes_must_be_booked_too(tmp_path, monkeypatch, accused):
    with open_bench(bench_file(tmp_path)) as bench:
        route = bench.router.cell_form(CELL, 1.5, Scheme.THIRD)
        monkeypatch.setattr(Sources, "pulse", lambda *_: None)
        with bench.connect_cell(route) as view:
            view.pulse(1.5, 1e-3)
            bench._sources.raise_to({"smu3.a": 0.0})
        assert not accused()
        monkeypatch.setattr(Ledger, "book_pulse", lambda *_: None)
        with bench.connect_cell(route) as view:
            view.pulse(1.5, 1e-3)
    assert accused() == ["the array took its share of 2 pulses, the ledger tells of 1"]


ELSEWHERE = """
import sys
from labctl.bench import open_bench
from labctl.bench.ledger import Ledger
from labctl.bench.probing import connect_probe
from labctl.core.lines import Cell, LineKind
from labctl.core.route import Scheme
if sys.argv[2] == "forgets":
    Ledger._append = lambda *_: None
with open_bench(sys.argv[1]) as bench:
    with bench.connect_cell(bench.router.cell_write(Cell(3, 1), 1.0, Scheme.HALF, 1e-4)) as view:
        view.pulse(1.0, 1e-3)
"""


@pytest.mark.parametrize("ledger", ["keeps", "forgets"])
def test_a_program_that_a_test_starts_is_judged_too(tmp_path, accused, ledger):
    subprocess.run([sys.executable, "-c", ELSEWHERE, str(bench_file(tmp_path)), ledger], check=True)
    assert (
        accused()
        == {
            "keeps": [],
            "forgets": ["cell (3, 1) took 1 pulses, the ledger tells of 0"],
        }[ledger]
    )
