"""A window that starts finds the engines that are at work, and stops them before anything is opened."""

import json
import subprocess
import sys
from contextlib import suppress

import pytest

from labctl.core.errors import LabError
from labctl.gui.app import start
from labctl.gui.main_window import MainWindow
from labctl.gui.settings import Settings
from labctl.record.outcome import Outcome
from labctl.record.reading import read_run
from labctl.run.client import EngineClient
from labctl.run.mailbox import Hears
from labctl.run.switchboard import note_paths
from tests.faults.lab import BITS, WORDS, small_bench, target_map
from tests.gui.window.conftest import Desk


@pytest.fixture
def at_work(tmp_path):
    """Engines of two benches, each in the middle of a run that takes seconds; their clients, for the test's end."""
    found = []
    target = target_map(tmp_path, {(word, bit): 80e-6 for word in range(WORDS) for bit in range(BITS)})
    for name in ("left", "right"):
        folder = tmp_path / name
        folder.mkdir()
        bench = small_bench(folder)
        text = bench.read_text(encoding="utf-8").replace('name = "', f'name = "{name}_', 1)
        bench.write_text(text, encoding="utf-8")
        process = subprocess.Popen(
            [sys.executable, "-m", "labctl", "engine", "--bench", str(bench)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert "is ready" in process.stdout.readline()
        client = EngineClient(bench, hears=Hears.EVENTS)
        client.command("run", procedure="crossbar_program", out=str(folder), settings={"target": str(target)})
        events = client.events()
        run = next(event["folder"] for event in events if event["event"] == "started")
        client.command("pause", at="row")
        assert next(event for event in events if event["event"] == "paused")
        found.append((bench, client, process, run))
    yield found
    for _, client, process, _ in found:
        with suppress(LabError):  # the window that showed it may have told it already
            client.command("quit")
        client.close()
        process.wait(30.0)
        process.stdout.close()


def aborted(client):
    """Wait for the end of the engine's run; whether it was the emergency stop's."""
    ended = next(event for event in client.events() if event["event"] == "ended")
    return ended["outcome"] == "aborted" and "Emergency stop" in ended["reason"]


def test_stop_reaches_every_engine_before_anything_is_opened(at_work, desk):
    assert desk.window.session.now == "no bench"
    desk.click(desk.window.top.stop)
    for _, client, _, run in at_work:
        assert aborted(client)
        assert read_run(run).outcome is Outcome.ABORTED
    desk.until(lambda: len(desk.window.notices.notices) > 0)
    assert desk.window.session.now == "no bench"


def test_a_window_that_starts_shows_what_runs_and_tells_of_the_rest(at_work, desk):
    window = desk.window
    start(window, "")
    desk.until(lambda: window.session.now == "paused")
    assert window.session.bench == str(at_work[0][0])
    assert window.session.run.folder.samefile(at_work[0][3])
    desk.until(lambda: any(each.buttons for each in window.notices.notices))
    (notice,) = [each for each in window.notices.notices if each.buttons]
    assert str(at_work[1][0]) in notice.sentence.text()
    assert "crossbar_program is paused" in notice.sentence.text()
    desk.click(window.top.stop)
    assert all(aborted(client) for _, client, _, _ in at_work)


def test_with_no_engine_there_is_nothing_to_stop(desk, tmp_path):
    state = tmp_path / "state"
    state.mkdir()
    for name, text in (
        ("dead", json.dumps({"address": str(tmp_path / "gone"), "key": "00", "bench": "x"})),
        ("cut", "{"),
        ("odd", "[1]"),
    ):
        (state / f"{name}.engine").write_text(text, encoding="utf-8")
    assert len(note_paths()) == 3
    desk.window.emergency()
    desk.until(lambda: len(desk.window.notices.notices) > 0)
    assert "nothing to stop" in desk.window.notices.notices[0].sentence.text()


def test_a_run_that_was_left_running_is_found_and_stopped(qtbot, open_desk, theme, tmp_path):
    first = open_desk
    first.window.form.choose("crossbar_program")
    cells = {(word, bit): 80e-6 for word in range(WORDS) for bit in range(BITS)}
    first.type("target", str(target_map(tmp_path, cells)))
    first.start()
    first.until(lambda: first.window.session.now == "running")
    first.window.session.link.command("pause")
    first.until(lambda: first.window.session.now == "paused")
    folder = first.window.session.run.folder
    first.window._leave_running()
    second = MainWindow(theme, Settings(tmp_path), tmp_path, str(tmp_path / "runs"))
    qtbot.addWidget(second)
    second.show()
    again = Desk(qtbot, second, first.bench, tmp_path)
    start(second, "")
    again.until(lambda: second.session.now == "paused")
    assert second.session.run.folder == folder
    second.top.stop.click()
    again.until(lambda: bool(again.ended))
    assert again.ended[-1]["outcome"] == "aborted"
    again.until(lambda: second.session.now == "idle")
    second.session.close_bench()
