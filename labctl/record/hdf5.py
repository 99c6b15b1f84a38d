"""The HDF5 file of a run: plain, columns with units, plots itself in any viewer that knows NXdata."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from labctl.core.errors import RecordError
from labctl.core.rows import Picture
from labctl.record.columns import Column, ColumnKind, Layout

FILE_NAME = "run.h5"
PART_NAME = "run.h5.part"
_CHUNK = 1024
_TEXT = h5py.string_dtype("utf-8")


class RunFile:
    """Written as `run.h5.part`, renamed when it is closed: a file of the final name is always whole.

    Layout: head values are attributes of the root and of its groups; `/parameters/NAME`, `/bench/text`;
    `/tables/KIND/COLUMN` with `units`; `/pictures/NAME/values`.
    """

    def __init__(self, folder: Path, head: Mapping[str, Any]) -> None:
        """Create the file with everything that is known before the first row."""
        self._part, self._final = folder / PART_NAME, folder / FILE_NAME
        try:
            self._file = h5py.File(self._part, "x")
        except OSError as error:
            raise RecordError(f"The record {self._part} cannot be written: {error}.") from error
        root = self._file
        root.attrs["NX_class"] = "NXroot"
        for name in ("tables", "pictures"):
            root.create_group(name, track_order=True).attrs["NX_class"] = "NXentry"
        parameters = root.create_group("parameters", track_order=True)
        for name, entry in head.get("parameters", {}).items():
            _write_parameter(parameters, name, entry)
        _write_group(root, {name: value for name, value in head.items() if name != "parameters"})
        self.flush()

    def append(self, layout: Layout, columns: Mapping[str, NDArray[Any]]) -> None:
        """Append equal-length columns to the table of a row kind."""
        table = self._table(layout)
        start = 0
        for column in layout.columns:
            dataset, values = table[column.name], columns[column.name]
            start = dataset.shape[0]
            dataset.resize(start + len(values), axis=0)
            dataset[start:] = values

    def write_picture(self, picture: Picture) -> None:
        """Write a picture, in the place of an earlier one of its name."""
        pictures = self._file["pictures"]
        if picture.name in pictures:
            del pictures[picture.name]
        group = pictures.create_group(picture.name)
        values = group.create_dataset("values", data=picture.values)
        values.attrs["units"] = picture.unit
        values.attrs["long_name"] = f"{picture.name} ({picture.unit})"
        group.attrs.update({"NX_class": "NXdata", "signal": "values"})
        if picture.axes:
            group.attrs["axes"] = list(picture.axes)
            for axis, length in zip(picture.axes, picture.values.shape, strict=True):
                group.create_dataset(axis, data=np.arange(length))
        pictures.attrs["default"] = picture.name
        self._file.attrs["default"] = "pictures"

    def flush(self) -> None:
        """Hand everything to the kernel: it survives the program."""
        self._file.flush()

    def close(self, end: Mapping[str, Any]) -> None:
        """Write how the run ended as attributes, close, and give the file its final name."""
        _write_group(self._file, end)
        self._file.flush()
        self._file.close()
        self._part.replace(self._final)

    def _table(self, layout: Layout) -> Any:
        tables = self._file["tables"]
        if layout.name in tables:
            return tables[layout.name]
        group = tables.create_group(layout.name)
        for column in layout.columns:
            _create_column(group, column)
        numbers = [each.name for each in layout.columns[2:] if each.kind is ColumnKind.NUMBER]
        group.attrs["columns"] = [column.name for column in layout.columns]
        if numbers:
            group.attrs.update(
                {"NX_class": "NXdata", "signal": numbers[-1], "axes": [layout.columns[0].name]}
            )
            tables.attrs["default"] = layout.name
            self._file.attrs.setdefault("default", "tables")
        return group


def _create_column(group: Any, column: Column) -> None:
    dtype = _TEXT if column.kind is ColumnKind.TEXT else column.kind.dtype
    dataset = group.create_dataset(column.name, shape=(0,), maxshape=(None,), chunks=(_CHUNK,), dtype=dtype)
    if column.unit:
        dataset.attrs["units"] = column.unit


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
