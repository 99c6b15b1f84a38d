"""What a student does with the window, by mouse and keyboard, on the virtual bench."""

import numpy as np
import pytest
from PIL import Image
from qtpy.QtCore import Qt

from labctl.core.lines import Cell
from labctl.gui.simulated import SimulatedMark
from labctl.record.outcome import Outcome
from labctl.record.reading import read_run
from tests.faults.lab import BITS, WORDS, small_bench, target_map


def all_cells(conductance):
    return {(word, bit): conductance for word in range(WORDS) for bit in range(BITS)}


def test_a_bench_is_opened_checked_and_marked_as_simulated(desk):
    window = desk.window
    assert "No bench is open" in window.form.start_bar.reason.text()
    assert not window.form.start_bar.start.isEnabled()
    desk.open()
    assert "ready, all outputs off" in window.top.lamp.text()
    assert "SIMULATED" in window.windowTitle()
    for page in (window.array, window.bench):
        window.pages.setCurrentWidget(page)
        marks = page.findChildren(SimulatedMark)
        assert marks
        assert all(mark.isVisible() for mark in marks)
    assert window.top.mark.isVisible()
    with desk.qtbot.waitSignal(window.session.checked, timeout=30_000):
        desk.click(window.bench.instruments.button)
    rows = [row.texts for row in window.bench.instruments.model.rows]
    assert len(rows) == 5
    assert all("in order" in texts for texts in rows)
    assert any("2636B" in text for text in rows[1])


def test_the_array_is_formed_from_its_map(open_desk):
    desk, window = open_desk, open_desk.window
    window.array.map.setFocus()
    desk.qtbot.keyClick(window.array.map, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert len(window.array.selection) == WORDS * BITS
    desk.click(window.array.actions_bar.buttons["Form"])
    desk.until(lambda: bool(desk.ended) and window.session.now == "idle")
    assert desk.ended[-1]["outcome"] == "finished"
    run = read_run(window.session.run.folder)
    assert run.head["procedure"] == "cells_form"
    for cell in (Cell(0, 0), Cell(3, 1)):
        desk.until(lambda cell=cell: " formed" in desk.hover(cell) and "uS" in desk.hover(cell))
    assert desk.statuses() == ["finished"]


def test_a_picture_is_programmed_and_its_conductances_are_shown(open_desk):
    desk, window = open_desk, open_desk.window
    target = target_map(desk.folder, all_cells(80e-6))
    ended = desk.run("crossbar_program", target=str(target))
    assert (ended["outcome"], ended["verdict"]) == ("finished", "done")
    window.pages.setCurrentWidget(window.plots)
    assert window.plots.view is not None
    run = read_run(window.session.run.folder)
    assert set(run.tables["CellSummary"].columns["verdict"]) == {"verified"}
    desk.until(lambda: "target 80 uS" in desk.hover(Cell(1, 1)))
    assert "programmed" in desk.hover(Cell(1, 1))


def test_the_transfer_curve_of_a_neuron_is_measured(open_desk):
    desk, window = open_desk, open_desk.window
    settled = desk.run("stage_settle")
    assert settled["outcome"] == "finished"
    ended = desk.run("neuron_transfer", neuron="1")
    assert ended["outcome"] == "finished"
    window.pages.setCurrentWidget(window.plots)
    assert "transfer" in window.plots.tabs.tabText(window.plots.tabs.currentIndex()).lower()
    desk.until(lambda: "threshold" in window.plots.view.canvas.heading)
    assert window.plots.view.canvas.heading.startswith("SIMULATED")


def test_a_bad_value_is_told_at_once_and_blocks_the_start(open_desk):
    desk, window = open_desk, open_desk.window
    window.form.choose("program_verify")
    desk.type("word", "1")
    desk.type("bit", "1")
    desk.type("target", "2 V")
    assert "is in V, a value in S is wanted" in desk.field("target").mistake
    assert not window.form.start_bar.start.isEnabled()
    assert "in V" in window.form.start_bar.reason.text()
    desk.type("target", "50u")
    assert window.form.start_bar.start.isEnabled()
    assert window.form.start_bar.reason.text() == ""


def test_a_run_that_is_refused_says_why_and_the_next_one_runs(open_desk):
    desk, window = open_desk, open_desk.window
    window.form.choose("forming")
    desk.type("word", "9")
    desk.type("bit", "1")
    desk.start()
    desk.until(lambda: any("There is no cell (9, 1)" in sentence for _, sentence, _ in desk.told))
    desk.until(lambda: window.session.now == "idle")
    assert desk.run("forming", word="1", bit="1")["verdict"] == "formed"
    assert desk.statuses() == ["failed", "finished"]


def test_esc_stops_a_run_wherever_the_keyboard_is(open_desk):
    desk, window = open_desk, open_desk.window
    target = target_map(desk.folder, all_cells(80e-6))
    window.form.choose("crossbar_program")
    editor = desk.type("target", str(target))
    desk.start()
    desk.until(lambda: window.session.now == "running")
    desk.until(lambda: len(window.session.run.tables) > 0)
    desk.qtbot.keyClick(editor, Qt.Key.Key_Escape)
    desk.until(lambda: bool(desk.ended) and window.session.now == "idle")
    assert desk.ended[-1]["outcome"] == "aborted"
    assert desk.ended[-1]["unconfirmed"] == []
    assert "Emergency stop" in desk.ended[-1]["reason"]
    live = []
    window.session.link.command("live", live.append)
    desk.until(lambda: bool(live))
    assert live[0]["at_rest"]
    assert live[0]["closed"] == []


def test_a_run_is_held_and_goes_on(open_desk):
    desk, window = open_desk, open_desk.window
    target = target_map(desk.folder, all_cells(60e-6))
    window.form.choose("crossbar_program")
    desk.type("target", str(target))
    desk.start()
    desk.until(lambda: window.session.now == "running")
    desk.click(window.queue.now.pause)
    desk.until(lambda: window.session.now == "paused")
    assert "paused, outputs off" in window.top.lamp.text()
    desk.click(window.queue.now.resume)
    desk.until(lambda: bool(desk.ended) and window.session.now == "idle")
    assert desk.ended[-1]["outcome"] == "finished"


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_photograph_becomes_a_feature_map_beside_softwares(desk, tmp_path):
    window = desk.window
    picture = tmp_path / "photograph.png"
    shades = np.random.default_rng(3).integers(0, 255, (3, 3, 3), dtype=np.uint8)
    Image.fromarray(shades).save(picture)
    window.open_bench(str(small_bench(tmp_path, words=56, bits=2)))
    desk.until(lambda: window.session.now == "idle")
    texts = {"weights": "edges", "images": str(picture), "filters": "0", "calibration_patches": "8"}
    window.form.load("image_maps", {**texts, "trims": "0.1 0.2", "transfer": "no"})
    ended = desk.start_and_wait()
    assert ended["outcome"] == "finished", ended
    window.pages.setCurrentWidget(window.plots)
    assert "map" in window.plots.tabs.tabText(window.plots.tabs.currentIndex()).lower()
    run = read_run(window.session.run.folder)
    assert run.outcome is Outcome.FINISHED
    assert np.isfinite(run.pictures["measured"].values).all()
