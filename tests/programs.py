"""Programs of labctl that tests start and kill: forked from a process that has loaded labctl where the system can do
so, which saves each of them two seconds; processes of their own either way.
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from labctl.core.clock import WallClock

CAN_FORK = "forkserver" in multiprocessing.get_all_start_methods()


class Forked:
    """`labctl COMMAND`, as far as tests need what `subprocess.Popen` can do."""

    def __init__(self, command: tuple[str, ...], cwd: Path, environment: Mapping[str, str]) -> None:
        """Start it in `cwd`."""
        mouth = Path(tempfile.mkdtemp(dir=cwd, prefix="said-")) / "mouth"
        os.mkfifo(mouth)
        self._ear = os.open(mouth, os.O_RDONLY | os.O_NONBLOCK)
        self._said, self._is_quiet = b"", False
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["tests.loaded"])
        self._process = context.Process(target=_become, args=(command, cwd, environment, mouth))
        self._process.start()

    @property
    def returncode(self) -> int | None:
        """None while it runs; -9 when it was killed."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """Its exit code once it is over."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, waited for; TimeoutExpired."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired("labctl", timeout or 0.0)
        return self._process.exitcode

    def kill(self) -> None:
        """kill -9."""
        self._process.kill()

    def send_signal(self, number: int) -> None:
        """Send it this signal."""
        os.kill(self._process.pid or 0, number)  # noqa: TID251 - where a process can be forked it is no Windows

    def terminate(self) -> None:
        """Ask it to end."""
        self._process.terminate()

    def communicate(self, timeout: float | None = None) -> tuple[str, None]:
        """What it and all that it started have said, once every one of them is over."""
        self.wait(timeout)
        while not self._is_quiet:
            try:
                heard = os.read(self._ear, 1 << 16)
            except BlockingIOError:
                WallClock().wait(0.005)
                continue
            self._said += heard
            if not heard:
                self._is_quiet = True
                os.close(self._ear)
        return self._said.decode(), None


Program = Forked | subprocess.Popen[str]


def start(command: tuple[str, ...], cwd: Path, **environment: str) -> Program:
    """`labctl COMMAND` in a process of its own, started in `cwd`."""
    surroundings = {**os.environ, **environment}
    if CAN_FORK:
        return Forked(command, cwd, surroundings)
    return subprocess.Popen(
        [sys.executable, "-m", "labctl", *command],
        cwd=cwd, env=surroundings, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def _become(command: tuple[str, ...], cwd: Path, environment: Mapping[str, str], mouth: Path) -> None:
    """In the new process: become the program."""
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    output = os.open(mouth, os.O_WRONLY)
    for handle in (1, 2):
        os.dup2(output, handle)
    os.close(output)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, encoding="utf-8", closefd=False)
    sys.argv = ["labctl", *command]
    from labctl.cli import main

    try:
        main()
    finally:
        atexit._run_exitfuncs()  # multiprocessing leaves them out, virtual benches save their samples in them
        sys.stdout.flush()
