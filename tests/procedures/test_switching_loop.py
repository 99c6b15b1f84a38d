"""The switching loop goes around both polarities and shows the state that each pulse leaves."""

from itertools import pairwise

import pytest

from labctl.bench import open_bench
from labctl.core.errors import PlanError
from labctl.core.lines import Cell
from labctl.core.route import Purpose, Scheme
from labctl.core.rows import Progress, Verdict
from procedures.forming import Forming
from procedures.switching_loop import LoopPoint, SwitchingLoop
from tests.procedures.fake_bench import FakeBench, complete, of_kind

CELL = Cell(1, 2)


@pytest.fixture
def bench():
    bench = FakeBench()
    bench.form(20e-6)
    return bench


def loop(bench, **settings):
    rows, verdict = complete(SwitchingLoop(word=1, bit=2, **settings).run(bench))
    return rows, verdict


def test_pulses_go_up_down_through_zero_and_back_a_step_apart(bench):
    rows, verdict = loop(bench, highest=0.6, lowest=0.7, step=0.1, cycles=2, pulse_width=300e-6)
    once = [0.2, 0.3, 0.4, 0.5, 0.6, 0.5, 0.4, 0.3, 0.2]
    once += [-0.2, -0.3, -0.4, -0.5, -0.6, -0.7, -0.6, -0.5, -0.4, -0.3, -0.2]
    assert verdict is Verdict.DONE
    assert bench.amplitudes(CELL, Purpose.WRITE) == pytest.approx(2 * once)
    assert {pulse.width for pulse in bench.pulses} == {300e-6}
    points = of_kind(rows, LoopPoint)
    assert [point.amplitude for point in points] == pytest.approx([0.0, *2 * once])
    assert [point.cycle for point in points] == [1] + [1] * len(once) + [2] * len(once)
    last = of_kind(rows, Progress)[-1]
    assert last.done == last.total == 2 * len(once)


def test_a_point_is_the_read_after_its_pulse(bench):
    rows, _ = loop(bench, highest=0.8, lowest=0.9)
    points = of_kind(rows, LoopPoint)
    for point in points:
        assert point.current == pytest.approx(0.1 * point.conductance)
    for before, after in pairwise(points):
        change = after.conductance / before.conductance
        if after.amplitude > 0.55:
            assert change > 1.02
        elif after.amplitude < -0.58:
            assert change < 0.98
        else:
            assert change == pytest.approx(1.0, rel=0.2)
    assert points[-1].conductance == pytest.approx(bench.cells[CELL].conductance, rel=0.05)


def test_a_cell_that_never_conducted_gets_no_pulse(bench):
    bench.cells[CELL].conductance = 5e-9
    rows, verdict = loop(bench)
    assert verdict is Verdict.NEVER_FORMED
    assert [point.amplitude for point in of_kind(rows, LoopPoint)] == [0.0]
    assert bench.pulses == []


def test_bystanders_stand_at_the_share_that_was_chosen_for_the_largest_pulse(bench):
    loop(bench, highest=0.6, lowest=0.8, scheme=Scheme.THIRD)
    (route,) = bench.routes
    assert (route.amplitude, route.scheme) == (0.8, Scheme.THIRD)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"highest": 0.08}, "highest = 80 mV leaves no pulse: give more than the read voltage .100 mV."),
        ({"lowest": 0.2, "step": 0.3}, "lowest = 200 mV leaves no pulse: .* at least one step .300 mV."),
        ({"cycles": 0}, "cycles = 0, allowed 1 to 1000"),
        ({"scheme": Scheme.FLOAT}, "write with V/2 or V/3"),
        ({"highest": float("inf")}, "highest"),
    ],
)
def test_bad_parameters_are_refused_in_a_sentence(settings, words):
    with pytest.raises(PlanError, match=words):
        SwitchingLoop(word=0, bit=0, **settings)


def test_on_the_virtual_bench_the_loop_is_that_of_a_bipolar_cell(tmp_path, monkeypatch):
    monkeypatch.setenv("LABCTL_SAMPLES", str(tmp_path / "samples"))
    with open_bench("virtual_56x8") as bench:
        assert complete(Forming(word=3, bit=5).run(bench))[1] is Verdict.FORMED
        rows, verdict = complete(SwitchingLoop(word=3, bit=5, cycles=2).run(bench))
    assert verdict is Verdict.DONE
    points = [point for point in of_kind(rows, LoopPoint) if point.cycle == 2]
    set_branch = {round(p.amplitude, 2): p.conductance for p in points if p.amplitude > 0}
    reset_branch = {round(p.amplitude, 2): p.conductance for p in points if p.amplitude < 0}
    assert points[0].conductance < 10e-6, "it begins in the state that the first RESET left"
    assert set_branch[0.75] > 20 * points[0].conductance
    assert points[-1].conductance < 0.05 * max(set_branch.values())
    assert reset_branch[-0.2] == pytest.approx(points[-1].conductance, rel=0.1), "small pulses change nothing"
