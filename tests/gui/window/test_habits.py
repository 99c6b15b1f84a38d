"""What the window remembers, says and shows beside the measurement."""

import gc
from pathlib import Path

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QAbstractButton, QComboBox, QLabel, QLineEdit, QPlainTextEdit, QTreeWidget, QWidget

from labctl.gui.main_window import MainWindow
from labctl.gui.record_page import latest_lines
from labctl.gui.run_data import GrowingTable, LiveRunData
from labctl.gui.settings import Settings
from labctl.gui.theme import DARK, LIGHT, Choice, Theme
from labctl.record.reading import Run
from labctl.run.plain import encoded


def tree_texts(tree: QTreeWidget) -> list[str]:
    found, waiting = [], [tree.topLevelItem(place) for place in range(tree.topLevelItemCount())]
    while waiting:
        item = waiting.pop()
        found.append(" ".join(item.text(column) for column in range(3)))
        waiting += [item.child(place) for place in range(item.childCount())]
    return found


def test_layout_bench_folder_and_theme_come_back(qtbot, desk, theme, tmp_path):
    window = desk.window
    window.settings.remember_bench("virtual_56x8")
    window.set_out(str(tmp_path / "elsewhere"))
    window.settings.theme = Choice.DARK
    window.docks[1].hide()
    window.close()
    again = MainWindow(theme, Settings(tmp_path), tmp_path)
    qtbot.addWidget(again)
    again.show()
    assert again.out == str(tmp_path / "elsewhere")
    assert again.top.chooser.currentData() == "virtual_56x8"
    assert again.settings.theme is Choice.DARK
    assert not again.docks[1].isVisible()
    assert again.docks[0].isVisible()


def test_damaged_settings_are_none(tmp_path):
    (tmp_path / "window.ini").write_text("[General]\ntheme=purple\ngeometry=12\nrecent=\n", encoding="utf-8")
    settings = Settings(tmp_path)
    assert settings.theme is Choice.SYSTEM
    assert settings.layout() is None
    assert settings.recent == []


def test_plots_and_widgets_follow_the_theme(desk):
    window = desk.window
    window.theme.choose(Choice.DARK)
    assert window.palette().window().color().name() == DARK.window
    window.theme.choose(Choice.LIGHT)
    assert window.palette().window().color().name() == LIGHT.window


def test_everything_that_can_be_used_has_a_name(desk):
    window = desk.window
    nameless = []
    for widget in window.findChildren(QWidget):
        if not isinstance(widget, QAbstractButton | QComboBox | QLineEdit | QPlainTextEdit):
            continue
        inside = widget.objectName().startswith("qt_") or isinstance(widget.parent(), QComboBox)
        own = getattr(widget, "text", lambda: "")() if isinstance(widget, QAbstractButton) else ""
        if not inside and not own and not widget.accessibleName() and not widget.toolTip():
            nameless.append(f"{type(widget).__name__} in {type(widget.parent()).__name__}")
    # clear buttons of fields, scroll buttons of tabs, corner buttons of tables are Qt's own
    qts_own = ("DockWidget", "TabBar", "in QLineEdit", "in RowTable", "in QTreeWidget", "in QTableWidget")
    assert [each for each in nameless if not any(own in each for own in qts_own)] == []


def test_the_record_of_a_run_can_be_read(open_desk):
    desk, window = open_desk, open_desk.window
    assert desk.run("forming", word="1", bit="0", forming_step="40m")["verdict"] == "formed"
    desk.qtbot.keyClick(window, Qt.Key.Key_4, Qt.KeyboardModifier.ControlModifier)
    window.pages.setCurrentWidget(window.record)
    record = window.record
    desk.until(lambda: "forming: finished" in record.title.text())
    texts = tree_texts(record.facts)
    assert any(text.startswith("forming_step 40 mV") for text in texts)
    assert any("verdict formed" in text for text in texts)
    lines = record.journal.toPlainText().splitlines()
    assert lines[0].startswith("start")
    assert lines[-1].startswith("end")
    assert sum(line.startswith("row") for line in lines) >= 2
    assert record.mark.isVisible()


def test_a_long_journal_is_cut_at_its_beginning_and_long_lines_at_their_end(tmp_path):
    journal = tmp_path / "journal.jsonl"
    row = encoded({"line": "row", "table": "Reading", "values": [1, 2]}) + b"\n"
    journal.write_bytes(row * 3000 + encoded({"line": "note", "text": "x" * 1000}) + b"\n" + b"half a li")
    lines = list(latest_lines(journal))
    assert lines[0] == "(the latest 2000 lines)"
    assert len(lines) == 2001
    assert lines[-2].endswith("x ...")
    assert lines[-1] == "half a li"
    assert list(latest_lines(tmp_path / "none")) == []


def test_a_bench_that_cannot_be_used_is_told_with_all_its_mistakes(desk, tmp_path):
    bad = tmp_path / "bad.toml"
    bad.write_text('format = "labctl-bench-1"\nname = "bad"\n', encoding="utf-8")
    desk.window.open_bench(str(bad))
    level, sentence, details = desk.told[-1]
    assert level == "error"
    assert "cannot be used" in sentence
    assert "  - " in details
    words = [label.text() for label in desk.window.notices.findChildren(QLabel)]
    assert any("cannot be used" in text for text in words)
    assert Path(bad).name in sentence


def test_the_system_theme_is_one_of_the_two(theme):
    theme.choose(Choice.SYSTEM)
    assert theme.colours in (LIGHT, DARK)
    assert isinstance(theme, Theme)


def is_of_a_run(each):
    """Whether it is data of a run, or something that the engine told of one."""
    return type(each) in (LiveRunData, Run, GrowingTable) or (
        type(each) is dict and isinstance(each.get("event"), str)
    )


def test_of_runs_that_are_over_nothing_stays_in_memory_but_their_line_in_the_lists(open_desk):
    """`python -m benchmarks.bench_window` measures the same as MB over 200 runs."""
    desk = open_desk
    found = []
    for _ in range(6):
        desk.run("cells_read", cells="0,0")
        desk.ended.clear()
        gc.collect()
        found.append(sum(map(is_of_a_run, gc.get_objects())))
    assert found[-1] <= found[1]
