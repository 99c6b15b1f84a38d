"""The list of earlier runs: read beside the window, filtered, ticked, opened, dropped."""

import threading
from types import SimpleNamespace

import pytest
from qtpy.QtCore import QMimeData, QPoint, Qt, QUrl
from qtpy.QtGui import QDragEnterEvent, QDropEvent
from qtpy.QtWidgets import QApplication, QFileDialog

from labctl.core.errors import RecordError
from labctl.gui.runs import earlier_panel, listing
from labctl.gui.runs.earlier_panel import EarlierRuns
from labctl.gui.runs.listed import Column
from tests.gui.runs.conftest import Reading, record


@pytest.fixture
def folders(tmp_path):
    out = tmp_path / "out"
    return [
        record(out, "forming", "finished", "formed"),
        record(out, "reading", "stopped", kind=Reading),
        record(out, "forming", "killed"),
    ]


@pytest.fixture
def heard():
    return SimpleNamespace(opened=[], overlays=[], resumed=[], reports=[], loaded=[])


@pytest.fixture
def earlier(shown, theme, heard):
    made = shown(EarlierRuns(theme), height=230)
    made.open_asked.connect(heard.opened.append)
    made.overlay_changed.connect(heard.overlays.append)
    made.resume_asked.connect(heard.resumed.append)
    made.report_asked.connect(heard.reports.append)
    made.load_asked.connect(heard.loaded.append)
    return made


@pytest.fixture
def listed(qtbot, earlier, folders):
    earlier.set_folder(folders[0].parent)
    qtbot.waitUntil(lambda: earlier.state.text() == "3 runs")
    return earlier


def row_of(earlier, folder):
    return next(
        row for row in range(earlier.model.rowCount()) if earlier.model.shown[row].folder == str(folder)
    )


def click(qtbot, earlier, folder, modifier=Qt.KeyboardModifier.NoModifier):
    at = place(earlier, folder)
    qtbot.mouseClick(earlier.table.viewport(), Qt.MouseButton.LeftButton, modifier, at)


def place(earlier, folder):
    index = earlier.model.index(row_of(earlier, folder), Column.PROCEDURE)
    return earlier.table.visualRect(index).center()


def press(qtbot, button):
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def texts(earlier, column):
    return [earlier.model.index(row, column).data() for row in range(earlier.model.rowCount())]


def chosen(earlier):
    return [run.folder for run in earlier._chosen()]


def test_runs_are_listed_newest_first_with_how_they_ended(listed, folders):
    started = [run.summary.started for run in listed.model.shown]
    assert started == sorted(started, reverse=True)
    by_folder = {
        listed.model.shown[row].folder: [listed.model.index(row, column).data() for column in Column][1:]
        for row in range(3)
    }
    assert by_folder[str(folders[0])] == [
        "forming",
        "virtual_56x8",
        "✓ finished: formed",
        "< 0.1 s",
        "SIMULATED",
    ]
    assert by_folder[str(folders[1])][2] == "■ stopped"
    assert by_folder[str(folders[2])][2:4] == ["† killed", ""]


def test_a_run_that_is_being_written_is_no_killed_one(qtbot, earlier, folders, monkeypatch):
    monkeypatch.setattr(listing, "is_being_written", lambda folder: folder == folders[2])
    earlier.set_folder(folders[0].parent)
    qtbot.waitUntil(lambda: earlier.state.text() == "3 runs")
    assert "▶ running" in texts(earlier, Column.OUTCOME)
    click(qtbot, earlier, folders[2])
    assert not earlier.resume.isEnabled()
    assert "it is running still" in earlier.resume.toolTip()


def test_the_filter_wants_every_word(listed, qtbot):
    qtbot.keyClicks(listed.filter, "Forming killed")
    assert texts(listed, Column.OUTCOME) == ["† killed"]
    assert listed.state.text() == "1 of 3 runs"
    listed.filter.clear()
    qtbot.keyClicks(listed.filter, "virtual")
    assert listed.model.rowCount() == 3


def test_a_run_is_opened_by_double_click_return_and_button(listed, folders, heard, qtbot):
    click(qtbot, listed, folders[1])
    qtbot.mouseDClick(listed.table.viewport(), Qt.MouseButton.LeftButton, pos=place(listed, folders[1]))
    qtbot.keyClick(listed.table, Qt.Key.Key_Return)
    press(qtbot, listed.open)
    assert heard.opened == [str(folders[1])] * 3


def test_reports_and_parameters_are_asked_for_by_button(listed, folders, heard, qtbot):
    click(qtbot, listed, folders[0])
    press(qtbot, listed.report)
    press(qtbot, listed.load)
    assert (heard.reports, heard.loaded) == ([str(folders[0])], [str(folders[0])])


def test_only_interrupted_runs_go_on(listed, folders, heard, qtbot):
    for folder in folders:
        click(qtbot, listed, folder)
        press(qtbot, listed.resume)
    assert heard.resumed == [str(folders[1]), str(folders[2])]
    click(qtbot, listed, folders[0])
    assert "it is finished" in listed.resume.toolTip()


def test_no_run_goes_on_while_something_else_does(listed, folders, qtbot):
    click(qtbot, listed, folders[1])
    listed.set_blocked("another run is under way")
    assert not listed.resume.isEnabled()
    assert "another run is under way" in listed.resume.toolTip()
    listed.set_blocked("")
    assert listed.resume.isEnabled()


def test_a_tick_lays_a_run_over_the_plots(listed, folders, heard, qtbot):
    cell = listed.table.visualRect(listed.model.index(row_of(listed, folders[1]), Column.STARTED))
    qtbot.mouseClick(
        listed.table.viewport(), Qt.MouseButton.LeftButton, pos=cell.topLeft() + QPoint(9, cell.height() // 2)
    )
    assert heard.overlays == [[str(folders[1])]]
    click(qtbot, listed, folders[0])
    qtbot.keyClick(listed.table, Qt.Key.Key_Space)
    assert sorted(heard.overlays[-1]) == sorted([str(folders[0]), str(folders[1])])
    assert listed.overlay.isChecked()
    press(qtbot, listed.overlay)
    assert heard.overlays[-1] == [str(folders[1])]


def test_several_runs_are_ticked_at_once(listed, folders, heard, qtbot):
    listed.table.setFocus()
    listed.table.selectAll()
    press(qtbot, listed.overlay)
    assert sorted(heard.overlays[-1]) == sorted(map(str, folders))
    assert not listed.open.isEnabled()


def test_a_new_reading_keeps_what_is_selected_and_ticked(listed, folders, heard, qtbot):
    click(qtbot, listed, folders[1])
    press(qtbot, listed.overlay)
    record(folders[0].parent, "forming", "finished", "formed")
    qtbot.keyClick(listed, Qt.Key.Key_F6)
    qtbot.waitUntil(lambda: listed.state.text() == "4 runs")
    assert chosen(listed) == [str(folders[1])]
    assert listed.model.ticked == [str(folders[1])]
    assert heard.overlays == [[str(folders[1])]]


def test_another_folder_takes_the_ticks_away(listed, folders, heard, qtbot, tmp_path):
    click(qtbot, listed, folders[1])
    press(qtbot, listed.overlay)
    (tmp_path / "empty").mkdir()
    with qtbot.waitSignal(listed.folder_changed) as changed:
        listed.set_folder(tmp_path / "empty")
    assert changed.args == [str(tmp_path / "empty")]
    qtbot.waitUntil(lambda: listed.state.text() == "There is no run in this folder yet.")
    assert heard.overlays[-1] == []
    assert not listed.open.isEnabled()


def test_another_folder_is_chosen_in_a_dialog_that_blocks_nothing(listed, qtbot, tmp_path):
    other = tmp_path / "other"
    record(other, "reading", "finished", kind=Reading)
    press(qtbot, listed.other)
    dialog = listed.findChild(QFileDialog)
    assert dialog.isVisible()
    assert not dialog.isModal()
    dialog.fileSelected.emit(str(other))
    dialog.close()
    qtbot.waitUntil(lambda: listed.state.text() == "1 run")
    assert listed.folder == str(other)
    assert str(other) in listed.place.text()


def test_a_folder_that_is_not_there_is_a_sentence(earlier, qtbot, tmp_path):
    earlier.set_folder(tmp_path / "nowhere")
    qtbot.waitUntil(lambda: earlier.state.text() == f"There is no folder {tmp_path / 'nowhere'}.")


def test_a_journal_that_somebody_changed_is_told_of_and_hides_no_other(listed, folders, qtbot):
    rows = listed.model.rowCount()
    journal = folders[0] / "journal.jsonl"
    journal.write_text(journal.read_text().replace('"procedure"', '"something"'))
    listed.refresh()
    words = "damaged: its journal cannot be read"
    outcomes = lambda: [run.texts[Column.OUTCOME] for run in listed.model.shown]  # noqa: E731
    qtbot.waitUntil(lambda: any(words in text for text in outcomes()))
    assert listed.model.rowCount() == rows
    listed.table.choose([next(row for row, text in enumerate(outcomes()) if words in text)], 0)
    assert not listed.resume.isEnabled()
    assert not listed.report.isEnabled()
    assert listed.reveal.isEnabled()


def test_the_window_lives_while_a_list_is_read_and_an_older_list_is_dropped(
    earlier, folders, qtbot, monkeypatch
):
    go, read = threading.Event(), listing.list_runs

    def slow(out):
        if out.name == "slow":
            go.wait(60)
            raise RecordError("Nobody asks any more.")
        return read(out)

    monkeypatch.setattr(listing, "list_runs", slow)
    earlier.set_folder(folders[0].parent / "slow")
    thread = next(each for each in threading.enumerate() if each.name == "list of runs")
    assert earlier.state.text() == "Reading the list..."
    earlier.set_folder(folders[0].parent)
    qtbot.waitUntil(lambda: earlier.state.text() == "3 runs")
    go.set()
    thread.join(60)
    QApplication.processEvents()
    assert earlier.state.text() == "3 runs"


def test_a_list_that_comes_after_the_window_is_gone_hurts_nobody(qtbot, theme, tmp_path, monkeypatch):
    go = threading.Event()

    def slow(out):
        go.wait(60)
        return []

    monkeypatch.setattr(listing, "list_runs", slow)
    earlier = EarlierRuns(theme)
    earlier.set_folder(tmp_path)
    thread = next(each for each in threading.enumerate() if each.name == "list of runs")
    with qtbot.waitSignal(earlier.destroyed):
        earlier.deleteLater()
    go.set()
    thread.join(60)
    QApplication.processEvents()
    assert not thread.is_alive()


def test_a_folder_is_shown_in_the_file_manager(listed, folders, qtbot, monkeypatch):
    opened = []
    monkeypatch.setattr(earlier_panel.QDesktopServices, "openUrl", opened.append)
    click(qtbot, listed, folders[1])
    press(qtbot, listed.reveal)
    assert opened == [QUrl.fromLocalFile(str(folders[1]))]


def test_the_menu_of_a_run_offers_what_the_buttons_do(listed, folders, heard, qtbot):
    click(qtbot, listed, folders[1])
    listed._show_menu(place(listed, folders[1]))
    menu = listed.findChildren(type(earlier_panel.menu_of(listed, [])))[0]
    offered = {action.text(): action for action in menu.actions()}
    assert list(offered)[:2] == ["Open", "Overlay on plots"]
    offered["Overlay on plots"].trigger()
    assert heard.overlays == [[str(folders[1])]]
    menu.close()


def drag(widget, *paths):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(50, 50), Qt.DropAction.CopyAction, data, buttons, keys)
    enter.ignore()
    QApplication.sendEvent(widget, enter)
    if enter.isAccepted():
        drop = QDropEvent(QPoint(50, 50), Qt.DropAction.CopyAction, data, buttons, keys)
        QApplication.sendEvent(widget, drop)
    return enter.isAccepted()


def test_run_folders_and_their_files_are_opened_when_dropped(earlier, folders, heard, tmp_path):
    assert drag(earlier, folders[0], folders[1] / "run.h5", folders[1], folders[2] / "journal.jsonl")
    assert heard.opened == [str(folder) for folder in folders]
    (tmp_path / "notes.txt").write_text("no run")
    assert not drag(earlier, tmp_path / "notes.txt", tmp_path)
    assert len(heard.opened) == 3


def test_nothing_is_cut_at_the_width_it_gets(listed):
    assert listed.minimumSizeHint().width() <= 920
    assert listed.minimumSizeHint().height() <= 230


def test_a_click_on_a_title_arranges_the_rows(listed, folders, qtbot):
    click(qtbot, listed, folders[1])
    header = listed.table.horizontalHeader()
    at = QPoint(header.sectionViewportPosition(Column.PROCEDURE) + 20, header.height() // 2)
    qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=at)
    first = texts(listed, Column.PROCEDURE)
    qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert sorted([first, texts(listed, Column.PROCEDURE)]) == [
        ["forming", "forming", "reading"],
        ["reading", "forming", "forming"],
    ]
    assert chosen(listed) == [str(folders[1])]


def test_the_filter_keeps_what_is_selected(listed, folders, qtbot):
    click(qtbot, listed, folders[1])
    qtbot.keyClicks(listed.filter, "reading")
    assert chosen(listed) == [str(folders[1])]
    assert listed.open.isEnabled()
    listed.filter.clear()
    qtbot.keyClicks(listed.filter, "forming")
    assert chosen(listed) == []
    assert not listed.open.isEnabled()
