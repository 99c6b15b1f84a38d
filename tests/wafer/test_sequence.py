"""A die is tested by its plan: conditions hold, every test ends in a row, an interrupted die is gone on with."""

from __future__ import annotations

import json

import pytest

from labctl.core.errors import LabError, LimitExceeded
from labctl.core.lines import Cell
from labctl.core.route import Purpose
from labctl.core.rows import Block, Picture, Progress, Verdict
from labctl.wafer import tests_on_die as told
from labctl.wafer.plan import read_plan
from labctl.wafer.sequence import BoundPlan, DieSequence
from procedures import catalogue
from procedures.cells_form import CellFormed
from procedures.forming import FormingRead
from tests.procedures.fake_bench import complete, of_kind, recorded_as
from tests.wafer.fakes import HEATER, FakeWaferBench, lost
from tests.wafer.pieces import CONTACT, bins, die_test, forming, limit, plan_text, programming, subsite
from tests.wafer.plans import SOURCE

CHOSEN = "0,0-2 1,0-2"
TEXT = plan_text(
    "sequence",
    "[[3, -2]]",
    subsite("array", 'words = "0-3"', 'bits = "0-2"'),
    CONTACT,
    forming(CHOSEN),
    programming(CHOSEN, 'target = "60u"', "form", "repeat = 2"),
    subsite("monitor", 'kind = "monitor"', 'offset = ["1.5 mm", "-1 mm"]'),
    die_test("resistance", "cells_read", 'settings = { cells = "0,0" }', on="monitor"),
    bins(1, 3, 9),
)
CELLS = [Cell(word, bit) for word in range(2) for bit in range(3)]


def sequence(text=TEXT, **settings):
    plan = BoundPlan(read_plan(text, SOURCE), catalogue.find)
    return DieSequence(die_x=3, die_y=-2, plan=plan, **settings)


def ends(rows):
    return {f"{row.subsite}.{row.test}.{row.cycle}": row.outcome.value for row in of_kind(rows, told.TestEnd)}


def values(rows):
    """By test and name: values by (row, col)."""
    found = {}
    for block in of_kind(rows, Block):
        assert block.kind is told.Value
        columns = block.columns
        for place in range(len(columns["name"])):
            key = f"{columns['test'][place]}.{columns['name'][place]}"
            cell = int(columns["row"][place]), int(columns["col"][place])
            found.setdefault(key, {})[cell] = float(columns["value"][place])
    return found


@pytest.fixture
def bench():
    return FakeWaferBench()


def test_every_test_of_every_subsite_runs_where_its_probes_are(bench):
    rows, verdict = complete(sequence().run(bench))
    assert verdict is Verdict.DONE
    assert ends(rows) == {
        "array.contact.1": "passed",
        "array.form.1": "passed",
        "array.program.1": "passed",
        "array.program.2": "passed",
        "monitor.resistance.1": "passed",
    }
    assert bench.moves == [
        *("die 3 -2", "subsite 0 0", "contact"),
        *("die 3 -2", "subsite 0.0015 -0.001", "contact", "separate"),
    ]
    assert [(row.subsite, row.dx) for row in of_kind(rows, told.Touchdown)] == [
        ("array", 0.0),
        ("monitor", 1.5e-3),
    ]
    found = values(rows)
    assert set(found["form.forming_voltage"]) == set(CELLS)
    assert list(found["form.forming_voltage"].values()) == pytest.approx([1.2] * len(CELLS))
    assert set(found["form.formed"].values()) == {1.0}
    assert max(found["program.programming_error"].values()) < 0.05
    assert found["contact.contact_resistance"][-1, 2] == pytest.approx(HEATER)
    assert found["resistance.resistance"][0, 0] == pytest.approx(1 / found["resistance.conductance"][0, 0])
    assert max(found["program.pulses"].values()) < 1.0, "the second cycle found every cell programmed"


def test_rows_of_a_test_follow_its_beginning(bench):
    rows, _ = complete(sequence().run(bench))
    begins = {f"{row.subsite}.{row.test}.{row.cycle}": row for row in of_kind(rows, told.TestBegin)}
    assert begins["array.form.1"].procedure == "cells_form"
    assert json.loads(begins["array.form.1"].before) == {"ContactRead": 3}
    before = json.loads(begins["array.program.1"].before)
    assert before["CellFormed"] == len(CELLS)
    assert before["FormingRead"] == len(of_kind(rows, FormingRead))
    assert json.loads(begins["array.program.2"].before)["CellProgrammed"] == len(CELLS)


def test_without_contact_nothing_is_formed(bench):
    bench.heaters = dict.fromkeys(range(3), 1e9)
    rows, verdict = complete(sequence().run(bench))
    assert verdict is Verdict.PARTLY
    assert ends(rows) == {
        "array.contact.1": "failed",
        "array.form.1": "skipped",
        "array.program.1": "skipped",
        "array.program.2": "skipped",
        "monitor.resistance.1": "passed",
    }
    reasons = {row.test: row.reason for row in of_kind(rows, told.TestEnd)}
    assert reasons["contact"] == "the probes do not touch"
    assert reasons["form"] == "contact did not pass"
    assert bench.pulses == []


def test_a_subsite_whose_tests_are_all_left_out_is_not_touched(bench):
    only_form = TEXT.replace('if_passed = ["contact"]', "").replace('if_passed = ["form"]', "")
    rows, _ = complete(sequence(only_form).run(bench))
    bench.moves.clear()
    earlier = recorded_as(rows)
    complete(sequence(only_form).resume(bench, earlier))
    assert bench.moves == []


@pytest.mark.parametrize(("low", "outcome"), [(0.8, "passed"), (0.9, "failed")])
def test_a_limit_decides_in_the_place_of_the_verdict(low, outcome, bench):
    bench.cells[Cell(1, 1)].forming_voltage = 99.0
    rows, _ = complete(sequence(TEXT + limit("form", "formed", low, 3)).run(bench))
    assert ends(rows)["array.form.1"] == outcome
    assert ends(rows)["array.program.1"] == ("skipped" if outcome == "failed" else "failed")
    (form,) = [row for row in of_kind(rows, told.TestEnd) if row.test == "form"]
    assert form.verdict == "some cells failed"
    assert ("mean of form.formed = 0.83" in form.reason) == (outcome == "failed")
    censored = [
        (int(row), int(col))
        for block in of_kind(rows, Block)
        for row, col, is_so, name in zip(
            *(block.columns[name] for name in ("row", "col", "censored", "name")), strict=True
        )
        if is_so and name == "forming_voltage"
    ]
    assert censored == [(1, 1)]


def test_without_limits_the_verdict_decides(bench):
    bench.cells[Cell(1, 1)].forming_voltage = 99.0
    rows, _ = complete(sequence().run(bench))
    assert ends(rows)["array.form.1"] == "failed"
    assert ends(rows)["array.program.1"] == "skipped"


def test_a_device_beyond_a_limit_of_the_bench_fails_its_test_and_the_die_goes_on(bench, monkeypatch):
    def refused(*_):
        raise LimitExceeded("cell (0, 0) has taken all its pulses.")
        yield

    monkeypatch.setattr("procedures.cells_form.CellsForm.run", refused)
    rows, verdict = complete(sequence().run(bench))
    assert verdict is Verdict.PARTLY
    assert ends(rows)["array.form.1"] == "failed"
    assert ends(rows)["monitor.resistance.1"] == "passed"
    (form,) = [row for row in of_kind(rows, told.TestEnd) if row.test == "form"]
    assert (form.verdict, form.reason) == ("", "cell (0, 0) has taken all its pulses.")


def test_an_instrument_that_fails_ends_the_die_and_the_test_is_done_when_it_is_gone_on_with(
    bench, monkeypatch
):
    plan, rows = sequence(), []

    def silent(*_):
        raise lost()
        yield

    def run_on():
        for item in plan.run(bench):
            rows.append(item)

    with monkeypatch.context() as patch:
        patch.setattr("procedures.cells_form.CellsForm.run", silent)
        with pytest.raises(LabError, match="smu1 does not answer"):
            run_on()
    assert ends(rows) == {"array.contact.1": "passed", "array.form.1": "error"}
    resumed, verdict = complete(plan.resume(bench, recorded_as(rows)))
    assert verdict is Verdict.DONE
    assert "array.contact.1" not in ends(resumed)
    assert ends(resumed)["array.form.1"] == "passed"


def test_a_chuck_that_cannot_move_ends_the_die(bench):
    bench.trouble["subsite 0.0015 -0.001"] = lost("prober")
    with pytest.raises(LabError, match="prober does not answer"):
        complete(sequence().run(bench))


def test_the_stage_is_settled_before_anything_touches(bench):
    text = TEXT + '[stage]\ntemperature = "313 K"\n'
    rows, _ = complete(sequence(text, settle=True).run(bench))
    kinds = [type(row).__name__ for row in rows]
    assert kinds.index("StageReading") < kinds.index("Touchdown")
    assert bench.stage_at == 313.0
    bench.stage_at = 296.0
    complete(sequence(text, settle=False).run(bench))
    assert bench.stage_at == 296.0


def test_a_stage_that_does_not_settle_ends_the_die_before_anything_touches(bench):
    bench.stage_is_stuck = True
    text = TEXT + '[stage]\ntemperature = "313 K"\n'
    with pytest.raises(LabError, match="did not settle at 313 K"):
        complete(sequence(text, settle=True).run(bench))
    assert bench.moves == []


def all_rows(text=TEXT):
    rows, _ = complete(sequence(text).run(FakeWaferBench()))
    return rows


RECORDED = [item for item in all_rows() if not isinstance(item, Progress)]


@pytest.mark.parametrize("kept", range(1, len(RECORDED), 3))
def test_a_die_that_is_interrupted_anywhere_ends_with_the_same_numbers(kept, bench):
    plan, rows = sequence(), []
    running = plan.run(bench)
    for item in running:
        rows.append(item)
        if sum(not isinstance(each, Progress) for each in rows) == kept:
            break
    running.close()
    formed = {cell for cell in CELLS if bench.cells[cell].formed}
    pulses = len(bench.pulses)
    resumed, verdict = complete(plan.resume(bench, recorded_as(rows)))
    assert verdict is Verdict.DONE
    assert ends(rows) | ends(resumed) == ends(RECORDED)
    assert not set(ends(rows)) & set(ends(resumed)), "what had ended is not done again"
    again = [p.cell for p in bench.pulses[pulses:] if p.route.purpose is Purpose.FORM and p.cell in formed]
    assert again == []
    whole = values(RECORDED)
    found = values(rows)
    for key, numbers in values(resumed).items():
        found.setdefault(key, {}).update(numbers)
    assert set(found) == set(whole)
    for key in ("form.forming_voltage", "form.formed", "form.forming_pulses", "program.verified"):
        assert found[key] == whole[key], key
    told_formed = of_kind(rows, CellFormed) + of_kind(resumed, CellFormed)
    assert len(told_formed) == len(CELLS)


def test_pictures_are_called_after_their_test(bench):
    text = TEXT.replace(
        'procedure = "cells_read"\nsettings = { cells = "0,0" }', 'procedure = "crossbar_read"'
    )
    rows, _ = complete(sequence(text).run(bench))
    assert {picture.name for picture in of_kind(rows, Picture)} == {
        "monitor.resistance.1.apparent conductance",
        "monitor.resistance.1.conductance",
    }


def test_what_it_does_is_said_with_its_die_and_test(bench):
    rows, _ = complete(sequence().run(bench))
    doing = [row.doing for row in of_kind(rows, Progress)]
    assert "die (3, -2), array, test form: forming cell (0, 0)" in doing
    assert "die (3, -2), array, test program, cycle 2: programming cell (0, 0)" in doing


def test_the_record_holds_the_text_of_the_plan():
    assert str(sequence().plan) == TEXT
