"""How two runs differ: plan, programs, instruments, wiring, and what was measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labctl.core.quantity import show
from labctl.record.columns import BENCH_TIME, WALL_TIME
from labctl.record.reading import Run, Table

SECTIONS = (
    "procedure",
    "software",
    "operator",
    "sample",
    "bench",
    "instruments",
    "wiring",
    "limits",
    "inputs",
)
"""Parts of the head that are compared; times and names that no two runs share are not."""
ABSENT = "-"


@dataclass(frozen=True)
class Difference:
    """One thing that is not the same: where, and what each run says, in words."""

    section: str
    name: str
    first: str
    second: str


def differences(first: Run, second: Run) -> list[Difference]:
    """All that differs between two runs, the causes before the results. Equal runs give an empty list."""
    return [
        *_of_heads(first, second),
        *_of_parameters(first, second),
        *_of_values("end", _ends(first), _ends(second)),
        *_of_tables(first, second),
        *_of_pictures(first, second),
    ]


def _of_heads(first: Run, second: Run) -> Iterator[Difference]:
    for section in SECTIONS:
        yield from _of_values(section, _flat(first.head.get(section)), _flat(second.head.get(section)))
    names = ("mark", "seed")
    yield from _of_values(
        "simulation", *({name: str(run.head.get(name, "")) for name in names} for run in (first, second))
    )


def _of_parameters(first: Run, second: Run) -> Iterator[Difference]:
    def said(run: Run) -> dict[str, str]:
        return {name: _parameter(entry) for name, entry in run.parameters.items()}

    yield from _of_values("parameters", said(first), said(second))


def _parameter(entry: Mapping[str, Any]) -> str:
    value = entry["applied"]
    if isinstance(value, np.ndarray) and value.size > 8:
        shape = " x ".join(str(length) for length in value.shape)
        return f"{shape} values, mean {float(np.mean(value))!r} {entry['unit']}"
    return show(value.tolist() if isinstance(value, np.ndarray) else value, entry["unit"])


def _ends(run: Run) -> dict[str, str]:
    return {
        "outcome": "none" if run.outcome is None else run.outcome.value,
        "verdict": str(run.end.get("verdict", "")),
        "reason": str(run.end.get("reason", "")),
    }


def _of_tables(first: Run, second: Run) -> Iterator[Difference]:
    for name in {**first.tables, **second.tables}:
        tables = (first.tables.get(name), second.tables.get(name))
        counts = [ABSENT if table is None else str(len(table)) for table in tables]
        if counts[0] != counts[1]:
            yield Difference(name, "rows", *counts)
        if tables[0] is not None and tables[1] is not None:
            yield from _of_values(name, _summary(tables[0]), _summary(tables[1]))


def _summary(table: Table) -> dict[str, str]:
    """Smallest, median and largest of each column of numbers; times, which never repeat, left out."""
    found = {}
    for name, values in table.columns.items():
        if name in (BENCH_TIME, WALL_TIME) or values.dtype.kind not in "fi":
            continue
        found[name] = _spread(values, table.units.get(name, ""))
    return found


def _spread(values: NDArray[Any], unit: str) -> str:
    finite = values[np.isfinite(values)]
    if not finite.size:
        return "no number"
    parts = (float(np.min(finite)), float(np.median(finite)), float(np.max(finite)))
    return " / ".join(show(part, unit) for part in parts)


def _of_pictures(first: Run, second: Run) -> Iterator[Difference]:
    for name in {**first.pictures, **second.pictures}:
        if name not in first.pictures or name not in second.pictures:
            said = (
                str(run.pictures[name].values.shape) if name in run.pictures else ABSENT
                for run in (first, second)
            )
            yield Difference("pictures", name, *said)
            continue
        one, other = first.pictures[name], second.pictures[name]
        if one.values.shape != other.values.shape or not np.array_equal(
            one.values, other.values, equal_nan=True
        ):
            yield Difference(
                "pictures", name, _spread(one.values, one.unit), _spread(other.values, other.unit)
            )


def _of_values(section: str, first: Mapping[str, str], second: Mapping[str, str]) -> Iterator[Difference]:
    for name in {**first, **second}:
        one, other = first.get(name, ABSENT), second.get(name, ABSENT)
        if one != other:
            yield Difference(section, name, one, other)


def _flat(value: Any, path: str = "") -> dict[str, str]:
    """Nested values as texts by their path; the bench file's text is told by its checksum."""
    if not isinstance(value, Mapping):
        return {} if value is None else {path: str(value)}
    found: dict[str, str] = {}
    for name, each in value.items():
        if name != "text":
            found |= _flat(each, f"{path} {name}".strip())
    return found
