"""One SET or RESET pulse on each of chosen cells."""

from dataclasses import dataclass
from typing import ClassVar

from labctl.core.errors import PlanError
from labctl.core.lines import Cell
from labctl.core.quantity import check, option, quantity, show
from labctl.core.route import Scheme
from labctl.core.rows import Experiment, Verdict
from labctl.core.views import CrossbarBench
from procedures.cells_chosen import chosen_cells, ended, refuse_no_cells, visit
from procedures.forming import refuse_floating
from procedures.reading import formed_above


@dataclass(frozen=True, kw_only=True)
class CellPulsed:
    """One row of the record per chosen cell: what one pulse did. Conductances are apparent."""

    word: int = quantity("1")
    bit: int = quantity("1")
    amplitude: float = quantity("V", help="negative = RESET")
    width: float = quantity("s")
    before: float = quantity("S", help="conductance before the pulse")
    after: float = quantity("S", help="conductance after the pulse")
    limited: bool = option(False, help="a source was at its compliance in one of the two reads")


@dataclass(frozen=True, kw_only=True)
class CellsPulse:
    """One pulse on each of chosen cells, read before and after; one that was never formed gets none."""

    title: ClassVar[str] = "one SET or RESET pulse on each of chosen cells"

    cells: tuple[Cell, ...] = chosen_cells("cells to pulse")
    amplitude: float = quantity(
        "V",
        low=-20.0,
        high=20.0,
        help="of the pulse: positive = SET, negative = RESET",
        limit="write_voltage",
    )
    pulse_width: float = quantity("s", 200e-6, low=200e-6, high=1.0, help="of the pulse")
    cell_current: float = quantity(
        "A", 300e-6, low=1e-7, high=0.1, help="most that the cell may take", limit="compliance"
    )
    formed_above: float = formed_above()
    read_voltage: float = quantity("V", 0.1, low=0.01, high=0.3, help="of both reads", limit="read_voltage")
    scheme: Scheme = option(Scheme.HALF, help="share of unselected lines in the pulse: V/2 or V/3")

    def __post_init__(self) -> None:
        """Refuse values out of range, an empty choice and a pulse no larger than a read; raises PlanError."""
        check(self)
        refuse_no_cells(self, self.cells)
        refuse_floating(self, "scheme")
        if abs(self.amplitude) <= self.read_voltage:
            raise PlanError(
                f"CellsPulse: amplitude = {show(self.amplitude, 'V')} is no larger than the read voltage "
                f"({show(self.read_voltage, 'V')}); give a positive one for SET, a negative one for RESET."
            )

    def run(self, bench: CrossbarBench) -> Experiment:
        """Yield a CellPulsed row per cell; DONE, or PARTLY where cells were never formed."""
        doing = "SET pulse on" if self.amplitude > 0 else "RESET pulse on"
        unformed: list[Cell] = []
        for cell, progress in visit(bench, self.cells, doing):
            yield progress
            route = bench.router.cell_write(cell, abs(self.amplitude), self.scheme, self.cell_current)
            with bench.connect_cell(route) as view:
                before = view.read(self.read_voltage)
                if not (before.limited or view.has_conducted(self.formed_above)):
                    unformed.append(cell)
                    continue
                view.pulse(self.amplitude, self.pulse_width)
                after = view.read(self.read_voltage)
            yield CellPulsed(
                word=cell.word,
                bit=cell.bit,
                amplitude=self.amplitude,
                width=self.pulse_width,
                before=before.conductance,
                after=after.conductance,
                limited=before.limited or after.limited,
            )
        yield ended(self.cells, unformed, "pulsed", "never formed, therefore not pulsed:")
        return Verdict.PARTLY if unformed else Verdict.DONE
