"""How a row kind becomes columns: names, units and plain values, the same for the journal and for HDF5."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from enum import Enum
from functools import cache, partial
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labctl.core.lines import Cell
from labctl.core.quantity import specs
from labctl.core.rows import Block
from labctl.record.exactly import ColumnKind, exact, flag, kept_name, number, text_of, whole

BENCH_TIME, WALL_TIME = "bench_time", "wall_time"
"""Columns that every table has: seconds since the run began, as the bench and as the computer counts them."""


@dataclass(frozen=True)
class Column:
    """One column of a table: `unit` is "1" for a plain number and empty for what has none.

    shape:  of the array that each row holds, () for a single value.
    ragged: each row holds a one-dimensional array of a length of its own.
    """

    name: str
    kind: ColumnKind
    unit: str = ""
    shape: tuple[int, ...] = ()
    ragged: bool = False

    def described(self) -> dict[str, Any]:
        """As the journal writes it down."""
        return asdict(self) | {"kind": self.kind.value}

    @classmethod
    def read(cls, described: Mapping[str, Any]) -> Column:
        """Read back what `described` gave; records made before arrays were columns lack the last two."""
        shape = tuple(described.get("shape", ()))
        kind = ColumnKind(described["kind"])
        return cls(described["name"], kind, described["unit"], shape, described.get("ragged", False))

    def array(self, values: Iterable[Any]) -> NDArray[Any]:
        """One value per row as one array: (rows, *shape), or (rows,) of arrays when the column is ragged."""
        if not self.ragged:
            found = np.array(list(values), dtype=self.kind.dtype)
            return found.reshape(-1, *self.shape) if self.shape else found
        rows = list(values)
        ragged = np.empty(len(rows), dtype=object)
        for place, row in enumerate(rows):
            ragged[place] = np.asarray(row, dtype=self.kind.dtype)
        return ragged


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
        self.name = kept_name(kind.__name__, "a row kind")
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
            values = block.columns[source]
            if field.part is not None and np.ndim(values) == 2:
                values = np.asarray(values)[:, field.part]
            found[name] = _as_column(field.column, values)
        return found


def _as_column(column: Column, values: Any) -> NDArray[Any]:
    if column.ragged:
        return column.array(values)
    if column.kind is ColumnKind.TEXT:
        values = np.array([text_of(value, column.name) for value in values], dtype=object)
    found = exact(values, column.kind, column.name)
    if found.shape[1:] != column.shape:
        wanted = " x ".join(str(length) for length in column.shape) or "one value"
        raise ValueError(f"'{column.name}' holds {wanted} per row, a block gave the shape {found.shape}")
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
                yield _Field(
                    column,
                    _then(attrgetter(f"{where}.{coordinate}"), whole(f"{kind.__name__}.{where}")),
                    where,
                    part,
                )
        elif isinstance(base, type) and is_dataclass(base) and not optional:
            yield from _fields(base, f"{where}.", f"{name}_")
        else:
            place = f"{kind.__name__}.{spec.name}"
            inner, shape, ragged = _inside(base)
            column_kind, convert = _plain(inner, optional, place)
            if column_kind is ColumnKind.TEXT and (shape or ragged):
                raise TypeError(f"{place}: several texts cannot stand in a column; yield a row for each")
            unit = spec.unit if column_kind in (ColumnKind.NUMBER, ColumnKind.WHOLE) else ""
            column = Column(name, column_kind, unit, shape, ragged)
            if shape or ragged:
                convert = _many(column, place)
            yield _Field(column, _then(get, convert), where)


def _inside(kind: Any) -> tuple[Any, tuple[int, ...], bool]:
    """What each value of an array is, the shape of the array, and whether each row has a length of its own.

    `tuple[float, float]` has the shape (2,); `tuple[float, ...]` and one-dimensional `NDArray` are ragged.
    """
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin is np.ndarray:
        dtype = typing.get_args(inner[1])[0] if typing.get_args(inner[1]) else np.float64
        plain = {"f": float, "i": int, "u": int, "b": bool}
        return plain.get(np.dtype(dtype).kind, dtype), (), True
    if origin is not tuple or not inner:
        return kind, (), False
    if inner[-1] is Ellipsis:
        return inner[0], (), True
    parts = [_inside(part) for part in inner]
    first, shape, ragged = parts[0]
    if ragged or any(part != parts[0] for part in parts):
        return kind, (), False
    return first, (len(parts), *shape), False


def _many(column: Column, place: str) -> Callable[[Any], Any]:
    count = 1 if column.ragged else len(column.shape)

    def plain(value: Any) -> list[Any]:
        array = exact(value, column.kind, place)
        if array.ndim != count or (not column.ragged and array.shape != column.shape):
            raise ValueError(f"{place} holds the shape {column.shape or '(any,)'}, a row gave {array.shape}")
        found: list[Any] = array.tolist()
        return found

    return plain


def _plain(base: Any, optional: bool, place: str) -> tuple[ColumnKind, Callable[[Any], Any]]:
    if base is bool and not optional:
        return ColumnKind.FLAG, flag(place)
    if base is int and not optional:
        return ColumnKind.WHOLE, whole(place)
    if base in (int, float):
        return ColumnKind.NUMBER, number(place, optional)
    if base is str or (isinstance(base, type) and issubclass(base, Enum)):
        return ColumnKind.TEXT, partial(text_of, place=place)
    raise TypeError(f"{place}: a field of kind {base} cannot stand in a column; yield a Picture instead")


def _without_none(kind: Any) -> tuple[Any, bool]:
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        parts = [part for part in typing.get_args(kind) if part is not type(None)]
        if len(parts) == 1 and len(parts) < len(typing.get_args(kind)):
            return parts[0], True
    return kind, False


def _then(get: Callable[[Any], Any], convert: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda row: convert(get(row))


def stack(columns: tuple[Column, ...], rows: Sequence[Sequence[Any]]) -> Mapping[str, NDArray[Any]]:
    """Rows of plain values as one array per column."""
    return {
        column.name: column.array(values)
        for column, values in zip(columns, zip(*rows, strict=True), strict=True)
    }


def empty(columns: tuple[Column, ...]) -> Mapping[str, NDArray[Any]]:
    """The columns of a table without rows."""
    return {column.name: column.array(()) for column in columns}
