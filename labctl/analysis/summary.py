"""What an array run amounts to: cells formed and verified, pulses per cell, programming error.

Every function takes the columns of one kind of row, by name, as a record gives them back (verdicts as texts).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labctl.core.lines import Cell
from labctl.core.rows import Verdict

Floats = NDArray[np.float64]
Columns = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Spread:
    """The middle and the upper end of a set of numbers; NaN when the set is empty."""

    count: int
    median: float
    mean: float
    p95: float
    largest: float

    @classmethod
    def of(cls, values: ArrayLike) -> Spread:
        """The spread of the finite ones among `values`."""
        known = np.asarray(values, dtype=np.float64)
        known = known[np.isfinite(known)]
        if known.size == 0:
            return cls(0, np.nan, np.nan, np.nan, np.nan)
        return cls(
            count=int(known.size),
            median=float(np.median(known)),
            mean=float(np.mean(known)),
            p95=float(np.percentile(known, 95)),
            largest=float(np.max(known)),
        )


@dataclass(frozen=True)
class ArrayProgramming:
    """The outcome of programming an array.

    cells:          how many were to be programmed.
    formed:         how many conduct, whether they were formed in this run or before.
    verified:       how many were inside their window at their last verify.
    forming_pulses: per cell that was formed in this run.
    pulses:         SET and RESET pulses per formed cell.
    error:          |conductance / target - 1| of the formed cells at their last verify.
    rms_error:      root mean square of the same over the verified cells.
    verdicts:       number of cells by the text of their verdict.
    failed:         cells that are not verified.
    """

    cells: int
    formed: int
    verified: int
    forming_pulses: Spread
    pulses: Spread
    error: Spread
    rms_error: float
    verdicts: Mapping[str, int]
    failed: tuple[Cell, ...]

    @property
    def verified_share(self) -> float:
        """Verified cells as a part of all; NaN when there are none."""
        return self.verified / self.cells if self.cells else float("nan")


def array_programming(summary: Columns) -> ArrayProgramming:
    """Sum up the `CellSummary` rows of one run.

    Columns word, bit, forming, verdict, forming_pulses, pulses, target, conductance.
    """
    forming = _texts(summary["forming"])
    verdict = _texts(summary["verdict"])
    formed = forming != Verdict.NOT_FORMED.value
    verified = verdict == Verdict.VERIFIED.value
    error = np.abs(_floats(summary["conductance"]) / _floats(summary["target"]) - 1.0)
    return ArrayProgramming(
        cells=len(verdict),
        formed=int(formed.sum()),
        verified=int(verified.sum()),
        forming_pulses=Spread.of(_floats(summary["forming_pulses"])[forming == Verdict.FORMED.value]),
        pulses=Spread.of(_floats(summary["pulses"])[formed]),
        error=Spread.of(error[formed]),
        rms_error=float(np.sqrt(np.mean(error[verified] ** 2))) if verified.any() else float("nan"),
        verdicts=dict(sorted(Counter(verdict.tolist()).items())),
        failed=tuple(
            Cell(int(word), int(bit))
            for word, bit in zip(summary["word"][~verified], summary["bit"][~verified], strict=True)
        ),
    )


@dataclass(frozen=True)
class WindowHits:
    """How a measured map agrees with its target: cells with a target, those inside, spread of |error|."""

    cells: int
    inside: int
    error: Spread

    @property
    def rate(self) -> float:
        """Part of the cells that lie inside; NaN when there are none."""
        return self.inside / self.cells if self.cells else float("nan")


def window_hits(conductance: Floats, target: Floats, tolerance: float) -> WindowHits:
    """Compare maps (M, N) in S; a target of NaN is left out, a conductance of NaN is a miss.

    `tolerance` is relative: 0.05 = +-5 %.
    """
    wanted = np.isfinite(target)
    error = np.abs(conductance[wanted] / target[wanted] - 1.0)
    inside = np.isfinite(error) & (error <= tolerance)
    return WindowHits(int(wanted.sum()), int(inside.sum()), Spread.of(error))


@dataclass(frozen=True)
class Visit:
    """One program-verify of one cell, from its first read to its verdict: what a staircase plot shows.

    pulses, amplitude (V, of the pulse before the read), conductance (S): one entry per read. low, high: S.
    """

    cell: Cell
    target: float
    low: float
    high: float
    pulses: NDArray[np.int64]
    amplitude: Floats
    conductance: Floats


def visits(verify: Columns) -> list[Visit]:
    """Split the `VerifyRead` rows of a run, in their order, into the visits to single cells.

    Columns word, bit, pulses, amplitude, conductance, target, low, high.
    """
    if len(verify["word"]) == 0:
        return []
    changes = np.zeros(len(verify["word"]) - 1, dtype=np.bool_)
    for name in ("word", "bit", "target"):
        column = _floats(verify[name])
        changes |= column[1:] != column[:-1]
    pulses = np.asarray(verify["pulses"], dtype=np.int64)
    changes |= pulses[1:] < pulses[:-1]
    ends = [*(np.flatnonzero(changes) + 1).tolist(), len(pulses)]
    found = []
    for first, end in zip([0, *ends], ends, strict=False):
        part = slice(first, end)
        found.append(
            Visit(
                cell=Cell(int(verify["word"][first]), int(verify["bit"][first])),
                target=float(verify["target"][first]),
                low=float(verify["low"][first]),
                high=float(verify["high"][first]),
                pulses=pulses[part],
                amplitude=_floats(verify["amplitude"])[part],
                conductance=_floats(verify["conductance"])[part],
            )
        )
    return found


def _floats(values: NDArray[Any]) -> Floats:
    return np.asarray(values, dtype=np.float64)


def _texts(values: NDArray[Any]) -> NDArray[np.str_]:
    return np.array(
        [value.value if isinstance(value, Verdict) else str(value) for value in values], dtype=np.str_
    )
