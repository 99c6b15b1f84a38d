"""Chosen cells come to one conductance; one that will not is a row, the others go on."""

import pytest

from labctl.core.errors import PlanError
from labctl.core.lines import Cell
from labctl.core.rows import Progress, Verdict
from procedures.cells_program import CellProgrammed, CellsProgram
from procedures.program_verify import VerifyRead
from tests.procedures.fake_bench import FakeBench, complete, interrupted, of_kind

CELLS = (Cell(2, 0), Cell(0, 1))


@pytest.fixture
def bench():
    bench = FakeBench()
    bench.form(200e-6)
    return bench


def test_each_chosen_cell_itself_comes_to_the_target(bench):
    rows, verdict = complete(CellsProgram(cells=CELLS, target=100e-6).run(bench))
    assert verdict is Verdict.DONE
    ends = of_kind(rows, CellProgrammed)
    assert [(row.word, row.bit, row.verdict) for row in ends] == [(*cell, Verdict.VERIFIED) for cell in CELLS]
    for row in ends:
        assert bench.cells[Cell(row.word, row.bit)].conductance == pytest.approx(100e-6, rel=0.05)
        assert row.conductance == pytest.approx(bench.cells[Cell(row.word, row.bit)].conductance, rel=2e-3)
        assert row.target == 100e-6
        assert row.pulses == sum(pulse.cell == (row.word, row.bit) for pulse in bench.pulses)
    assert {(row.word, row.bit) for row in of_kind(rows, VerifyRead)} == set(CELLS)


def test_without_correction_the_neighbours_are_not_read(bench):
    rows, _ = complete(CellsProgram(cells=CELLS, target=100e-6, corrected=False).run(bench))
    assert set(bench.reads) == set(CELLS)
    assert all(row.apparent == row.conductance for row in of_kind(rows, VerifyRead))


def test_a_stuck_cell_is_a_row_and_the_next_is_programmed(bench):
    bench.cells[CELLS[0]].rate = 0.0
    rows, verdict = complete(CellsProgram(cells=CELLS, target=100e-6).run(bench))
    assert verdict is Verdict.PARTLY
    assert [row.verdict for row in of_kind(rows, CellProgrammed)] == [Verdict.OUT_OF_RANGE, Verdict.VERIFIED]
    assert of_kind(rows, Progress)[-1].doing == "could not verify (2, 0)"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"target": 1.0}, "target = 1 S, allowed 100 nS to 10 mS"),
        ({"set_start": 0.95}, "set_start = 950 mV lies above set_max = 900 mV"),
        ({"pulse_width": 1e-6}, "pulse_width = 1 us, allowed 200 us to 1 s"),
    ],
)
def test_bad_parameters_are_refused_in_a_sentence(settings, words):
    with pytest.raises(PlanError, match=words):
        CellsProgram(**{"cells": CELLS, "target": 50e-6, **settings})


@pytest.mark.parametrize("rows", range(1, 15))
def test_an_interrupted_run_goes_on_with_the_cell_under_way_and_counts_its_pulses(rows, bench):
    plan = CellsProgram(cells=CELLS, target=100e-6)
    earlier = interrupted(plan.run(bench), rows)
    resumed, verdict = complete(plan.resume(bench, earlier))
    assert verdict is Verdict.DONE
    told = earlier.tables.get("CellProgrammed", {"word": [], "pulses": []})
    counted = dict(zip(told["word"], told["pulses"], strict=True))
    counted |= {row.word: row.pulses for row in of_kind(resumed, CellProgrammed)}
    assert len(counted) == len(CELLS)
    for cell in CELLS:
        assert bench.cells[cell].conductance == pytest.approx(100e-6, rel=0.05)
        unread = sum(pulse.cell == cell for pulse in bench.pulses) - counted[cell.word]
        assert unread in (0, 1)


def test_a_cell_that_was_not_verified_before_still_counts(bench):
    bench.cells[CELLS[0]].rate = 0.0
    plan = CellsProgram(cells=CELLS, target=100e-6)
    earlier = interrupted(plan.run(bench), until=CellProgrammed)
    resumed, verdict = complete(plan.resume(bench, earlier))
    assert verdict is Verdict.PARTLY
    assert [row.word for row in of_kind(resumed, CellProgrammed)] == [CELLS[1].word]


def test_a_cell_that_never_conducted_gets_no_pulse_and_the_next_is_programmed(bench):
    bench.cells[CELLS[0]].conductance = 5e-9
    rows, verdict = complete(CellsProgram(cells=CELLS, target=100e-6).run(bench))
    assert verdict is Verdict.PARTLY
    assert [row.verdict for row in of_kind(rows, CellProgrammed)] == [Verdict.NEVER_FORMED, Verdict.VERIFIED]
    assert {pulse.cell for pulse in bench.pulses} == {CELLS[1]}
