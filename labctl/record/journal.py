"""The journal of a run: JSON lines, each handed to the kernel before its row goes anywhere else."""

from __future__ import annotations

import base64
import json
import math
import os
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labctl.core.errors import RecordError

FILE_NAME = "journal.jsonl"
_SEAL = b',"crc":"'
_PLAIN = json.JSONEncoder(separators=(",", ":"), allow_nan=False, ensure_ascii=False).encode


class Journal:
    """Append-only; a line that was written survives the program (not the power supply: see `sync`)."""

    def __init__(self, path: Path, goes_on: bool = False) -> None:
        """Begin a new journal at `path`, or go on with one behind its last whole line.

        Raises RecordError when one is there already (or is not, if it is to go on), or it cannot be written.
        """
        self.path = path
        self._length = _whole_length(path) if goes_on else 0
        try:
            self._file = path.open("r+b" if goes_on else "xb", buffering=0)
            self._cut()
        except FileExistsError:
            raise RecordError(f"{path} exists already: a run is never written over another one.") from None
        except OSError as error:
            raise RecordError(f"The journal {path} cannot be written: {error.strerror}.") from error

    def write(self, line: Mapping[str, Any]) -> None:
        """Append one line; RecordError when the disk refuses it: then nothing of the line is left in the file."""
        try:
            text = _PLAIN(line)
        except (ValueError, TypeError):
            text = _PLAIN(_encoded(line))
        self._append(_sealed(text[:-1].encode()))

    def write_row(self, head: str, values: list[Any]) -> None:
        """Append the line of a row, quickly: `head` is all before its values (see `row_head`)."""
        try:
            text = _PLAIN(values)
        except (ValueError, TypeError):
            text = _PLAIN(_encoded(values))
        self._append(_sealed(f"{head}{text}".encode()))

    def _append(self, data: bytes) -> None:
        left = data
        try:
            while left:
                left = left[self._file.write(left) :]
        except OSError as error:
            with suppress(OSError):
                self._cut()
            raise RecordError(
                f"The journal {self.path} cannot be written ({error.strerror}): free some disk space."
            ) from error
        self._length += len(data)

    def _cut(self) -> None:
        """Drop what stands behind the last whole line: the next one must not begin in the middle of another."""
        os.ftruncate(self._file.fileno(), self._length)
        os.lseek(self._file.fileno(), self._length, os.SEEK_SET)

    def sync(self) -> None:
        """Make all lines survive a power cut as well; RecordError when the disk refuses. Any thread may."""
        try:
            os.fsync(self._file.fileno())
        except OSError as error:
            raise RecordError(
                f"The journal {self.path} could not be handed to the disk ({error.strerror}): check the disk."
            ) from error

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def read_journal(path: Path) -> Iterator[dict[str, Any]]:
    """Every whole line of a journal; a last line that was cut by a crash is left out.

    Raises RecordError when there is no journal, or a line other than the last cannot be understood.
    """
    try:
        file = path.open("rb")
    except FileNotFoundError:
        raise RecordError(f"{path.parent} holds no run: there is no {path.name} in it.") from None
    except OSError as error:
        raise RecordError(f"The journal {path} cannot be read: {error.strerror}.") from error
    with file:
        is_sealed = False
        for number, line in enumerate(file, start=1):
            is_sealed = is_sealed or (number == 1 and _SEAL in line)
            if not line.endswith(b"\n"):  # cut by a crash, or being written at this moment
                return
            try:
                yield parsed(line, is_sealed=is_sealed)
            except (ValueError, KeyError, TypeError) as error:
                raise RecordError(f"{path}, line {number} cannot be understood ({error}).") from error


def _sealed(line: bytes) -> bytes:
    """A JSON object without its last brace as a whole line: its checksum (CRC-32) is its last value."""
    return b'%b,"crc":"%08x"}\n' % (line, zlib.crc32(line))


def parsed(line: bytes, *, is_sealed: bool = False) -> dict[str, Any]:
    """A line of a journal; ValueError (or KeyError, TypeError) when it is not what was written.

    Lines of versions before 2026-11-27 have no checksum and are believed, unless the journal `is_sealed`.
    """
    body, mark, end = line.rstrip(b"\n").rpartition(_SEAL)
    if is_sealed or mark:
        if end != b'%08x"}' % zlib.crc32(body):
            raise ValueError("its checksum is wrong, it was changed after it was written")
        line = body + b"}"
    found: dict[str, Any] = decoded(json.loads(line))
    if not isinstance(found, dict) or not isinstance(found.get("line"), str):
        raise ValueError("it is no line of a journal")
    return found


def row_head(table: str) -> str:
    """The beginning of every line that holds a row of `table`."""
    return _PLAIN({"line": "row", "table": table})[:-1] + ',"values":'


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
    return parsed(whole[-1]) if whole else {}


def first_line(path: Path) -> dict[str, Any]:
    """The first whole line; empty when there is none."""
    with path.open("rb") as file:
        line = file.readline()
    return parsed(line) if line.endswith(b"\n") else {}


def _whole_length(path: Path) -> int:
    """Bytes of all whole lines."""
    try:
        with path.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            while end > 0:
                start = max(0, end - 65536)
                file.seek(start)
                newline = file.read(end - start).rfind(b"\n")
                if newline >= 0:
                    return start + newline + 1
                end = start
    except OSError as error:
        raise RecordError(f"The journal {path} cannot be read: {error.strerror}.") from error
    return 0


def _encoded(value: Any) -> Any:
    """What JSON lacks: arrays become base64 of little-endian bytes, numbers without end become a marked word."""
    if isinstance(value, Mapping):
        return {str(key): _encoded(each) for key, each in value.items()}
    if isinstance(value, np.ndarray) and value.dtype.kind == "O":
        return _encoded_objects(value)
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


def _encoded_objects(values: NDArray[Any]) -> Any:
    """Texts as they are; arrays of unequal length as one array and the lengths."""
    if len(values) and all(isinstance(each, np.ndarray) for each in values):
        lengths = np.array([len(each) for each in values], dtype="i8")
        return {"$ragged": _encoded(np.concatenate(list(values))), "lengths": _encoded(lengths)}
    return [str(each) for each in values]


def decoded(value: Any) -> Any:
    """What `_encoded` made plain, as it was."""
    if isinstance(value, list):
        return [decoded(each) for each in value]
    if not isinstance(value, dict):
        return value
    if "$array" in value:
        return _array(value)
    if "$ragged" in value:
        ends = np.cumsum(_array(value["lengths"]))
        return np.split(_array(value["$ragged"]), ends[:-1])
    if "$number" in value:
        return float(value["$number"])
    return {key: decoded(each) for key, each in value.items()}


def _array(value: Mapping[str, Any]) -> NDArray[Any]:
    flat = np.frombuffer(base64.b64decode(value["$array"]), dtype=value["dtype"])
    return flat.reshape(value["shape"]).copy()
