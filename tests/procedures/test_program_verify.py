"""Program-verify lands in its window in both directions, and says in a verdict when a cell will not."""

from itertools import pairwise

import pytest

from labctl.core.errors import PlanError
from labctl.core.lines import Cell
from labctl.core.route import Purpose, Scheme
from labctl.core.rows import Verdict
from procedures.program_verify import ProgramVerify, VerifyRead
from tests.procedures.fake_bench import FakeBench, complete, of_kind

CELL = Cell(1, 2)


@pytest.fixture
def bench():
    bench = FakeBench()
    bench.form(20e-6)
    return bench


def program(bench, target, **settings):
    rows, verdict = complete(ProgramVerify(word=1, bit=2, target=target, **settings).run(bench))
    return of_kind(rows, VerifyRead), verdict


@pytest.mark.parametrize("target", [5e-6, 30e-6, 200e-6])
@pytest.mark.parametrize("start", [3e-6, 400e-6])
def test_the_cell_itself_lands_in_the_window_from_both_sides(bench, start, target):
    bench.cells[CELL].conductance = start
    rows, verdict = program(bench, target)
    assert verdict is Verdict.VERIFIED
    assert bench.cells[CELL].conductance == pytest.approx(target, rel=0.05)
    assert rows[-1].conductance == pytest.approx(bench.cells[CELL].conductance, rel=2e-3)


def test_without_correction_the_cell_misses_by_what_the_network_takes(bench):
    bench.form(200e-6)
    rows, verdict = program(bench, 200e-6, corrected=False)
    assert verdict is Verdict.VERIFIED
    assert rows[-1].apparent == rows[-1].conductance
    assert bench.cells[CELL].conductance > 1.05 * rows[-1].apparent


def test_low_cells_get_positive_pulses_and_high_cells_negative_ones(bench):
    program(bench, 100e-6)
    assert bench.amplitudes(CELL, Purpose.WRITE)[0] > 0
    bench.pulses.clear()
    program(bench, 10e-6)
    assert bench.amplitudes(CELL, Purpose.WRITE)[0] < 0


def test_an_overshoot_reverses_and_restarts_below_what_overshot(bench):
    bench.cells[CELL].rate = 20.0
    _, verdict = program(bench, 100e-6)
    amplitudes = bench.amplitudes(CELL, Purpose.WRITE)
    assert verdict is Verdict.VERIFIED
    first = next(index for index, amplitude in enumerate(amplitudes) if amplitude < 0)
    assert first > 0
    again = next(amplitude for amplitude in amplitudes[first:] if amplitude > 0)
    assert again < amplitudes[first - 1]


def test_steps_never_exceed_the_largest_step_nor_the_highest_pulse(bench):
    bench.cells[CELL].set_threshold = 0.7
    program(bench, 100e-6, set_step=0.03, set_max=0.75)
    positive = [amplitude for amplitude in bench.amplitudes(CELL, Purpose.WRITE) if amplitude > 0]
    assert max(b - a for a, b in pairwise(positive)) <= 0.03 + 1e-12
    assert max(positive) <= 0.75


@pytest.mark.parametrize("target", [5e-6, 100e-6])
def test_a_stuck_cell_is_a_verdict_after_the_highest_pulse(bench, target):
    bench.cells[CELL].rate = 0.0
    rows, verdict = program(bench, target, set_max=0.9, reset_max=1.0)
    assert verdict is Verdict.OUT_OF_RANGE
    assert abs(rows[-1].amplitude) == (0.9 if target > 20e-6 else 1.0)


def test_a_cell_too_coarse_for_the_window_spends_the_budget(bench):
    cell = bench.cells[CELL]
    cell.set_threshold = cell.reset_threshold = 0.0
    cell.rate = 3.0
    rows, verdict = program(bench, 30e-6, max_pulses=7)
    assert verdict is Verdict.OUT_OF_PULSES
    assert len(bench.pulses) == 7
    assert rows[-1].pulses == 7, "the read after the last pulse is kept"


def test_a_cell_inside_the_window_gets_no_pulse_but_a_second_read(bench):
    rows, verdict = program(bench, 20e-6)
    assert verdict is Verdict.VERIFIED
    assert bench.pulses == []
    assert [row.pulses for row in rows] == [0, 0]


def test_rows_say_what_was_done(bench):
    rows, _ = program(bench, 40e-6, pulse_width=300e-6)
    assert next(row.amplitude for row in rows if row.pulses) == bench.pulses[0].amplitude
    assert rows[0].amplitude == 0.0
    assert (rows[0].low, rows[0].high) == pytest.approx((38e-6, 42e-6))
    assert {pulse.width for pulse in bench.pulses} == {300e-6}


def test_noise_does_not_keep_a_cell_from_its_window(bench):
    bench.noise_sigma = 0.01
    _, verdict = program(bench, 60e-6)
    assert verdict is Verdict.VERIFIED
    assert bench.cells[CELL].conductance == pytest.approx(60e-6, rel=0.08)


def test_a_read_at_compliance_verifies_nothing_and_asks_for_reset(bench):
    bench.limited.add(CELL)
    rows, verdict = program(bench, 20e-6)
    assert verdict is not Verdict.VERIFIED
    assert all(row.limited for row in rows)
    assert all(pulse.amplitude < 0 for pulse in bench.pulses)


def test_a_cell_that_conducted_once_is_programmed_though_it_reads_as_if_it_never_had(bench):
    bench.cells[CELL].conductance = 0.5e-6
    assert program(bench, 20e-6) == program(bench, 20e-6, formed_above=1e-6)
    assert bench.pulses == []
    bench.highest[CELL] = 30e-6
    assert program(bench, 20e-6)[1] is Verdict.VERIFIED


def test_one_write_route_serves_both_polarities(bench):
    program(bench, 40e-6, set_max=0.9, reset_max=1.1, scheme=Scheme.THIRD)
    writes = [route for route in bench.routes if route.purpose is Purpose.WRITE]
    assert len(writes) == 1
    assert writes[0].amplitude == 1.1
    assert writes[0].scheme is Scheme.THIRD


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"target": 1.0}, "target = 1 S, allowed 100 nS to 10 mS"),
        ({"set_start": 0.8, "set_max": 0.7}, "set_start = 800 mV lies above set_max = 700 mV"),
        ({"reset_start": 1.2}, "reset_start = 1.2 V lies above reset_max = 1 V"),
        ({"scheme": Scheme.FLOAT}, "write with V/2 or V/3"),
        ({"set_start": 0.1, "read_voltage": 0.2}, "a read must not write"),
        ({"pulse_width": 1e-6}, "pulse_width = 1 us, allowed 200 us to 1 s"),
        ({"tolerance": float("nan")}, "tolerance"),
    ],
)
def test_bad_parameters_are_refused_in_a_sentence(settings, words):
    with pytest.raises(PlanError, match=words):
        ProgramVerify(**{"word": 0, "bit": 0, "target": 50e-6, **settings})


def test_closing_in_the_middle_lets_the_cell_go(bench):
    run = ProgramVerify(word=1, bit=2, target=100e-6).run(bench)
    next(run)
    next(run)
    assert bench.connected
    run.close()
    assert not bench.connected
