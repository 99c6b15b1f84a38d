"""Present one patch of an image to the array and read every neuron: the step that maps are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labctl.core.quantity import quantity
from labctl.core.views import ComputingArray


@dataclass(frozen=True, kw_only=True)
class OutputReading:
    """One neuron's answer to one patch."""

    patch: int = quantity("1")
    neuron: int = quantity("1")
    current: float = quantity("A")


@dataclass(frozen=True, eq=False, kw_only=True)
class InputRows:
    """Which matrix row carries which input level.

    voltages: (L,) V of the levels, ascending. rows: the matrix row of each. trim_row carries the bias word lines.
    """

    voltages: tuple[float, ...]
    rows: tuple[str, ...]
    ground_row: str
    trim_row: str
    bias_words: tuple[int, ...]

    def largest(self, trim: float) -> dict[str, float]:
        """V that each driven row must be ready for, the trim row included."""
        ready = {
            row: volts for row, volts in zip(self.rows, self.voltages, strict=True) if row != self.ground_row
        }
        return {**ready, self.trim_row: trim}

    def approach(self, trim: float) -> dict[str, float]:
        """Levels in the order in which they are raised: lowest first, the trim last.

        Raising a line only adds current to every column, so no column passes a higher current than its final one.
        """
        return self.largest(trim)

    def arrangement(self, word_levels: NDArray[np.intp], words: int) -> list[str]:
        """Matrix row of every word line: level rows for the inputs, trim row for bias lines, ground for the rest."""
        arranged = [self.ground_row] * words
        for word, level in enumerate(word_levels):
            arranged[word] = self.rows[int(level)]
        for word in self.bias_words:
            arranged[word] = self.trim_row
        return arranged


def read_patch(
    array: ComputingArray,
    inputs: InputRows,
    word_levels: NDArray[np.intp],
    words: int,
    trim: float,
    neurons: Sequence[int],
) -> list[float]:
    """Output currents (A) of `neurons`: from 0 V (which resets the hysteresis), arranged, raised, read, inputs held."""
    array.release()
    array.arrange(inputs.arrangement(word_levels, words))
    array.apply(inputs.approach(trim))
    return array.read_outputs(neurons)
