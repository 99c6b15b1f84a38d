"""Which key does what, whatever has the focus and whatever is open."""

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QAbstractButton, QApplication, QFileDialog

from tests.faults.lab import BITS, WORDS, target_map
from tests.gui.window.conftest import Desk

PRESSES = (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter)
ORDERS = {"Start (F5)", "Add to queue", "Pause (Space)", "Resume", "Stop", "Abort", "Resume run", "Duplicate"}
ORDERS |= {
    "Start queue",
    "Hold queue",
    "■ STOP  (Esc)",
    "Read",
    "Form",
    "SET pulse…",
    "RESET pulse…",
    "Program to…",
}


@pytest.fixture
def busy(open_desk: Desk) -> Desk:
    """A run that takes a while, under way."""
    window = open_desk.window
    cells = {(word, bit): 80e-6 for word in range(WORDS) for bit in range(BITS)}
    window.form.choose("crossbar_program")
    open_desk.type("target", str(target_map(open_desk.folder, cells)))
    open_desk.start()
    open_desk.until(lambda: window.session.now == "running")
    return open_desk


def press(desk, *keys):
    """Type keys at whatever has the focus, as a keyboard does."""
    for key in keys:
        desk.qtbot.keyClick(QApplication.focusWidget() or desk.window, key)


def test_no_button_that_orders_something_takes_the_focus_or_a_key(open_desk):
    buttons = [each for each in open_desk.window.findChildren(QAbstractButton) if each.text() in ORDERS]
    assert {each.text() for each in buttons} >= ORDERS - {"Start queue", "Hold queue"}
    clicked = []
    for button in buttons:
        assert button.focusPolicy() == Qt.FocusPolicy.NoFocus, button.text()
        button.clicked.connect(clicked.append)
        button.setEnabled(True)
        for key in PRESSES:
            open_desk.qtbot.keyClick(button, key)
    assert clicked == []


def test_a_click_that_starts_a_run_is_not_repeated_by_a_key(open_desk):
    desk, window = open_desk, open_desk.window
    desk.qtbot.keyClick(window.array.map, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    asked = []
    window.array.run_asked.connect(lambda *given: asked.append(given))
    desk.click(window.array.actions_bar.buttons["Form"])
    press(desk, *PRESSES)
    window.form.choose("forming")
    desk.type("word", "1")
    desk.type("bit", "1")
    desk.click(window.form.start_bar.queue)
    press(desk, *PRESSES)
    desk.until(lambda: len(desk.statuses()) == 2)
    window.emergency()
    desk.until(lambda: window.session.now == "idle")
    assert len(asked) == 1
    assert len(desk.statuses()) == 2


def test_space_holds_the_run_and_lets_it_go_on_wherever_the_focus_is(busy):
    desk, window = busy, busy.window
    for place in (window.top.browse, window.queue.now.stop):
        place.setFocus()
        press(desk, Qt.Key.Key_Space)
        desk.until(lambda: window.session.now == "paused")
        place.setFocus()
        press(desk, Qt.Key.Key_Space)
        desk.until(lambda: window.session.now == "running")
    assert desk.ended == []


def test_esc_closes_what_is_open_and_only_that(busy):
    desk, window = busy, busy.window
    window.session.link.command("pause")
    desk.until(lambda: window.session.now == "paused")
    stops = []
    window.top.stop_asked.connect(lambda: stops.append(True))
    window.top.chooser.showPopup()
    desk.until(lambda: QApplication.activePopupWidget() is not None)
    desk.qtbot.keyClick(QApplication.activePopupWidget(), Qt.Key.Key_Escape)
    desk.until(lambda: QApplication.activePopupWidget() is None)
    window.top.browse_files()
    (dialog,) = window.findChildren(QFileDialog)
    desk.until(dialog.isActiveWindow)
    desk.qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    desk.until(lambda: not any(each.isVisible() for each in window.findChildren(QFileDialog)))
    window.tell("warning", "Something.", "")
    window.tell("error", "Something else.", "")
    press(desk, Qt.Key.Key_Escape)
    assert window.notices.notices == []
    assert stops == []
    assert window.session.now == "paused"
    press(desk, Qt.Key.Key_Escape)
    assert stops == [True]
    desk.until(lambda: bool(desk.ended))
    assert desk.ended[-1]["outcome"] == "aborted"


def test_stop_by_its_own_key_does_not_mind_what_is_open(busy):
    desk, window = busy, busy.window
    window.tell("error", "Something.", "")
    desk.qtbot.keyClick(window, Qt.Key.Key_Period, Qt.KeyboardModifier.ControlModifier)
    desk.until(lambda: bool(desk.ended))
    assert desk.ended[-1]["outcome"] == "aborted"
