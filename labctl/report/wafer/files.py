"""The raw files of a campaign with size and checksum: what a report rests on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from labctl.core.errors import RecordError

_OURS = (".html", ".new", ".lock")


@dataclass(frozen=True)
class RawFile:
    """One file by its path inside the campaign's folder; `size` in bytes."""

    name: str
    size: int
    sha256: str


def raw_files(folder: Path) -> list[RawFile]:
    """Every file of the campaign, reports and files that come and go left out; raises RecordError on the first lost."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix not in _OURS and not path.name.startswith("."):
            try:
                with path.open("rb") as file:
                    checksum = hashlib.file_digest(file, "sha256").hexdigest()
                found.append(RawFile(path.relative_to(folder).as_posix(), path.stat().st_size, checksum))
            except OSError as error:
                raise RecordError(f"{path} cannot be read: {error.strerror}.") from error
    return found
