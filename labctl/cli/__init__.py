"""The command line: one sentence on an error, exit codes 0, 1, 2 and 130, nothing half-done."""

from __future__ import annotations

import io
import sys
import traceback
from datetime import datetime

from labctl.core.errors import LabError

FAILED, REFUSED, INTERRUPTED = 1, 2, 130
"""Exit codes: it went wrong; it was refused in one sentence; Ctrl-C."""


def main() -> None:
    """Run the command line and end the program with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(
                errors="backslashreplace"
            )  # a path that the console cannot write ends no command
    from labctl.cli.app import app
    from labctl.cli.typed import is_mistyped, said

    try:
        from labctl.core import shadow

        shadow.check()
        code = app(standalone_mode=False) or 0
    except LabError as error:
        code = _say(str(error), REFUSED)
    except KeyboardInterrupt as order:
        code = _say(str(order) or "Interrupted at the keyboard.", INTERRUPTED)
    except Exception as error:  # noqa: BLE001 - the last door: a sentence instead of a traceback
        code = said(error, _say) if is_mistyped(error) else _say(_unexpected(error), FAILED)
    sys.exit(code)


def _say(text: str, code: int) -> int:
    from labctl.cli.terminal import complain

    complain(text)
    return code


def _unexpected(error: Exception) -> str:
    from platformdirs import user_log_path

    folder = user_log_path("labctl", appauthor=False)
    sentence = f"Unexpected {type(error).__name__}: {error}."
    stamp = datetime.now().astimezone()
    path = folder / f"traceback_{stamp:%Y-%m-%dT%H-%M-%S}.txt"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
    except OSError as reason:
        return f"{sentence} Its traceback could not be written to {path} ({reason.strerror})."
    return f"{sentence} The traceback is in {path}; please send it along with what you typed."
