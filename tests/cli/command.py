"""What a command of the tests is, and what it leaves behind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    """Exit code and both streams of a command."""

    code: int
    out: str
    err: str


Command = Callable[..., Answer]
