"""A run as files that other programs read: CSV or Parquet per table, and all that is known of it as JSON."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from enum import Enum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from labctl.core.csvstyle import FOR_PROGRAMS, CsvStyle
from labctl.core.errors import RecordError
from labctl.core.rows import Picture
from labctl.record.reading import Run, Table, flat

if TYPE_CHECKING:
    import pandas as pd

FACTS = "run.json"
AT_ONCE = 100_000
"""Rows in memory while a table is written."""
NO_UNIT = "-"
MARK = "mark"


class Format(Enum):
    """What tables are written as."""

    CSV = "csv"
    PARQUET = "parquet"


def export(run: Run, out: Path, kind: Format, style: CsvStyle = FOR_PROGRAMS) -> list[Path]:
    """Write every table and picture of `run` into the folder `out`, and `run.json`; the files written.

    CSV: names in the first row, units in the second (`pandas.read_csv(path, skiprows=[1])`), UTF-8, numbers so that
    they read back exactly; `style` chooses separator and decimal mark, and text that a spreadsheet would take for a
    formula begins with an apostrophe. Arrays of fixed shape are a column per element, ragged ones numbers with blanks
    between. Pictures are tidy too: a column per axis and one of values. Tables of a simulated run have a column that
    says so.

    Raises RecordError when a file is there already, cannot be written, or Parquet's library is not installed.
    """
    write = _parquet_writer(run) if kind is Format.PARQUET else partial(_write_csv, style)
    tables = dict(run.tables) | {
        f"{name} (picture)" if name in run.tables else name: _tidy(picture)
        for name, picture in run.pictures.items()
    }
    paths = dict(zip(tables, (out / f"{name}.{kind.value}" for name in _file_names(tables)), strict=True))
    there = [path for path in (*paths.values(), out / FACTS) if path.exists()]
    if there:
        raise RecordError(
            f"{there[0]} exists already: nothing is written over, choose another folder with --out."
        )
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, table in tables.items():
            write(table, paths[name], str(run.head.get("mark", "")))
        (out / FACTS).write_text(json.dumps(facts(run), indent=1, ensure_ascii=False), encoding="utf-8")
    except OSError as error:
        raise RecordError(f"The run cannot be exported into {out}: {error}.") from error
    return [*paths.values(), out / FACTS]


def facts(run: Run) -> dict[str, Any]:
    """Everything but rows and pictures, as plain values: head, parameters, units, end."""
    units = {name: dict(table.units) for name, table in run.tables.items()}
    units["pictures"] = {name: picture.unit for name, picture in run.pictures.items()}
    known = {
        **run.head,
        "parameters": run.parameters,
        "units": units,
        "notes": run.notes,
        "resumed": run.seams,
    }
    found: dict[str, Any] = _plain({**known, "end": run.end})
    return found


def _write_csv(style: CsvStyle, table: Table, path: Path, mark: str) -> None:
    with path.open("w", encoding=style.encoding, newline="") as file:
        writer = style.begin(file)
        for number, (frame, units) in enumerate(_frames(table, mark)):
            if number == 0:
                writer.writerow([style.cell(name) for name in frame.columns])
                writer.writerow([style.cell(units.get(name) or NO_UNIT) for name in frame.columns])
            for name in frame.columns:
                if len(frame) and isinstance(frame[name].iloc[0], np.ndarray):
                    frame[name] = [_in_a_cell(row, style) for row in frame[name]]
                elif frame[name].dtype.kind not in "biufc":
                    frame[name] = [style.cell(value) for value in frame[name]]
            separator, decimal = style.separator.sign, style.decimal.sign
            frame.to_csv(file, header=False, index=False, lineterminator="\n", sep=separator, decimal=decimal)


def _in_a_cell(values: np.ndarray[Any, Any], style: CsvStyle) -> str:
    """Numbers with blanks between them; a first minus stands behind a blank, else a spreadsheet sees a formula."""
    text = " ".join(
        str(style.cell(each)) if isinstance(each, float) else repr(each) for each in values.tolist()
    )
    return f" {text}" if text.startswith("-") else text


def _parquet_writer(run: Run) -> Any:
    try:
        arrow, parquet = importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    except ImportError:
        raise RecordError("Parquet wants pyarrow: `pip install 'labctl[parquet]'`.") from None
    known = json.dumps(facts(run)).encode()

    def write(table: Table, path: Path, mark: str) -> None:
        with ExitStack() as files:
            writer = None
            for frame, units in _frames(table, mark):
                part = arrow.Table.from_pandas(frame, preserve_index=False)
                fields = [field.with_metadata({"units": units.get(field.name, "")}) for field in part.schema]
                schema = arrow.schema(fields, metadata={**(part.schema.metadata or {}), b"labctl": known})
                if writer is None:
                    writer = files.enter_context(parquet.ParquetWriter(path, schema))
                writer.write_table(part.cast(writer.schema))

    return write


def _frames(table: Table, mark: str) -> Iterator[tuple[pd.DataFrame, dict[str, str]]]:
    """The table in pieces of `AT_ONCE` rows, at least one of them, each with the units of its columns."""
    import pandas as pd

    for start in range(0, max(len(table), 1), AT_ONCE):
        values, units = flat(table[start : start + AT_ONCE])
        frame = pd.DataFrame({name: _writable(column) for name, column in values.items()})
        if mark:
            frame[MARK] = mark
        yield frame, units


def _writable(column: Any) -> Any:
    return list(column) if column.dtype.kind == "O" else column


def _tidy(picture: Picture) -> Table:
    values = np.asarray(picture.values)
    axes = picture.axes or tuple(f"axis_{place}" for place in range(values.ndim))
    places = np.indices(values.shape).reshape(values.ndim, -1)
    columns = dict(zip(axes, places, strict=True))
    return Table({**columns, "value": values.ravel()}, {**dict.fromkeys(axes, "1"), "value": picture.unit})


def _file_names(names: Iterable[str]) -> Iterator[str]:
    """A file's name for each, no two of which are the same where case does not count."""
    taken: set[str] = set()
    for name in names:
        plain = "".join(each if each.isalnum() or each in "-_." else "_" for each in name)
        found, number = plain, 1
        while found.casefold() in taken:
            number += 1
            found = f"{plain}_{number}"
        taken.add(found.casefold())
        yield found


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    return value
