"""Forming: pulses that grow until the cell conducts, none once it does, a verdict if it never will."""

import pytest

from labctl.core.errors import PlanError
from labctl.core.lines import Cell
from labctl.core.route import Purpose, Scheme
from labctl.core.rows import Verdict
from procedures.forming import Forming, FormingRead
from tests.procedures.fake_bench import FakeBench, complete, interrupted, of_kind

CELL = Cell(1, 2)


@pytest.fixture
def bench():
    return FakeBench()


def form(bench, **settings):
    return complete(Forming(word=1, bit=2, **settings).run(bench))


def test_a_virgin_cell_is_formed_by_the_first_pulse_that_is_high_enough(bench):
    rows, verdict = form(bench, forming_start=1.0, forming_step=0.05)
    assert verdict is Verdict.FORMED
    assert bench.amplitudes(CELL, Purpose.FORM) == pytest.approx([1.0, 1.05, 1.1, 1.15, 1.2])
    reads = of_kind(rows, FormingRead)
    assert [row.pulses for row in reads] == [0, 1, 2, 3, 4, 5]
    assert reads[-1].conductance > 1e-5 > reads[-2].conductance
    assert (reads[0].word, reads[0].bit) == CELL


def test_only_the_named_cell_is_pulsed_through_one_forming_route(bench):
    form(bench)
    assert {pulse.cell for pulse in bench.pulses} == {CELL}
    assert [route.purpose for route in bench.routes] == [Purpose.FORM]


def test_a_cell_that_conducts_gets_no_pulse(bench):
    bench.cells[CELL].conductance = 3e-6
    rows, verdict = form(bench)
    assert verdict is Verdict.ALREADY_FORMED
    assert bench.pulses == []
    assert len(rows) == 1


def test_a_formed_cell_that_was_reset_out_of_sight_gets_no_pulse_unless_that_is_wanted(bench):
    form(bench)
    bench.pulses.clear()
    bench.cells[CELL].conductance = 0.4e-6
    rows, verdict = form(bench)
    assert verdict is Verdict.ALREADY_FORMED
    assert bench.pulses == []
    assert rows[-1].conductance < 1e-6
    _, verdict = form(bench, form_again=True)
    assert verdict is Verdict.FORMED
    assert len(bench.amplitudes(CELL, Purpose.FORM)) == 1


def test_a_cell_that_never_forms_is_a_verdict_at_the_highest_voltage(bench):
    bench.cells[CELL].forming_voltage = 99.0
    rows, verdict = form(bench, forming_start=1.0, forming_step=0.25, forming_max=1.5)
    assert verdict is Verdict.NOT_FORMED
    assert bench.amplitudes(CELL, Purpose.FORM) == [1.0, 1.25, 1.5]
    assert len(rows) == 4, "the read after the last pulse is kept too"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"forming_width": 100e-6}, "forming_width = 100 us, allowed 200 us to 1 s"),
        ({"forming_start": 1.6, "forming_max": 1.5}, "forming_start = 1.6 V lies above forming_max = 1.5 V"),
        ({"forming_scheme": Scheme.FLOAT}, "write with V/2 or V/3"),
        ({"read_voltage": 0.5}, "read_voltage = 500 mV, allowed 10 mV to 300 mV"),
    ],
)
def test_bad_parameters_are_refused_in_a_sentence(settings, words):
    with pytest.raises(PlanError, match=words):
        Forming(word=0, bit=0, **settings)


def test_a_cell_outside_the_array_is_refused_before_anything_is_connected(bench):
    with pytest.raises(PlanError, match=r"no cell \(4, 0\).*word lines 0 to 3"):
        complete(Forming(word=4, bit=0).run(bench))
    assert bench.routes == []


def test_closing_in_the_middle_lets_the_cell_go(bench):
    run = Forming(word=1, bit=2).run(bench)
    next(run)
    assert bench.connected
    run.close()
    assert not bench.connected


@pytest.mark.parametrize("rows", range(1, 6))
def test_an_interrupted_ramp_goes_on_after_the_pulse_that_was_read_last(rows, bench):
    plan = Forming(word=1, bit=2)
    earlier = interrupted(plan.run(bench), rows)
    _, verdict = complete(plan.resume(bench, earlier))
    assert verdict is Verdict.FORMED
    amplitudes = bench.amplitudes(CELL, Purpose.FORM)
    assert amplitudes == [plan.amplitude_of(pulse) for pulse in range(1, len(amplitudes) + 1)]
