"""How a CSV file is written: for programs, or for the spreadsheets of countries with a decimal comma."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from enum import Enum
from numbers import Real
from typing import IO, Any

from labctl.core.errors import PlanError

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


class Separator(Enum):
    """What stands between two values."""

    COMMA = "comma"
    SEMICOLON = "semicolon"
    TAB = "tab"

    @property
    def sign(self) -> str:
        """The character."""
        return {"comma": ",", "semicolon": ";", "tab": "\t"}[self.value]


class DecimalMark(Enum):
    """What stands between whole and fraction."""

    POINT = "point"
    COMMA = "comma"

    @property
    def sign(self) -> str:
        """The character."""
        return "." if self is DecimalMark.POINT else ","


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
        if self.separator.sign == self.decimal.sign:
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
            file.write(f"sep={self.separator.sign}\n")
        return csv.writer(file, delimiter=self.separator.sign, lineterminator="\n")

    def cell(self, value: Any) -> Any:
        """`value` as it is written: numbers exactly, text so that a spreadsheet never takes it for a formula."""
        if isinstance(value, str):
            return plain_text(value)
        if isinstance(value, Real) and not isinstance(value, int):
            return repr(float(value)).replace(".", self.decimal.sign)
        return value


FOR_PROGRAMS = CsvStyle()
EXCEL_COMMA = CsvStyle(Separator.SEMICOLON, DecimalMark.COMMA)


def plain_text(text: str) -> str:
    """`text` behind an apostrophe if a spreadsheet would take it for a formula; a lone `-` stays."""
    return f"'{text}" if text.startswith(_FORMULA) and text != "-" else text
