"""What each view shows of a run: curves, words, choices."""

from __future__ import annotations

import numpy as np
import pytest

from labctl.gui.plots.columns import ColumnsView
from labctl.gui.plots.conductance import ConductanceView
from labctl.gui.plots.iv import IvView
from labctl.gui.plots.maps import FeatureMapsView, best_across
from labctl.gui.plots.relu import ReluView
from labctl.gui.plots.staircase import StaircaseView
from labctl.gui.run_data import GrowingTable
from tests.gui.plots.runs import (
    StandIn,
    add_fit,
    add_forming,
    add_transfer,
    add_verify,
    array_run,
    finish_maps,
    maps_run,
    sweep_run,
    transfer_run,
    verify_run,
)


@pytest.fixture
def view(qtbot, theme, request):
    made = request.param(theme)
    qtbot.addWidget(made)
    made.resize(700, 400)
    made.show()
    return made


def of(kind: type) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("view", [kind], indirect=True)


def drawn(view, chart: int) -> dict[str, tuple[list[float], list[float]]]:
    """Curves by name, as they are on the screen."""
    found = view.charts[chart]
    return {
        trace.name: (curve.x.tolist(), curve.y.tolist())
        for trace, curve in zip(found.traces, found.curves, strict=True)
    }


def symbols(view, chart: int) -> dict[str, str]:
    return {
        trace.name: curve.marks.opts["symbol"]
        for trace, curve in zip(view.charts[chart].traces, view.charts[chart].curves, strict=True)
        if len(curve.marks.data)
    }


def show(view, run, earlier=()):
    view.show_runs(run, earlier)
    view.redraw()
    view.fit()


@of(StaircaseView)
def test_staircase_shows_reads_above_pulses_and_the_window(view):
    show(view, verify_run())
    upper, lower = drawn(view, 0), drawn(view, 1)
    assert upper["conductance"] == ([0, 1, 2, 3, 4], [20e-6, 60e-6, 130e-6, 102e-6, 101e-6])
    assert upper["target"] == ([0, 1, 2, 3, 4], [100e-6] * 5)
    assert lower["SET pulse"] == ([1, 2], [0.55, 0.6])
    assert lower["RESET pulse"] == ([3], [-0.5])  # the read that confirms was given no pulse
    assert symbols(view, 1) == {"SET pulse": "t1", "RESET pulse": "t"}
    low, high = (edge.getData()[1] for edge in view._band._edges)
    assert (set(low), set(high)) == ({95e-6}, {105e-6})
    assert "programming cell (3, 5) · 101 uS after 3 pulses · window 95 uS to 105 uS" in view.canvas.heading


@of(StaircaseView)
def test_staircase_follows_the_latest_cell_until_another_is_chosen(view, qtbot):
    run = verify_run()
    show(view, run)
    add_verify(run, (4, 0), [0], [0.0], [5e-6])
    view.redraw()
    assert drawn(view, 0)["conductance"][1] == [5e-6]
    assert view._cell.box.itemText(0) == "latest cell"
    qtbot.keyClicks(view._cell.box, "(3")
    view._cell.box.activated.emit(view._cell.box.currentIndex())
    assert len(drawn(view, 0)["conductance"][1]) == 5
    add_verify(run, (4, 0), [1], [0.55], [6e-6])
    view.redraw()
    assert len(drawn(view, 0)["conductance"][1]) == 5
    assert "cell (3, 5)" in view.canvas.heading


@of(StaircaseView)
def test_forming_is_logarithmic_and_gives_way_to_programming(view):
    run = StandIn("forming")
    add_forming(run, (3, 5))
    show(view, run)
    np.testing.assert_allclose(drawn(view, 0)["conductance"][1], np.log10([1e-9, 2e-9, 3e-9, 4e-4]))
    assert drawn(view, 1)["forming pulse"] == ([1, 2, 3], [1.05, 1.1, 1.15])
    assert view.charts[1].x.name == "pulses"
    add_verify(run, (3, 5), [0], [0.0], [20e-6], time=1.0)
    view.redraw()
    assert drawn(view, 0)["conductance"][1] == [20e-6]
    assert view._reads.text == "programming"


@of(StaircaseView)
def test_earlier_runs_stand_behind_by_their_folder_names(view):
    show(view, verify_run("now"), [verify_run("monday"), verify_run("tuesday")])
    assert {"now", "monday", "tuesday"} - set(view.canvas.legend) == {"now"}
    curves = view.charts[0].curves
    by_name = dict(zip((trace.name for trace in view.charts[0].traces), curves, strict=True))
    assert by_name["monday"].line.zValue() < by_name["conductance"].line.zValue()
    looks = {
        (curve.line.opts["pen"].color().name(), curve.marks.opts["symbol"])
        for name, curve in by_name.items()
        if name != "target"
    }
    assert len(looks) == 3


@of(StaircaseView)
def test_more_earlier_runs_than_colours_become_one_grey_curve(view):
    earlier = [verify_run(f"run {number}") for number in range(9)]
    show(view, verify_run(), earlier)
    assert "4 more earlier runs" in view.canvas.legend
    merged = drawn(view, 0)["4 more earlier runs"]
    assert len(merged[0]) == 4 * 5 + 3  # no line joins one run to the next
    assert np.isnan(merged[0]).sum() == 3


@of(ReluView)
def test_relu_branches_have_symbols_and_the_fit_is_drawn_and_written(view):
    run = transfer_run()
    show(view, run)
    assert "no threshold fitted yet" in view.canvas.heading
    assert not view._threshold.isVisible()
    assert symbols(view, 0) == {"up": "t1", "down": "t", "after reset": "star"}
    assert drawn(view, 0)["down"] == ([300e-6, 100e-6], [3e-6, 1e-8])
    add_fit(run, 3)
    view.redraw()
    assert "neuron 3 · threshold 200 uA, gain 0.04, hysteresis 30 uA" in view.canvas.heading
    assert view._threshold.isVisible()
    assert view._threshold.value() == 200e-6
    np.testing.assert_allclose(view._gain.getData()[1], [1e-8, 1e-8 + 0.04 * 200e-6])


@of(ReluView)
def test_relu_chooses_between_neurons(view):
    run = transfer_run()
    add_transfer(run, 4)
    add_fit(run, 3)
    show(view, run)
    assert "neuron 4" in view.canvas.heading
    view._neuron.box.setCurrentText("3")
    view._neuron.box.activated.emit(view._neuron.box.currentIndex())
    assert "neuron 3 · threshold" in view.canvas.heading


@of(ConductanceView)
def test_conductances_are_counted_summed_up_and_compared_with_their_targets(view):
    show(view, array_run())
    (name,) = {trace.name for trace in view.charts[0].traces}
    counts = view.charts[0].traces[0].y
    assert sum(counts[1:-1:2]) == 11
    conductance, share = drawn(view, 1)[name]
    assert conductance == sorted(conductance)
    assert (share[0], share[-1]) == (pytest.approx(1 / 11), 1.0)
    target, verified = drawn(view, 2)[name]
    assert len(target) == 10  # unread (2, 3) has no conductance; (1, 1) was only RESET
    assert verified[0] == pytest.approx(1.1 * target[0])
    assert "11 cells, median 60 uS, network-corrected · median error 0.0%" in view.canvas.heading


@of(ConductanceView)
def test_errors_can_be_shown_as_a_histogram(view):
    show(view, array_run())
    view._comparison.box.setCurrentIndex(1)
    view._comparison.box.activated.emit(1)
    errors = view.charts[2].traces[0]
    assert view.charts[2].x.name == "relative_error"
    assert sum(errors.y[1:-1:2]) == 10
    assert errors.x.max() == pytest.approx(0.1, rel=0.02)


@of(ConductanceView)
def test_a_picture_that_is_replaced_is_shown_anew(view):
    run = array_run()
    show(view, run)
    run.pictures["conductance"] = array_run(scale=2.0).pictures["conductance"]
    view.redraw()
    assert "median 120 uS" in view.canvas.heading


@of(ConductanceView)
def test_reads_of_single_cells_stand_in_until_the_picture_comes(view):
    run = StandIn("crossbar_read")
    run.add("CellRead", {"word": "1", "bit": "1", "apparent": "S"}, word=[0], bit=[0], apparent=[5e-6])
    assert not ConductanceView.suits(run)
    run.add("CellRead", {"word": "1", "bit": "1", "apparent": "S"}, word=[0], bit=[1], apparent=[7e-6])
    show(view, run)
    assert "2 cells, median 6 uS, not yet corrected for the network" in view.canvas.heading
    assert not view.charts[2].plot.isVisible()


@of(ConductanceView)
def test_conductances_over_decades_are_logarithmic_and_noise_below_zero_is_left_out(view):
    run = StandIn("crossbar_read")
    values = np.array([-1e-10, 1e-9, 2e-9, 3e-9, 1e-4])
    run.add(
        "CorrectedCell", {"word": "1", "bit": "1", "conductance": "S"}, word=np.arange(5), conductance=values
    )
    show(view, run)
    view.redraw()
    conductance, share = drawn(view, 1)["crossbar_read"]
    np.testing.assert_allclose(conductance, np.log10(values[1:]))
    np.testing.assert_allclose(share, [0.4, 0.6, 0.8, 1.0])


@of(IvView)
def test_iv_takes_any_rows_with_volt_and_ampere_and_parts_the_cells(view):
    show(view, sweep_run())
    assert view.charts[0].x.name == "bias"
    (x, y) = drawn(view, 0)["2026-01-04_sweep_dddd"]
    assert len(x) == 11
    assert np.isnan(x[5])
    assert y[:5] == pytest.approx(np.linspace(-1e-6, 1e-6, 5))


@of(IvView)
def test_a_logarithmic_current_is_a_magnitude(view):
    show(view, sweep_run())
    view.set_log(False, True)
    y = np.array(drawn(view, 0)["2026-01-04_sweep_dddd"][1])
    np.testing.assert_allclose(y[[0, 1, 3, 4]], np.log10([1e-6, 0.5e-6, 0.5e-6, 1e-6]))
    assert np.isnan(y[2])
    assert view.charts[0]._axes["left"].logTickStrings([-6.0], 1.0, 1.0) == ["1 uA"]


@of(ColumnsView)
def test_columns_of_a_procedure_nobody_foresaw(view):
    show(view, sweep_run())
    assert (view._x.text, view._y.text) == ("bias", "leakage")
    view._x.box.setCurrentText("row number")
    view._x.box.activated.emit(view._x.box.currentIndex())
    x = np.array(drawn(view, 0)["2026-01-04_sweep_dddd"][0])
    np.testing.assert_array_equal(x[np.isfinite(x)], np.arange(10))
    assert "note" not in [view._y.box.itemText(place) for place in range(view._y.box.count())]


@of(ColumnsView)
def test_elements_of_arrays_of_fixed_shape_are_columns_too(view):
    run = StandIn("arrays")
    run.tables["Row"] = GrowingTable({"corner": "V"})
    run.tables["Row"].extend({"corner": np.arange(6.0).reshape(3, 2)})
    show(view, run)
    view._y.box.setCurrentText("corner[1]")
    view._y.box.activated.emit(view._y.box.currentIndex())
    assert drawn(view, 0)["arrays"][1] == [1.0, 3.0, 5.0]


@of(FeatureMapsView)
def test_maps_fill_and_software_comes_when_they_are_through(view):
    run = maps_run(2)
    show(view, run)
    assert "10 of 20 patches measured" in view.canvas.heading
    hardware, software = view._tiles["hardware"], view._tiles["software"]
    assert [tile.title.text for tile in hardware] == ["filter 0", "filter 1"]
    assert np.isnan(hardware[0].image.image[2:]).all()
    assert hardware[1].image.image[0, 0] == pytest.approx(20e-7)
    assert not software[0].image.isVisible()
    assert "software: comes when these filters are through" in view._texts["software"].text
    assert "output current" in view._texts["hardware"].text
    whole = maps_run(4)
    run.pictures |= whole.pictures
    finish_maps(run)
    view.redraw()
    assert "20 of 20 patches measured" in view.canvas.heading
    assert software[0].image.isVisible()
    assert [tile.title.text for tile in software] == ["filter 7", "filter 9"]
    assert tuple(hardware[0].image.levels) == tuple(
        software[0].image.levels
    )  # one scale, so that they compare


@pytest.mark.parametrize(("wide", "high", "across"), [(1600, 300, 8), (400, 900, 3), (900, 900, 4)])
def test_maps_are_set_so_that_they_are_large(wide, high, across):
    assert best_across(8, wide, high) == across


@pytest.mark.parametrize(
    ("kind", "suiting"),
    [
        (StaircaseView, [verify_run]),
        (ReluView, [transfer_run]),
        (ConductanceView, [array_run]),
        (IvView, [transfer_run, sweep_run]),
        (FeatureMapsView, []),
    ],
)
def test_a_view_suits_what_it_can_show(kind, suiting):
    runs = (verify_run, transfer_run, sweep_run, array_run)
    expected = [*suiting, array_run] if kind is StaircaseView else suiting
    assert [make for make in runs if kind.suits(make())] == expected
    assert not kind.suits(StandIn("empty"))
