"""The HDF5 file of a run: plain, columns with units, plots itself in any viewer that knows NXdata."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from labctl.core.errors import RecordError
from labctl.core.rows import Picture
from labctl.record.columns import Column
from labctl.record.exactly import ColumnKind
from labctl.record.packing import pack
from labctl.record.seal import seal

FILE_NAME = "run.h5"
PART_NAME = "run.h5.part"
MAIN = "conductance"
"""The column that is looked at first, in tables that have it."""
_CHUNK = 1024
_TEXT = h5py.string_dtype("utf-8")


def is_being_written(folder: Path) -> bool:
    """Whether a program holds the unfinished HDF5 file in `folder` open: HDF5 locks what it writes."""
    try:
        with h5py.File(folder / PART_NAME, "r"):
            return False
    except BlockingIOError:
        return True
    except OSError:  # none there, or left behind by a crash in a state that cannot be read
        return False


class RunFile:
    """Written as `run.h5.part`, renamed when it is closed: a file of the final name is always whole.

    Layout: head values are attributes of the root and of its groups; `/parameters/NAME`, `/bench/text`;
    `/tables/KIND/COLUMN` with `units`; `/pictures/NAME/values`. `rows_valid` of a table counts the rows that a flush
    has handed over: a disk that fills up leaves columns behind that are longer than what they hold.
    """

    def __init__(self, folder: Path, head: Mapping[str, Any]) -> None:
        """Create the file with everything that is known before the first row; RecordError when it cannot be."""
        self._part, self._final = folder / PART_NAME, folder / FILE_NAME
        try:
            self._file = h5py.File(self._part, "x")
        except OSError as error:
            raise RecordError(f"The record {self._part} cannot be written: {error}.") from error
        self._tables: dict[str, _Table] = {}
        root = self._file
        root.attrs["NX_class"] = "NXroot"
        for name in ("tables", "pictures"):
            root.create_group(name, track_order=True).attrs["NX_class"] = "NXentry"
        parameters = root.create_group("parameters", track_order=True)
        for name, entry in head.get("parameters", {}).items():
            _write_parameter(parameters, name, entry)
        _write_group(root, {name: value for name, value in head.items() if name != "parameters"})
        self._file.flush()

    def append(self, name: str, columns: tuple[Column, ...], values: Mapping[str, NDArray[Any]]) -> None:
        """Append equal-length columns to the table of a row kind; no rows only make the table."""
        if name not in self._tables:
            self._tables[name] = _Table(self._file, name, columns)
        self._tables[name].append(values)

    def write_picture(self, picture: Picture) -> None:
        """Write a picture, in the place of an earlier one of its name."""
        pictures, place = self._file["pictures"], link_name(picture.name)
        if place in pictures and pictures[place]["values"].shape == picture.values.shape:
            pictures[place]["values"][...] = picture.values
            return
        if place in pictures:
            del pictures[place]
        group = pictures.create_group(place)
        if place != picture.name:
            group.attrs["name"] = picture.name
        values = group.create_dataset("values", data=picture.values)
        values.attrs["units"] = picture.unit
        values.attrs["long_name"] = f"{picture.name} ({picture.unit})"
        group.attrs.update({"NX_class": "NXdata", "signal": "values"})
        if picture.axes:
            group.attrs["axes"] = list(picture.axes)
            for axis, length in zip(picture.axes, picture.values.shape, strict=True):
                group.create_dataset(link_name(axis), data=np.arange(length)).attrs["units"] = "1"
        pictures.attrs["default"] = place
        self._file.attrs["default"] = "pictures"

    def flush(self) -> None:
        """Hand everything to the kernel: it survives the program. Rows count as valid once that went well."""
        self._file.flush()
        for table in self._tables.values():
            table.confirm()
        self._file.flush()

    def close(self, end: Mapping[str, Any]) -> None:
        """Write how the run ended as attributes, close, and give the file its final name.

        Raises RecordError when it might not survive a power cut.
        """
        _write_group(self._file, end)
        self.flush()
        trouble = None
        try:
            os.fsync(self._file.id.get_vfd_handle())
        except OSError as error:
            trouble = error
        self._file.close()
        pack(self._part)
        try:
            seal(self._part, self._final)
        except OSError as error:
            trouble = trouble or error
        self._part.replace(self._final)
        if trouble is not None:
            raise RecordError(
                f"{self._final} could not be handed to the disk ({trouble.strerror}): check the disk."
            ) from trouble

    def abandon(self) -> None:
        """Give the file up after a write that failed, and its space back: the journal holds all of it.

        HDF5 keeps what it could not write and tries again when the program ends, which ends in a segmentation fault
        (HDF5 2.0.0, measured). What is still in its hands therefore goes to the null device.
        """
        if self._file:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._file.id.get_vfd_handle())
            os.close(nowhere)
            with suppress(OSError, RuntimeError):
                self._file.close()
        self._part.unlink(missing_ok=True)


def link_name(name: str) -> str:
    """`name` as HDF5 can call a thing: the slash, which parts a path there, becomes the sign of division."""
    return name.replace("/", "\N{DIVISION SLASH}")


class _Table:
    """The growing columns of one row kind."""

    def __init__(self, file: Any, name: str, columns: tuple[Column, ...]) -> None:
        tables = file["tables"]
        self._group = tables.create_group(name)
        self._columns = {column.name: _create_column(self._group, column) for column in columns}
        self._ragged = {column.name for column in columns if column.ragged}
        self._rows = 0
        self._group.attrs["columns"] = [column.name for column in columns]
        self._group.attrs["rows_valid"] = 0
        self._valid = self._group.attrs.get_id("rows_valid")
        signal = _signal(columns[2:])
        if signal is not None:
            axes = [columns[0].name, *("." for _ in signal.shape)]
            self._group.attrs.update({"NX_class": "NXdata", "signal": signal.name, "axes": axes})
            tables.attrs["default"] = name
            file.attrs.setdefault("default", "tables")

    def append(self, values: Mapping[str, NDArray[Any]]) -> None:
        start = self._rows
        for name, dataset in self._columns.items():
            column = values[name]
            self._rows = start + len(column)
            if len(column):
                dataset.resize(self._rows, axis=0)
                if name in self._ragged:
                    _write_ragged(dataset, start, column)
                else:
                    dataset[start:] = column

    def confirm(self) -> None:
        self._valid.write(np.array(self._rows))


def _write_ragged(dataset: Any, start: int, rows: NDArray[Any]) -> None:
    """Write rows of unequal length; h5py's own assignment stumbles over rows that happen to be of equal length."""
    where = dataset.id.get_space()
    where.select_hyperslab((start,), (len(rows),))
    whole = h5py.h5s.create_simple((len(rows),))
    dataset.id.write(whole, where, rows.astype(dataset.dtype), h5py.h5t.py_create(dataset.dtype))


def _signal(columns: tuple[Column, ...]) -> Column | None:
    """What a viewer plots over time: the conductance, else the last number, else an array of numbers, else a count."""

    def fitness(column: Column) -> tuple[bool, bool, bool]:
        return column.kind is ColumnKind.NUMBER, not column.shape, column.name == MAIN

    kinds = (ColumnKind.NUMBER, ColumnKind.WHOLE)
    fit = [each for each in columns if each.kind in kinds and not each.ragged]
    return max(reversed(fit), key=fitness, default=None)


def _create_column(group: Any, column: Column) -> Any:
    dtype = _TEXT if column.kind is ColumnKind.TEXT else column.kind.dtype
    if column.ragged:
        dtype = h5py.vlen_dtype(dtype)
    per_row = max(1, int(np.prod(column.shape)))
    dataset = group.create_dataset(
        column.name,
        shape=(0, *column.shape),
        maxshape=(None, *column.shape),
        chunks=(max(1, _CHUNK // per_row), *column.shape),
        dtype=dtype,
        fletcher32=not column.ragged and column.kind is not ColumnKind.TEXT,
        fillvalue=np.nan if column.kind is ColumnKind.NUMBER and not column.ragged else None,
    )
    if column.unit:
        dataset.attrs["units"] = column.unit
    return dataset


def _write_group(group: Any, values: Mapping[str, Any]) -> None:
    """Nested plain values: short ones as attributes, long texts and arrays as datasets, mappings as groups."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            _write_group(group.require_group(name), value)
        elif isinstance(value, np.ndarray) or (isinstance(value, str) and len(value) > 1000):
            group.create_dataset(name, data=value)
        else:
            group.attrs[name] = value


def _write_parameter(group: Any, name: str, entry: Mapping[str, Any]) -> None:
    dataset = group.create_dataset(name, data=entry["applied"])
    dataset.attrs["units"] = entry["unit"]
    for key in ("given", "low", "high"):
        if key in entry:
            dataset.attrs[key] = entry[key]
