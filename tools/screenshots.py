"""Pictures of the real window on the virtual bench, for the documentation: `make screenshots`.

Every scene is taken at two sizes in light and dark. All pictures go into a folder, those that the documentation shows
into `docs/pictures` as well.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from qtpy.QtCore import QDeadlineTimer, QEventLoop, QSize

from labctl.catalogue import procedures
from labctl.gui.app import make_application
from labctl.gui.main_window import MainWindow
from labctl.gui.settings import Settings
from labctl.gui.theme import Choice, Theme
from tools.venv import ROOT

SIZES = (QSize(1280, 800), QSize(1920, 1080))
THEMES = (Choice.LIGHT, Choice.DARK)
PICTURES = ROOT / "docs" / "pictures"
SHOWN = {
    "array": (1280, Choice.LIGHT),
    "staircase": (1280, Choice.LIGHT),
    "loop": (1280, Choice.LIGHT),
    "transfer": (1280, Choice.DARK),
    "maps": (1280, Choice.LIGHT),
    "bench": (1280, Choice.LIGHT),
    "wrong_value": (1280, Choice.LIGHT),
}
"""Scenes that the documentation shows: width and theme."""
BENCH = "virtual_56x8"
LONGEST = 180_000
"""ms that a run of a scene may take."""
SETTLING = 400
"""ms that the window may take to redraw."""
SIDE, PATCHES = 12, 16
"""Pixels along a side of the photograph of the feature maps; patches that neurons are calibrated with."""


class Studio:
    """One window and the runs that are shown in it."""

    def __init__(self, folder: Path) -> None:
        """Samples, settings and runs in `folder`."""
        os.environ["LABCTL_SAMPLES"] = str(folder / "samples")
        os.chdir(folder)  # short paths in the pictures; the engine starts here too
        self.folder = folder
        self.application = make_application()
        self.theme = Theme(self.application, Choice.LIGHT)
        self.window = MainWindow(self.theme, Settings(folder), folder, str(folder / "runs"))
        self.window.resize(SIZES[0])
        self.window.show()
        self.window.set_procedures(procedures())

    def wait(self, what: str, is_so: Callable[[], bool]) -> None:
        """Let the window work until `is_so`; SystemExit naming `what` when it takes too long."""
        deadline = QDeadlineTimer(LONGEST)
        while not is_so():
            self.application.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 50)
            if deadline.hasExpired():
                sys.exit(f"Taking screenshots: waited in vain for {what}.")

    def settle(self) -> None:
        """Let everything be drawn that a change of size or colours asks for."""
        deadline = QDeadlineTimer(SETTLING)
        while not deadline.hasExpired():
            self.application.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)

    def run(self, procedure: str, **settings: str) -> Path:
        """Run a procedure from the window to its end; its folder."""
        ended: list[object] = []
        session = self.window.session
        session.ended.connect(ended.append)
        self.window.form.load(procedure, settings)
        self.window.form.start_bar.start.click()
        self.wait(procedure, lambda: bool(ended) and session.now == "idle")
        session.ended.disconnect(ended.append)
        run = session.run
        assert run is not None
        self.wait("its record", lambda: run.outcome is not None)
        return run.folder

    def take(self, scene: str, into: Path) -> None:
        """The scene at every size in every theme."""
        for size in SIZES:
            for choice in THEMES:
                self.theme.choose(choice)
                self.window.resize(size)
                self.settle()
                path = into / f"{scene}_{size.width()}_{choice.value}.png"
                self.window.grab().save(str(path))
                if SHOWN.get(scene) == (size.width(), choice):
                    shutil.copy(path, PICTURES / f"window_{scene}.png")
        self.theme.choose(Choice.LIGHT)
        self.window.resize(SIZES[0])


def photograph(folder: Path) -> Path:
    """A small square of the demo's photograph."""
    from PIL import Image

    from labctl.demo import square_photograph

    path = folder / "photograph.png"
    Image.fromarray(square_photograph(SIDE)).save(path)
    return path


def main(into: Path) -> None:
    """Take every scene."""
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        studio = Studio(folder)
        window, pages = studio.window, studio.window.pages
        window.open_bench(BENCH)
        studio.wait("the bench", lambda: window.session.now == "idle")
        checked: list[object] = []
        window.session.checked.connect(checked.append)
        window.bench.check_asked.emit()
        studio.wait("the check", lambda: bool(checked))
        studio.run("crossbar_program", target="checkers_56x8", touch_up="0")
        pages.setCurrentWidget(window.array)
        studio.take("array", into)
        pages.setCurrentWidget(window.bench)
        studio.take("bench", into)
        pages.setCurrentWidget(window.plots)
        studio.take("conductance", into)
        studio.run("program_verify", word="3", bit="5", target="120 uS")
        studio.take("staircase", into)
        studio.run("switching_loop", word="3", bit="6", cycles="3")
        studio.take("loop", into)
        studio.run("stage_settle")
        studio.run("neuron_transfer", neuron="3")
        studio.take("transfer", into)
        picture = photograph(folder)
        maps = {
            "weights": "edges",
            "images": picture.name,
            "filters": "0-3",
            "calibration_patches": str(PATCHES),
        }
        studio.run("image_maps", **maps)
        studio.take("maps", into)
        pages.setCurrentWidget(window.array)
        window.form.load("program_verify", {"word": "3", "bit": "5", "target": "2 V"})
        studio.take("wrong_value", into)
        window.close()
        process = window.session.link.process
        if process is not None:
            process.wait(20.0)
    print(f"The pictures are in {into}; those of the documentation in {PICTURES}.")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "screenshots")
