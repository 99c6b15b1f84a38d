"""The numbers of a wafer read back from `results.csv`, one series per value of a test."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labctl.core.errors import RecordError
from labctl.core.lines import Cell
from labctl.wafer.geometry import Die
from labctl.wafer.results import COLUMNS, FILE_NAME

DEVICE = ["die_x", "die_y", "row", "col"]
ORDER = (
    "forming_voltage", "formed", "programming_error", "verified", "pulses", "threshold", "gain",
    "hysteresis", "contact", "contact_resistance", "conductance", "resistance",
    "forming_pulses",
)  # fmt: skip
"""Values that a reader looks for first; others follow by name."""
FLAGS = ("formed", "verified", "contact")
"""Values that are 1 (good) or 0 (bad)."""

SIZED = ("programming_error",)
"""Values whose sign says nothing about how good they are."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Series:
    """One value of one test at one subsite: one entry per device, that of its last cycle.

    dies: in the order of the file. rows, cols: word and bit line, -1 where it is no cell. values: in `unit`.
    censored: the value is a bound, the true one lies above it. left_out: entries of the file without a number.
    """

    subsite: str
    test: str
    value: str
    unit: str
    dies: tuple[Die, ...]
    rows: NDArray[np.int64]
    cols: NDArray[np.int64]
    values: Floats
    censored: NDArray[np.bool_]
    left_out: int

    @property
    def is_flag(self) -> bool:
        """Whether it says good or bad, not how much."""
        return self.value in FLAGS

    @property
    def name(self) -> str:
        """The value in words, errors by their size."""
        words = self.value.replace("_", " ")
        return f"|{words}|" if self.value in SIZED else words

    @property
    def title(self) -> str:
        """`forming voltage (test form, array)`."""
        return f"{self.name} (test {self.test}, {self.subsite})"

    def sizes(self, values: Floats) -> Floats:
        """Values as they are drawn: errors count by their size."""
        return np.abs(values) if self.value in SIZED else values

    @property
    def devices(self) -> list[tuple[Die, Cell]]:
        """Which device each entry belongs to."""
        cells = (Cell(int(row), int(col)) for row, col in zip(self.rows, self.cols, strict=True))
        return list(zip(self.dies, cells, strict=True))

    def on(self, die: Die) -> NDArray[np.bool_]:
        """Which entries belong to `die`."""
        return np.fromiter((each == die for each in self.dies), dtype=np.bool_, count=len(self.dies))

    def by_die(self) -> dict[Die, tuple[Floats, NDArray[np.bool_]]]:
        """Values and whether they are censored, of each die that has any."""
        places: dict[Die, list[int]] = {}
        for place, die in enumerate(self.dies):
            places.setdefault(die, []).append(place)
        return {die: (self.values[mine], self.censored[mine]) for die, mine in places.items()}


def read_results(folder: Path) -> pd.DataFrame:
    """The rows of `results.csv` as they are; none when no die was finished yet and the file is not there.

    Raises RecordError when the file cannot be read or lacks a column.
    """
    path = folder / FILE_NAME
    texts = dict.fromkeys(("lot", "wafer", "subsite", "test", "unit", "bin", "time_utc", "censored"), str)
    try:
        frame = pd.read_csv(path, dtype=texts, keep_default_na=False, na_values={"value": ["", "nan"]})
    except FileNotFoundError:
        return pd.DataFrame(columns=list(COLUMNS))
    except (OSError, ValueError) as error:
        raise RecordError(f"{path} cannot be read as results of a wafer ({error}).") from None
    missing = [name for name in COLUMNS if name not in frame.columns]
    if missing:
        raise RecordError(f"{path} lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)}.")
    return frame


def all_series(frame: pd.DataFrame) -> tuple[Series, ...]:
    """Every value of every test, those first that a reader looks for first.

    Raises RecordError when a test's name has no value in it (`form.forming_voltage`), or its unit changes.
    """
    if frame.empty:
        return ()
    found = []
    for (subsite, test), rows in frame.groupby(["subsite", "test"], sort=False):
        name, dot, value = str(test).rpartition(".")
        units = rows["unit"].unique()
        if not dot or len(units) != 1:
            raise RecordError(
                f"{FILE_NAME}: '{test}' must be TEST.VALUE in one unit, not in {', '.join(units)}."
            )
        found.append(_series(str(subsite), name, value, str(units[0]), rows))
    return tuple(sorted(found, key=lambda each: (_rank(each.value), each.value)))


def named(series: Iterable[Series], *values: str) -> list[Series]:
    """Those of these values."""
    return [each for each in series if each.value in values]


def together(series: Iterable[Series]) -> tuple[Series, ...]:
    """Series with neurons of their own taken together: the same value at one subsite, a test per neuron."""
    groups: dict[tuple[str, ...], list[Series]] = {}
    for each in series:
        alone = "" if (each.rows < 0).all() and (each.cols >= 0).all() else each.test
        group = groups.setdefault((each.subsite, each.value, each.unit, alone), [])
        if any(set(each.devices) & set(other.devices) for other in group):
            groups[each.subsite, each.value, each.unit, each.test] = [each]
        else:
            group.append(each)
    return tuple(_joined(group) for group in groups.values())


def _joined(group: Sequence[Series]) -> Series:
    first, last = group[0], group[-1]
    if len(group) == 1:
        return first
    return Series(
        subsite=first.subsite,
        test=f"{first.test} to {last.test}" if len(group) > 2 else f"{first.test}, {last.test}",
        value=first.value,
        unit=first.unit,
        dies=tuple(die for each in group for die in each.dies),
        rows=np.concatenate([each.rows for each in group]),
        cols=np.concatenate([each.cols for each in group]),
        values=np.concatenate([each.values for each in group]),
        censored=np.concatenate([each.censored for each in group]),
        left_out=sum(each.left_out for each in group),
    )


def _series(subsite: str, test: str, value: str, unit: str, rows: pd.DataFrame) -> Series:
    last = rows.sort_values("cycle", kind="stable").drop_duplicates(DEVICE, keep="last").sort_index()
    known = last[np.isfinite(last["value"].to_numpy(dtype=np.float64))]
    if value in FLAGS and not known["value"].isin((0.0, 1.0)).all():
        raise RecordError(
            f"{FILE_NAME}: '{test}.{value}' says good (1) or bad (0), and holds another number."
        )
    pairs = zip(known["die_x"].tolist(), known["die_y"].tolist(), strict=True)
    return Series(
        subsite=subsite,
        test=test,
        value=value,
        unit=unit,
        dies=tuple(Die(int(x), int(y)) for x, y in pairs),
        rows=known["row"].to_numpy(dtype=np.int64),
        cols=known["col"].to_numpy(dtype=np.int64),
        values=known["value"].to_numpy(dtype=np.float64),
        censored=_flags(known["censored"].tolist()),
        left_out=len(last) - len(known),
    )


def _flags(texts: Sequence[str]) -> NDArray[np.bool_]:
    odd = sorted({text for text in texts if text.lower() not in ("0", "1", "true", "false", "")})
    if odd:
        raise RecordError(f"{FILE_NAME}: 'censored' is 0 or 1, not '{odd[0]}'.")
    return np.array([text.lower() in ("1", "true") for text in texts], dtype=np.bool_)


def _rank(value: str) -> int:
    return ORDER.index(value) if value in ORDER else len(ORDER)
