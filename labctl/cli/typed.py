"""What somebody typed that is no command of ours: one sentence instead of a page of usage."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeGuard

import typer

from labctl.cli import REFUSED

_MISTYPED: type = typer.BadParameter.__mro__[2]
"""Click's exception for whatever it cannot make sense of; Typer brings a Click of its own and does not name it."""


def is_mistyped(error: Exception) -> TypeGuard[Any]:
    """Whether `error` is about the words on the command line."""
    return isinstance(error, _MISTYPED)


def said(error: Any, say: Callable[[str, int], int]) -> int:
    """Tell it by `say(sentence, exit code)`, or print the help that was asked for by saying nothing; the exit code."""
    context = getattr(error, "ctx", None)
    text = str(error.format_message()).strip()
    if context is not None and text == context.get_help().strip():
        typer.echo(text, err=True)
        return REFUSED
    command = context.command_path if context is not None else "labctl"
    return say(f"{text.rstrip('.')}; `{command} --help` tells more.", REFUSED)
