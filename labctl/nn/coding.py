"""How signed weights and inputs become conductances and word-line levels. Arithmetic only.

Input k drives its two word lines with V0 + v q and V0 - v q, q in -1..1; one cell of a pair carries |w|, both are
raised by a per-column constant, so that every column has the same sum of conductances: the same pedestal and the same
loading by its heater (docs/decisions/0007-channel-budget.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labctl.core.errors import PlanError, UnsupportedByBench
from labctl.core.quantity import check, quantity

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Coding:
    """Levels of the input lines and the range of conductances that carries weights."""

    levels: int = quantity("1", 5, low=3, high=9, help="number of input levels; odd")
    offset: float = quantity("V", 0.1, low=0.0, high=0.3, help="V0: level of input 0")
    swing: float = quantity("V", 0.2, low=0.01, high=0.3, help="v: change of level for a full-scale input")
    low: float = quantity("S", 5e-6, low=1e-7, high=1e-3, help="smallest conductance used")
    high: float = quantity("S", 200e-6, low=1e-6, high=1e-3, help="largest conductance used")
    column_sum: float = quantity("S", 3.8e-3, low=1e-4, high=1.0, help="sum of a column's weight cells")
    bias_cell: float = quantity("S", 100e-6, low=1e-6, high=1e-3, help="start value of the bias cells")

    def __post_init__(self) -> None:
        """Refuse values out of range, and an even number of levels."""
        check(self)
        if self.levels % 2 == 0:
            raise PlanError(f"Coding: levels = {self.levels}; an odd number is needed, one level is input 0")

    @property
    def inputs(self) -> Array:
        """(levels,) the values of q that can be coded, ascending."""
        return np.linspace(-1.0, 1.0, self.levels)

    @property
    def voltages(self) -> Array:
        """(levels,) word-line voltage of each level, ascending, V."""
        return self.offset + self.swing * self.inputs

    def quantise(self, inputs: Array) -> NDArray[np.intp]:
        """Index of the nearest level of each input (-1..1); what lies outside is a ValueError, not clipped."""
        if inputs.size and float(np.max(np.abs(inputs))) > 1.0 + 1e-9:
            raise ValueError(f"inputs reach {np.max(np.abs(inputs)):g}, coded are -1 to 1")
        steps: NDArray[np.intp] = np.rint((inputs + 1.0) * (self.levels - 1) / 2.0).astype(np.intp)
        return steps

    def word_levels(self, steps: NDArray[np.intp]) -> NDArray[np.intp]:
        """(..., 2 inputs) level index of every word line: the pair of input k is lines 2k and 2k + 1."""
        pairs = np.stack([steps, self.levels - 1 - steps], axis=-1)
        return pairs.reshape(*steps.shape[:-1], 2 * steps.shape[-1])

    def rows_of_levels(self, level_rows: Sequence[str], ground_row: str) -> Mapping[int, str]:
        """Matrix row of each level: the one at 0 V is the ground row, the others take `level_rows` in order.

        Raises UnsupportedByBench when there are too few sources.
        """
        rows: dict[int, str] = {}
        free = list(level_rows)
        for index, voltage in enumerate(self.voltages):
            if abs(voltage) < 1e-9:
                rows[index] = ground_row
            elif free:
                rows[index] = free.pop(0)
            else:
                raise UnsupportedByBench(
                    f"{self.levels} input levels need {self.levels - 1} sources beside the ground row, "
                    f"this bench has {len(level_rows)} level rows; choose fewer levels."
                )
        return rows


@dataclass(frozen=True, eq=False)
class ColumnPlan:
    """What the cells of an array must be for up to N filters, one per bit line.

    target: (word lines, bit lines) S; NaN = leave alone.
    siemens_per_weight: (bit lines,) S of G+ - G- per unit of weight.
    """

    target: Array
    siemens_per_weight: Array
    bias_words: tuple[int, ...]


def plan_columns(weights: Array, coding: Coding, word_lines: int, bit_lines: int) -> ColumnPlan:
    """Conductance targets of `weights` (filters, inputs), one filter per bit line from bit 0 on.

    Each filter is scaled by its own largest weight. The last word lines, beyond the pairs, are bias lines.
    Raises UnsupportedByBench when the filters do not fit the array.
    """
    filters, inputs = weights.shape
    if filters > bit_lines or 2 * inputs + 1 > word_lines:
        raise UnsupportedByBench(
            f"{filters} filters of {inputs} inputs need {2 * inputs} word lines, a bias line and {filters} bit lines; "
            f"this array has {word_lines} x {bit_lines}."
        )
    target = np.full((word_lines, bit_lines), np.nan)
    scale = np.ones(bit_lines)
    for column in range(filters):
        peak = float(np.max(np.abs(weights[column])))
        unit = weights[column] / peak if peak > 0.0 else np.zeros(inputs)
        floor, span = _raise_column(float(np.sum(np.abs(unit))), inputs, coding)
        target[0 : 2 * inputs : 2, column] = floor + span * np.maximum(unit, 0.0)
        target[1 : 2 * inputs : 2, column] = floor + span * np.maximum(-unit, 0.0)
        target[2 * inputs :, column] = coding.bias_cell
        scale[column] = span / peak if peak > 0.0 else 0.0
    return ColumnPlan(target, scale, tuple(range(2 * inputs, word_lines)))


def _raise_column(weight_sum: float, inputs: int, coding: Coding) -> tuple[float, float]:
    """Floor and span (S) of a column, such that 2 n floor + span * weight_sum is the column sum, within low..high.

    With span = high - floor the sum fixes the floor. A column too full even with the lowest floor gets a smaller span;
    one too empty even at the highest floor would need cells beyond `high` and keeps its smaller sum.
    """
    cells = 2.0 * inputs
    floor = (coding.column_sum - coding.high * weight_sum) / (cells - weight_sum)
    if floor < coding.low:
        span = (coding.column_sum - cells * coding.low) / weight_sum
        return coding.low, min(span, coding.high - coding.low)
    floor = min(floor, coding.high)
    return floor, coding.high - floor
