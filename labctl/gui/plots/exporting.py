"""What is plotted as a CSV file: names, units, then the values in SI units."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path

from labctl.core.csvstyle import FOR_PROGRAMS, CsvStyle
from labctl.core.errors import RecordError
from labctl.gui.plots.view import Series

AT_ONCE = 2000
"""Rows between two pauses."""
NO_UNIT = "-"
MARK = "mark"


def write_csv(
    path: Path, series: Sequence[Series], mark: str, style: CsvStyle = FOR_PROGRAMS
) -> Iterator[None]:
    """Write `series` beside one another, a shorter one filled up with nothing; pauses after every `AT_ONCE` rows.

    As in `labctl export`: names in the first row, units in the second, numbers so that they read back exactly. mark:
    what a column of this name says in each row (SIMULATED); empty for none. Raises RecordError when the file cannot be
    written.
    """
    names = [each.name for each in series]
    units = [each.unit or NO_UNIT for each in series]
    extra = [mark] if mark else []
    length = max((len(each.values) for each in series), default=0)
    try:
        with path.open("w", encoding=style.encoding, newline="") as file:
            writer = style.begin(file)
            writer.writerow([*map(style.cell, names), *([MARK] if mark else [])])
            writer.writerow([*units, *([NO_UNIT] if mark else [])])
            for start in range(0, length, AT_ONCE):
                parts = [each.values[start : start + AT_ONCE].tolist() for each in series]
                rows = zip_longest(*parts, fillvalue="")
                writer.writerows([*map(style.cell, row), *extra] for row in rows)
                yield
    except OSError as error:
        raise RecordError(
            f"The data cannot be written to {path} ({error.strerror}): choose another place."
        ) from error
