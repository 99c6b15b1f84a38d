"""Notices: none takes no room, errors stay, infos go, details are folded."""

import pytest
from qtpy.QtCore import Qt
from qtpy.QtGui import QGuiApplication
from qtpy.QtWidgets import QVBoxLayout, QWidget

from labctl.gui.notices import MOST, Level, NoticeBar


@pytest.fixture
def window(shown):
    made = QWidget()
    QVBoxLayout(made).setContentsMargins(0, 0, 0, 0)
    return shown(made, height=500)


@pytest.fixture
def bar(window, theme):
    made, below = NoticeBar(theme), QWidget()
    window.layout().addWidget(made)
    window.layout().addWidget(below, 1)
    made.below = below
    return made


def seen(bar):
    return [notice.sentence.text() for notice in bar.notices if notice.isVisible()]


def press(qtbot, button):
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_it_takes_no_room_when_there_is_nothing_to_tell(bar, qtbot):
    assert not bar.isVisible()
    bar.tell("error", "smu2 does not answer.")
    qtbot.waitUntil(lambda: bar.below.y() > 0)
    press(qtbot, bar.notices[0].close_button)
    assert not bar.isVisible()
    qtbot.waitUntil(lambda: bar.below.y() == 0)


def test_a_long_sentence_is_no_higher_than_its_lines(bar, qtbot):
    bar.tell("error", "smu2 does not answer: check the cable. " * 6)
    qtbot.waitUntil(lambda: bar.below.y() > 0)
    assert bar.height() < 6 * bar.fontMetrics().lineSpacing()


def test_errors_and_warnings_stay_and_infos_are_superseded(bar):
    for level in ("error", "info", "warning", "info"):
        bar.tell(level, f"This is an {level}.")
    assert seen(bar) == ["This is an info.", "This is an warning.", "This is an error."]
    bar.tell(Level.ERROR, "Another error.")
    assert seen(bar) == ["Another error.", "This is an warning.", "This is an error."]


def test_a_notice_of_the_same_key_takes_the_place_of_the_older_one(bar):
    bar.tell("error", "The engine is gone.", key="engine")
    bar.tell("warning", "The queue was damaged.")
    bar.tell("error", "The engine is gone again.", key="engine")
    assert seen(bar) == ["The engine is gone again.", "The queue was damaged."]
    bar.withdraw("engine")
    assert seen(bar) == ["The queue was damaged."]


def test_four_are_seen_and_the_others_wait(bar, qtbot):
    for number in range(MOST + 2):
        bar.tell("error", f"Error {number}.")
    assert seen(bar) == ["Error 5.", "Error 4.", "Error 3.", "Error 2."]
    assert bar._older.text() == "2 older notices wait: close one to see it."
    press(qtbot, bar.notices[0].close_button)
    assert seen(bar) == ["Error 4.", "Error 3.", "Error 2.", "Error 1."]
    assert bar._older.text() == "1 older notice waits: close one to see it."
    press(qtbot, bar.notices[0].close_button)
    assert not bar._older.isVisible()


def test_details_are_folded_and_copied(bar, qtbot):
    bar.tell("error", "It broke.", "Traceback\n  line 3")
    notice = bar.notices[0]
    assert not notice.more.isVisible()
    press(qtbot, notice.unfold)
    assert notice.more.isVisible()
    assert notice.more.toPlainText() == "Traceback\n  line 3"
    press(qtbot, notice.copy)
    assert QGuiApplication.clipboard().text() == "It broke.\nTraceback\n  line 3"
    press(qtbot, notice.unfold)
    assert not notice.more.isVisible()


def test_without_details_there_is_no_button_for_them(bar):
    bar.tell("error", "It broke.")
    assert not bar.notices[0].unfold.isVisible()


def test_a_button_does_what_it_says_and_closes_the_notice(bar, qtbot):
    done = []
    bar.tell("warning", "A run did not end.", buttons=[("Resume it", lambda: done.append("resumed"))])
    button = bar.notices[0].buttons[0]
    assert button.text() == "Resume it"
    press(qtbot, button)
    assert done == ["resumed"]
    assert seen(bar) == []


def test_a_button_may_tell_the_next_notice(bar, qtbot):
    bar.tell("warning", "First.", buttons=[("Go on", lambda: bar.tell("info", "Second."))])
    press(qtbot, bar.notices[0].buttons[0])
    assert seen(bar) == ["Second."]


def test_the_keyboard_reaches_every_button_that_orders_nothing(bar, qtbot):
    done = []
    bar.tell("error", "It broke.", "details", [("Resume it", lambda: done.append("resumed"))])
    notice = bar.notices[0]
    for button in (notice.unfold, notice.copy, notice.close_button):
        assert button.focusPolicy() & Qt.FocusPolicy.TabFocus
    for key in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter):
        qtbot.keyClick(notice.buttons[0], key)
    assert done == []
    notice.close_button.setFocus()
    qtbot.keyClick(notice.close_button, Qt.Key.Key_Space)
    assert seen(bar) == []


@pytest.mark.parametrize("level", list(Level))
def test_a_level_is_told_in_words(bar, level):
    bar.tell(level, "Something.")
    assert level.value.capitalize() in bar.notices[0].word.text()
    assert bar.notices[0].accessibleName() == f"{level.value}: Something."


def test_a_sentence_is_no_markup(bar):
    bar.tell("error", "Voltage <b>2 V</b> & more")
    assert bar.notices[0].sentence.textFormat() == Qt.TextFormat.PlainText
