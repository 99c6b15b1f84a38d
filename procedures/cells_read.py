"""Read chosen cells one after another."""

from dataclasses import dataclass
from typing import ClassVar

from labctl.core.lines import Cell
from labctl.core.quantity import check, quantity
from labctl.core.rows import Experiment, Verdict
from labctl.core.views import CrossbarBench
from procedures.cells_chosen import chosen_cells, ended, refuse_no_cells, visit
from procedures.crossbar_read import rows_of
from procedures.reading import read_cell


@dataclass(frozen=True, kw_only=True)
class CellsRead:
    """Read chosen cells; the conductance is apparent, since the network's share needs the whole array."""

    title: ClassVar[str] = "read chosen cells"

    cells: tuple[Cell, ...] = chosen_cells("cells to read")
    read_voltage: float = quantity("V", 0.1, low=0.01, high=0.3, help="of every read", limit="read_voltage")

    def __post_init__(self) -> None:
        """Refuse values out of range and an empty choice; raises PlanError."""
        check(self)
        refuse_no_cells(self, self.cells)

    def run(self, bench: CrossbarBench) -> Experiment:
        """Yield a CellRead row per cell, an Unreadable row where a source was at its limit; DONE or PARTLY."""
        unreadable: list[Cell] = []
        for cell, progress in visit(bench, self.cells, "reading"):
            yield progress
            reading, _ = read_cell(bench, cell, self.read_voltage)
            yield from rows_of(cell, reading)
            if reading.limited:
                unreadable.append(cell)
        yield ended(self.cells, unreadable, "read", "could not read")
        return Verdict.PARTLY if unreadable else Verdict.DONE
