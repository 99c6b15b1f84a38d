"""An append-only file of one JSON value per line: what is in it survives the death of the program that wrote it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol

from filelock import FileLock, Timeout

from labctl.core.errors import LabError

COMPACT_ABOVE = 2_000_000
"""Bytes above which a ledger is written anew, shorter, when it is opened."""


class Store(Protocol):
    """Where a ledger writes its lines."""

    def append(self, line: str) -> None:
        """Keep `line`, which ends in a newline; when this returns a killed program no longer loses it."""
        ...


class LedgerFile:
    """One ledger on disk with one writer. A `Store`.

    A line is handed to the operating system at once, unbuffered: it outlives `kill -9`, and a power cut loses at most
    what the disk had not taken. A last line that was cut short is dropped when the ledger is next opened.
    """

    def __init__(self, path: Path) -> None:
        """Take the ledger at `path`, or begin it; LabError when another program writes it."""
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._lock = FileLock(f"{path}.lock")
            self._lock.acquire(timeout=0)
        except Timeout:
            raise LabError(
                f"The ledger {path} is being written by another program: end it first, two programs cannot hold one "
                "bench."
            ) from None
        except OSError as error:
            raise LabError(f"The ledger {path} cannot be used: {error.strerror}.") from None
        try:
            _drop_torn_line(path)
            self._file = self._open()
        except OSError as error:
            self._lock.release()
            raise LabError(f"The ledger {path} cannot be written: {error.strerror}.") from None

    def lines(self) -> Iterator[list[Any]]:
        """Every line, oldest first."""
        return read_lines(self.path)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was ever written."""
        return self.path.stat().st_size == 0

    @property
    def is_long(self) -> bool:
        """Whether it should be written anew."""
        return self.path.stat().st_size > COMPACT_ABOVE

    def append(self, line: str) -> None:
        """Hand `line` to the operating system; LabError when it is not taken whole, for then nothing may be pulsed."""
        data = line.encode()
        try:
            taken = os.write(self._file, data)
        except OSError as error:
            raise LabError(
                f"The ledger {self.path} cannot be written ({error.strerror}): nothing is pulsed that is not written "
                "down, make room on the disk."
            ) from None
        if taken != len(data):
            os.ftruncate(self._file, os.fstat(self._file).st_size - taken)
            raise LabError(
                f"The ledger {self.path} took only a part of a line: the disk is full, make room on it."
            )

    def rewrite(self, lines: Iterable[str]) -> None:
        """Put `lines` in place of all lines, in one step."""
        fresh = self.path.with_suffix(".new")
        with fresh.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
        os.close(self._file)
        fresh.replace(self.path)
        self._file = self._open()

    def close(self) -> None:
        """Let another program have it."""
        if self._lock.is_locked:
            os.close(self._file)
            self._lock.release()

    def _open(self) -> int:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
        return os.open(self.path, flags, 0o644)


def read_lines(path: Path) -> Iterator[list[Any]]:
    """Every whole line of a ledger, oldest first; none when there is no such file.

    Raises LabError naming a line that is damaged.
    """
    if not path.exists():
        return
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.endswith(b"\n"):
                return
            try:
                found = json.loads(line)
                if not isinstance(found, list) or not found:
                    raise ValueError("not a list")
            except ValueError:
                raise LabError(
                    f"Line {number} of the ledger {path} is damaged: what this sample has taken is not known for "
                    "sure. Correct the line, or move the file away and begin a new ledger."
                ) from None
            yield found


def _drop_torn_line(path: Path) -> None:
    if not path.exists():
        return
    with path.open("r+b") as file:
        data = file.read()
        whole = data.rfind(b"\n") + 1
        if whole < len(data):
            file.truncate(whole)
