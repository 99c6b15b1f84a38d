"""The log: bounded, filtered, copied, saved, fed by Python's logging from any thread."""

import logging
import re
import threading

import pytest
from qtpy.QtCore import Qt
from qtpy.QtGui import QGuiApplication
from qtpy.QtWidgets import QFileDialog

from labctl.gui.log_panel import MOST, LogHandler, LogPanel
from tests.gui.desk.moment import NOW


@pytest.fixture
def log(shown, theme):
    made = shown(LogPanel(theme, now=lambda: NOW), height=230)
    made.add("info", "Run 1 has begun.")
    made.add("warning", "Relay A3 is worn.")
    made.add("error", "smu2 does not answer.\nTraceback")
    return made


def shown_rows(log):
    return [
        [log.filtered.index(row, column).data() for column in range(3)]
        for row in range(log.filtered.rowCount())
    ]


def test_a_line_has_a_time_a_level_in_words_and_a_text(log):
    assert shown_rows(log) == [
        ["19:45:02", "ℹ info", "Run 1 has begun."],
        ["19:45:02", "⚠ warning", "Relay A3 is worn."],
        ["19:45:02", "✕ error", "smu2 does not answer. Traceback"],
    ]
    tip = log.filtered.index(2, 2).data(Qt.ItemDataRole.ToolTipRole)
    assert tip == "2026-11-23 19:45:02\nsmu2 does not answer.\nTraceback"


@pytest.mark.parametrize(("downs", "left"), [(0, 3), (1, 2), (2, 1)])
def test_the_filter_by_level(log, qtbot, downs, left):
    log.levels.setFocus()
    for _ in range(downs):
        qtbot.keyClick(log.levels, Qt.Key.Key_Down)
    assert len(shown_rows(log)) == left
    assert shown_rows(log)[-1][1] == "✕ error"


def test_the_filter_by_text(log, qtbot):
    qtbot.keyClicks(log.text, "relay a3")
    assert [row[2] for row in shown_rows(log)] == ["Relay A3 is worn."]
    log.add("info", "Relay A3 was replaced.")
    log.add("info", "Run 2 has begun.")
    assert len(shown_rows(log)) == 2


def test_only_the_latest_lines_are_kept(log):
    for number in range(MOST + 10):
        log.add("info", f"line {number}")
    assert len(log.model.lines) <= MOST
    assert len(shown_rows(log)) == len(log.model.lines)
    assert shown_rows(log)[-1][2] == f"line {MOST + 9}"
    assert len(log.model.lines) > MOST - 600


def test_it_follows_its_end_unless_somebody_reads_further_up(log):
    bar = log.table.verticalScrollBar()
    for number in range(60):
        log.add("info", f"line {number}")
    assert bar.value() == bar.maximum() > 0
    bar.setValue(5)
    log.add("info", "one more")
    assert bar.value() == 5


def test_selected_lines_are_copied_or_else_all_that_are_shown(log, qtbot):
    clipboard = QGuiApplication.clipboard()
    qtbot.mouseClick(log.copy, Qt.MouseButton.LeftButton)
    assert clipboard.text() == (
        "2026-11-23 19:45:02  info     Run 1 has begun.\n"
        "2026-11-23 19:45:02  warning  Relay A3 is worn.\n"
        "2026-11-23 19:45:02  error    smu2 does not answer.\nTraceback\n"
    )
    at = log.table.visualRect(log.filtered.index(1, 2)).center()
    qtbot.mouseClick(log.table.viewport(), Qt.MouseButton.LeftButton, pos=at)
    qtbot.keyClick(log.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert clipboard.text() == "2026-11-23 19:45:02  warning  Relay A3 is worn.\n"


def test_what_is_shown_is_saved_by_a_dialog_that_blocks_nothing(log, qtbot, tmp_path):
    qtbot.keyClicks(log.text, "relay")
    qtbot.mouseClick(log.save, Qt.MouseButton.LeftButton)
    dialog = log.findChild(QFileDialog)
    assert dialog.isVisible()
    assert not dialog.isModal()
    dialog.fileSelected.emit(str(tmp_path / "log.txt"))
    dialog.close()
    saved = (tmp_path / "log.txt").read_text(encoding="utf-8")
    head, line = saved.splitlines()
    assert re.fullmatch(r"# local times, UTC[+-]\d\d:\d\d", head)
    assert line == "2026-11-23 19:45:02  warning  Relay A3 is worn."
    log.text.clear()
    assert shown_rows(log)[-1][2] == f"The log was saved in {tmp_path / 'log.txt'}."


def test_a_place_that_cannot_be_written_is_a_sentence(log, tmp_path):
    log.save_to(tmp_path)
    assert shown_rows(log)[-1][1] == "✕ error"
    assert "cannot be saved" in shown_rows(log)[-1][2]


def test_it_is_emptied(log, qtbot):
    qtbot.mouseClick(log.empty, Qt.MouseButton.LeftButton)
    assert shown_rows(log) == []


def test_pythons_logging_comes_in_from_any_thread(log, qtbot):
    logger = logging.getLogger("tests.gui.desk")
    logger.propagate = False
    handler = LogHandler(log)
    logger.addHandler(handler)
    try:
        thread = threading.Thread(target=lambda: logger.warning("from %s", "a thread"))
        thread.start()
        thread.join()
        qtbot.waitUntil(lambda: len(log.model.lines) == 4)
        logger.info("too little to be told")
        logger.error("bad")
    finally:
        logger.removeHandler(handler)
    assert [row[1:] for row in shown_rows(log)[3:]] == [["⚠ warning", "from a thread"], ["✕ error", "bad"]]
