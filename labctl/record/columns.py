"""How a row kind becomes columns: names, units and plain values, the same for the journal and for HDF5."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, is_dataclass
from enum import Enum
from functools import cache
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labctl.core.lines import Cell
from labctl.core.quantity import specs
from labctl.core.rows import Block

BENCH_TIME, WALL_TIME = "bench_time", "wall_time"
"""Columns that every table has: seconds since the run began, as the bench and as the computer counts them."""


class ColumnKind(Enum):
    """What a column holds."""

    NUMBER = "number"
    WHOLE = "whole"
    FLAG = "flag"
    TEXT = "text"

    @property
    def dtype(self) -> np.dtype[Any]:
        """How numpy holds it."""
        return np.dtype(_DTYPES[self])


_DTYPES = {ColumnKind.NUMBER: "f8", ColumnKind.WHOLE: "i8", ColumnKind.FLAG: "?", ColumnKind.TEXT: "O"}


@dataclass(frozen=True)
class Column:
    """One column of a table: `unit` is "1" for a plain number and empty for what has none."""

    name: str
    kind: ColumnKind
    unit: str = ""


TIMES = (Column(BENCH_TIME, ColumnKind.NUMBER, "s"), Column(WALL_TIME, ColumnKind.NUMBER, "s"))


@dataclass(frozen=True)
class _Field:
    """One column and how its value is found in a row, or in a block's column `source`."""

    column: Column
    of_row: Callable[[Any], Any]
    source: str
    part: int | None = None


class Layout:
    """The columns of one row kind, times first."""

    def __init__(self, kind: type) -> None:
        """Lay out the dataclass `kind`; TypeError when a field cannot stand in one column."""
        self.name = kind.__name__
        self._fields = tuple(_fields(kind, "", ""))
        self.columns = (*TIMES, *(field.column for field in self._fields))
        names = [column.name for column in self.columns]
        if len(set(names)) < len(names):
            raise TypeError(f"{kind.__name__}: two columns of the same name among {', '.join(names)}")
        self._getters = tuple(field.of_row for field in self._fields)

    def values(self, row: object) -> list[Any]:
        """Plain values of one row (numbers, flags, texts) in the order of `columns`, times left out."""
        return [get(row) for get in self._getters]

    def arrays(self, block: Block) -> dict[str, NDArray[Any]]:
        """The columns of a block by their recorded names, times left out.

        Raises ValueError when the block lacks a column.
        """
        found = {}
        for field in self._fields:
            name = field.column.name
            source = field.source if field.source in block.columns else name
            if source not in block.columns:
                raise ValueError(f"a block of {self.name} lacks the column '{field.source}'")
            values = np.asarray(block.columns[source])
            if field.part is not None and values.ndim == 2:
                values = values[:, field.part]
            if field.column.kind is ColumnKind.TEXT:
                values = np.array([_text(value) for value in values], dtype=object)
            found[name] = np.ascontiguousarray(values, dtype=field.column.kind.dtype)
        return found


@cache
def layout(kind: type) -> Layout:
    """The layout of a row kind, made once."""
    return Layout(kind)


def _fields(kind: type, path: str, prefix: str) -> Iterator[_Field]:
    for spec in specs(kind):
        name, where = prefix + spec.name, path + spec.name
        base, optional = _without_none(spec.kind)
        get = attrgetter(where)
        if isinstance(base, type) and issubclass(base, Cell) and not optional:
            head = prefix if spec.name == "cell" else f"{name}_"
            for part, coordinate in enumerate(Cell._fields):
                column = Column(head + coordinate, ColumnKind.WHOLE, "1")
                yield _Field(column, _then(attrgetter(f"{where}.{coordinate}"), int), where, part)
        elif isinstance(base, type) and is_dataclass(base) and not optional:
            yield from _fields(base, f"{where}.", f"{name}_")
        else:
            column_kind, convert = _plain(base, optional, f"{kind.__name__}.{spec.name}")
            unit = spec.unit if column_kind in (ColumnKind.NUMBER, ColumnKind.WHOLE) else ""
            yield _Field(Column(name, column_kind, unit), _then(get, convert), where)


def _plain(base: Any, optional: bool, place: str) -> tuple[ColumnKind, Callable[[Any], Any]]:
    if base is bool and not optional:
        return ColumnKind.FLAG, bool
    if base is int and not optional:
        return ColumnKind.WHOLE, int
    if base in (int, float):
        return ColumnKind.NUMBER, _number if optional else float
    if base is str or (isinstance(base, type) and issubclass(base, Enum)):
        return ColumnKind.TEXT, _text
    raise TypeError(f"{place}: a field of kind {base} cannot stand in a column; yield a Picture instead")


def _without_none(kind: Any) -> tuple[Any, bool]:
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        parts = [part for part in typing.get_args(kind) if part is not type(None)]
        if len(parts) == 1 and len(parts) < len(typing.get_args(kind)):
            return parts[0], True
    return kind, False


def _then(get: Callable[[Any], Any], convert: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda row: convert(get(row))


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return str(value.value) if isinstance(value, Enum) else str(value)


def stack(columns: tuple[Column, ...], rows: list[list[Any]]) -> Mapping[str, NDArray[Any]]:
    """Rows of plain values as one array per column."""
    return {
        column.name: np.array(values, dtype=column.kind.dtype)
        for column, values in zip(columns, zip(*rows, strict=True), strict=True)
    }
