"""The quantities that the map of the array can show, as numbers on a scale or as words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from labctl.core.rows import Verdict
from labctl.gui.array.state import ArrayState, CellState

Floats = NDArray[np.float64]


class Shown(Enum):
    """What the map shows."""

    CONDUCTANCE = "conductance"
    RESISTANCE = "resistance"
    STATE = "state"
    PULSES = "pulse count"
    VERDICT = "last verdict"

    @property
    def unit(self) -> str:
        """SI unit, "1" for plain numbers, empty for words."""
        return {Shown.CONDUCTANCE: "S", Shown.RESISTANCE: "ohm", Shown.PULSES: "1"}.get(self, "")

    @property
    def in_words(self) -> bool:
        """Whether cells have a word, not a number."""
        return not self.unit


@dataclass(frozen=True)
class Category:
    """One word that a cell may have, the letter that stands for it in the map, its place among the colours."""

    word: str
    letter: str
    colour: int


STATES: tuple[Category, ...] = (
    Category(CellState.NOT_FORMED.value, "N", 5),
    Category(CellState.FORMED.value, "F", 0),
    Category(CellState.PROGRAMMED.value, "P", 2),
    Category(CellState.FAILED.value, "X", 1),
)
"""In the order of CellState, unknown left out."""
VERDICTS: tuple[Category, ...] = (
    Category(Verdict.VERIFIED.value, "V", 2),
    Category(Verdict.FORMED.value, "F", 0),
    Category(Verdict.ALREADY_FORMED.value, "A", 5),
    Category(Verdict.OUT_OF_RANGE.value, "R", 3),
    Category(Verdict.OUT_OF_PULSES.value, "B", 4),
    Category(Verdict.NOT_FORMED.value, "N", 1),
    Category(Verdict.NEVER_FORMED.value, "U", 1),
)
OTHER = Category("another verdict", "O", 6)


def numbers(state: ArrayState, shown: Shown) -> Floats:
    """(words, bits) in the SI unit of `shown`; NaN where unknown."""
    if shown is Shown.PULSES:
        return np.where(state.pulses < 0, np.nan, state.pulses).astype(np.float64)
    if shown is Shown.RESISTANCE:
        positive = np.where(state.conductance > 0.0, state.conductance, np.nan)
        resistance: Floats = 1.0 / positive
        return resistance
    return state.conductance


def categories(state: ArrayState, shown: Shown) -> tuple[NDArray[np.intp], tuple[Category, ...]]:
    """(words, bits) places among the categories that follow, -1 where unknown."""
    if shown is Shown.STATE:
        return state.codes.astype(np.intp) - 1, STATES
    words, kinds = state.verdict, VERDICTS
    places = np.full(words.shape, len(kinds), dtype=np.intp)
    places[words == ""] = -1
    for place, kind in enumerate(kinds):
        places[words == kind.word] = place
    if (places == len(kinds)).any():
        kinds = (*kinds, OTHER)
    return places, kinds


def texts(state: ArrayState, shown: Shown) -> list[list[str]]:
    """What a file holds of each cell, a list per word line: numbers in SI, `nan` for unknown; or words."""
    if shown is Shown.STATE:
        return [[each.value for each in row] for row in state.states]
    if shown is Shown.VERDICT:
        return [[str(each) for each in row] for row in state.verdict]
    return [[f"{value:.6g}" for value in row] for row in numbers(state, shown)]


@dataclass(frozen=True)
class Scale:
    """Numbers from `low` to `high` as places from 0 to 1, evenly or by decades."""

    low: float
    high: float
    log: bool

    @classmethod
    def of(cls, values: Floats, log: bool) -> Scale | None:
        """What holds all finite `values` (positive ones, by decades); None when there are none."""
        known = values[np.isfinite(values) & ((values > 0.0) | (not log))]
        if not known.size:
            return None
        low, high = float(known.min()), float(known.max())
        if log:
            return cls(low, high, log) if high > 1.02 * low else cls(low / 1.5, high * 1.5, log)
        room = 0.5 * abs(high) or 0.5
        return cls(low, high, log) if high - low > 0.02 * room else cls(low - room, high + room, log)

    def places(self, values: Floats) -> Floats:
        """Where `values` lie, 0 to 1; what is outside lies at the nearer end, NaN stays NaN."""
        if self.log:
            tiny = np.where(values > 0.0, values, np.where(np.isnan(values), np.nan, self.low))
            found = np.log(tiny / self.low) / np.log(self.high / self.low)
        else:
            found = (values - self.low) / (self.high - self.low)
        placed: Floats = np.clip(found, 0.0, 1.0)
        return placed

    def ticks(self, most: int) -> list[float]:
        """Up to about `most` round values between the ends."""
        if self.log:
            decades = range(int(np.floor(np.log10(self.low))), int(np.ceil(np.log10(self.high))) + 1)
            for steps, stride in (((1, 2, 5), 1), ((1, 3), 1), ((1,), 1), ((1,), 2), ((1,), 3), ((1,), 4)):
                found = [step * 10.0**decade for decade in decades if decade % stride == 0 for step in steps]
                found = [each for each in found if self.low * (1 - 1e-9) <= each <= self.high * (1 + 1e-9)]
                if 2 <= len(found) <= most:
                    return found
            return [self.low, self.high]
        rough = (self.high - self.low) / max(most - 1, 1)
        power = 10.0 ** np.floor(np.log10(rough))
        step = float(
            next(each * power for each in (1.0, 2.0, 5.0, 10.0) if each * power >= rough * (1 - 1e-9))
        )
        first = int(np.ceil(self.low / step - 1e-9))
        found = [index * step for index in range(first, int(np.floor(self.high / step + 1e-9)) + 1)]
        return found if len(found) >= 2 else [self.low, self.high]
