"""Which CSV a save dialog offers: for programs, or for spreadsheets of countries with a decimal comma."""

from __future__ import annotations

from labctl.core.csvstyle import EXCEL_COMMA, FOR_PROGRAMS, CsvStyle

_POINT = "CSV with commas and decimal points (*.csv)"
_COMMA = "CSV with semicolons and decimal commas (*.csv)"
CSV_KINDS = f"{_POINT};;{_COMMA}"
"""Name filters of a save dialog."""


def style_of(chosen: str) -> CsvStyle:
    """Style of the name filter that the dialog was closed with."""
    return EXCEL_COMMA if chosen == _COMMA else FOR_PROGRAMS
