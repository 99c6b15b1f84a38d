"""Columns and pictures that stay in their HDF5 file until somebody asks for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from labctl.core.errors import RecordError
from labctl.core.rows import Picture


class FileColumns(Mapping[str, NDArray[Any]]):
    """The columns of one table; each is read when it is asked for, and kept.

    The file is open only while something is read.
    """

    def __init__(self, path: Path, group: Any) -> None:
        """`group` is the open table in the file at `path`."""
        self._path, self._place = path, str(group.name)
        self._names = tuple(str(name) for name in group.attrs["columns"])
        lengths = (len(group[name]) for name in self._names)
        self.rows = int(group.attrs.get("rows_valid", next(lengths, 0)))
        self._kept: dict[str, NDArray[Any]] = {}

    def __getitem__(self, name: str) -> NDArray[Any]:
        if name not in self._names:
            raise KeyError(name)
        if name not in self._kept:
            self._kept |= self.read([name], slice(0, self.rows))
        return self._kept[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def read(self, names: Iterable[str], rows: slice) -> dict[str, NDArray[Any]]:
        """These rows of these columns, from the file; nothing else is loaded."""
        start, stop, step = rows.indices(self.rows)
        if step < 0:
            raise RecordError("Rows are read in their order: the step of a slice must be positive.")
        with opened(self._path) as file, _told(self._path):
            return {name: _read(file[self._place][name], slice(start, stop, step)) for name in names}


class FilePictures(Mapping[str, Picture]):
    """The pictures of one run; each is read when it is asked for, and kept."""

    def __init__(self, path: Path, group: Any) -> None:
        """`group` holds the pictures in the file at `path`."""
        self._path, self._place = path, str(group.name)
        self._links = {str(group[link].attrs.get("name", link)): str(link) for link in group}
        self._kept: dict[str, Picture] = {}

    def __getitem__(self, name: str) -> Picture:
        if name not in self._links:
            raise KeyError(name)
        if name not in self._kept:
            with opened(self._path) as file, _told(self._path):
                group = file[self._place][self._links[name]]
                axes = tuple(str(axis) for axis in group.attrs.get("axes", ()))
                unit = str(group["values"].attrs["units"])
                self._kept[name] = Picture(name, group["values"][...], unit, axes)
        return self._kept[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._links)

    def __len__(self) -> int:
        return len(self._links)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Raise RecordError in the place of whatever h5py raises where a part of the file is damaged."""
    try:
        yield
    except Exception as error:
        raise RecordError(
            f"{path} cannot be read ({' '.join(str(error).split())}): it is damaged, its journal holds all of it."
        ) from error


def opened(path: Path) -> Any:
    """The file for reading; RecordError when it is not there any more or cannot be read."""
    try:
        return h5py.File(path, "r")
    except OSError as error:
        raise RecordError(f"{path} cannot be read ({error}).") from error


def _read(dataset: Any, rows: slice) -> NDArray[Any]:
    is_text = h5py.check_string_dtype(dataset.dtype) is not None
    return np.asarray(dataset.asstr()[rows] if is_text else dataset[rows])
