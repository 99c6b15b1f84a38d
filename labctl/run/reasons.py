"""Why a run failed, in words."""

from __future__ import annotations

import traceback
from contextlib import suppress
from pathlib import Path

from labctl.core.errors import LabError
from labctl.record.catalogue import TRACEBACK


def sentence(error: Exception, folder: Path) -> str:
    """What went wrong first, then what failed on the way out; what nobody foresaw leaves its traceback in `folder`."""
    chain = [error]
    while isinstance(before := chain[0].__context__, Exception) and not chain[0].__suppress_context__:
        chain.insert(0, before)
    told = ". On the way out: ".join(_words(each).rstrip(".") for each in chain[:-1])
    told = f"{told}. On the way out: {_words(error)}" if told else _words(error)
    if all(isinstance(each, LabError) for each in chain):
        return told
    path = folder / TRACEBACK
    with suppress(OSError):
        path.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
    return f"{told} The traceback is in {path}."


def _words(error: Exception) -> str:
    return str(error) if isinstance(error, LabError) else f"Unexpected {type(error).__name__}: {error}."
