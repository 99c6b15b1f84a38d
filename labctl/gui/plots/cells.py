"""Conductances of an array, and what they should be, wherever a run tells them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labctl.core.rows import Picture
from labctl.gui.plots.rows import RowsByDevice, has_rows
from labctl.gui.run_data import RunLike

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
PICTURE, TARGET = "conductance", "target conductance"
TABLES = (("CellSummary", "conductance"), ("CorrectedCell", "conductance"), ("CellRead", "apparent"))
"""Tables with a row per cell, and the column that is its conductance; the first that has rows counts."""
PROGRAMMED = "VerifyRead"


@dataclass(frozen=True, eq=False)
class Cells:
    """word, bit, conductance (S) and target (S, NaN where none was wanted) of the cells that were measured.

    source: where this was found, in words.
    """

    source: str
    word: Whole
    bit: Whole
    conductance: Floats
    target: Floats

    @property
    def has_targets(self) -> bool:
        """Whether any cell has one."""
        return bool(np.isfinite(self.target).any())


def has_cells(run: RunLike) -> bool:
    """Whether `cells_of` finds anything; no column is read for it."""
    return _is_map(run) or any(_is_array(run, *each) for each in TABLES)


def cells_of(run: RunLike) -> Cells | None:
    """From the picture of conductances, or else from the rows."""
    if _is_map(run):
        picture = run.pictures[PICTURE]
        word, bit = np.nonzero(np.isfinite(picture.values))
        return Cells(
            "network-corrected", word, bit, picture.values[word, bit], _targets(run, picture)[word, bit]
        )
    for name, column in TABLES:
        if _is_array(run, name, column):
            table = run.tables[name].columns
            conductance = table[column].astype(np.float64)
            known = np.isfinite(conductance)
            target = table.get("target", np.full(len(conductance), np.nan)).astype(np.float64)
            source = "not yet corrected for the network" if column == "apparent" else "network-corrected"
            return Cells(source, table["word"][known], table["bit"][known], conductance[known], target[known])
    return None


def state_of(run: RunLike) -> tuple[object, ...]:
    """Differs once `cells_of` would find something else."""
    pictures = tuple(run.pictures[name] for name in (PICTURE, TARGET) if name in run.pictures)
    if pictures:
        return (run, *pictures)
    return (run, *(len(run.tables[name]) for name, _ in TABLES if name in run.tables))


def _is_map(run: RunLike) -> bool:
    return PICTURE in run.pictures and run.pictures[PICTURE].values.ndim == 2


def _is_array(run: RunLike, name: str, column: str) -> bool:
    """Whether there are rows of more than one cell."""
    return has_rows(run, name, {"word", "bit", column}) and len(run.tables[name]) > 1


def _targets(run: RunLike, picture: Picture) -> Floats:
    """What each cell should be; only of cells that were programmed."""
    found = np.full(picture.values.shape, np.nan)
    if TARGET not in run.pictures or run.pictures[TARGET].values.shape != found.shape:
        return found
    if not has_rows(run, PROGRAMMED, {"word", "bit", "low"}):
        return found
    rows = RowsByDevice(("word", "bit"))
    table = run.tables[PROGRAMMED]
    rows.update(table)
    wanted, low = run.pictures[TARGET].values, table.columns["low"]
    for word, bit in rows.devices:
        if low[rows.rows((word, bit))[-1]] > 0.0:  # the last window was the target's, not that of a RESET
            found[word, bit] = wanted[word, bit]
    return found
