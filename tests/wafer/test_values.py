"""Numbers come out of the rows of each procedure, under the names and in the units of the table."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pytest

from labctl.core.lines import Cell
from labctl.core.quantity import quantity
from labctl.core.rows import Verdict
from labctl.record.columns import layout
from labctl.wafer.measurands import VALUES
from labctl.wafer.values import values_of
from procedures.cells_form import CellsForm
from procedures.cells_program import CellsProgram
from procedures.cells_read import CellsRead
from procedures.contact_check import ContactRead
from procedures.crossbar_program import CellSummary, CrossbarProgram
from procedures.crossbar_read import CrossbarRead
from procedures.forming import Forming
from procedures.neuron_transfer import TransferFit
from procedures.program_verify import ProgramVerify
from tests.procedures.fake_bench import FakeBench, complete, interrupted

CELLS = (Cell(2, 0), Cell(0, 1))


def plain(items):
    """Rows by kind, as values by column."""
    found = {}
    for item in items:
        table = layout(type(item))
        names = [column.name for column in table.columns[2:]]
        found.setdefault(table.name, []).append(dict(zip(names, table.values(item), strict=True)))
    return found


def rows_of(items):
    return plain(item for item in items if type(item).__name__ not in ("Progress", "Picture"))


def numbers(name, procedure, rows, last=None):
    """By name: value by (row, col), and whether it is censored."""
    found = {}
    for each in values_of(name, procedure, rows, last):
        assert each.unit == VALUES[name][each.name]
        found.setdefault(each.name, {})[each.row, each.col] = (each.value, each.censored)
    return found


def test_a_cell_that_never_formed_is_censored_at_the_highest_voltage_that_was_tried():
    bench = FakeBench()
    bench.cells[CELLS[1]].forming_voltage = 99.0
    plan = CellsForm(cells=CELLS, forming_max=1.5)
    found = numbers("cells_form", plan, rows_of(complete(plan.run(bench))[0]))
    assert found["forming_voltage"] == {
        CELLS[0]: (pytest.approx(1.2), False),
        CELLS[1]: (pytest.approx(1.5), True),
    }
    assert found["formed"] == {CELLS[0]: (1.0, False), CELLS[1]: (0.0, False)}
    assert found["forming_pulses"] == {CELLS[0]: (4.0, False), CELLS[1]: (10.0, True)}


def test_a_cell_that_conducted_before_has_no_forming_voltage():
    bench = FakeBench()
    bench.cells[CELLS[0]].conductance = 30e-6
    plan = CellsForm(cells=CELLS)
    found = numbers("cells_form", plan, rows_of(complete(plan.run(bench))[0]))
    assert found["formed"] == {CELLS[0]: (1.0, False), CELLS[1]: (1.0, False)}
    assert set(found["forming_voltage"]) == {CELLS[1]}


@pytest.mark.parametrize("lost", [0, 1])
@pytest.mark.parametrize("rows", range(1, 6))
def test_forming_one_cell_gives_the_same_numbers_after_an_interruption(rows, lost):
    bench, plan = FakeBench(), Forming(word=2, bit=0)
    earlier = interrupted(plan.run(bench), rows, lost)
    resumed, _ = complete(plan.resume(bench, earlier))
    table = earlier.tables.get("FormingRead", {})
    before = [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]
    found = numbers("forming", plan, {"FormingRead": before + rows_of(resumed).get("FormingRead", [])})
    assert found == {
        "forming_voltage": {(2, 0): (pytest.approx(1.2), False)},
        "forming_pulses": {(2, 0): (4.0, False)},
        "formed": {(2, 0): (1.0, False)},
    }


def test_programmed_cells_tell_error_conductance_pulses_and_whether_they_are_verified():
    bench = FakeBench()
    bench.form(200e-6)
    bench.cells[CELLS[1]].rate = 0.0
    plan = CellsProgram(cells=CELLS, target=100e-6)
    found = numbers("cells_program", plan, rows_of(complete(plan.run(bench))[0]))
    assert found["verified"] == {CELLS[0]: (1.0, False), CELLS[1]: (0.0, False)}
    error, conductance = found["programming_error"], found["conductance"]
    assert error[CELLS[0]][0] == abs(conductance[CELLS[0]][0] / 100e-6 - 1.0) < 0.05
    assert error[CELLS[1]][0] > 0.5
    assert found["pulses"][CELLS[0]][0] == sum(pulse.cell == CELLS[0] for pulse in bench.pulses)


def test_program_verify_is_verified_by_two_reads_in_a_row():
    bench = FakeBench()
    bench.form(200e-6)
    plan = ProgramVerify(word=2, bit=0, target=100e-6)
    rows = rows_of(complete(plan.run(bench))[0])
    found = numbers("program_verify", plan, rows)
    assert found["verified"] == {(2, 0): (1.0, False)}
    assert found["pulses"] == {(2, 0): (float(len(bench.pulses)), False)}
    cut = {"VerifyRead": rows["VerifyRead"][:-1]}
    assert numbers("program_verify", plan, cut)["verified"] == {(2, 0): (0.0, False)}


def test_of_an_array_forming_is_told_and_only_formed_cells_were_programmed():
    rows = [
        CellSummary(
            word=0,
            bit=0,
            forming=Verdict.FORMED,
            verdict=Verdict.VERIFIED,
            forming_pulses=3,
            pulses=5,
            target=50e-6,
            conductance=51e-6,
        ),
        CellSummary(
            word=0,
            bit=1,
            forming=Verdict.ALREADY_FORMED,
            verdict=Verdict.OUT_OF_PULSES,
            target=50e-6,
            conductance=1e-4,
        ),
        CellSummary(word=1, bit=0, forming_pulses=16, target=50e-6, conductance=5e-9),
    ]
    plan = CrossbarProgram(target="checkers_56x8")
    found = numbers("crossbar_program", plan, plain(rows))
    assert found["formed"] == {(0, 0): (1.0, False), (0, 1): (1.0, False), (1, 0): (0.0, False)}
    assert found["forming_voltage"] == {
        (0, 0): (pytest.approx(plan.forming_start + 2 * plan.forming_step), False),
        (1, 0): (pytest.approx(plan.forming_max), True),
    }
    assert found["verified"] == {(0, 0): (1.0, False), (0, 1): (0.0, False)}
    assert found["programming_error"] == {
        (0, 0): (pytest.approx(0.02), False),
        (0, 1): (pytest.approx(1.0), False),
    }
    assert set(found["conductance"]) == {(0, 0), (0, 1), (1, 0)}
    assert found["pulses"][0, 0] == (5.0, False)


def test_reads_give_conductance_and_resistance_but_none_where_a_source_was_limited():
    bench = FakeBench()
    bench.form(50e-6)
    bench.limited.add(CELLS[1])
    plan = CellsRead(cells=CELLS)
    found = numbers("cells_read", plan, rows_of(complete(plan.run(bench))[0]))
    assert set(found["conductance"]) == {CELLS[0]}
    assert found["resistance"][CELLS[0]][0] == 1.0 / found["conductance"][CELLS[0]][0]
    whole = numbers("crossbar_read", CrossbarRead(), rows_of(complete(CrossbarRead().run(FakeBench()))[0]))
    assert len(whole["resistance"]) == 12


def test_of_two_reads_of_one_cell_the_later_counts():
    bench, plan = FakeBench(), CellsRead(cells=CELLS)
    bench.form(50e-6)
    first = rows_of(complete(plan.run(bench))[0])["CellRead"]
    bench.form(80e-6)
    second = rows_of(complete(plan.run(bench))[0])["CellRead"]
    both = numbers("cells_read", plan, {"CellRead": first[:1] + second})
    assert both == numbers("cells_read", plan, {"CellRead": second})


def test_neurons_have_a_bit_line_and_no_word_line():
    contact = [
        ContactRead(neuron=0, voltage=0.01, current=40e-6, resistance=250.0, contact=True),
        ContactRead(neuron=1, voltage=0.01, current=None, resistance=None),
    ]
    found = numbers("contact_check", None, plain(contact))
    assert found["contact"] == {(-1, 0): (1.0, False), (-1, 1): (0.0, False)}
    assert found["contact_resistance"][-1, 0] == (250.0, False)
    assert math.isnan(found["contact_resistance"][-1, 1][0])
    fit = TransferFit(
        neuron=2, threshold=1e-4, gain=3.0, hysteresis=1e-5, dark_current=1e-7, reset_error=1e-8
    )
    assert numbers("neuron_transfer", None, plain([fit])) == {
        "threshold": {(-1, 2): (1e-4, False)},
        "gain": {(-1, 2): (3.0, False)},
        "hysteresis": {(-1, 2): (1e-5, False)},
    }


@dataclass(frozen=True, kw_only=True)
class Drift:
    """A row of somebody's own procedure."""

    word: int = quantity("1")
    bit: int = quantity("1")
    slope: float = quantity("S/s")
    reads: int = quantity("1")
    noisy: bool = quantity("")
    remark: str = quantity("")


def test_a_procedure_without_values_of_its_own_gives_the_numbers_of_its_last_row():
    last = Drift(word=3, bit=1, slope=1e-9, reads=7, noisy=True, remark="none")
    assert [tuple(each) for each in values_of("drift", None, {}, last)] == [
        (3, 1, "slope", 1e-9, "S/s", False),
        (3, 1, "reads", 7.0, "1", False),
    ]
    assert values_of("drift", None, {}, None) == []


@pytest.mark.parametrize("name", sorted(VALUES))
def test_a_test_without_rows_gives_no_values(name):
    plans = {"forming": Forming(word=0, bit=0), "cells_form": CellsForm(cells=CELLS)}
    assert values_of(name, plans.get(name), {}) == []
