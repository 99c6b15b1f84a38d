"""The window: time to its first frame, what it costs a run, and its memory over many runs; beside the command line.

`python -m benchmarks.bench_window`
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from qtpy.QtCore import QEventLoop, QTimer

from benchmarks.timing import table
from labctl.catalogue import procedures
from labctl.gui.app import make_application
from labctl.gui.main_window import MainWindow
from labctl.gui.settings import Settings
from labctl.gui.theme import Choice, Theme
from labctl.run.client import EngineClient
from labctl.run.mailbox import Hears

BENCH = "virtual_56x8"
RUN = {"target": "corner_8x8", "touch_up": "0"}
"""Once the array holds this map, programming it again is the same work each time: every cell is verified."""
TURNS = 3
"""Runs with the window and runs without it, in turn."""
SHORT_RUNS = 200
LOOK_EVERY = 20
"""ms between two looks whether a run is over."""
FIRST_FRAME = """
from time import perf_counter
start = perf_counter()
import sys
from pathlib import Path
from labctl.gui.app import make_application, MainWindow, Settings, Theme
application = make_application()
folder = Path(sys.argv[1])
window = MainWindow(Theme(application), Settings(folder), folder, str(folder))
window.show()
application.processEvents()
window.grab()
print(perf_counter() - start)
"""


def first_frame(folder: Path) -> float:
    """Seconds from the first import to the first frame in a new process; the best of three."""
    command = [sys.executable, "-c", FIRST_FRAME, str(folder)]
    return min(float(subprocess.run(command, capture_output=True, check=True).stdout) for _ in range(3))


def memory() -> float:
    """MB of this process that are resident."""
    with Path("/proc/self/statm").open(encoding="ascii") as told:
        return int(told.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


class Desk:
    """A window that is watched while it works."""

    def __init__(self, folder: Path) -> None:
        self.application = make_application()
        self.window = MainWindow(
            Theme(self.application, Choice.LIGHT), Settings(folder), folder, str(folder / "runs")
        )
        self.window.resize(1280, 800)
        self.window.show()
        self.window.set_procedures(procedures())
        self.window.open_bench(BENCH)
        self.wait(lambda: self.window.session.now == "idle")

    def wait(self, is_so: Callable[[], bool]) -> None:
        """Let the window work until `is_so`, asleep while nothing happens."""
        loop, look = QEventLoop(), QTimer()
        look.timeout.connect(lambda: loop.quit() if is_so() else None)
        look.start(LOOK_EVERY)
        loop.exec()

    def seconds(self, procedure: str, settings: dict[str, str]) -> float:
        """Run a procedure while the window works; how many s it took in the engine."""
        numbers: list[int] = []
        order = {"procedure": procedure, "settings": settings, "out": self.window.out}
        self.window.session.link.command("start", lambda reply: numbers.append(reply["number"]), **order)
        self.wait(lambda: bool(numbers) and took(self.window.queue.model.items, numbers[0]) is not None)
        self.wait(lambda: self.window.session.now == "idle")
        return took(self.window.queue.model.items, numbers[0]) or 0.0

    def close(self) -> None:
        """Let the engine end."""
        self.window.close()
        process = self.window.session.link.process
        if process is not None:
            process.wait(30.0)


def took(items: Sequence[Mapping[str, Any]], number: int) -> float | None:
    """How many s an item of the queue took; None while it is not over, or not listed yet."""
    return next((item["seconds"] for item in items if item["number"] == number), None)


def without_window(settings: dict[str, str], out: Path) -> float:
    """The same run in the same engine, while the window sleeps."""
    with EngineClient(BENCH, hears=Hears.EVENTS) as client:
        order = {"procedure": "crossbar_program", "settings": settings, "out": str(out)}
        number = client.command("start", **order)["number"]
        for event in client.events():
            if event["event"] == "idle":
                break
        return took(client.command("queue")["items"], number) or 0.0


def cost_of_the_window(desk: Desk, folder: Path) -> list[list[str]]:
    """The same programming with the window redrawing, and with the window asleep; alternately, in one engine."""
    desk.window.pages.setCurrentWidget(desk.window.plots)
    desk.seconds("crossbar_program", RUN)
    watched, alone = [], []
    for _ in range(TURNS):
        watched.append(desk.seconds("crossbar_program", RUN))
        alone.append(without_window(RUN, folder / "runs"))
    ratio = statistics.median(watched) / statistics.median(alone)
    return [
        ["verifying 64 cells, 384 read, window asleep", f"{statistics.median(alone):.1f} s"],
        ["verifying 64 cells, 384 read, window redrawing", f"{statistics.median(watched):.1f} s"],
        ["with the window / without", f"{ratio:.3f}"],
    ]


def memory_over_runs(desk: Desk) -> list[list[str]]:
    """MB of the window's process after some short runs, and after all."""
    rows, settings = [], {"cells": "0,0-1"}
    for number in range(1, SHORT_RUNS + 1):
        desk.seconds("cells_read", settings)
        if number in (20, SHORT_RUNS // 2, SHORT_RUNS):
            rows.append([f"memory after {number} short runs", f"{memory():.0f} MB"])
    return rows


def main() -> None:
    """Measure and print."""
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        os.environ["LABCTL_SAMPLES"] = str(folder / "samples")
        rows = [["first frame, from the first import", f"{first_frame(folder):.2f} s"]]
        desk = Desk(folder)
        try:
            rows += cost_of_the_window(desk, folder)
            rows += memory_over_runs(desk)
        finally:
            desk.close()
    table("The window", ["what", "measured"], rows)


if __name__ == "__main__":
    main()
