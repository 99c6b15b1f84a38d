"""How procedures read a cell and take the network's share off."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from labctl.analysis.correction import ReadNetwork
from labctl.core.errors import PlanError
from labctl.core.lines import Cell
from labctl.core.quantity import UNCHOSEN, quantity
from labctl.core.route import Route
from labctl.core.views import CellReading, CrossbarBench


def existing_cell(bench: CrossbarBench, word: int, bit: int) -> Cell:
    """The cell at these lines; raises PlanError when none was chosen or the array has no such line."""
    if UNCHOSEN in (word, bit):
        raise PlanError("No cell was chosen: give word and bit, or measure(..., cell=(word, bit)).")
    if word >= bench.word_lines or bit >= bench.bit_lines:
        raise PlanError(
            f"There is no cell ({word}, {bit}): this bench's array has word lines 0 to "
            f"{bench.word_lines - 1} and bit lines 0 to {bench.bit_lines - 1}."
        )
    return Cell(word, bit)


def formed_above() -> Any:
    """Declare a field for the conductance (S) that shows a cell to be formed, if it ever had it."""
    return quantity(
        "S", 1e-6, low=1e-9, high=1e-3, help="a cell is formed if it ever was above this; else no pulse"
    )


def network_of(bench: CrossbarBench, route: Route) -> ReadNetwork:
    """The wires around a cell that is read in `route`: bystanders at the ground row share its resistance."""
    grounded = any(feed.is_ground and feed.lines for feed in route.feeds)
    return ReadNetwork(
        word_lines=bench.word_lines,
        bit_lines=bench.bit_lines,
        segment_resistance=bench.segment_resistance,
        path_resistance=bench.path_resistance,
        common_resistance=bench.ground_resistance if grounded else 0.0,
    )


def read_cell(bench: CrossbarBench, cell: Cell, voltage: float) -> tuple[CellReading, Route]:
    """Connect `cell` for a read, read it at `voltage` V, let it go; the reading and the route of it."""
    route = bench.router.cell_read(cell, voltage)
    with bench.connect_cell(route) as view:
        return view.read(voltage), route


def read_neighbours(bench: CrossbarBench, cell: Cell, voltage: float) -> NDArray[np.float64]:
    """Apparent conductances (M, N) S of the cells that share a line with `cell`, NaN elsewhere.

    They carry nearly all of the current that the network takes from, or adds to, a read of `cell`.
    """
    known = np.full((bench.word_lines, bench.bit_lines), np.nan)
    mates = [Cell(cell.word, bit) for bit in range(bench.bit_lines) if bit != cell.bit]
    mates += [Cell(word, cell.bit) for word in range(bench.word_lines) if word != cell.word]
    for mate in mates:
        known[mate] = read_cell(bench, mate, voltage)[0].conductance
    return known
