"""The journal of a run: JSON lines, each handed to the kernel before its row goes anywhere else."""

from __future__ import annotations

import base64
import json
import math
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labctl.core.errors import RecordError

FILE_NAME = "journal.jsonl"
_PLAIN = json.JSONEncoder(separators=(",", ":"), allow_nan=False, ensure_ascii=False).encode


class Journal:
    """Append-only; a line that was written survives the program (not the power supply: see `sync`)."""

    def __init__(self, path: Path) -> None:
        """Begin a new journal at `path`; RecordError when one is there already or it cannot be written."""
        self.path = path
        try:
            self._file = path.open("xb", buffering=0)
        except FileExistsError:
            raise RecordError(f"{path} exists already: a run is never written over another one.") from None
        except OSError as error:
            raise RecordError(f"The journal {path} cannot be written: {error.strerror}.") from error

    def write(self, line: Mapping[str, Any]) -> None:
        """Append one line; RecordError when the disk refuses it."""
        try:
            text = _PLAIN(line)
        except (ValueError, TypeError):
            text = _PLAIN(_encoded(line))
        data = text.encode() + b"\n"
        try:
            written = self._file.write(data)
            while written < len(data):
                data = data[written:]
                written = self._file.write(data)
        except OSError as error:
            raise RecordError(
                f"The journal {self.path} cannot be written ({error.strerror}): free some disk space."
            ) from error

    def sync(self) -> None:
        """Make all lines survive a power cut as well."""
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def read_journal(path: Path) -> Iterator[dict[str, Any]]:
    """Every whole line of a journal; a last line that was cut by a crash is left out.

    Raises RecordError when there is no journal, or a line other than the last cannot be understood.
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise RecordError(f"The journal {path} cannot be read: {error.strerror}.") from error
    for number, line in enumerate(
        lines[:-1], start=1
    ):  # what follows the last newline is a cut line, or nothing
        try:
            yield _decoded(json.loads(line))
        except (ValueError, KeyError) as error:
            raise RecordError(f"{path}, line {number} cannot be understood ({error}).") from error


def last_line(path: Path) -> dict[str, Any]:
    """The last whole line, found from the end; empty when there is none."""
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        tail, start = b"", end
        while start > 0 and tail.count(b"\n") < 2:  # the newline before the last whole line, and its own
            start = max(0, end - 2 * max(len(tail), 32768))
            file.seek(start)
            tail = file.read(end - start)
    whole = tail.split(b"\n")[:-1]
    return _decoded(json.loads(whole[-1])) if whole else {}


def first_line(path: Path) -> dict[str, Any]:
    """The first whole line; empty when there is none."""
    with path.open("rb") as file:
        line = file.readline()
    return _decoded(json.loads(line)) if line.endswith(b"\n") else {}


def _encoded(value: Any) -> Any:
    """What JSON lacks: arrays become base64 of little-endian bytes, numbers without end become a marked word."""
    if isinstance(value, Mapping):
        return {str(key): _encoded(each) for key, each in value.items()}
    if isinstance(value, np.ndarray) and value.dtype.kind == "O":
        return [str(each) for each in value]
    if isinstance(value, np.ndarray):
        plain = np.ascontiguousarray(value, dtype=value.dtype.newbyteorder("<"))
        text = base64.b64encode(plain.tobytes()).decode("ascii")
        return {"$array": text, "dtype": plain.dtype.str, "shape": list(value.shape)}
    if isinstance(value, np.generic):
        return _encoded(value.item())
    if isinstance(value, list | tuple):
        return [_encoded(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return {"$number": repr(value)}
    return value


def _decoded(value: Any) -> Any:
    if isinstance(value, list):
        return [_decoded(each) for each in value]
    if not isinstance(value, dict):
        return value
    if "$array" in value:
        return _array(value)
    if "$number" in value:
        return float(value["$number"])
    return {key: _decoded(each) for key, each in value.items()}


def _array(value: Mapping[str, Any]) -> NDArray[Any]:
    flat = np.frombuffer(base64.b64decode(value["$array"]), dtype=value["dtype"])
    return flat.reshape(value["shape"]).copy()
