"""The panel as somebody uses it: tabs, tools, pointer, keyboard."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from qtpy.QtCore import QPoint, QPointF, Qt

from labctl.core.clock import WallClock
from labctl.core.errors import RecordError
from labctl.gui.plots.panel import HINT
from labctl.gui.run_data import LiveRunData
from labctl.gui.theme import DARK, Choice
from labctl.record.reading import read_run
from labctl.record.recorder import Recorder
from procedures.program_verify import VerifyRead
from tests.gui.plots.runs import (
    StandIn,
    add_verify,
    array_run,
    finish_maps,
    maps_run,
    sweep_run,
    transfer_run,
    verify_run,
)


def offered(panel) -> list[str]:
    return [
        panel.tabs.tabText(place) for place in range(panel.tabs.count()) if panel.tabs.isTabVisible(place)
    ]


def click_tab(qtbot, panel, title: str) -> None:
    bar = panel.tabs.tabBar()
    (place,) = [place for place in range(bar.count()) if bar.tabText(place) == title]
    qtbot.mouseClick(bar, Qt.MouseButton.LeftButton, pos=bar.tabRect(place).center())


def point_at(qtbot, view, chart: int, x: float, y: float) -> None:
    """Move the pointer to a place in the coordinates of a chart."""
    box = view.charts[chart].plot.getViewBox()
    scene = box.mapViewToScene(QPointF(x, y))
    viewport = view.canvas.viewport()
    qtbot.mouseMove(viewport, QPoint(2, 2))
    qtbot.mouseMove(viewport, view.canvas.mapFromScene(scene))


def test_without_a_run_it_says_what_to_do(panel):
    assert panel.placeholder.isVisible()
    assert "Start a run, or open an earlier one" in panel.placeholder.text()
    assert not panel.tools.picture_button.isEnabled()


def test_a_run_without_rows_says_so_and_shows_up_with_its_first_row(panel):
    run = StandIn("just begun")
    panel.show_run(run)
    assert "has not measured anything" in panel.placeholder.text()
    add_verify(run, (0, 0), [0], [0.0], [1e-6])
    panel.refresh()
    assert panel.view.title == "Staircase"
    assert panel.tools.picture_button.isEnabled()


@pytest.mark.parametrize(
    ("make", "title", "tabs"),
    [
        (verify_run, "Staircase", ["Staircase", "Columns"]),
        (transfer_run, "ReLU transfer", ["ReLU transfer", "I-V", "Columns"]),
        (array_run, "Conductances", ["Conductances", "Staircase", "Columns"]),
        (sweep_run, "I-V", ["I-V", "Columns"]),
        (lambda: maps_run(1), "Feature maps", ["Feature maps"]),
    ],
)
def test_the_most_telling_view_of_a_procedure_comes_first(panel, make, title, tabs):
    panel.show_run(make())
    assert panel.view.title == title
    assert offered(panel) == tabs


def test_the_view_that_was_picked_stays_while_it_suits(panel, qtbot):
    panel.show_run(transfer_run())
    click_tab(qtbot, panel, "I-V")
    panel.show_run(sweep_run())
    assert panel.view.title == "I-V"
    panel.show_run(transfer_run("another"))
    assert panel.view.title == "I-V"
    panel.show_run(verify_run())
    assert panel.view.title == "Staircase"
    panel.show_run(transfer_run())
    assert panel.view.title == "I-V"


def test_only_the_visible_view_is_redrawn(panel):
    run = transfer_run()
    panel.show_run(run)
    done = []
    for view in panel.views:
        redraw = view.redraw
        view.redraw = lambda view=view, redraw=redraw: (done.append(view.title), redraw())
    panel.refresh()
    assert done == ["ReLU transfer"]
    panel.hide()
    panel.refresh()
    assert done == ["ReLU transfer"]
    panel.show()
    assert done == ["ReLU transfer"] * 2


def test_new_rows_show_up_and_the_plot_follows_them(panel):
    run = verify_run()
    panel.show_run(run)
    add_verify(run, (3, 5), [4], [0.7], [300e-6])
    panel.refresh()
    curve = panel.view.charts[0].curves[1]
    assert curve.y[-1] == 300e-6
    assert panel.view.charts[0].plot.getViewBox().viewRange()[1][1] > 300e-6


def test_zoom_stays_until_fit_is_clicked(panel, qtbot):
    run = sweep_run()
    panel.show_run(run)
    box = panel.view.charts[0].plot.getViewBox()
    qtbot.waitUntil(lambda: box.viewRange()[1][1] < 1e-3)
    before = box.viewRange()
    box.setRange(xRange=(0.0, 0.1), yRange=(0.0, 1e-7), padding=0)
    panel.refresh()
    assert box.viewRange()[0] == [0.0, 0.1]
    qtbot.mouseClick(panel.tools.fit_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: np.allclose(box.viewRange(), before, rtol=0.05, atol=0))


def test_fit_shows_all_of_a_long_curve_that_was_thinned_for_a_zoom(panel, qtbot):
    run = StandIn("long")
    run.add("Trace", {"time": "s", "current": "A"}, time=np.arange(50_000.0), current=np.arange(50_000.0))
    panel.show_run(run)
    chart = panel.view.charts[0]
    chart.plot.setRange(xRange=(100.0, 200.0), yRange=(100.0, 200.0), padding=0)
    assert 101 in chart.curves[0].places
    qtbot.mouseClick(panel.tools.fit_button, Qt.MouseButton.LeftButton)
    assert chart.curves[0].places[0] == 0  # at once, or the axes would be fitted to a part of it
    box = chart.plot.getViewBox()
    qtbot.waitUntil(lambda: box.viewRange()[0][0] < 100 and box.viewRange()[0][1] > 49_999)
    assert chart.curves[0].places[0] == 0


def test_log_buttons_show_magnitudes_and_say_what_is_on(panel, qtbot):
    panel.show_run(sweep_run())
    assert not panel.tools.log_y.isChecked()
    qtbot.mouseClick(panel.tools.log_y, Qt.MouseButton.LeftButton)
    assert panel.tools.log_y.isChecked()
    assert panel.view.charts[0].curves[0].y[0] == pytest.approx(-6.0)
    panel.show_run(verify_run())
    assert not panel.tools.log_x.isEnabled()
    assert not panel.tools.log_y.isChecked()


def test_grid_and_box_zoom_are_switched_for_every_view(panel, qtbot):
    panel.show_run(sweep_run())
    box = panel.view.charts[0].plot.getViewBox()
    qtbot.mouseClick(panel.tools.box_button, Qt.MouseButton.LeftButton)
    assert box.state["mouseMode"] == box.RectMode
    axis = panel.view.charts[0].plot.getAxis("bottom")
    assert axis.grid
    qtbot.mouseClick(panel.tools.grid_button, Qt.MouseButton.LeftButton)
    assert not axis.grid


def test_the_pointer_reads_out_the_nearest_point_with_units_and_cell(panel, qtbot):
    panel.show_run(verify_run())
    qtbot.waitUntil(lambda: panel.view.charts[0].plot.getViewBox().viewRange()[0][1] > 4)
    point_at(qtbot, panel.view, 0, 2.02, 130e-6)
    assert panel.readout.text() == "read 2, conductance 130 uS · cell (3, 5), row 2 · conductance"
    point_at(qtbot, panel.view, 1, 3.0, -0.5)
    assert "pulse -500 mV" in panel.readout.text()
    assert "RESET pulse" in panel.readout.text()


def test_the_pointer_reads_out_a_pixel_of_a_map(panel, qtbot):
    run = maps_run(2)
    panel.show_run(run)
    tile = panel.view._tiles["hardware"][1]
    qtbot.waitUntil(lambda: tile.box.viewRange()[0][1] > 5)
    viewport = panel.view.canvas.viewport()
    for (x, y), text in (
        ((2.5, 1.5), "hardware, filter 1, row 1, column 2: 2.7 uA"),
        ((0.5, 3.5), "hardware, filter 1, row 3, column 0: not measured yet"),
    ):
        qtbot.mouseMove(viewport, QPoint(2, 2))
        qtbot.mouseMove(viewport, panel.view.canvas.mapFromScene(tile.box.mapViewToScene(QPointF(x, y))))
        assert panel.readout.text() == text
    finish_maps(run)
    panel.refresh()
    assert panel.readout.text() == text


def test_the_arrow_keys_go_from_point_to_point(panel, qtbot):
    panel.show_run(verify_run())
    canvas = panel.view.canvas
    canvas.setFocus()
    told = []
    for key in (
        Qt.Key.Key_Right,
        Qt.Key.Key_Right,
        Qt.Key.Key_Right,
        Qt.Key.Key_Left,
        Qt.Key.Key_Left,
        Qt.Key.Key_Left,
    ):
        qtbot.keyClick(canvas, key)
        told.append(panel.readout.text().split(",")[0])
    assert told == ["read 0", "read 1", "read 2", "read 1", "read 0", "read 0"]


def test_earlier_runs_are_laid_behind_and_taken_away(panel):
    panel.show_run(sweep_run("now"))
    panel.overlay([sweep_run("monday", -1.0), sweep_run("now")])
    assert panel.view.canvas.legend == ["now", "monday"]  # a run is not laid behind itself
    assert len(panel.view.charts[0].curves) == 2
    panel.overlay([])
    assert panel.view.canvas.legend == []
    assert len(panel.view.charts[0].curves) == 1


def test_simulated_runs_say_so_and_real_ones_do_not(panel):
    panel.show_run(verify_run("real", simulated=False))
    assert panel.view.canvas.heading.startswith("Staircase · real")
    panel.overlay([verify_run("virtual")])
    assert panel.view.canvas.heading.startswith("SIMULATED Staircase · real")


def test_plots_follow_the_theme(panel, theme):
    panel.show_run(verify_run())
    theme.choose(Choice.DARK)
    canvas = panel.view.canvas
    assert canvas.backgroundBrush().color().name() == DARK.base
    assert panel.view.charts[0].plot.getAxis("left").textPen().color().name() == DARK.text
    assert panel.view.charts[0].curves[1].line.opts["pen"].color().name() == DARK.series[0]
    assert canvas.grab().toImage().pixelColor(3, canvas.height() - 3).name() == DARK.base


def test_a_record_that_cannot_be_read_any_more_is_told_in_a_sentence(panel):
    class Gone(StandIn):
        @property
        def pictures(self):
            raise RecordError("run.h5 cannot be read (it is gone).")

        @pictures.setter
        def pictures(self, value):
            pass

    panel.show_run(Gone("gone"))
    assert panel.readout.text() == "run.h5 cannot be read (it is gone)."


def test_a_live_run_and_the_same_run_read_back_look_alike(panel, tmp_path: Path):
    folder = tmp_path / "2026-01-01_program_verify_aaaa"
    folder.mkdir()
    record = Recorder(folder, {"procedure": "program_verify", "simulated": True}, WallClock())
    live = LiveRunData(folder)
    panel.show_run(live)
    for pulses, conductance in enumerate((20e-6, 60e-6, 100e-6)):
        record.row(
            VerifyRead(
                word=3,
                bit=5,
                pulses=pulses,
                amplitude=0.5 * bool(pulses),
                apparent=conductance,
                conductance=conductance,
                target=1e-4,
                low=95e-6,
                high=105e-6,
            )
        )
        live.update()
        panel.refresh()
        assert panel.view.charts[0].curves[1].y[-1] == conductance
    record.end({"outcome": "finished"})
    heading, curve = panel.view.canvas.heading, panel.view.charts[0].curves[1].y.copy()
    panel.show_run(read_run(folder))
    assert panel.view.canvas.heading == heading
    np.testing.assert_array_equal(panel.view.charts[0].curves[1].y, curve)


def test_showing_nothing_again_clears_the_plots(panel):
    panel.show_run(verify_run())
    panel.show_run(None)
    assert panel.placeholder.isVisible()
    assert panel.readout.text() == HINT
    assert all(not chart.traces for view in panel.views for chart in view.charts)


def test_every_tool_can_be_reached_by_keyboard_and_has_a_name(panel, qtbot):
    panel.show_run(verify_run())
    tools = [panel.tools.fit_button, panel.tools.log_y, panel.tools.grid_button, panel.tools.box_button]
    tools += [panel.tools.picture_button, panel.tools.data_button]
    assert all(tool.accessibleName() and tool.toolTip() for tool in tools)
    panel.activateWindow()
    tools[0].setFocus()
    seen = set()
    for _ in range(12):
        seen.add(panel.focusWidget())
        qtbot.keyClick(panel.focusWidget(), Qt.Key.Key_Tab)
    assert set(tools) <= seen
