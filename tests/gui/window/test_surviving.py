"""What goes wrong beside the measurement: silent instruments, killed engines, errors, a window that closes."""

import os
import signal
import subprocess
import sys

import pytest
from qtpy.QtCore import QMimeData, QPoint, Qt, QTimer, QUrl
from qtpy.QtGui import QDropEvent

from labctl.gui.app import Catcher
from labctl.gui.main_window import MainWindow
from labctl.gui.settings import Settings
from labctl.record.outcome import Outcome
from labctl.record.reading import read_run
from tests.faults.lab import BITS, WORDS, is_pulse, served, target_map
from tests.gui.window.conftest import Desk


def offered(window):
    """Buttons of all notices."""
    return [button for notice in window.notices.notices for button in notice.buttons]


def programming(desk):
    """A run that takes a second or more, under way."""
    cells = {(word, bit): 80e-6 for word in range(WORDS) for bit in range(BITS)}
    desk.window.form.choose("crossbar_program")
    desk.type("target", str(target_map(desk.folder, cells)))
    desk.start()
    desk.until(lambda: desk.window.session.now == "running")
    desk.until(lambda: len(desk.window.session.run.tables) > 0)


def test_an_instrument_that_stops_answering_ends_the_run_in_words(desk, tmp_path, invariants):
    window = desk.window
    folder = tmp_path / "lab"
    folder.mkdir()
    with served(folder) as lab:
        window.open_bench(str(lab.lab_file))
        desk.until(lambda: window.session.now == "idle")
        programming(desk)
        desk.until(lambda: any(map(is_pulse, tuple(lab.messages))))
        silent = next(
            device for device in lab.bench.instruments.values() if hasattr(device._device, "channels")
        )
        invariants.judge_of(lab.bench).lost.add("smu1")  # in the middle of a read it is cut off by its relays
        silent.receive = lambda data, end: None
        desk.until(lambda: bool(desk.ended))
        ended = desk.ended[-1]
        assert ended["outcome"] == "failed"
        assert "does not answer" in ended["reason"] or "smu1" in ended["reason"]
        assert any(level == "error" and "smu1" in sentence for level, sentence, _ in desk.told)
        del silent.receive
        desk.until(lambda: window.session.now == "idle")
        window.emergency()  # on a slow day the engine has given the silent instrument up before it hears again
        desk.until(lambda: any("read back" in sentence for _, sentence, _ in desk.told))
        assert lab.live_outputs() == {}
        window.session.close_bench()
        assert window.session.link.process.wait(30.0) == 0


def test_an_engine_that_is_killed_is_told_and_the_bench_opens_again(open_desk):
    desk, window = open_desk, open_desk.window
    window.session.link.process.kill()
    desk.until(lambda: window.session.now == "no bench")
    assert any("ended unexpectedly" in sentence for _, sentence, _ in desk.told)
    assert not window.form.start_bar.start.isEnabled()
    desk.open()
    assert desk.run("forming", word="1", bit="1")["verdict"] == "formed"
    assert any("did not end as it should" in sentence for _, sentence, _ in desk.told)


def test_a_run_that_was_killed_is_offered_and_goes_on_with_one_click(open_desk):
    desk, window = open_desk, open_desk.window
    programming(desk)
    folder = window.session.run.folder
    window.session.link.process.kill()
    desk.until(lambda: window.session.now == "no bench")
    desk.open()
    (resume,) = [button for button in offered(window) if button.text() == "Resume it"]
    desk.click(resume)
    desk.until(lambda: bool(desk.ended) and window.session.now == "idle")
    run = read_run(folder)
    assert run.outcome is Outcome.FINISHED
    assert set(run.tables["CellSummary"].columns["verdict"]) == {"verified"}
    assert offered(window) == []


def test_an_error_in_a_slot_is_a_notice_and_the_window_lives_on(desk, monkeypatch):
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    catcher = Catcher(desk.window)
    caught = []
    catcher.install(lambda *told: caught.append(told))
    with desk.qtbot.captureExceptions() as seen:  # pytest-qt's own hook stands before ours in this block
        QTimer.singleShot(0, lambda: 1 / 0)
        desk.until(lambda: bool(seen))
    sys.excepthook(*seen[0])
    desk.until(lambda: bool(caught))
    level, sentence, details = caught[0]
    assert level == "error"
    assert "ZeroDivisionError" in sentence
    assert "Traceback" in details


def test_closing_during_a_run_asks_and_leaving_it_running_lets_it_end(open_desk):
    desk, window = open_desk, open_desk.window
    programming(desk)
    process, folder = window.session.link.process, window.session.run.folder
    window.close()
    assert window.isVisible()
    (leave,) = [button for button in offered(window) if button.text() == "Leave it running"]
    desk.click(leave)
    desk.until(lambda: not window.isVisible())
    assert process.wait(60.0) == 0, "the engine ends by itself when all is done"
    assert read_run(folder).outcome is Outcome.FINISHED


def test_closing_during_a_run_can_stop_it_and_waits_until_all_is_safe(open_desk):
    desk, window = open_desk, open_desk.window
    programming(desk)
    process, folder = window.session.link.process, window.session.run.folder
    window.close()
    (stop,) = [button for button in offered(window) if button.text() == "Stop and make safe"]
    desk.click(stop)
    desk.until(lambda: not window.isVisible())
    assert process.wait(30.0) == 0
    run = read_run(folder)
    assert run.outcome is Outcome.ABORTED
    assert list(run.end["unconfirmed"]) == []


def test_a_window_that_comes_back_finds_the_run_and_the_queue(qtbot, desk, engine, theme, tmp_path):
    desk.open()
    programming(desk)
    folder = desk.window.session.run.folder
    desk.window.session.close_bench(leave_running=True)
    second = MainWindow(theme, Settings(tmp_path), tmp_path, str(tmp_path / "runs"))
    qtbot.addWidget(second)
    second.show()
    again = Desk(qtbot, second, desk.bench, tmp_path)
    second.open_bench(str(desk.bench))
    again.until(lambda: second.session.run is not None and second.session.run.outcome is Outcome.FINISHED)
    assert second.session.run.folder == folder
    again.until(lambda: again.statuses() == ["finished"])
    second.session.close_bench(leave_running=True)


def test_a_saved_queue_waits_for_an_order(qtbot, open_desk, theme, tmp_path):
    desk, window = open_desk, open_desk.window
    for word in ("0", "1"):
        window.form.choose("forming")
        desk.type("word", word)
        desk.type("bit", "1")
        desk.click(window.form.start_bar.queue)
    desk.until(lambda: len(desk.statuses()) == 2)
    window.close()
    assert window.session.link.process.wait(30.0) == 0
    second = MainWindow(theme, Settings(tmp_path), tmp_path, str(tmp_path / "runs"))
    qtbot.addWidget(second)
    second.show()
    again = Desk(qtbot, second, desk.bench, tmp_path)
    again.open()
    again.until(lambda: len(again.statuses()) == 2)
    assert again.statuses() == ["waiting", "waiting"]
    desk.click(second.queue.buttons.go_or_hold)
    again.until(lambda: again.statuses() == ["finished", "finished"])
    again.until(
        lambda: second.session.now == "idle"
    )  # the last run has made safe; until then the window asks
    second.close()
    assert second.session.link.process.wait(30.0) == 0


def test_a_run_folder_dropped_on_the_window_is_shown(open_desk):
    desk, window = open_desk, open_desk.window
    assert desk.run("forming", word="2", bit="0")["verdict"] == "formed"
    folder = window.session.run.folder
    assert desk.run("forming", word="2", bit="1")["verdict"] == "formed"
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(folder / "run.h5"))])
    actions, buttons, keys = (
        Qt.DropAction.CopyAction,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    window.dropEvent(QDropEvent(QPoint(5, 5), actions, data, buttons, keys))
    desk.until(lambda: window.session.run.folder == folder)


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_ctrl_c_at_the_windows_terminal_does_not_reach_the_engine(open_desk):
    process = open_desk.window.session.link.process
    assert os.getsid(process.pid) != os.getsid(0)
    assert signal.SIGINT


def test_nothing_heavy_is_loaded_before_the_first_frame(tmp_path):
    script = f"""
import sys
from pathlib import Path
from labctl.gui.app import make_application, MainWindow, Settings, Theme
folder = Path({str(tmp_path)!r})
application = make_application()
window = MainWindow(Theme(application), Settings(folder), folder, str(folder))
window.show()
application.processEvents()
assert not window.grab().isNull()
heavy = [name for name in ("matplotlib.pyplot", "pandas", "scipy", "numba") if name in sys.modules]
sys.exit(f"loaded: {{heavy}}" if heavy else 0)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_run_that_begins_while_an_earlier_one_is_read_stays_shown(open_desk):
    desk, window = open_desk, open_desk.window
    desk.run("forming", word="1", bit="1")
    live = window.session.run
    window.session.is_asked_for = False
    window.session._was_read(read_run(live.folder), "")  # read for a window that has just started
    assert window.session.run is live
    window.session.open_run(live.folder)
    window.session._was_read(read_run(live.folder), "")
    assert window.session.run is live, "the one that goes on being read"
