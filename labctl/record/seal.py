"""The checksum of a finished file, beside it: whether its bytes are still those that were written."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path

from labctl.core.errors import RecordError

SUFFIX = ".sha256"
"""Of the file beside it, in the form of the program sha256sum: checksum, two blanks, name."""
LARGEST = 256 << 20
"""Bytes; a larger file has no checksum of its own: reading all of it would take seconds each time. HDF5's hold then."""
_AT_ONCE = 1 << 20
_intact: dict[Path, tuple[int, int]] = {}
"""Files that were found intact by this process, with their size and time of change then."""


def seal(path: Path, final: Path) -> None:
    """Write the checksum of the file at `path`, which will stand at `final`; OSError when that cannot be.

    A file larger than `LARGEST` gets none.
    """
    if path.stat().st_size > LARGEST:
        unseal(final)
        return
    beside, fresh = _beside(final), _beside(final).with_suffix(".new")
    fresh.write_text(f"{_digest(path)}  {final.name}\n", encoding="ascii")
    fresh.replace(beside)


def unseal(path: Path) -> None:
    """Forget the checksum of the file at `path`, which will be written again."""
    _beside(path).unlink(missing_ok=True)


def is_intact(path: Path) -> bool | None:
    """Whether the file has the bytes that its checksum was taken of; None where there is none.

    Reads the whole file once, and again when its size or time changed. Raises RecordError when it cannot be read.
    """
    try:
        noted = _beside(path).read_text(encoding="ascii", errors="replace").split()
    except OSError:
        return None
    try:
        known = path.stat()
        if _intact.get(path) == (known.st_size, known.st_mtime_ns):
            return True
        found = bool(noted) and noted[0] == _digest(path)
    except OSError as error:
        raise RecordError(f"{path} cannot be read ({error.strerror}).") from error
    if found:
        _intact[path] = known.st_size, known.st_mtime_ns
    else:
        with suppress(KeyError):
            del _intact[path]
    return found


def _beside(path: Path) -> Path:
    return path.with_name(path.name + SUFFIX)


def _digest(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_AT_ONCE):
            found.update(piece)
    return found.hexdigest()
