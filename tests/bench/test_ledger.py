"""The ledger's arithmetic, its file, and what it refuses."""

import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labctl.bench import open_bench
from labctl.bench.books import Books
from labctl.bench.doses import SHARES, Bin, largest_energy, pulse_energy
from labctl.bench.ledger import ledger_path, open_ledger, read_books
from labctl.bench.ledgerfile import LedgerFile, read_lines
from labctl.bench.router import Router
from labctl.core.errors import LabError, LimitExceeded
from labctl.core.lines import Cell
from labctl.core.route import Scheme
from labctl.sim.workbench import new_sample
from tests.bench.benches import BITS, WORDS, fresh_ledger, small_bench
from tests.bench.truth import write_bench

SHAPE = (WORDS, BITS)
CELL = Cell(3, 1)
cells = st.builds(Cell, st.integers(0, WORDS - 1), st.integers(0, BITS - 1))
schemes = st.sampled_from(sorted(SHARES))
pulses = st.tuples(
    st.just("pulse"),
    cells,
    st.floats(-2.0, 2.0),
    st.floats(1e-4, 1e-2),
    schemes,
    st.sampled_from([0.0, 20e3]),
)
reads = st.tuples(st.just("read"), cells, st.floats(0.01, 0.3), st.floats(-1e-3, 1e-3))
runs = st.tuples(st.just("run"), st.sampled_from(["first", "second", ""]))
histories = st.lists(st.one_of(pulses, reads, runs), max_size=60)


def live(ledger, history):
    """Let the ledger live through a history; what it refuses did not happen. The pulses that it let through."""
    let_through = []
    for kind, *rest in history:
        if kind == "run":
            ledger.begin_run(rest[0])
        elif kind == "read":
            ledger.book_read(*rest, 1e-3)
        else:
            cell, amplitude, width, scheme, series = rest
            try:
                ledger.book_pulse(cell, amplitude, width, scheme, series, 1e-3)
            except LimitExceeded:
                continue
            let_through.append((cell, amplitude, width, scheme))
    return let_through


def same(first, second):
    assert first.past == second.past
    assert first.run == second.run
    assert first.heaters == second.heaters
    assert first.stage == second.stage
    assert repr(sorted(first.cells.items())) == repr(sorted(second.cells.items()))
    assert repr(sorted(first.in_run.items())) == repr(sorted(second.in_run.items()))
    np.testing.assert_array_equal(first.half_selected(), second.half_selected())
    np.testing.assert_allclose(first.half_select_energy(), second.half_select_energy(), rtol=1e-9, atol=1e-30)


@given(histories)
@settings(deadline=None, derandomize=True)
def test_what_is_replayed_is_what_was_booked_and_shorter_lines_say_the_same(history):
    lines = []
    ledger = fresh_ledger(small_bench(), lines)
    live(ledger, history)
    again = Books(SHAPE)
    again.replay(json.loads(line) for chunk in lines for line in chunk.splitlines())
    same(ledger.books, again)
    compact = Books(SHAPE)
    compact.replay(json.loads(line) for line in again.lines())
    same(ledger.books, compact)


@given(histories)
@settings(deadline=None, derandomize=True)
def test_every_bystander_is_counted_once(history):
    ledger = fresh_ledger(small_bench())
    expected, with_a_level = np.zeros(SHAPE, dtype=int), np.zeros(SHAPE, dtype=int)
    squares = np.zeros(SHAPE)
    for cell, amplitude, width, scheme in live(ledger, history):
        row, column, neither = SHARES[scheme]
        for other in (Cell(word, bit) for word in range(WORDS) for bit in range(BITS)):
            if other != cell:
                same_word, same_bit = other.word == cell.word, other.bit == cell.bit
                share = row if same_word else column if same_bit else neither
                expected[other] += share > 0.0
                squares[other] += (share * amplitude) ** 2 * width
                with_a_level[other] += share > 0.0 and Bin.of(scheme, amplitude).number != 0
    np.testing.assert_array_equal(ledger.books.half_selected(), expected)
    for cell, dose in ledger.books.cells.items():
        if not np.isnan(dose.conductance):
            energy = ledger.books.half_select_energy()[cell]
            assert energy == pytest.approx(dose.conductance * squares[cell], rel=1e-6, abs=1e-15)
            assert ledger.books.half_select_energy_of(cell) == pytest.approx(energy, rel=1e-6, abs=1e-15)
    for cell in (CELL, Cell(0, 0)):
        assert sum(ledger.books.half_select_bins(cell).values()) == with_a_level[cell]


@given(histories, st.integers(0, 5), st.integers(0, 4), st.floats(1e-10, 1e-6), st.floats(1e-10, 1e-6))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_no_history_spends_more_than_the_limits(history, lifetime, in_run, energy, run_energy):
    limits = {
        "cell_pulses": str(lifetime),
        "run_pulses": str(in_run),
        "cell_energy": f"{energy!r} J",
        "run_energy": f"{run_energy!r} J",
    }
    ledger = fresh_ledger(small_bench(limits=limits))
    live(ledger, [each for each in history if each[0] != "read"])
    for dose in ledger.books.cells.values():
        assert dose.pulses <= lifetime
        assert dose.energy <= energy * (1 + 1e-6)
    for dose in ledger.books.in_run.values():
        assert dose.pulses <= in_run
        assert dose.energy <= run_energy * (1 + 1e-6)


@given(
    st.floats(1e-9, 1e-3),
    st.floats(1e-9, 1e-3),
    st.floats(0.01, 2.0),
    st.sampled_from([0.0, 1e3, 20e3]),
    st.floats(0.0, 1.0),
)
@settings(deadline=None, derandomize=True)
def test_no_conductance_on_the_way_takes_more_than_the_estimate(before, after, amplitude, series, way):
    low, high = min(before, after), max(before, after)
    most = pulse_energy(low, high, amplitude, 1e-3, series)
    between = low + way * (high - low)
    assert amplitude**2 * between / (1 + between * series) ** 2 * 1e-3 <= most * (1 + 1e-9)
    if series:
        assert most <= largest_energy(amplitude, 1e-3, series, 1.0) * (1 + 1e-9)


def test_a_pulse_without_a_read_before_it_is_booked_at_all_that_the_source_gives():
    ledger = fresh_ledger(small_bench())
    ledger.book_pulse(CELL, 1.5, 1e-3, "V/2", 0.0, 1e-3)
    assert ledger.books.of(CELL).energy == pytest.approx(1.5 * 1e-3 * 1e-3)


def test_the_read_after_a_pulse_corrects_what_the_pulse_took():
    ledger = fresh_ledger(small_bench())
    ledger.book_read(CELL, 0.1, 1e-7, 1e-3)
    before = ledger.books.of(CELL).energy
    ledger.book_pulse(CELL, 1.0, 1e-3, "V/2", 0.0, 1e-3)
    assert ledger.books.of(CELL).energy - before == pytest.approx(1e-6 * 1e-3)
    ledger.book_read(CELL, 0.1, 1e-5, 1e-3)
    read = 0.1 * 1e-5 * 50e-3
    assert ledger.books.of(CELL).energy - before == pytest.approx(100e-6 * 1e-3 + read)
    assert ledger.books.of(CELL).current == pytest.approx(100e-6)
    assert ledger.books.of(CELL).bins == {Bin("V/2", 20): 1}


def test_what_a_cell_has_taken_lowers_what_its_route_may():
    bench = small_bench(limits={"cell_energy": "1 uJ"})
    route = Router(bench).cell_write(CELL, 1.0, Scheme.HALF, 1e-4)
    ledger = fresh_ledger(bench)
    fresh = {each.source: each.level for each in ledger.permit(route)}
    assert fresh["smu1.b"] == pytest.approx(1.9)  # twice the half-select limit
    assert fresh["smu1.a"] == pytest.approx(0.95)
    ledger.book_read(CELL, 0.3, 60e-6, 1e-3)
    spent = {each.source: each.level for each in ledger.permit(route)}
    left = 1e-6 - 0.3 * 60e-6 * 50e-3
    sense = next(feed for feed in route.feeds if feed.source == "smu2.a")
    assert spent["smu1.b"] == pytest.approx(min(1.9, left / (1e-4 * sense.compliance)))
    ledger.book_read(CELL, 0.3, 60e-6, 1e-3)
    with pytest.raises(LimitExceeded, match=r"cell \(3, 1\) has 0 J left"):
        ledger.permit(route)


def test_a_worn_bystander_refuses_the_write_beside_it_and_no_other():
    bench = small_bench(limits={"half_select_pulses": "3"})
    ledger, router = fresh_ledger(bench), Router(bench)
    for word in (0, 1, 2):
        ledger.book_pulse(Cell(word, 1), 1.0, 1e-3, "V/2", 0.0, 1e-3)
    with pytest.raises(LimitExceeded, match=r"cell \(3, 1\) .* share of 3 pulses.*half_select_pulses"):
        ledger.permit(router.cell_write(Cell(4, 1), 1.0, Scheme.HALF, 1e-4))
    with pytest.raises(LimitExceeded, match="half_select_pulses"):
        ledger.book_pulse(Cell(4, 1), 1.0, 1e-3, "V/2", 0.0, 1e-3)
    ledger.permit(router.cell_write(Cell(0, 2), 1.0, Scheme.HALF, 1e-4))
    ledger.book_pulse(Cell(0, 2), 1.0, 1e-3, "V/2", 0.0, 1e-3)


def test_a_heater_current_above_its_limit_is_refused_and_kept():
    ledger = fresh_ledger(small_bench())
    with pytest.raises(LimitExceeded, match="heater 2"):
        ledger.book_heater(2, 0.1, 0.6e-3)
    assert ledger.books.heaters[2].current == 0.6e-3
    assert ledger.books.run.heater_current == 0.6e-3


def test_the_highest_conductance_is_what_a_read_found_of_the_cell_itself():
    ledger = fresh_ledger(small_bench())
    assert not ledger.has_conducted(CELL, 1e-12)
    ledger.book_read(CELL, 0.1, 2e-6, 1e-3, drop=0.06)  # 20 kohm took 60 mV
    assert ledger.books.of(CELL).highest == pytest.approx(50e-6)
    ledger.book_read(CELL, 0.1, -3e-8, 1e-3)
    ledger.book_read(CELL, 0.1, 4e-8, 1e-3)
    assert ledger.has_conducted(CELL, 49e-6)
    assert not ledger.has_conducted(CELL, 51e-6)
    assert not ledger.has_conducted(Cell(0, 0), 1e-12)


@pytest.mark.parametrize("current", [np.nan, np.inf, -np.inf])
def test_a_current_that_could_not_be_measured_finds_no_conductance(current):
    lines = []
    ledger = fresh_ledger(small_bench(), lines)
    ledger.book_read(CELL, 0.1, 5e-9 * 0.1, 1e-3)
    ledger.book_read(CELL, 0.1, current, 1e-3)
    assert not ledger.has_conducted(CELL, 1e-6)
    again = Books(SHAPE)
    again.replay(json.loads(line) for chunk in lines for line in chunk.splitlines())
    assert again.of(CELL).highest == pytest.approx(5e-9)


# The file -----------------------------------------------------------------------------------------------------


def test_a_line_cut_short_is_dropped_and_a_damaged_one_is_refused(tmp_path):
    path = tmp_path / "some.jsonl"
    file = LedgerFile(path)
    file.append('["k",300.0]\n')
    file.close()
    with path.open("ab") as torn:
        torn.write(b'["k",3')
    assert list(read_lines(path)) == [["k", 300.0]]
    file = LedgerFile(path)
    file.append('["k",301.0]\n')
    file.close()
    assert list(read_lines(path)) == [["k", 300.0], ["k", 301.0]]
    path.write_text('["k",300.0]\n["k",3\n["k",301.0]\n')
    with pytest.raises(LabError, match="Line 2 of the ledger"):
        list(read_lines(path))


def test_one_writer_and_a_reader_beside_it(tmp_path):
    bench = small_bench_at(tmp_path)
    with open_ledger(bench) as ledger:
        ledger.book_pulse(CELL, 1.0, 1e-3, "V/2", 0.0, 1e-3)
        with pytest.raises(LabError, match="being written by another program"), open_ledger(bench):
            pass
        assert read_books(bench).of(CELL).pulses == 1


def test_a_long_ledger_is_written_anew_and_says_the_same(tmp_path, monkeypatch):
    bench = small_bench_at(tmp_path)
    with open_ledger(bench) as ledger:
        ledger.begin_run("one")
        for _ in range(50):
            ledger.book_pulse(CELL, 1.0, 1e-3, "V/3", 0.0, 1e-3)
    size, before = ledger_path(bench).stat().st_size, read_books(bench)
    monkeypatch.setattr("labctl.bench.ledgerfile.COMPACT_ABOVE", 1000)
    with open_ledger(bench) as ledger:
        same(before, ledger.books)
        ledger.begin_run("one")
        ledger.book_pulse(CELL, 1.0, 1e-3, "V/3", 0.0, 1e-3)
    assert ledger_path(bench).stat().st_size < size / 3
    assert read_books(bench).in_run[CELL].pulses == 51


def test_a_cell_that_was_reset_is_known_to_have_conducted_after_restarts_and_in_shorter_lines(
    tmp_path, monkeypatch
):
    bench = small_bench_at(tmp_path)
    with open_ledger(bench) as ledger:
        for current in (1e-10, 8e-6, 3e-8):
            ledger.book_read(CELL, 0.1, current, 1e-3)
    for compact_above in (2_000_000, 10, 10):
        monkeypatch.setattr("labctl.bench.ledgerfile.COMPACT_ABOVE", compact_above)
        with open_ledger(bench) as ledger:
            assert ledger.books.of(CELL).conductance == pytest.approx(3e-7)
            assert ledger.books.of(CELL).highest == pytest.approx(80e-6)


@pytest.mark.parametrize(
    "lines",
    [
        ['["r",3,1,0.1,8e-06,4e-08]', '["r",3,1,0.1,3e-08,1.5e-10]'],
        ['["cell",3,1,4,9,1.2,1e-4,1e-9,8e-05,[["V/2",12,4]]]', '["r",3,1,0.1,3e-08,1.5e-10]'],
    ],
    ids=["line by line", "written anew"],
)
def test_ledgers_that_keep_no_highest_conductance_tell_it_by_their_reads(tmp_path, lines):
    bench = small_bench_at(tmp_path)
    head = [f'["ledger","labctl-ledger-1",{WORDS},{BITS}]']
    ledger_path(bench).write_text("\n".join([*head, *lines, ""]))
    books = read_books(bench)
    assert books.of(CELL).highest == pytest.approx(80e-6)
    assert books.of(CELL).conductance == pytest.approx(0.3e-6)


def test_the_ledger_of_another_array_is_refused(tmp_path):
    bench = small_bench_at(tmp_path)
    ledger_path(bench).write_text('["ledger","labctl-ledger-1",56,8]\n')
    with pytest.raises(LabError, match="56 x 8 cells"), open_ledger(bench):
        pass


def test_a_killed_program_forgets_no_pulse(tmp_path):
    path = write_bench(tmp_path / "bench.toml")
    program = f"""
import os, signal
from pathlib import Path
from labctl.bench.ledger import open_ledger
from labctl.benchfile import load_bench
from labctl.core.lines import Cell
with open_ledger(load_bench(Path({str(path)!r}))) as ledger:
    for n in range(1000):
        ledger.book_pulse(Cell(3, 1), 1.0, 1e-3, "V/2", 0.0, 1e-3)
        print(n, flush=True)
        if n == 700:
            os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    told = len(done.stdout.split())
    from labctl.benchfile import load_bench

    assert told == 701
    assert read_books(load_bench(path)).of(CELL).pulses == told


def small_bench_at(tmp_path):
    """The small bench as a virtual one, its sample in `tmp_path`."""
    from labctl.benchfile import read_bench

    text = small_bench().text.replace('library = ""', 'library = "{this_file}@labctl"')
    text += f'\n[virtual]\nsample = "{(tmp_path / "s.npz").as_posix()}"\n'
    return read_bench(text, tmp_path / "small.toml")


# On the virtual bench -----------------------------------------------------------------------------------------


def test_a_second_program_sees_what_the_first_spent_and_is_refused_before_a_relay_moves(tmp_path):
    path = write_bench(tmp_path / "bench.toml", ("cell_pulses = 1e6", "cell_pulses = 3"))
    with (
        open_bench(path) as bench,
        bench.connect_cell(bench.router.cell_write(CELL, 0.5, Scheme.HALF, 1e-4)) as view,
    ):
        for _ in range(2):
            view.pulse(0.5, 1e-3)
    with open_bench(path) as bench:
        route = bench.router.cell_write(CELL, 0.5, Scheme.HALF, 1e-4)
        with bench.connect_cell(route) as view:
            view.pulse(-0.5, 1e-3)
            with pytest.raises(LimitExceeded, match=r"\(3, 1\) has taken 3 pulses, this bench permits 3 "):
                view.pulse(-0.5, 1e-3)
        bench.make_safe()
        before, closures = bench.messages, bench.relay_book.closures()
        with pytest.raises(LimitExceeded, match="it can still be read"), bench.connect_cell(route):
            pass
        assert (bench.messages, bench.relay_book.closures()) == (before, closures)
        with bench.connect_cell(bench.router.cell_read(CELL, 0.1)) as view:
            view.read(0.1)
        with bench.connect_cell(bench.router.cell_write(Cell(3, 2), 0.5, Scheme.HALF, 1e-4)) as view:
            view.pulse(0.5, 1e-3)
    new_sample(path)
    with open_bench(path) as bench, bench.connect_cell(route) as view:
        view.pulse(0.5, 1e-3)
        assert bench.ledger.books.of(CELL).pulses == 1


def test_closures_are_those_that_the_relays_made(tmp_path):
    path = write_bench(tmp_path / "bench.toml")
    with open_bench(path) as bench:
        for cell in (CELL, Cell(4, 2)):
            with bench.connect_cell(bench.router.cell_read(cell, 0.1)) as view:
                view.read(0.1)
        with bench.connect_heater(2, 0.05) as heater:
            heater.drive(0.05)
        counted = bench.relay_book.closures()
    from labctl.sim.workbench import open_workbench

    world = open_workbench(str(path))
    true, hot = map(dict, world.relay_record())
    world.close()
    power_ups = 2  # digital outputs are high when a source is switched on; no program can count that closure
    for heater in range(8):
        true[f"heater {heater}"] -= power_ups
    assert counted == {relay: times for relay, times in true.items() if times}
    assert not hot


def test_a_worn_relay_is_warned_of_and_at_its_end_refused_until_it_is_renewed(tmp_path):
    path = write_bench(tmp_path / "bench.toml", ("relay_life = 1e8", "relay_life = 5"))
    with open_bench(path) as bench:
        route = bench.router.cell_read(CELL, 0.1)
        for times in range(5):
            assert bool(bench.warnings()) == (times >= 4)
            with bench.connect_cell(route):
                pass
            bench.make_safe()
        assert "100 % of its rated life" in bench.warnings()[0]
        with pytest.raises(LimitExceeded, match="has closed 5 times"), bench.connect_cell(route):
            pass
        for relay in list(bench.relay_book.closures()):
            bench.relay_book.renew(relay)
        with bench.connect_cell(route):
            pass
