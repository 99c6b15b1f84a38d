"""Crossbar program: bring a whole array to a map of conductances."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labctl.core.errors import PlanError
from labctl.core.lines import Cell
from labctl.core.quantity import input_file, option, quantity, show
from labctl.core.rows import Earlier, Experiment, Picture, Progress, Verdict, Yielded
from labctl.core.views import CrossbarBench
from procedures.crossbar_read import AXES
from procedures.crossbar_resume import CellStanding, Standing, standing
from procedures.forming import Formed, FormingRamp, refuse_falling
from procedures.program_verify import Window, WritePulses
from procedures.reading import network_of, read_cell
from procedures.target_map import check_target, find_target, read_target


@dataclass(frozen=True, kw_only=True)
class CellSummary:
    """One row of the record per programmed cell: how it ended."""

    word: int = quantity("1")
    bit: int = quantity("1")
    forming: Verdict = option(Verdict.NOT_FORMED)
    verdict: Verdict = option(Verdict.NOT_FORMED)
    forming_pulses: int = quantity("1", 0)
    pulses: int = quantity("1", 0, help="SET and RESET pulses, the RESET after forming included")
    target: float = quantity("S", float("nan"))
    conductance: float = quantity("S", float("nan"), help="network-corrected, at the last read of this cell")


@dataclass
class _CellState:
    """What is known of one cell while the array is being programmed."""

    forming: Verdict = Verdict.NOT_FORMED
    verdict: Verdict = Verdict.NOT_FORMED
    forming_pulses: int = 0
    pulses: int = 0


@dataclass(frozen=True, kw_only=True)
class CrossbarProgram(FormingRamp, WritePulses):
    """Program the array to a map: form and RESET all cells, then program by word lines, then touch up."""

    title: ClassVar[str] = "form the array and program it to a map of conductances"

    target: str = input_file(
        find_target, help="map in siemens: path of a .npy or .csv, or the name of an example"
    )
    low_state: float = quantity("S", 4e-6, low=1e-7, high=1e-3, help="RESET to below this after forming")
    low_reset: float = quantity(
        "V", 0.90, low=0.0, high=20.0, help="first of these RESET pulses, size", limit="write_voltage"
    )
    known: str = input_file(
        find_target, "", help="map of the cells that are left alone, S; none given = they are read first"
    )
    touch_up: int = quantity("1", 1, low=0, high=10, help="how often all cells are verified again at the end")

    @classmethod
    def of(cls, conductance: ArrayLike, file: Path, **settings: Any) -> CrossbarProgram:
        """The plan for a map (M, N) in S that is at hand as an array; it is written to `file` (.npy).

        Raises PlanError when the map or a setting is out of range.
        """
        values = np.asarray(conductance, dtype=np.float64)
        check_target(values, "the map")
        np.save(file, values)
        return cls(target=str(file), **settings)

    def __post_init__(self) -> None:
        """Refuse values out of range, ramps that cannot rise and an unreadable map; raises PlanError."""
        FormingRamp.__post_init__(self)
        WritePulses.__post_init__(self)
        refuse_falling(self, "low_reset", "reset_max")
        if self.low_state <= self.formed_above:
            raise PlanError(
                f"CrossbarProgram: low_state = {show(self.low_state, 'S')} is not above formed_above = "
                f"{show(self.formed_above, 'S')}; a cell RESET so far would count as unformed."
            )
        read_target(self.target)
        if self.known:
            read_target(self.known)

    def run(self, bench: CrossbarBench) -> Experiment:
        """Yield FormingRead, VerifyRead and CellSummary rows, pictures and progress; DONE or PARTLY.

        A cell that fails is data: its summary says how, the run goes on. Raises PlanError when the map does
        not fit the array.
        """
        job = self._job(bench)
        yield Picture("target conductance", job.target, "S", AXES)
        return (yield from self._complete(job))

    def resume(self, bench: CrossbarBench, earlier: Earlier) -> Experiment:
        """Go on with an interrupted run, yielding as `run` does.

        What was ordered last is unknown: the cell is read before anything else happens to it. A cell that conducts
        is never formed again, one that was verified is looked at again when all are touched up.
        """
        job = self._job(bench)
        last = self.last_pulse
        job.take_up(
            standing(earlier, formed_above=self.formed_above, low_state=self.low_state, last_forming=last)
        )
        return (yield from self._complete(job))

    def _job(self, bench: CrossbarBench) -> _Job:
        job = _Job(self, bench, self._fitting_map(self.target, bench))
        if self.known:
            job.recall(self._fitting_map(self.known, bench))
        return job

    def _complete(self, job: _Job) -> Experiment:
        if not job.told:
            yield from job.survey()
            yield from job.form_all()
            for touch_up in range(1 + self.touch_up):
                yield from job.program_all("touching up" if touch_up else "programming")
                job.earlier = {}
        yield from job.summary()
        return job.verdict()

    def _fitting_map(self, name: str, bench: CrossbarBench) -> NDArray[np.float64]:
        found = read_target(name)
        shape = (bench.word_lines, bench.bit_lines)
        if found.shape != shape:
            raise PlanError(
                f"{name} holds {found.shape[0]} x {found.shape[1]} conductances, this bench's array "
                f"has {shape[0]} word lines x {shape[1]} bit lines."
            )
        return found


class _Job:
    """One run of a CrossbarProgram: the map as known so far, and how each cell stands."""

    def __init__(self, plan: CrossbarProgram, bench: CrossbarBench, target: NDArray[np.float64]) -> None:
        self.plan, self.bench, self.target = plan, bench, target
        self.known = np.full(target.shape, np.nan)
        rows = [[Cell(word, bit) for bit in range(target.shape[1])] for word in range(target.shape[0])]
        self.rows = [[cell for cell in row if not np.isnan(target[cell])] for row in rows]
        self.left_alone = [cell for row in rows for cell in row if np.isnan(target[cell])]
        self.cells = {cell: _CellState() for row in self.rows for cell in row}
        self.total = len(self.left_alone) + len(self.cells) * (2 + plan.touch_up)
        self.done = 0
        self.earlier: dict[Cell, CellStanding] = {}
        self.programming = False
        self.told: frozenset[Cell] = frozenset()

    def take_up(self, found: Standing) -> None:
        """Go on where an interrupted run stood."""
        self.programming, self.told = found.programming, found.told
        for cell, known in found.cells.items():
            self.known[cell] = known.conductance
            if cell in self.cells:
                self.earlier[cell] = known
                state = self.cells[cell]
                state.forming = known.forming or Verdict.NOT_FORMED
                state.verdict = Verdict.VERIFIED if known.is_verified else Verdict.NOT_FORMED
                state.forming_pulses, state.pulses = known.forming_pulses, known.pulses
        if found.pictured is not None:
            self.recall(np.where(np.isnan(self.known), found.pictured, self.known))

    def recall(self, measured: NDArray[np.float64]) -> None:
        """Take the cells that are left alone from an earlier map; those that are NaN in it will be read."""
        for cell in self.left_alone:
            self.known[cell] = measured[cell]
        self.left_alone = [cell for cell in self.left_alone if np.isnan(measured[cell])]
        self.total = len(self.left_alone) + len(self.cells) * (2 + self.plan.touch_up)

    def survey(self) -> Generator[Yielded, None, None]:
        """Read the cells that are left alone: the network correction of the others wants to know them."""
        for cell in self.left_alone:
            if cell.bit == self.left_alone[0].bit:
                yield self._progress("reading cells that are left alone")
            self.known[cell] = read_cell(self.bench, cell, self.plan.read_voltage)[0].conductance
            self.done += 1

    def form_all(self) -> Generator[Yielded, None, None]:
        """Form every cell and RESET it directly after, so that none loads the next one's forming."""
        for row in self.rows:
            for cell in row:
                if not self._formed_earlier(cell):
                    yield self._progress(f"forming cell {cell}")
                    yield from self._form(cell)
                self.done += 1
            yield self._picture()

    def program_all(self, doing: str) -> Generator[Yielded, None, None]:
        """Bring every formed cell into its window, word line by word line."""
        for row in self.rows:
            for cell in row:
                yield self._progress(f"{doing} cell {cell}, {self._verified()} of {len(self.cells)} verified")
                if self.cells[cell].forming is not Verdict.NOT_FORMED and not self._verified_earlier(cell):
                    yield from self._program(cell)
                self.done += 1
            yield self._picture()

    def summary(self) -> Generator[Yielded, None, None]:
        """One row per cell, and the end of the progress."""
        for cell, state in self.cells.items():
            if cell in self.told:
                continue
            yield CellSummary(
                word=cell.word,
                bit=cell.bit,
                forming=state.forming,
                verdict=state.verdict,
                forming_pulses=state.forming_pulses,
                pulses=state.pulses,
                target=float(self.target[cell]),
                conductance=float(self.known[cell]),
            )
        yield self._progress(f"{self._verified()} of {len(self.cells)} cells verified")

    def verdict(self) -> Verdict:
        """DONE when every cell is verified."""
        return Verdict.DONE if self._verified() == len(self.cells) else Verdict.PARTLY

    def _formed_earlier(self, cell: Cell) -> bool:
        """Whether nothing is left of forming `cell`."""
        known = self.earlier.get(cell)
        if known is None or known.forming is None:
            return False
        return self.programming or known.is_low or known.forming is Verdict.NOT_FORMED

    def _verified_earlier(self, cell: Cell) -> bool:
        known = self.earlier.get(cell)
        return known is not None and known.is_verified

    def _form(self, cell: Cell) -> Generator[Yielded, None, None]:
        plan, state, known = self.plan, self.cells[cell], self.earlier.get(cell)
        if known is None or known.forming is None:
            given = known.forming_pulses if known is not None and known.is_begun else None
            route = self.bench.router.cell_form(cell, plan.forming_max, plan.forming_scheme)
            with self.bench.connect_cell(route) as view:
                formed = yield from plan.form(view, given)
            self.known[cell] = formed.conductance
            state.forming, state.forming_pulses = formed.verdict, formed.pulses
        else:
            formed = Formed(known.forming, known.forming_pulses, known.conductance)
        if formed.verdict is Verdict.NOT_FORMED or formed.conductance <= plan.low_state:
            return
        with self.bench.connect_cell(plan.write_route(self.bench, cell)) as view:
            low = yield from plan.program(view, Window.below(plan.low_state), first_reset=plan.low_reset)
        self.known[cell] = low.conductance
        state.pulses += low.pulses

    def _program(self, cell: Cell) -> Generator[Yielded, None, None]:
        plan, state = self.plan, self.cells[cell]
        route = plan.write_route(self.bench, cell)
        correction = network_of(self.bench, route).correction(self.known, cell)
        window = Window.around(float(self.target[cell]), plan.tolerance)
        with self.bench.connect_cell(route) as view:
            programmed = yield from plan.program(view, window, correction)
        self.known[cell] = programmed.conductance
        state.verdict = programmed.verdict
        state.pulses += programmed.pulses

    def _verified(self) -> int:
        return sum(state.verdict is Verdict.VERIFIED for state in self.cells.values())

    def _progress(self, doing: str) -> Progress:
        return Progress(self.done, self.total, doing)

    def _picture(self) -> Picture:
        return Picture("conductance", self.known.copy(), "S", AXES)
