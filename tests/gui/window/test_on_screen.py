"""The window under X: a window manager, a real pointer, a real keyboard."""

import json
import os
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.faults.lab import small_bench

pytestmark = pytest.mark.needs("x11")
PATIENCE = 60.0
"""s that anything may take on a busy machine."""


class Screen:
    """An X server with a window manager and the window on it; a hand with pointer and keyboard."""

    def __init__(self, stack: ExitStack, folder: Path, size: str, scale: str) -> None:
        self._stack, self._told = stack, folder / "told.json"
        ends, end = os.pipe()
        server = ["Xvfb", "-displayfd", str(end), "-screen", "0", f"{size}x24", "-nolisten", "tcp"]
        self._run(server, dict(os.environ), pass_fds=(end,))
        os.close(end)
        with os.fdopen(ends) as number:
            display = f":{number.readline().strip()}"
        self._environment = {**os.environ, "DISPLAY": display, "QT_SCALE_FACTOR": scale}
        self._environment["QT_QPA_PLATFORM"] = "xcb"
        self._run(["openbox"], self._environment)
        bench = small_bench(folder)
        program = [sys.executable, "-m", "tests.gui.window.on_screen", str(bench), str(folder)]
        self.window = self._run(program, self._environment)
        self._stack.callback(self._go, folder / "go")

    def _go(self, wish: Path) -> None:
        """Let the window end its engine and go."""
        wish.touch()
        assert self.window.wait(PATIENCE) == 0, "the window did not end by itself"

    def _run(
        self, command: list[str], environment: dict[str, str], **given: object
    ) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **given
        )

        def end() -> None:
            process.terminate()
            process.wait(30.0)

        self._stack.callback(end)
        return process

    def hand(self, *orders: object) -> None:
        subprocess.run(["xdotool", *map(str, orders)], env=self._environment, check=True)

    def click(self, name: str) -> None:
        left, top, right, bottom = self.told()[name]
        self.hand("mousemove", "--sync", (left + right) // 2, (top + bottom) // 2, "click", 1)

    def told(self) -> dict[str, object]:
        return json.loads(self._told.read_text(encoding="utf-8"))

    def until(self, **wanted: object) -> dict[str, object]:
        """Wait until the window tells this."""
        pause, end = threading.Event(), time.monotonic() + PATIENCE
        told: dict[str, object] = {}
        while time.monotonic() < end:
            assert self.window.poll() is None, "the window has ended"
            if self._told.exists():
                told = self.told()
                if all(told[name] == value for name, value in wanted.items()):
                    return told
            pause.wait(0.05)
        raise AssertionError(f"{wanted} did not come: {told}")


@pytest.fixture
def screen(tmp_path):
    """Make the screen; everything ends with the test."""
    with ExitStack() as stack:
        yield lambda size, scale="1": Screen(stack, tmp_path, size, scale)


@pytest.mark.slow
def test_a_click_is_not_repeated_by_a_key_and_esc_closes_before_it_stops(screen):
    there = screen("1280x800")
    there.until(now="idle", ready=True, active=True)
    there.click("map")
    there.hand("key", "ctrl+a")
    there.until(enabled=True)
    there.click("read")
    there.until(items=1, ended=1, now="idle")
    there.hand("key", "space", "Return", "space")
    there.click("bench")
    there.until(popup=True)
    there.hand("key", "Escape")
    told = there.until(popup=False)
    assert told["stops"] == 0
    assert told["items"] == 1
    there.hand("key", "ctrl+b")
    there.until(dialog=True, active=False)
    there.hand("key", "Escape")
    told = there.until(dialog=False, active=True)
    assert told["stops"] == 0
    there.hand("key", "alt+f")
    there.until(popup=True)
    there.hand("key", "Escape", "Escape")  # the menu, then the bar of menus
    told = there.until(popup=False)
    assert told["stops"] == 0
    there.hand("key", "Escape")
    told = there.until(stops=1, now="idle")
    assert told["items"] == 1
    there.click("stop")
    there.until(stops=2)


@pytest.mark.slow
@pytest.mark.parametrize(("size", "scale"), [("1280x800", "1"), ("1920x1080", "2")])
def test_stop_is_on_the_screen_at_every_scale(screen, size, scale):
    there = screen(size, scale)
    told = there.until(now="idle", active=True)
    wide, high = map(int, size.split("x"))
    left, top, right, bottom = told["stop"]
    assert 0 <= left < right <= wide
    assert 0 <= top < bottom <= high
    assert told["screen"][0] <= wide
    assert told["screen"][1] <= high
    there.click("stop")
    there.until(stops=1)
