"""Watches over the owner of a bench: when it dies, the outputs go to 0 V. `python -m labctl.run.watchdog FILE`."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from labctl.bench.lock import IN_PROCESS, hold_quietly
from labctl.bench.rescue import rescue
from labctl.benchfile import BenchFile, load_bench
from labctl.core.clock import WallClock
from labctl.core.errors import LabError

DONE = b"done\n"
"""What the owner says when it has ended as it should."""
PATIENCE = 5.0
"""s that the owner waits for the watchdog to end."""
TRIES = 20
"""How often the lock of a dead owner is asked for: the operating system needs a moment to take it back."""


class Watchdog:
    """A watchdog process over this one, for a bench whose instruments outlive it; none for others."""

    def __init__(self, file: BenchFile) -> None:
        """Starts with the `with` block; from then on a death of this program zeroes the outputs of `file`."""
        self._file = file
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Start it; its end of the pipe sees the death of this program, whatever the reason."""
        if not self._file.library.endswith(IN_PROCESS):
            self._process = subprocess.Popen(
                [sys.executable, "-m", "labctl.run.watchdog", str(self._file.source)], stdin=subprocess.PIPE
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """The bench is closed: the watchdog may go."""
        if self._process is None:
            return
        assert self._process.stdin is not None
        with suppress(OSError):  # it died before us
            self._process.stdin.write(DONE)
            self._process.stdin.close()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.terminate()


def watch(file: BenchFile, owner: BinaryIO) -> int:
    """Return once `owner` says that it is done, or has died and the bench is safe; 1 when that is not confirmed.

    A program that holds the bench by then has made it safe itself: it is left alone.
    """
    if owner.read() == DONE:
        return 0
    wall = WallClock()
    for _ in range(TRIES):
        with hold_quietly(file) as ours:
            if ours:
                return _rescue(file)
        wall.wait(0.02)
    return 0


def _rescue(file: BenchFile) -> int:
    try:
        unsafe = rescue(file)
    except LabError as error:
        unsafe = [str(error)]
    for sentence in unsafe:
        print(f"labctl watchdog: {sentence}", file=sys.stderr)  # noqa: T201 - nobody else is left to say it
    return 1 if unsafe else 0


def main() -> None:
    """Watch over the program at the other end of standard input. Ctrl-C is meant for that program."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    sys.exit(watch(load_bench(Path(sys.argv[1])), sys.stdin.buffer))


if __name__ == "__main__":
    main()
