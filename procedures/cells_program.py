"""Bring chosen cells to one conductance."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from labctl.core.lines import Cell
from labctl.core.quantity import option, quantity
from labctl.core.rows import Earlier, Experiment, Verdict
from labctl.core.views import CrossbarBench
from procedures.cells_chosen import chosen_cells, earlier_rows, ended, refuse_no_cells, visit
from procedures.program_verify import IDEAL, Window, WritePulses
from procedures.reading import network_of, read_neighbours


@dataclass(frozen=True, kw_only=True)
class CellProgrammed:
    """One row of the record per chosen cell: how its programming ended."""

    word: int = quantity("1")
    bit: int = quantity("1")
    verdict: Verdict = option(Verdict.OUT_OF_RANGE)
    pulses: int = quantity("1", help="SET and RESET pulses")
    target: float = quantity("S")
    conductance: float = quantity("S", help="network-corrected, at the last read")


@dataclass(frozen=True, kw_only=True)
class CellsProgram(WritePulses):
    """Program chosen cells to one conductance and verify each; they must be formed."""

    title: ClassVar[str] = "program chosen cells to one conductance and verify them"

    cells: tuple[Cell, ...] = chosen_cells("cells to program")
    target: float = quantity("S", low=1e-7, high=1e-2, help="conductance wanted")
    corrected: bool = option(
        True, help="take the network's share off; reads the cells on the same lines first"
    )

    def __post_init__(self) -> None:
        """Refuse values out of range, ramps that cannot rise and an empty choice; raises PlanError."""
        super().__post_init__()
        refuse_no_cells(self, self.cells)

    def run(self, bench: CrossbarBench) -> Experiment:
        """Yield VerifyRead rows and a CellProgrammed row per cell; DONE, or PARTLY when one was not verified."""
        return (yield from self._program_all(bench, {}, {}))

    def resume(self, bench: CrossbarBench, earlier: Earlier) -> Experiment:
        """Go on with an interrupted run, yielding as `run` does for the cells that have no CellProgrammed row yet.

        The cell under way is read first and programmed from where it stands; pulses that it had are counted.
        """
        told = {cell: Verdict(row["verdict"]) for cell, row in earlier_rows(earlier, "CellProgrammed")}
        given: Counter[Cell] = Counter()
        before: tuple[Cell, int] | None = None
        for cell, row in earlier_rows(earlier, "VerifyRead"):
            at = cell, int(row["pulses"])
            given[cell] += at[1] > 0 and at != before  # two reads after one pulse confirm each other
            before = at
        return (yield from self._program_all(bench, told, given))

    def _program_all(
        self, bench: CrossbarBench, told: Mapping[Cell, Verdict], given: Mapping[Cell, int]
    ) -> Experiment:
        window = Window.around(self.target, self.tolerance)
        failed: list[Cell] = []
        for cell, progress in visit(bench, self.cells, "programming"):
            if cell in told:
                if told[cell] is not Verdict.VERIFIED:
                    failed.append(cell)
                continue
            yield progress
            route, correction = self.write_route(bench, cell), IDEAL
            if self.corrected:
                known = read_neighbours(bench, cell, self.read_voltage)
                correction = network_of(bench, route).correction(known, cell)
            with bench.connect_cell(route) as view:
                programmed = yield from self.program(view, window, correction)
            if programmed.verdict is not Verdict.VERIFIED:
                failed.append(cell)
            yield CellProgrammed(
                word=cell.word,
                bit=cell.bit,
                verdict=programmed.verdict,
                pulses=given.get(cell, 0) + programmed.pulses,
                target=self.target,
                conductance=programmed.conductance,
            )
        yield ended(self.cells, failed, "verified", "could not verify")
        return Verdict.PARTLY if failed else Verdict.DONE
