"""The judge of messages sees what there is to see, and catches copies of the suite that were broken on purpose."""

from contextlib import contextmanager, suppress

import pytest

from instruments.keithley.k2600_channel import SmuChannel
from labctl.bench import checks, limits, open_bench
from labctl.bench.ledger import Ledger
from labctl.bench.relays import Relays
from labctl.bench.station import Bench
from labctl.core.errors import LabError
from labctl.core.lines import Cell
from labctl.core.route import Crosspoint, Scheme
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
