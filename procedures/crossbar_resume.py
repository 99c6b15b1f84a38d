"""Where an interrupted array programming stood, cell by cell, as its rows tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labctl.core.lines import Cell
from labctl.core.rows import Earlier, Verdict
from procedures.cells_chosen import earlier_rows


@dataclass
class CellStanding:
    """What the rows say of one cell.

    forming:        None as long as its forming is not over.
    forming_pulses: those after which it was read; one more may have gone out unread.
    is_low:         it was read below the low state after forming.
    is_verified:    its last two reads lay in the window of its target.
    conductance:    S, of its last read; NaN when there was none.
    """

    forming: Verdict | None = None
    forming_pulses: int = 0
    is_begun: bool = False
    is_low: bool = False
    is_verified: bool = False
    pulses: int = 0
    conductance: float = float("nan")


@dataclass(frozen=True)
class Standing:
    """The whole array: cells that have rows, whether programming had begun, cells whose summary is recorded."""

    cells: Mapping[Cell, CellStanding]
    programming: bool
    told: frozenset[Cell]
    pictured: NDArray[np.float64] | None


def standing(earlier: Earlier, *, formed_above: float, low_state: float, last_forming: int) -> Standing:
    """Read the rows of an interrupted CrossbarProgram.

    last_forming: pulses after which the forming ramp is at its end.
    """
    cells: dict[Cell, CellStanding] = {}
    for cell, row in earlier_rows(earlier, "FormingRead"):
        known = cells.setdefault(cell, CellStanding())
        known.is_begun, known.forming_pulses = True, int(row["pulses"])
        known.conductance = float(row["conductance"])
        if known.conductance >= formed_above:
            known.forming = Verdict.FORMED if known.forming_pulses else Verdict.ALREADY_FORMED
            known.is_low = known.conductance <= low_state
        elif known.forming_pulses >= last_forming:
            known.forming = Verdict.NOT_FORMED
    programming = False
    before: dict[Cell, tuple[int, bool]] = {}
    for cell, row in earlier_rows(earlier, "VerifyRead"):
        known = cells.setdefault(cell, CellStanding())
        if known.forming is None:  # it did not conduct, and was programmed: the bench knew it for formed
            known.forming = Verdict.FORMED if known.forming_pulses else Verdict.ALREADY_FORMED
        pulses, was_inside = before.get(cell, (0, False))
        inside = bool(row["low"] <= row["conductance"] <= row["high"]) and not row["limited"]
        known.pulses += int(row["pulses"] > 0 and row["pulses"] != pulses)
        known.conductance = float(row["conductance"])
        two_sided = bool(row["low"] > 0.0)
        programming |= two_sided
        known.is_low |= two_sided or inside
        known.is_verified = two_sided and inside and was_inside
        before[cell] = int(row["pulses"]), two_sided and inside
    told = frozenset(cell for cell, _ in earlier_rows(earlier, "CellSummary"))
    picture = earlier.pictures.get("conductance")
    return Standing(cells, programming or bool(told), told, None if picture is None else picture.values)
