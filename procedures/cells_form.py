"""Form chosen cells one after another."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from labctl.core.lines import Cell
from labctl.core.quantity import option, quantity
from labctl.core.rows import Earlier, Experiment, Verdict
from labctl.core.views import CrossbarBench
from procedures.cells_chosen import chosen_cells, earlier_rows, ended, refuse_no_cells, visit
from procedures.forming import FormingRamp


@dataclass(frozen=True, kw_only=True)
class CellFormed:
    """One row of the record per chosen cell: how its forming ended."""

    word: int = quantity("1")
    bit: int = quantity("1")
    verdict: Verdict = option(Verdict.NOT_FORMED)
    pulses: int = quantity("1", help="forming pulses")
    conductance: float = quantity("S", help="apparent, at the last read")


@dataclass(frozen=True, kw_only=True)
class CellsForm(FormingRamp):
    """Form chosen cells through the series resistor; those that conduct, or ever did, are left as they are."""

    title: ClassVar[str] = "form chosen cells through the series resistor"

    cells: tuple[Cell, ...] = chosen_cells("cells to form")

    def __post_init__(self) -> None:
        """Refuse values out of range and an empty choice; raises PlanError."""
        super().__post_init__()
        refuse_no_cells(self, self.cells)

    def run(self, bench: CrossbarBench) -> Experiment:
        """Yield FormingRead rows and a CellFormed row per cell; DONE, or PARTLY when one did not form."""
        return (yield from self._form_all(bench, {}, {}))

    def resume(self, bench: CrossbarBench, earlier: Earlier) -> Experiment:
        """Go on with an interrupted run, yielding as `run` does for the cells that have no CellFormed row yet.

        The ramp of the cell under way goes on after the pulse that was read last; the cell is read first.
        """
        told = {cell: Verdict(row["verdict"]) for cell, row in earlier_rows(earlier, "CellFormed")}
        last = dict(earlier_rows(earlier, "FormingRead"))
        return (yield from self._form_all(bench, told, last))

    def _form_all(
        self, bench: CrossbarBench, told: Mapping[Cell, Verdict], last: Mapping[Cell, Mapping[str, Any]]
    ) -> Experiment:
        """told: cells that have a CellFormed row. last: the FormingRead row that was recorded last, by cell."""
        failed: list[Cell] = []
        for cell, progress in visit(bench, self.cells, "forming"):
            if cell in told:
                if told[cell] is Verdict.NOT_FORMED:
                    failed.append(cell)
                continue
            yield progress
            formed = self.ended_by(last[cell]) if cell in last else None
            if formed is None:
                given = int(last[cell]["pulses"]) if cell in last else None
                route = bench.router.cell_form(cell, self.forming_max, self.forming_scheme)
                with bench.connect_cell(route) as view:
                    formed = yield from self.form(view, given)
            if formed.verdict is Verdict.NOT_FORMED:
                failed.append(cell)
            yield CellFormed(
                word=cell.word,
                bit=cell.bit,
                verdict=formed.verdict,
                pulses=formed.pulses,
                conductance=formed.conductance,
            )
        yield ended(self.cells, failed, "formed", "could not form")
        return Verdict.PARTLY if failed else Verdict.DONE
