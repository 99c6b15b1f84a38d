"""One pulse on each chosen cell, read before and after."""

import pytest

from labctl.core.errors import PlanError
from labctl.core.lines import Cell
from labctl.core.route import Scheme
from labctl.core.rows import Progress, Verdict
from procedures.cells_pulse import CellPulsed, CellsPulse
from tests.procedures.fake_bench import FakeBench, complete, of_kind

CELLS = (Cell(2, 0), Cell(0, 1))


@pytest.fixture
def bench():
    bench = FakeBench()
    bench.form(20e-6)
    return bench


@pytest.mark.parametrize("amplitude", [0.7, -0.7])
def test_each_chosen_cell_gets_one_pulse_between_two_reads(bench, amplitude):
    rows, verdict = complete(CellsPulse(cells=CELLS, amplitude=amplitude, pulse_width=300e-6).run(bench))
    found = of_kind(rows, CellPulsed)
    assert verdict is Verdict.DONE
    assert [(pulse.cell, pulse.amplitude, pulse.width) for pulse in bench.pulses] == [
        (cell, amplitude, 300e-6) for cell in CELLS
    ]
    assert bench.reads == [CELLS[0]] * 2 + [CELLS[1]] * 2
    assert [(row.word, row.bit, row.amplitude, row.width) for row in found] == [
        (*cell, amplitude, 300e-6) for cell in CELLS
    ]
    for row in found:
        assert row.before == pytest.approx(20e-6, rel=0.05)
        assert row.after == pytest.approx(bench.cells[Cell(row.word, row.bit)].conductance, rel=0.05)
        assert (row.after > row.before) == (amplitude > 0)


def test_a_read_at_compliance_is_marked(bench):
    bench.limited.add(CELLS[1])
    rows, _ = complete(CellsPulse(cells=CELLS, amplitude=0.6).run(bench))
    assert [row.limited for row in of_kind(rows, CellPulsed)] == [False, True]


def test_bystanders_stand_at_the_share_that_was_chosen(bench):
    complete(CellsPulse(cells=CELLS, amplitude=-0.7, scheme=Scheme.THIRD).run(bench))
    assert [(route.amplitude, route.scheme) for route in bench.routes] == [(0.7, Scheme.THIRD)] * 2


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"amplitude": 0.0}, "amplitude = 0 V is no larger than the read voltage .* negative one for RESET"),
        ({"amplitude": -0.1}, "amplitude = -100 mV is no larger than the read voltage"),
        ({"amplitude": 21.0}, "amplitude = 21 V, allowed -20 V to 20 V"),
        ({"pulse_width": 1e-6}, "pulse_width = 1 us, allowed 200 us to 1 s"),
        ({"cell_current": 1.0}, "cell_current = 1 A, allowed 100 nA to 100 mA"),
        ({"scheme": Scheme.FLOAT}, "write with V/2 or V/3"),
        ({"amplitude": float("nan")}, "amplitude"),
    ],
)
def test_bad_parameters_are_refused_in_a_sentence(settings, words):
    with pytest.raises(PlanError, match=words):
        CellsPulse(**{"cells": CELLS, "amplitude": 0.6, **settings})


def test_a_cell_that_never_conducted_gets_no_pulse_and_the_next_does(bench):
    bench.cells[CELLS[0]].conductance = 5e-9
    rows, verdict = complete(CellsPulse(cells=CELLS, amplitude=0.7).run(bench))
    assert verdict is Verdict.PARTLY
    assert [pulse.cell for pulse in bench.pulses] == [CELLS[1]]
    assert [Cell(row.word, row.bit) for row in of_kind(rows, CellPulsed)] == [CELLS[1]]
    assert of_kind(rows, Progress)[-1].doing == "never formed, therefore not pulsed: (2, 0)"
