"""The same procedures through drivers, bytes and virtual instruments, on six word lines of the 56 x 8 bench."""

import numpy as np
import pytest

from labctl.bench import open_bench
from labctl.core.lines import Cell
from labctl.core.paths import find_bench
from labctl.core.rows import Picture, Verdict
from procedures.crossbar_program import CellSummary, CrossbarProgram
from procedures.crossbar_read import CrossbarRead
from procedures.forming import Forming, FormingRead
from procedures.program_verify import ProgramVerify, VerifyRead
from tests.procedures.fake_bench import complete, of_kind


@pytest.fixture
def bench_file(tmp_path, monkeypatch):
    monkeypatch.setenv("LABCTL_SAMPLES", str(tmp_path / "samples"))
    text = find_bench("virtual_56x8").read_text(encoding="utf-8")
    for whole, small in (
        ('"1-56" = "word 0-55"', '"1-6" = "word 0-5"'),
        ("word_lines = 56", "word_lines = 6"),
        ('segment_resistance = "2 ohm"', 'segment_resistance = "40 ohm"'),
    ):
        assert whole in text
        text = text.replace(whole, small)
    path = tmp_path / "six_lines.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def bench(bench_file):
    with open_bench(bench_file) as bench:
        yield bench


def test_a_virgin_cell_is_formed_then_programmed_down_and_up(bench):
    rows, verdict = complete(Forming(word=4, bit=3).run(bench))
    assert verdict is Verdict.FORMED
    assert of_kind(rows, FormingRead)[0].conductance < 100e-9
    for target in (20e-6, 120e-6):
        plan = ProgramVerify(word=4, bit=3, target=target, corrected=False)
        rows, verdict = complete(plan.run(bench))
        assert verdict is Verdict.VERIFIED
        assert of_kind(rows, VerifyRead)[-1].conductance == pytest.approx(target, rel=0.05)
    _, verdict = complete(Forming(word=4, bit=3).run(bench))
    assert verdict is Verdict.ALREADY_FORMED


def test_the_next_program_knows_a_cell_for_formed_though_it_reads_as_if_it_were_not(bench_file):
    low = ProgramVerify(word=2, bit=1, target=4e-6, tolerance=0.2, corrected=False)
    with open_bench(bench_file) as bench:
        complete(Forming(word=2, bit=1).run(bench))
        assert complete(low.run(bench))[1] is Verdict.VERIFIED
    with open_bench(bench_file) as bench:
        taken = bench.ledger.books.of(Cell(2, 1)).pulses
        rows, verdict = complete(Forming(word=2, bit=1, formed_above=10e-6).run(bench))
        assert rows[-1].conductance < 10e-6
        assert verdict is Verdict.ALREADY_FORMED
        assert bench.ledger.books.of(Cell(2, 1)).pulses == taken


def test_an_independent_read_finds_what_was_programmed(bench, tmp_path):
    target = np.full((6, 8), np.nan)
    target[:2] = np.geomspace(8e-6, 180e-6, 16).reshape(2, 8)
    plan = CrossbarProgram.of(target, tmp_path / "target.npy", touch_up=0)
    rows, verdict = complete(plan.run(bench))
    assert verdict is Verdict.DONE
    assert len(of_kind(rows, CellSummary)) == 16
    rows, _ = complete(CrossbarRead().run(bench))
    maps = {row.name: row.values for row in of_kind(rows, Picture)}
    np.testing.assert_allclose(maps["conductance"][:2], target[:2], rtol=0.08)
    assert np.max(np.abs(maps["apparent conductance"][:2] / target[:2] - 1)) > 0.1
