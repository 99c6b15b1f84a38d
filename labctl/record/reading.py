"""A run read back: from its HDF5 file, or from its journal when the program was killed."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import h5py
import numpy as np
from numpy.typing import NDArray

from labctl.core.errors import RecordError
from labctl.core.rows import Picture
from labctl.record.columns_in_file import FileColumns, FilePictures, opened
from labctl.record.hdf5 import FILE_NAME, PART_NAME
from labctl.record.journal import FILE_NAME as JOURNAL_NAME
from labctl.record.outcome import Outcome
from labctl.record.replay import replay
from labctl.record.seal import SUFFIX, is_intact

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr


@dataclass(frozen=True, eq=False)
class Table:
    """All rows of one kind: columns by name, and the unit of each.

    A column of a run's HDF5 file is read when it is asked for. `table[5]` is one row, `table[100:200]` a table of
    those rows; of the file nothing else is loaded.
    """

    columns: Mapping[str, NDArray[Any]]
    units: Mapping[str, str]

    def __len__(self) -> int:
        """Number of rows."""
        if isinstance(self.columns, FileColumns):
            return self.columns.rows
        return len(next(iter(self.columns.values()), ()))

    @overload
    def __getitem__(self, rows: int) -> dict[str, Any]: ...

    @overload
    def __getitem__(self, rows: slice) -> Table: ...

    def __getitem__(self, rows: int | slice) -> dict[str, Any] | Table:
        """One row as values by column, or some rows as a table; IndexError when there is no such row."""
        if isinstance(rows, slice):
            return Table(self._part(rows), self.units)
        place = range(len(self))[rows]
        return {name: values[0] for name, values in self._part(slice(place, place + 1)).items()}

    def _part(self, rows: slice) -> Mapping[str, NDArray[Any]]:
        if isinstance(self.columns, FileColumns):
            return self.columns.read(self.columns, rows)
        return {name: values[rows] for name, values in self.columns.items()}

    def to_dataframe(self) -> pd.DataFrame:
        """As pandas: a column per column, its unit in `frame.attrs["units"]`.

        An array of fixed shape becomes a column per element (`name_0`, `name_1`; `name_0_1`), a ragged one objects.
        """
        import pandas as pd

        values, units = flat(self)
        frame = pd.DataFrame(values)
        frame.attrs["units"] = units
        return frame

    def to_xarray(self) -> xr.Dataset:
        """As xarray: dimension `row`, arrays of fixed shape with dimensions of their own; units as attributes.

        Raises RecordError when xarray is not installed.
        """
        xarray = _xarray()
        variables = {
            name: (
                ("row", *(f"{name}_{place}" for place in range(values.ndim - 1))),
                values,
                {"units": self.units[name]} if self.units.get(name) else {},
            )
            for name, values in self._part(slice(None)).items()
        }
        dataset: xr.Dataset = xarray.Dataset(variables)
        return dataset


def flat(table: Table) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    """One-dimensional columns and their units: arrays of fixed shape become a column per element."""
    values: dict[str, NDArray[Any]] = {}
    units: dict[str, str] = {}
    for name, column in table.columns.items():
        parts = {name: column} if column.ndim == 1 else _elements(name, column)
        values |= parts
        units |= dict.fromkeys(parts, table.units.get(name, ""))
    return values, units


def _elements(name: str, column: NDArray[Any]) -> dict[str, NDArray[Any]]:
    places = np.ndindex(*column.shape[1:])
    return {"_".join((name, *map(str, place))): column[(slice(None), *place)] for place in places}


def _xarray() -> Any:
    try:
        return importlib.import_module("xarray")
    except ImportError:
        raise RecordError("xarray is not installed: `pip install xarray`.") from None


@dataclass(frozen=True, eq=False)
class Run:
    """One recorded run.

    head:       what was known before the first row (see `labctl.record.provenance.head`).
    parameters: each with `applied`, `unit` and, where somebody gave it, `given`.
    tables:     rows by kind. pictures: the last one of each name.
    outcome:    None when nothing was written at the end: the program was killed, or runs still.
    end:        what was written at the end: verdict, reason, times, messages on the bus.
    notes:      remarks on what went wrong beside the experiment.
    seams:      when the run was gone on with after an interruption, ISO 8601.
    damage:     a sentence when its HDF5 file is damaged and the journal stands in for it; else empty.
    """

    folder: Path
    head: Mapping[str, Any]
    parameters: Mapping[str, Mapping[str, Any]]
    tables: Mapping[str, Table]
    pictures: Mapping[str, Picture]
    outcome: Outcome | None
    end: Mapping[str, Any]
    notes: tuple[str, ...] = ()
    seams: tuple[str, ...] = ()
    damage: str = ""

    @property
    def simulated(self) -> bool:
        """Whether virtual instruments were measured."""
        return bool(self.head["simulated"])

    def to_dataframe(self, table: str = "") -> pd.DataFrame:
        """The rows of one kind as pandas; without a name those of the only kind.

        Raises RecordError naming the kinds when there is none of this name, or more than one and no name.
        """
        return self._chosen(table).to_dataframe()

    def to_xarray(self, table: str = "") -> xr.Dataset:
        """The rows of one kind as xarray, with the run's uuid, procedure, start and outcome as attributes.

        Raises RecordError as `to_dataframe` does, or when xarray is not installed.
        """
        dataset = self._chosen(table).to_xarray()
        dataset.attrs |= {
            name: str(self.head.get(name, "")) for name in ("uuid", "procedure", "started", "mark")
        }
        dataset.attrs["outcome"] = "" if self.outcome is None else self.outcome.value
        return dataset

    def _chosen(self, table: str) -> Table:
        if not table and len(self.tables) == 1:
            (table,) = self.tables
        if table not in self.tables:
            kinds = ", ".join(self.tables) or "none"
            raise RecordError(f"{self.folder} holds rows of these kinds: {kinds}. Ask for one of them.")
        return self.tables[table]


def read_run(folder: str | Path) -> Run:
    """Read the run in `folder`; one that was killed, or runs still, is read from its journal.

    Tables and pictures of an HDF5 file stay in it until they are asked for. One whose checksum differs, or that cannot
    be read, is left aside: the journal stands in for it, and `damage` says so.

    Raises RecordError when the folder holds no run, or neither of its files can be read.
    """
    folder = Path(folder)
    if (folder / FILE_NAME).is_file() and not (folder / PART_NAME).exists():
        damage = _damage(folder / FILE_NAME)
        if not damage:
            try:
                return _from_hdf5(folder)
            except RecordError as error:
                damage = str(error)
        return _from_the_journal_instead(folder, damage)
    if (folder / JOURNAL_NAME).is_file():
        return _from_journal(folder)
    raise RecordError(f"{folder} holds no run: there is neither {FILE_NAME} nor {JOURNAL_NAME} in it.")


def _damage(path: Path) -> str:
    """A sentence when the file has other bytes than were written, so that HDF5 may not be let near it; else empty."""
    if is_intact(path) is False:
        return (
            f"{path} is damaged: its bytes are not those that were written (checksum in {path.name}{SUFFIX})."
        )
    return ""


def _from_the_journal_instead(folder: Path, damage: str) -> Run:
    if not (folder / JOURNAL_NAME).is_file():
        raise RecordError(f"{damage} There is no journal beside it.")
    try:
        found = _from_journal(folder)
    except RecordError as error:
        raise RecordError(f"{damage} Its journal cannot stand in for it: {error}") from error
    return replace(
        found,
        damage=f"{damage} All of this is read from the journal; `labctl recover {folder}` makes it anew.",
    )


def _from_hdf5(folder: Path) -> Run:
    path = folder / FILE_NAME
    try:
        with opened(path) as file:
            head = _read_group(file, leave=("parameters", "tables", "pictures", "end"))
            end = _read_group(file["end"]) if "end" in file else {}
            parameters = {
                name: {
                    "applied": _value(dataset),
                    "unit": dataset.attrs["units"],
                    **{key: _native(value) for key, value in dataset.attrs.items() if key != "units"},
                }
                for name, dataset in file["parameters"].items()
            }
            tables = {name: _table(path, group) for name, group in file["tables"].items()}
            pictures = FilePictures(path, file["pictures"])
    except RecordError:
        raise
    except Exception as error:  # h5py tells of damage by errors of any kind
        raise RecordError(f"{path} cannot be read as a run ({' '.join(str(error).split())}).") from error
    notes, seams = (tuple(str(each) for each in head.pop(name, ())) for name in ("notes", "resumed"))
    return Run(folder, head, parameters, tables, pictures, _outcome(end), end, notes, seams)


def _table(path: Path, group: Any) -> Table:
    columns = FileColumns(path, group)
    return Table(columns, {name: str(group[name].attrs.get("units", "")) for name in columns})


def _read_group(group: Any, leave: tuple[str, ...] = ()) -> dict[str, Any]:
    found: dict[str, Any] = {
        name: _native(value) for name, value in group.attrs.items() if name not in ("NX_class", "default")
    }
    for name, item in group.items():
        if name not in leave:
            found[name] = _read_group(item) if isinstance(item, h5py.Group) else _value(item)
    return found


def _value(dataset: Any) -> Any:
    is_text = h5py.check_string_dtype(dataset.dtype) is not None
    return _native(dataset.asstr()[()] if is_text else dataset[()])


def _native(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _from_journal(folder: Path) -> Run:
    found = replay(folder)
    tables = {
        name: Table(waiting.take(), {each.name: each.unit for each in waiting.columns})
        for name, waiting in found.waiting.items()
    }
    head = {name: value for name, value in found.head.items() if name != "parameters"}
    parameters = found.head.get("parameters", {})
    end, seams = found.end, tuple(found.seams)
    return Run(
        folder, head, parameters, tables, found.pictures, _outcome(end), end, tuple(found.notes), seams
    )


def _outcome(end: Mapping[str, Any]) -> Outcome | None:
    return Outcome(end["outcome"]) if "outcome" in end else None
