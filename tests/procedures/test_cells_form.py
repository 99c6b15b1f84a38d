"""Chosen cells are formed; one that does not form is a row, the others go on."""

import pytest

from labctl.core.errors import PlanError
from labctl.core.lines import Cell
from labctl.core.route import Purpose
from labctl.core.rows import Progress, Verdict
from procedures.cells_form import CellFormed, CellsForm
from procedures.forming import FormingRead
from tests.procedures.fake_bench import FakeBench, complete, interrupted, of_kind

CELLS = (Cell(2, 0), Cell(0, 1))


@pytest.fixture
def bench():
    return FakeBench()


def test_each_chosen_cell_is_formed_through_a_route_of_its_own(bench):
    rows, verdict = complete(CellsForm(cells=CELLS).run(bench))
    assert verdict is Verdict.DONE
    ends = of_kind(rows, CellFormed)
    assert [(row.word, row.bit, row.verdict) for row in ends] == [(*cell, Verdict.FORMED) for cell in CELLS]
    assert [row.pulses for row in ends] == [len(bench.amplitudes(cell, Purpose.FORM)) for cell in CELLS]
    assert all(bench.cells[cell].formed for cell in CELLS)
    assert sum(cell.formed for cell in bench.cells.values()) == 2
    assert [route.cell for route in bench.routes] == list(CELLS)
    assert {(row.word, row.bit) for row in of_kind(rows, FormingRead)} == set(CELLS)


def test_a_cell_that_will_not_form_is_a_row_and_the_next_is_formed(bench):
    bench.cells[CELLS[0]].forming_voltage = 99.0
    rows, verdict = complete(CellsForm(cells=CELLS).run(bench))
    assert verdict is Verdict.PARTLY
    assert [row.verdict for row in of_kind(rows, CellFormed)] == [Verdict.NOT_FORMED, Verdict.FORMED]
    assert of_kind(rows, Progress)[-1].doing == "could not form (2, 0)"


def test_a_formed_cell_gets_no_pulse(bench):
    bench.cells[CELLS[0]].conductance = 30e-6
    rows, verdict = complete(CellsForm(cells=CELLS).run(bench))
    assert verdict is Verdict.DONE
    assert of_kind(rows, CellFormed)[0].verdict is Verdict.ALREADY_FORMED
    assert bench.amplitudes(CELLS[0], Purpose.FORM) == []


def test_a_ramp_that_cannot_rise_is_refused():
    with pytest.raises(PlanError, match=r"forming_start = 1\.9 V lies above forming_max = 1\.8 V"):
        CellsForm(cells=CELLS, forming_start=1.9)


@pytest.mark.parametrize("lost", [0, 1], ids=["every row recorded", "the last row lost"])
@pytest.mark.parametrize("rows", range(1, 13))
def test_an_interrupted_run_ends_with_the_rows_of_an_uninterrupted_one(rows, lost, bench):
    plan = CellsForm(cells=CELLS)
    whole = of_kind(complete(plan.run(FakeBench()))[0], CellFormed)
    earlier = interrupted(plan.run(bench), rows, lost)
    pulses = len(bench.pulses)
    resumed, verdict = complete(plan.resume(bench, earlier))
    assert verdict is Verdict.DONE
    told = earlier.tables.get("CellFormed", {"pulses": [], "word": []})
    after = of_kind(resumed, CellFormed)
    assert [*told["pulses"], *(row.pulses for row in after)] == [row.pulses for row in whole]
    assert [*told["word"], *(row.word for row in after)] == [row.word for row in whole]
    twice = 0
    for cell in CELLS:
        amplitudes = bench.amplitudes(cell, Purpose.FORM)
        assert amplitudes == sorted(amplitudes)
        twice += len(amplitudes) - len(set(amplitudes))
    assert twice <= lost, (
        "only a pulse whose read was lost may be given again, and only to a cell that does not conduct"
    )
    assert len(bench.pulses) - pulses <= sum(row.pulses for row in after)


def test_a_cell_that_would_not_form_is_left_alone_and_still_counts(bench):
    bench.cells[CELLS[0]].forming_voltage = 99.0
    plan = CellsForm(cells=CELLS)
    for rows in (plan.last_pulse + 1, plan.last_pulse + 2):
        earlier = interrupted(plan.run(bench), rows)
        bench.pulses.clear()
        resumed, verdict = complete(plan.resume(bench, earlier))
        assert verdict is Verdict.PARTLY
        assert bench.amplitudes(CELLS[0], Purpose.FORM) == []
        assert of_kind(resumed, Progress)[-1].doing == "could not form (2, 0)"
        bench.cells[CELLS[1]].conductance = 5e-9
        bench.highest.clear()
