"""The real window on a small virtual bench: the engine in its own process, mouse and keyboard through pytest-qt."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLineEdit, QWidget

from labctl.catalogue import procedures
from labctl.core.lines import Cell
from labctl.gui.app import make_application
from labctl.gui.form.field import Field
from labctl.gui.main_window import MainWindow
from labctl.gui.runs.queue_model import Column
from labctl.gui.settings import Settings
from labctl.gui.theme import Choice, Theme
from labctl.run.client import EngineClient
from labctl.run.mailbox import Hears
from tests.faults.lab import small_bench

PATIENCE = 100_000
"""ms that anything may take on a busy machine."""


class Desk:
    """A window and a person before it."""

    def __init__(self, qtbot: Any, window: MainWindow, bench: Path, folder: Path) -> None:
        self.qtbot, self.window, self.bench, self.folder = qtbot, window, bench, folder
        self.ended: list[dict[str, Any]] = []
        self.told: list[tuple[str, str, str]] = []
        window.session.ended.connect(self.ended.append)
        window.session.told.connect(lambda *told: self.told.append(told))

    def until(self, is_so: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(is_so, timeout=PATIENCE)

    def open(self) -> None:
        self.window.open_bench(str(self.bench))
        self.until(lambda: self.window.session.now == "idle")

    def statuses(self) -> list[str]:
        """The queue's items as words, from top to bottom."""
        model = self.window.queue.model
        rows = range(model.rowCount())
        return [model.index(row, Column.STATUS).data().split()[-1] for row in rows]

    def hover(self, cell: Cell) -> str:
        """What is written below the map while the mouse is on a cell."""
        self.window.array.map.hovered.emit(cell)
        return self.window.array.readout.text()

    def click(self, widget: QWidget) -> None:
        self.qtbot.mouseClick(widget, Qt.MouseButton.LeftButton)

    def field(self, name: str) -> Field:
        """The field of a parameter of the form that is shown."""
        form = self.window.form.form
        assert form is not None
        (field,) = [each for each in form.findChildren(Field) if each.spec.name == name]
        return field

    def type(self, name: str, text: str) -> QLineEdit:
        """Type a parameter and leave its field."""
        (editor,) = [each for each in self.field(name).editors if isinstance(each, QLineEdit)]
        editor.setFocus()
        editor.selectAll()
        self.qtbot.keyClicks(editor, text)
        self.qtbot.keyClick(editor, Qt.Key.Key_Tab)
        return editor

    def start(self) -> None:
        """Press Start, which must be possible."""
        button = self.window.form.start_bar.start
        assert button.isEnabled(), self.window.form.start_bar.reason.text()
        self.click(button)

    def run(self, procedure: str, **texts: str) -> dict[str, Any]:
        """Fill a form by the keyboard, start it, wait for its end; the message of that."""
        self.window.form.choose(procedure)
        for name, text in texts.items():
            self.type(name, text)
        return self.start_and_wait()

    def start_and_wait(self) -> dict[str, Any]:
        """Press Start and wait for the end of the run; the message of that."""
        before = len(self.ended)
        self.start()
        self.until(lambda: len(self.ended) > before and self.window.session.now == "idle")
        self.until(
            lambda: self.window.session.run is not None and self.window.session.run.outcome is not None
        )
        return self.ended[-1]


@pytest.fixture(autouse=True)
def own_samples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABCTL_SAMPLES", str(tmp_path))


@pytest.fixture
def bench_file(tmp_path: Path) -> Path:
    return small_bench(tmp_path)


@pytest.fixture
def theme() -> Theme:
    return Theme(make_application(), Choice.LIGHT)


@pytest.fixture
def desk(qtbot: Any, theme: Theme, bench_file: Path, tmp_path: Path) -> Iterator[Desk]:
    """A window with its procedures loaded and no bench open; afterwards its engine has ended."""
    window = MainWindow(theme, Settings(tmp_path), tmp_path, str(tmp_path / "runs"))
    window.resize(1280, 800)
    qtbot.addWidget(window)
    window.show()
    qtbot.waitExposed(window)
    window.set_procedures(procedures())
    yield Desk(qtbot, window, bench_file, tmp_path)
    window.session.close_bench()
    process = window.session.link.process
    if process is not None:
        assert process.wait(30.0) == 0


@pytest.fixture
def open_desk(desk: Desk) -> Desk:
    """The same with the bench open."""
    desk.open()
    return desk


@pytest.fixture
def engine(bench_file: Path) -> Iterator[EngineClient]:
    """An engine that was there before the window, and somebody else who listens."""
    process = subprocess.Popen(
        [sys.executable, "-m", "labctl", "engine", "--bench", str(bench_file)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert "is ready" in process.stdout.readline()
    with EngineClient(bench_file, hears=Hears.EVENTS) as client:
        yield client
        client.command("quit")
    process.communicate(timeout=30.0)
