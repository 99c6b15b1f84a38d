"""Line by line and cell by cell: what a route does to the array while its levels rise, before anything rises."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from labctl.core.lines import Line, LineKind
from labctl.core.route import Feed, Role

State = Mapping[str, float]
"""Fraction of the amplitude on each fed matrix row, at one moment of the approach."""


def approach(feeds: Sequence[Feed]) -> list[State]:
    """The states that a write passes on its way up; down again it passes them in reverse.

    Without bystanders rows rise one after another. Bystanders rise first. With V/3 the selected word line
    goes along with the unselected ones to V/3, then the unselected bit lines to 2V/3, then the selected word
    line alone to V: no bystander ever sees more than V/3. So too where the array has one word line only.
    """
    final = {feed.row: feed.fraction for feed in feeds}
    zero = dict.fromkeys(final, 0.0)
    bias = [feed for feed in feeds if feed.role is Role.BIAS]
    if not bias:
        rows = list(final)
        return [zero | {row: final[row] for row in rows[: count + 1]} for count in range(len(rows))]
    drive = next(feed for feed in feeds if feed.role is Role.DRIVE)
    lowest = min(feed.fraction for feed in bias)
    low = min(lowest, 1.0 - lowest)
    together = {feed.row: low for feed in bias if feed.fraction <= low}
    if len(together) == len(bias):
        return [zero | together, final]
    together[drive.row] = low
    return [zero | together, final | {drive.row: low}, final]


def worst_case(
    shape: tuple[int, int], feeds: Sequence[Feed], states: Iterable[State], amplitude: float
) -> NDArray[np.float64]:
    """(M, N) largest |V| that each cell of an array of `shape` can see in any of `states`.

    Without the drops along lines and contacts, which only lower it. A line that nothing feeds may stand
    anywhere between the lowest and the highest level.
    """
    found = np.zeros(shape)
    for state in states:
        low, high = _intervals(shape, feeds, state)
        word_low, bit_low = low[: shape[0], None], low[None, shape[0] :]
        word_high, bit_high = high[: shape[0], None], high[None, shape[0] :]
        found = np.maximum(found, np.maximum(word_high - bit_low, bit_high - word_low))
    return found * abs(amplitude)


def _intervals(
    shape: tuple[int, int], feeds: Sequence[Feed], state: State
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    levels = [state[feed.row] for feed in feeds if feed.lines] or [0.0]
    low, high = np.full(sum(shape), min(levels)), np.full(sum(shape), max(levels))
    for feed in feeds:
        places = [place(shape, line) for line in feed.lines if line.kind is not LineKind.NEURON]
        low[places] = high[places] = state[feed.row]
    return low, high


def place(shape: tuple[int, int], line: Line) -> int:
    """Index of a word or bit line in a vector of all of them, word lines first."""
    return line.index if line.kind is LineKind.WORD else shape[0] + line.index


def passing(worst: NDArray[np.float64], lines: Iterable[Line], conductance: float) -> float:
    """Current in A through cells of `conductance` S that have one end on `lines`, at the voltages `worst` (M, N).

    Cells with both ends there pass none.
    """
    shape = (worst.shape[0], worst.shape[1])
    here = np.zeros(sum(shape), dtype=bool)
    for line in lines:
        if line.kind is not LineKind.NEURON:
            here[place(shape, line)] = True
    one_end = here[: shape[0], None] ^ here[None, shape[0] :]
    return float(conductance * worst[one_end].sum())
