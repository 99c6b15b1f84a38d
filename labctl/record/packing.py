"""A short run's HDF5 file without the room that its tables had to grow in: a seventh of the size, the same content."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import h5py

LARGEST = 16_000_000
"""Bytes; of a larger file the room to grow is a small part, and copying it would take a while."""


def pack(path: Path) -> None:
    """Put a copy without spare room in the place of the closed file at `path`; it stays as it is where that fails."""
    if path.stat().st_size > LARGEST:
        return
    fresh = path.with_suffix(".packed")
    try:
        image = _packed(path)
        with fresh.open("wb") as file:
            file.write(image)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)


def _packed(path: Path) -> bytes:
    with (
        h5py.File(path, "r") as grown,
        h5py.File("packed", "w", driver="core", backing_store=False) as packed,
    ):
        _copy(grown, packed)
        packed.flush()
        return bytes(packed.id.get_file_image())


def _copy(source: Any, target: Any) -> None:
    for name, value in source.attrs.items():
        target.attrs.create(name, value, dtype=source.attrs.get_id(name).dtype)
    for name, item in source.items():
        if isinstance(item, h5py.Group):
            ordered = bool(item.id.get_create_plist().get_link_creation_order())
            _copy(item, target.create_group(name, track_order=ordered))
        elif item.chunks is None:
            source.copy(item, target, name)
        else:
            made = target.create_dataset(name, data=item[...], dtype=item.dtype)
            for key, value in item.attrs.items():
                made.attrs.create(key, value, dtype=item.attrs.get_id(key).dtype)
