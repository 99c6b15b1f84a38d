"""Matrices of numbers in CSV files, as programs in any country write them."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from labctl.core.csvstyle import Separator
from labctl.core.errors import PlanError
from labctl.core.numbers import read_number
from labctl.core.textfile import read_text

_UNKNOWN = ("nan", "NaN", "NAN")


def read_matrix(path: Path) -> NDArray[np.float64]:
    """Read a CSV file of numbers, shape (rows, values per row), `nan` where a value is unknown.

    Between values stands what a first line `sep=;` says; else semicolons, tabs or commas, the first of these that
    occurs. A comma between digits is a decimal mark where something else separates, or where it is quoted. Empty lines
    and what follows a `#` are remarks. Raises UnreadableFile for bytes that are no text, and PlanError naming line and
    value for what is not a number, an empty value, rows of unequal length, and an empty file.
    """
    found: list[list[float]] = []
    separator = ""
    lines = list(_content(read_text(path)))
    if lines and (told := re.fullmatch(r"sep=(.)", lines[0][1])):
        separator = told[1]
        if separator not in {each.sign for each in Separator}:
            raise PlanError(f"the separator '{separator}' is not known, write sep=, or sep=;")
        lines = lines[1:]
    if not separator:
        text = "\n".join(line for _, line in lines)
        separator = next((each for each in (";", "\t") if each in text), ",")
    for number, line in lines:
        parts = next(csv.reader([line], delimiter=separator, skipinitialspace=True))
        values = [_value(part, f"line {number}, value {place}") for place, part in enumerate(parts, 1)]
        if found and len(values) != len(found[0]):
            raise PlanError(
                f"line {number} has {len(values)} values, the lines before it have {len(found[0])}"
            )
        found.append(values)
    if not found:
        raise PlanError("it is empty")
    return np.array(found, dtype=np.float64)


def _content(text: str) -> Iterator[tuple[int, str]]:
    """Lines without remarks, and their numbers from 1."""
    for number, line in enumerate(text.split("\n"), start=1):
        content = line.partition("#")[0].strip(" ")
        if content.strip():
            yield number, content


def _value(text: str, place: str) -> float:
    text = text.strip()
    if text in _UNKNOWN:
        return float("nan")
    if not text:
        raise PlanError(f"{place} is empty (write nan where there is no value)")
    try:
        return read_number(text, "1")
    except PlanError as error:
        raise PlanError(f"{place}: {error}") from None
