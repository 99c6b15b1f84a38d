"""Chosen cells are read, the others are not."""

import pytest

from labctl.core.errors import PlanError
from labctl.core.lines import Cell
from labctl.core.rows import Progress, Verdict
from procedures.cells_read import CellsRead
from procedures.crossbar_read import CellRead, Unreadable
from tests.procedures.fake_bench import FakeBench, complete, of_kind

CELLS = (Cell(2, 0), Cell(0, 1))


@pytest.fixture
def bench():
    bench = FakeBench()
    bench.form(20e-6)
    return bench


def test_each_chosen_cell_has_a_row_with_its_conductance(bench):
    bench.cells[CELLS[0]].conductance = 60e-6
    rows, verdict = complete(CellsRead(cells=CELLS).run(bench))
    reads = of_kind(rows, CellRead)
    assert verdict is Verdict.DONE
    assert [(row.word, row.bit) for row in reads] == list(CELLS)
    assert [row.apparent for row in reads] == pytest.approx([60e-6, 20e-6], rel=0.05)
    assert bench.reads == list(CELLS)
    assert bench.pulses == []


def test_a_read_at_compliance_is_told_and_the_others_go_on(bench):
    bench.limited.add(CELLS[0])
    rows, verdict = complete(CellsRead(cells=CELLS).run(bench))
    assert verdict is Verdict.PARTLY
    assert [(row.word, row.bit) for row in of_kind(rows, Unreadable)] == [CELLS[0]]
    assert len(of_kind(rows, CellRead)) == 2
    assert of_kind(rows, Progress)[-1].doing == "could not read (2, 0)"


def test_a_read_voltage_out_of_range_is_refused():
    with pytest.raises(PlanError, match="read_voltage = 500 mV, allowed 10 mV to 300 mV"):
        CellsRead(cells=CELLS, read_voltage=0.5)
