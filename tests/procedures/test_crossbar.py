"""Array procedures: every cell read and corrected, every wanted cell programmed, the rest untouched."""

import dataclasses
import pickle

import numpy as np
import pytest

from labctl.core.errors import PlanError
from labctl.core.lines import Cell
from labctl.core.quantity import make
from labctl.core.route import Purpose
from labctl.core.rows import Earlier, Picture, Progress, Verdict
from procedures.crossbar_program import CellSummary, CrossbarProgram
from procedures.crossbar_read import CellRead, CorrectedCell, CrossbarRead, Unreadable
from procedures.forming import FormingRead
from procedures.program_verify import VerifyRead
from procedures.target_map import read_target
from tests.procedures.fake_bench import FakeBench, complete, of_kind

ALONE = Cell(2, 1)
"""The cell that the target map leaves alone."""


@pytest.fixture
def bench():
    bench = FakeBench()
    for index, cell in enumerate(bench.cells.values()):
        cell.forming_voltage = 1.0 + 0.03 * index
    return bench


@pytest.fixture
def target():
    target = np.geomspace(5e-6, 150e-6, 12).reshape(4, 3)
    target[ALONE] = np.nan
    return target


@pytest.fixture
def plan(target, tmp_path):
    return CrossbarProgram.of(target, tmp_path / "target.npy")


def picture(rows, name):
    return [row for row in of_kind(rows, Picture) if row.name == name][-1].values


def test_every_cell_is_read_and_corrected(bench):
    rng = np.random.default_rng(0)
    for cell in bench.cells.values():
        cell.conductance = float(rng.uniform(10e-6, 300e-6))
    rows, verdict = complete(CrossbarRead().run(bench))
    assert verdict is Verdict.DONE
    assert len(of_kind(rows, CellRead)) == 12
    truth = bench.conductance()
    assert np.max(np.abs(picture(rows, "apparent conductance") / truth - 1)) > 0.01
    np.testing.assert_allclose(picture(rows, "conductance"), truth, rtol=1e-4)
    corrected = {(row.word, row.bit): row.conductance for row in of_kind(rows, CorrectedCell)}
    assert corrected[3, 2] == pytest.approx(truth[3, 2], rel=1e-4)
    assert bench.pulses == []


def test_some_lines_only(bench):
    rows, _ = complete(CrossbarRead(words=(1, 3), bits=(2,)).run(bench))
    assert [(row.word, row.bit) for row in of_kind(rows, CellRead)] == [(1, 2), (3, 2)]
    assert np.isfinite(picture(rows, "conductance")).sum() == 2


def test_a_cell_at_compliance_is_listed_and_left_out_of_the_map(bench):
    bench.limited.add(Cell(1, 1))
    rows, verdict = complete(CrossbarRead().run(bench))
    assert verdict is Verdict.PARTLY
    assert [(row.word, row.bit) for row in of_kind(rows, Unreadable)] == [(1, 1)]
    assert np.isnan(picture(rows, "conductance")[1, 1])
    assert "(1, 1)" in of_kind(rows, Progress)[-1].doing


def test_lines_that_do_not_exist_or_come_twice_are_refused(bench):
    with pytest.raises(PlanError, match="no cell"):
        complete(CrossbarRead(words=(4,)).run(bench))
    with pytest.raises(PlanError, match="name each line once"):
        CrossbarRead(bits=(1, 1))


def test_a_fresh_array_is_programmed_to_the_map(bench, plan, target):
    rows, verdict = complete(plan.run(bench))
    assert verdict is Verdict.DONE
    wanted = np.isfinite(target)
    np.testing.assert_allclose(bench.conductance()[wanted], target[wanted], rtol=0.06)
    summary = of_kind(rows, CellSummary)
    assert len(summary) == 11
    assert {row.verdict for row in summary} == {Verdict.VERIFIED}
    assert {row.forming for row in summary} == {Verdict.FORMED}
    assert all(row.forming_pulses and row.pulses for row in summary)
    np.testing.assert_array_equal(picture(rows, "target conductance"), target)
    np.testing.assert_allclose(picture(rows, "conductance")[wanted], target[wanted], rtol=0.05)


def test_a_cell_without_a_target_is_read_but_never_pulsed(bench, plan):
    before = bench.cells[ALONE].conductance
    rows, _ = complete(plan.run(bench))
    assert ALONE in bench.reads
    assert all(pulse.cell != ALONE for pulse in bench.pulses)
    assert bench.cells[ALONE].conductance == before
    assert picture(rows, "conductance")[ALONE] == pytest.approx(before, rel=0.2)


def test_a_known_map_spares_reading_the_cells_left_alone(bench, target, tmp_path):
    known = np.full(target.shape, 30e-6)
    np.save(tmp_path / "known.npy", known)
    spared = CrossbarProgram.of(target, tmp_path / "target.npy", known=str(tmp_path / "known.npy"))
    rows, _ = complete(spared.run(bench))
    assert not any(row.doing.startswith("reading cells") for row in of_kind(rows, Progress))
    assert picture(rows, "conductance")[ALONE] == 30e-6
    last = of_kind(rows, Progress)[-1]
    assert last.done == last.total
    known[ALONE] = np.nan
    np.save(tmp_path / "known.npy", known)
    rows, _ = complete(spared.run(bench))
    assert sum(row.doing.startswith("reading cells") for row in of_kind(rows, Progress)) == 1


def test_all_cells_are_formed_and_reset_before_any_is_programmed(bench, plan):
    complete(plan.run(bench))
    forming = [index for index, pulse in enumerate(bench.pulses) if pulse.route.purpose is Purpose.FORM]
    first_set = next(
        index
        for index, pulse in enumerate(bench.pulses)
        if pulse.route.purpose is Purpose.WRITE and pulse.amplitude > 0
    )
    assert forming[-1] < first_set
    after_first = bench.pulses[: forming[-1]]
    reset = [pulse.cell for pulse in after_first if pulse.route.purpose is Purpose.WRITE]
    assert Cell(0, 0) in reset, "a formed cell is RESET directly, before the next ones are formed"


def test_the_low_state_is_reached_before_the_next_cell_is_formed(bench, plan):
    run = plan.run(bench)
    for row in run:
        if isinstance(row, Progress) and row.doing == "forming cell (0, 1)":
            break
    assert bench.cells[Cell(0, 0)].conductance <= plan.low_state
    run.close()


def test_the_way_down_from_forming_starts_at_its_own_amplitude(bench, plan):
    complete(dataclasses.replace(plan, low_reset=0.8).run(bench))
    assert bench.amplitudes(Cell(0, 0), Purpose.WRITE)[0] == -0.8


def test_formed_cells_are_not_formed_again(bench, plan):
    bench.form(3e-6)
    rows, verdict = complete(plan.run(bench))
    assert verdict is Verdict.DONE
    assert {row.forming for row in of_kind(rows, CellSummary)} == {Verdict.ALREADY_FORMED}
    assert all(pulse.route.purpose is Purpose.WRITE for pulse in bench.pulses)


def over_reset(bench, cell):
    """`cell` conducted once, and a RESET took it to less than forming asks for."""
    bench.highest[cell] = 40e-6
    bench.cells[cell].conductance = 0.4e-6


def test_a_cell_reset_out_of_sight_is_programmed_by_set_pulses_and_never_formed_again(bench, plan):
    over_reset(bench, Cell(1, 0))
    rows, verdict = complete(plan.run(bench))
    assert verdict is Verdict.DONE
    summary = {(row.word, row.bit): row for row in of_kind(rows, CellSummary)}
    assert (summary[1, 0].forming, summary[1, 0].forming_pulses) == (Verdict.ALREADY_FORMED, 0)
    assert bench.amplitudes(Cell(1, 0), Purpose.FORM) == []
    assert bench.amplitudes(Cell(1, 0), Purpose.WRITE)[0] == plan.set_start


@pytest.mark.parametrize("reads", [1, 4, 1000], ids=["forming", "programming", "verified"])
def test_a_run_interrupted_after_such_a_cell_goes_on_without_forming_it(bench, plan, reads):
    """Interrupted once its one forming read and so many reads of its programming are recorded."""
    cell, rows = Cell(1, 0), []
    over_reset(bench, cell)
    run = plan.run(bench)
    for row in run:
        rows.append(row)
        mine = [each for each in of_kind(rows, (FormingRead, VerifyRead)) if (each.word, each.bit) == cell]
        over = isinstance(row, Progress) and row.doing.startswith("programming cell (2, 0)")
        if len(mine) == reads or over:
            break
    run.close()
    before = len(bench.pulses)
    more, verdict = complete(plan.resume(bench, recorded(rows)))
    assert verdict is Verdict.DONE
    (summary,) = [row for row in of_kind(more, CellSummary) if (row.word, row.bit) == cell]
    assert (summary.forming, summary.forming_pulses) == (Verdict.ALREADY_FORMED, 0)
    assert bench.amplitudes(cell, Purpose.FORM) == []
    if reads == 1000:
        assert all(pulse.cell != cell for pulse in bench.pulses[before:]), (
            "it was verified: nothing is left to do"
        )


def recorded(rows):
    """What the record of an interrupted run gives back of these rows."""
    tables = {}
    for kind in (FormingRead, VerifyRead, CellSummary):
        names = [field.name for field in dataclasses.fields(kind)]
        of_this = of_kind(rows, kind)
        if of_this:
            tables[kind.__name__] = {
                name: np.array([getattr(row, name) for row in of_this]) for name in names
            }
    return Earlier(tables, {row.name: row for row in of_kind(rows, Picture)})


def test_failing_cells_are_data_and_the_run_goes_on(bench, plan):
    bench.cells[Cell(0, 1)].forming_voltage = 99.0
    bench.cells[Cell(1, 0)].rate = 0.0
    rows, verdict = complete(plan.run(bench))
    assert verdict is Verdict.PARTLY
    summary = {(row.word, row.bit): row for row in of_kind(rows, CellSummary)}
    assert summary[0, 1].forming is Verdict.NOT_FORMED
    assert summary[0, 1].verdict is Verdict.NOT_FORMED
    assert summary[1, 0].verdict is Verdict.OUT_OF_RANGE
    assert sum(row.verdict is Verdict.VERIFIED for row in summary.values()) == 9
    assert not bench.amplitudes(Cell(0, 1), Purpose.WRITE), "what does not conduct is not programmed"
    assert bench.connected == []


def test_touching_up_repairs_a_cell_that_drifted(bench, plan, target):
    run = plan.run(bench)
    for row in run:
        if isinstance(row, Progress) and row.doing.startswith("touching up cell (0, 0)"):
            bench.cells[Cell(3, 2)].conductance *= 0.5
            break
    complete(run)
    assert bench.cells[Cell(3, 2)].conductance == pytest.approx(target[3, 2], rel=0.06)


def test_progress_counts_to_its_total_and_says_what_is_done(bench, plan):
    rows, _ = complete(plan.run(bench))
    progress = of_kind(rows, Progress)
    assert [row.done for row in progress] == sorted(row.done for row in progress)
    assert progress[-1].done == progress[-1].total
    assert progress[-1].doing == "11 of 11 cells verified"
    assert any("forming cell (0, 0)" in row.doing for row in progress)


def test_each_word_line_brings_a_new_picture(bench, plan):
    rows, _ = complete(plan.run(bench))
    maps = [row.values for row in of_kind(rows, Picture) if row.name == "conductance"]
    assert len(maps) == 3 * 4
    assert np.isnan(maps[0]).any()
    assert maps[0] is not maps[1]


def test_each_verify_is_corrected_for_the_cells_as_they_stand(bench, plan):
    rows, _ = complete(plan.run(bench))
    last = {(row.word, row.bit): row.conductance for row in of_kind(rows, VerifyRead)}
    truth = bench.conductance()
    assert max(abs(value / truth[cell] - 1) for cell, value in last.items()) < 0.005


def test_the_plan_is_plain_data(plan, target):
    assert pickle.loads(pickle.dumps(plan)) == plan
    assert dataclasses.replace(plan, tolerance=0.1).target == plan.target
    again = make(CrossbarProgram, {"target": plan.target, "tolerance": "0.02", "scheme": "V/3"})
    assert again.tolerance == 0.02
    np.testing.assert_array_equal(read_target(again.target), target)


def test_a_map_comes_from_csv_or_from_the_examples(tmp_path):
    path = tmp_path / "map.csv"
    path.write_text("# siemens\n1e-5, 2e-5\nnan, 4e-5\n")
    np.testing.assert_array_equal(read_target(str(path)), [[1e-5, 2e-5], [np.nan, 4e-5]])
    assert read_target("gradient_56x8").shape == (56, 8)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"1e-5,2e-5\n1e-5\n", "cannot be read as a map of numbers"),
        (b"", "cannot be read as a map of numbers: it is empty"),
        (b"1e-5,0.5\n", r"1 targets out of range, first at cell \(0, 1\) = 0.5 S"),
        (b"1e-5,-1e-5\n", r"cell \(0, 1\) = -1e-05 S; allowed 1e-07 to 0.01 S"),
    ],
)
def test_a_map_that_is_none_is_refused_in_a_sentence(tmp_path, content, words):
    path = tmp_path / "map.csv"
    path.write_bytes(content)
    with pytest.raises(PlanError, match=words):
        CrossbarProgram(target=str(path))


def test_a_truncated_npy_is_refused(tmp_path, target):
    path = tmp_path / "map.npy"
    np.save(path, target)
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(PlanError, match=r"map.npy cannot be read"):
        CrossbarProgram(target=str(path))


def test_a_missing_map_and_an_unknown_name_are_refused(tmp_path):
    with pytest.raises(PlanError, match="There is no conductance map"):
        CrossbarProgram(target=str(tmp_path / "none.npy"))
    with pytest.raises(PlanError, match=r"is no conductance map.*gradient_56x8"):
        CrossbarProgram(target="photograph")


def test_a_map_of_another_shape_is_refused_before_anything_is_connected(bench, tmp_path):
    plan = CrossbarProgram.of(np.full((2, 3), 1e-5), tmp_path / "map.npy")
    with pytest.raises(PlanError, match="holds 2 x 3 conductances, this bench's array has 4 word lines x 3"):
        complete(plan.run(bench))
    assert bench.routes == []


def test_a_low_state_that_would_look_unformed_is_refused(tmp_path, target):
    with pytest.raises(PlanError, match="would count as unformed"):
        CrossbarProgram.of(target, tmp_path / "map.npy", low_state=0.5e-6)


def test_closing_in_the_middle_lets_the_cell_go(bench, plan):
    run = plan.run(bench)
    for row in run:
        if isinstance(row, VerifyRead):
            break
    assert bench.connected
    run.close()
    assert not bench.connected
