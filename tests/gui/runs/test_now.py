"""What runs now: its words, its progress, the orders that make sense."""

import pytest
from qtpy.QtCore import Qt

STARTED = {
    "event": "started",
    "procedure": "program_verify",
    "folder": "/runs/a",
    "simulated": True,
    "warnings": [],
}
ENDED = {
    "event": "ended",
    "outcome": "finished",
    "verdict": "verified",
    "reason": "",
    "unconfirmed": [],
    "refused": False,
}


@pytest.fixture
def orders(panel):
    found = []
    panel.command.connect(lambda name, given: found.append((name, given)))
    return found


def enabled(panel):
    now = panel.now
    return [button.text() for button in (now.pause, now.resume, now.stop, now.abort) if button.isEnabled()]


def test_what_runs_is_told_in_words_with_its_progress(panel, clock):
    panel.show_state(STARTED)
    panel.show_progress({"done": 0, "total": 56, "doing": "cell (3, 4): reading"})
    clock.now += 80
    panel.show_progress({"event": "progress", "done": 20, "total": 56, "doing": "cell (3, 5): reading"})
    assert panel.now.doing.text() == "program_verify, cell (3, 5): reading"
    assert panel.now.times.text() == "1 min 20 s passed, about 2 min left"
    assert (panel.now.bar.value(), panel.now.bar.maximum()) == (20, 56)
    assert panel.now.bar.format() == "20 of 56"
    assert panel.now.bar.isVisible()


def test_nothing_is_said_of_the_time_left_at_the_start(panel, clock):
    panel.show_state(STARTED)
    panel.show_progress({"done": 0, "total": 56, "doing": ""})
    clock.now += 1
    panel.show_progress({"done": 1, "total": 56, "doing": ""})
    assert panel.now.times.text() == "1 s passed"
    assert panel.now.doing.text() == "program_verify"


def test_a_procedure_that_cannot_count_leaves_the_bar_empty(panel):
    panel.show_state(STARTED)
    panel.show_progress({"done": 3, "total": 0, "doing": "settling"})
    assert panel.now.bar.text() == ""
    assert panel.now.times.text() == "0 s passed"


def test_orders_are_possible_only_where_they_make_sense(panel):
    assert enabled(panel) == []
    panel.show_state({"state": "starting"})
    assert enabled(panel) == ["Stop", "Abort"]
    panel.show_state(STARTED)
    assert enabled(panel) == ["Pause (Space)", "Stop", "Abort"]
    panel.show_state({"event": "paused", "at_rest": True})
    assert enabled(panel) == ["Resume", "Stop", "Abort"]
    panel.show_state({"event": "resumed"})
    assert enabled(panel) == ["Pause (Space)", "Stop", "Abort"]
    panel.show_state(ENDED)
    assert enabled(panel) == []
    panel.show_state({"event": "idle"})
    assert enabled(panel) == []


def test_buttons_give_orders(panel, orders, qtbot):
    panel.show_state(STARTED)
    for button in (panel.now.pause, panel.now.resume, panel.now.stop, panel.now.abort):
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert orders == [("pause", {"at": "safe"}), ("resume", {}), ("stop", {}), ("abort", {})]


def test_a_pause_at_the_next_row_is_in_the_menu(panel, orders):
    panel.show_state(STARTED)
    panel.now.pause_row.trigger()
    assert orders == [("pause", {"at": "row"})]
    assert panel.now.doing.text() == "program_verify - will pause at the next row"
    panel.show_state({"event": "paused", "at_rest": False})
    assert panel.now.doing.text() == "Paused (sources stand at their levels): program_verify"


def test_space_pauses_and_goes_on(panel, orders, qtbot):
    panel.show_state(STARTED)
    panel.table.setFocus()
    qtbot.keyClick(panel.table, Qt.Key.Key_Space)
    panel.show_state({"event": "paused", "at_rest": True})
    qtbot.keyClick(panel.table, Qt.Key.Key_Space)
    assert [name for name, _ in orders] == ["pause", "resume"]


def test_space_pauses_even_where_a_button_that_ends_the_run_has_the_keyboard(panel, orders, qtbot):
    panel.show_state(STARTED)
    panel.now.stop.setFocus()
    qtbot.keyClick(panel.now.stop, Qt.Key.Key_Space)
    qtbot.keyClick(panel.now.abort, Qt.Key.Key_Return)
    assert orders == [("pause", {"at": "safe"})]


def test_the_focus_passes_by_what_orders_something(panel, qtbot):
    panel.show_state(STARTED)
    panel.show_state({"event": "paused", "at_rest": True})
    qtbot.mouseClick(panel.now.resume, Qt.MouseButton.LeftButton)
    panel.show_state({"event": "resumed"})
    assert not panel.now.resume.isEnabled()
    assert not any(button.hasFocus() for button in (panel.now.pause, panel.now.stop, panel.now.abort))


def test_space_does_nothing_when_nothing_runs(panel, orders, qtbot):
    qtbot.keyClick(panel.table, Qt.Key.Key_Space)
    assert orders == []


def test_how_the_last_run_ended_stays_to_be_read(panel, clock):
    panel.show_state(STARTED)
    clock.now += 200
    panel.show_state(ENDED)
    assert panel.now.doing.text() == "program_verify has ended."
    panel.show_state({"event": "idle"})
    assert (
        panel.now.doing.text() == "Nothing runs. Last: program_verify finished (verified) after 3 min 20 s."
    )
    assert not panel.now.bar.isVisible()
    assert panel.now.times.text() == ""
    panel.show_state({**STARTED, "procedure": "forming"})
    panel.show_state({**ENDED, "outcome": "failed", "verdict": None, "reason": "smu2 does not answer."})
    panel.show_state({"event": "idle"})
    assert panel.now.doing.text() == "Nothing runs. Last: forming failed after 0 s. smu2 does not answer."


def test_what_could_not_be_confirmed_to_be_safe_is_told_first(panel):
    panel.show_state(STARTED)
    unsafe = ["smu2.a may still be on."]
    panel.show_state(
        {**ENDED, "outcome": "failed", "verdict": None, "unconfirmed": unsafe, "reason": "Lost."}
    )
    panel.show_state({"event": "idle"})
    assert panel.now.doing.text() == (
        "Nothing runs. Last: program_verify failed after 0 s. "
        "NOT CONFIRMED TO BE SAFE: smu2.a may still be on. Lost."
    )


def test_a_window_that_joins_says_since_when_it_counts(panel, clock):
    panel.show_state({**STARTED, "state": "paused"})
    clock.now += 5
    panel.show_progress({"done": 40, "total": 56, "doing": "cell (3, 5)"})
    assert panel.now.doing.text() == "Paused: program_verify, cell (3, 5)"
    assert panel.now.times.text() == "5 s since this window joined"
    assert enabled(panel) == ["Resume", "Stop", "Abort"]


def test_a_state_of_the_run_that_is_known_changes_no_times(panel, clock):
    panel.show_state(STARTED)
    clock.now += 7
    panel.show_state({**STARTED, "state": "running"})
    assert panel.now.times.text() == "7 s passed"


def test_without_an_engine_nothing_can_be_ordered(panel):
    panel.show_state(STARTED)
    panel.set_connected(False)
    assert enabled(panel) == []
    assert panel.now.doing.text() == "No engine is connected: open a bench."
    assert not panel.is_busy


def test_every_button_says_what_it_does(panel):
    for button in (panel.now.pause, panel.now.resume, panel.now.stop, panel.now.abort):
        assert len(button.toolTip()) > 20


def test_long_words_are_cut_and_can_be_read_in_a_tool_tip(panel):
    panel.show_state(STARTED)
    long = "cell (3, 5): " + "reading " * 60
    panel.show_progress({"done": 1, "total": 2, "doing": long})
    assert panel.now.doing.toolTip() == panel.now.doing.text() == f"program_verify, {long}"
    panel.show_progress({"done": 1, "total": 2, "doing": "cell (3, 5)"})
    assert panel.now.doing.toolTip() == ""
