"""A run read back: from its HDF5 file, or from its journal when the program was killed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
from numpy.typing import NDArray

from labctl.core.errors import RecordError
from labctl.core.rows import Picture
from labctl.record.columns import Column, ColumnKind, stack
from labctl.record.hdf5 import FILE_NAME
from labctl.record.journal import FILE_NAME as JOURNAL_NAME
from labctl.record.journal import read_journal
from labctl.record.outcome import Outcome

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Table:
    """All rows of one kind: columns by name, and the unit of each."""

    columns: Mapping[str, NDArray[Any]]
    units: Mapping[str, str]

    def __len__(self) -> int:
        """Number of rows."""
        return len(next(iter(self.columns.values()), ()))

    def to_dataframe(self) -> pd.DataFrame:
        """As pandas: a column per column, its unit in `frame.attrs["units"]`."""
        import pandas as pd

        frame = pd.DataFrame(dict(self.columns))
        frame.attrs["units"] = dict(self.units)
        return frame


@dataclass(frozen=True, eq=False)
class Run:
    """One recorded run.

    head:       what was known before the first row (see `labctl.record.provenance.head`).
    parameters: each with `applied`, `unit` and, where somebody gave it, `given`.
    tables:     rows by kind. pictures: the last one of each name.
    outcome:    None when nothing was written at the end: the program was killed, or runs still.
    end:        what was written at the end: verdict, reason, times, messages on the bus.
    """

    folder: Path
    head: Mapping[str, Any]
    parameters: Mapping[str, Mapping[str, Any]]
    tables: Mapping[str, Table]
    pictures: Mapping[str, Picture]
    outcome: Outcome | None
    end: Mapping[str, Any]

    @property
    def simulated(self) -> bool:
        """Whether virtual instruments were measured."""
        return bool(self.head["simulated"])

    def to_dataframe(self, table: str = "") -> pd.DataFrame:
        """The rows of one kind as pandas; without a name those of the only kind.

        Raises RecordError naming the kinds when there is none of this name, or more than one and no name.
        """
        if not table and len(self.tables) == 1:
            (table,) = self.tables
        if table not in self.tables:
            kinds = ", ".join(self.tables) or "none"
            raise RecordError(f"{self.folder} holds rows of these kinds: {kinds}. Ask for one of them.")
        return self.tables[table].to_dataframe()


def read_run(folder: str | Path) -> Run:
    """Read the run in `folder`; a run that was killed is read from its journal.

    Raises RecordError when the folder holds no run.
    """
    folder = Path(folder)
    if (folder / FILE_NAME).is_file():
        return _from_hdf5(folder)
    if (folder / JOURNAL_NAME).is_file():
        return _from_journal(folder)
    raise RecordError(f"{folder} holds no run: there is neither {FILE_NAME} nor {JOURNAL_NAME} in it.")


def _from_hdf5(folder: Path) -> Run:
    try:
        with h5py.File(folder / FILE_NAME, "r") as file:
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
            tables = {name: _read_table(group) for name, group in file["tables"].items()}
            pictures = {name: _read_picture(name, group) for name, group in file["pictures"].items()}
    except (OSError, KeyError) as error:
        raise RecordError(f"{folder / FILE_NAME} cannot be read as a run ({error}).") from error
    outcome = Outcome(end["outcome"]) if "outcome" in end else None
    return Run(folder, head, parameters, tables, pictures, outcome, end)


def _read_table(group: Any) -> Table:
    names = [str(name) for name in group.attrs["columns"]]
    columns = {name: _value(group[name]) for name in names}
    units = {name: str(group[name].attrs.get("units", "")) for name in names}
    return Table(columns, units)


def _read_picture(name: str, group: Any) -> Picture:
    axes = tuple(str(axis) for axis in group.attrs.get("axes", ()))
    return Picture(name, group["values"][...], str(group["values"].attrs["units"]), axes)


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
    head: dict[str, Any] = {}
    end: dict[str, Any] = {}
    layouts: dict[str, tuple[Column, ...]] = {}
    pieces: dict[str, list[Mapping[str, NDArray[Any]]]] = {}
    rows: dict[str, list[list[Any]]] = {}
    pictures = {}
    for line in read_journal(folder / JOURNAL_NAME):
        match line["line"]:
            case "start":
                head = {key: value for key, value in line.items() if key != "line"}
            case "table":
                name = line["name"]
                layouts[name] = tuple(
                    Column(each["name"], ColumnKind(each["kind"]), each["unit"]) for each in line["columns"]
                )
                pieces[name], rows[name] = [], []
            case "row":
                rows[line["table"]].append(line["values"])
            case "block":
                name = line["table"]
                if rows[name]:
                    pieces[name].append(stack(layouts[name], rows[name]))
                    rows[name] = []
                pieces[name].append(
                    {
                        each.name: np.asarray(line["columns"][each.name], each.kind.dtype)
                        for each in layouts[name]
                    }
                )
            case "picture":
                pictures[line["name"]] = Picture(
                    line["name"], line["values"], line["unit"], tuple(line["axes"])
                )
            case "end":
                end = {key: value for key, value in line.items() if key != "line"}
    if not head:
        raise RecordError(f"{folder} holds no run: its journal has no first line.")
    tables = {}
    for name, columns in layouts.items():
        parts = [*pieces[name], *([stack(columns, rows[name])] if rows[name] else [])]
        joined = {
            each.name: np.concatenate([part[each.name] for part in parts])
            if parts
            else np.empty(0, each.kind.dtype)
            for each in columns
        }
        tables[name] = Table(joined, {each.name: each.unit for each in columns})
    outcome = Outcome(end["outcome"]) if "outcome" in end else None
    return Run(folder, head, head.pop("parameters", {}), tables, pictures, outcome, end)
