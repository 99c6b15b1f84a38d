"""Reads a device preset: a TOML file in which every constant has value, unit, source and class."""

from __future__ import annotations

import tomllib
from dataclasses import MISSING
from enum import Enum
from math import isfinite
from pathlib import Path
from typing import Any, TypeVar

from labctl.core.errors import BenchFileError, UnreadableFile
from labctl.core.quantity import Spec, show, specs
from labctl.core.textfile import read_text

P = TypeVar("P")

CLASSES = ("A", "B", "C", "S", "D", "assumed")
"""Who says so: A target paper, B same group, C closest device, S secondary, D derived, or assumed by us."""


def load_preset(owner: type[P], path: Path) -> P:
    """Build the frozen dataclass `owner` (fields made by `labctl.core.quantity`) from a preset file.

    Each field is a table `[field]` with `value`, `unit` ("1" = a number or a word), `source` and `class`. Raises
    BenchFileError listing every mistake at once: missing, unknown, wrong unit, out of range, no provenance.
    """
    try:
        tables = tomllib.loads(read_text(path))
    except (UnreadableFile, tomllib.TOMLDecodeError) as error:
        raise BenchFileError(str(path), [f"cannot be read: {error}"]) from None
    known = {spec.name: spec for spec in specs(owner)}
    mistakes, values = [], {}
    for name, table in tables.items():
        if name == "preset":
            continue
        if name not in known:
            mistakes.append(f"[{name}] is no constant of this model (there are: {', '.join(known)})")
        elif not isinstance(table, dict):
            mistakes.append(f"{name} must be a table [{name}] with value, unit, source and class")
        else:
            values[name] = _read(known[name], table, mistakes)
    mistakes += [
        f"[{name}] is missing ({spec.allowed}, unit {spec.unit})"
        for name, spec in known.items()
        if name not in tables
    ]
    label = tables.get("preset", {})
    if not isinstance(label, dict) or not {"name", "description"} <= label.keys():
        mistakes.append("[preset] must give name and description")
    if mistakes:
        raise BenchFileError(str(path), mistakes)
    return owner(**values)


def _read(spec: Spec, table: dict[str, Any], mistakes: list[str]) -> Any:
    name = spec.name
    for key in sorted(table.keys() - {"value", "unit", "source", "class"}):
        mistakes.append(f"[{name}] has an unknown key '{key}'")
    if not isinstance(table.get("source"), str) or not table["source"].strip():
        mistakes.append(f"[{name}] names no source")
    if table.get("class") not in CLASSES:
        mistakes.append(f"[{name}] class is {table.get('class')!r}, one of {', '.join(CLASSES)} is wanted")
    unit = spec.unit or "1"
    if table.get("unit") != unit:
        mistakes.append(f"[{name}] unit is {table.get('unit')!r}, '{unit}' is wanted")
    value = table.get("value", MISSING)
    if issubclass(spec.kind, Enum):
        words = [str(member.value) for member in spec.kind]
        if value not in words:
            mistakes.append(f"[{name}] value is {value!r}, one of {', '.join(words)} is wanted")
            return None
        return spec.kind(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        mistakes.append(f"[{name}] value is missing or no number ({spec.allowed})")
        return None
    too_low = spec.low is not None and value < spec.low
    if too_low or (spec.high is not None and value > spec.high):
        mistakes.append(f"[{name}] value is {show(value, spec.unit)}, allowed {spec.allowed}")
    return float(value)
