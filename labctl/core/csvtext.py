"""CSV as programs in any country write and expect it: numbers in, separators and decimal marks out."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from labctl.core.errors import PlanError
from labctl.core.numbers import read_number
from labctl.core.textfile import read_text

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_UNKNOWN = ("nan", "NaN", "NAN")


class Separator(Enum):
    """What stands between two values."""

    COMMA = ","
    SEMICOLON = ";"
    TAB = "\t"


class DecimalMark(Enum):
    """What stands between whole and fraction."""

    POINT = "."
    COMMA = ","


@dataclass(frozen=True)
class CsvStyle:
    """How a CSV file is written: `FOR_PROGRAMS`, or with semicolons and decimal commas as a German Excel opens it.

    separator_line: a first line such as `sep=;`, which Excel obeys and other programs do not know. Raises PlanError
    for a comma in both places.
    """

    separator: Separator = Separator.COMMA
    decimal: DecimalMark = DecimalMark.POINT
    separator_line: bool = False

    def __post_init__(self) -> None:
        """Refuse a file in which nobody could tell a separator from a decimal mark."""
        if self.separator.value == self.decimal.value:
            raise PlanError(
                "A decimal comma needs another separator than the comma: choose semicolon or tab."
            )

    @property
    def encoding(self) -> str:
        """UTF-8, with the byte-order mark that Excel needs where the style is Excel's; `sep=` must come first."""
        is_for_excel = self.separator is Separator.SEMICOLON and not self.separator_line
        return "utf-8-sig" if is_for_excel else "utf-8"

    def begin(self, file: IO[str]) -> Any:
        """Write the line that names the separator, where it is asked for; a writer of rows (`csv.writer`)."""
        if self.separator_line:
            file.write(f"sep={self.separator.value}\n")
        return csv.writer(file, delimiter=self.separator.value, lineterminator="\n")

    def cell(self, value: Any) -> Any:
        """`value` as it is written: numbers exactly, text so that a spreadsheet never takes it for a formula."""
        if isinstance(value, str):
            return plain_text(value)
        if isinstance(value, float | np.floating):
            return repr(float(value)).replace(".", self.decimal.value)
        return value


FOR_PROGRAMS = CsvStyle()
EXCEL_COMMA = CsvStyle(Separator.SEMICOLON, DecimalMark.COMMA)


def plain_text(text: str) -> str:
    """`text` behind an apostrophe if a spreadsheet would take it for a formula; a lone `-` stays."""
    return f"'{text}" if text.startswith(_FORMULA) and text != "-" else text


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
        if separator not in {each.value for each in Separator}:
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
