"""What the record of an array programming says: maps, counts, errors, the story of single cells."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labctl.core.errors import RecordError
from labctl.core.lines import Cell
from labctl.core.rows import Verdict
from labctl.record.reading import Run, Table
from labctl.report.parts import between, cut, last_time, steps_back

Floats = NDArray[np.float64]
_FORMED = (Verdict.FORMED.value, Verdict.ALREADY_FORMED.value)


@dataclass(frozen=True, eq=False)
class Story:
    """The reads of one cell on its way to the target: `amplitude` V is the pulse before each read (0: none)."""

    cell: Cell
    name: str
    verified: bool
    target: float
    low: float
    high: float
    conductance: Floats
    amplitude: Floats


@dataclass(frozen=True, eq=False)
class ArrayResult:
    """An array that was formed and programmed; maps are (word lines, bit lines), NaN where nothing was wanted.

    target, conductance: S. pulses: SET and RESET pulses of each cell. forming_voltage: V of each cell's last
    forming pulse, NaN where none was needed. verified, formed: per cell that was wanted. tolerance: half width of the
    verify window over the target, NaN when no cell was read.
    """

    target: Floats
    conductance: Floats
    pulses: Floats
    forming_voltage: Floats
    verified: NDArray[np.bool_]
    formed: NDArray[np.bool_]
    verdicts: dict[Cell, str]
    tolerance: float
    stories: tuple[Story, ...]

    @property
    def wanted(self) -> NDArray[np.bool_]:
        """Cells that had a target."""
        return np.isfinite(self.target)

    @property
    def error(self) -> Floats:
        """(programmed - target) / target."""
        return (self.conductance - self.target) / self.target

    @property
    def failed(self) -> dict[Cell, str]:
        """Cells that were not verified, and why."""
        return {cell: verdict for cell, verdict in self.verdicts.items() if not self.verified[cell]}


def programmings(summary: Table) -> list[Table]:
    """The cell summaries of each programming: it goes through its cells in raster order, a step back begins another."""
    return cut(summary, steps_back(summary.columns["word"], summary.columns["bit"]))


def array_results(run: Run) -> tuple[ArrayResult, ...]:
    """Every complete array programming in a record, in order.

    One that only corrects some word lines of the one before it is counted with that one: each cell as it stood at last.
    Raises RecordError when the run did not get as far as a summary of its cells.
    """
    if "CellSummary" not in run.tables or "target conductance" not in run.pictures:
        raise RecordError(f"{run.folder} holds no complete array programming: there is nothing to report.")
    shape = run.pictures["target conductance"].values.shape
    found: list[ArrayResult] = []
    since = -np.inf
    for part in programmings(run.tables["CellSummary"]):
        until = last_time(part)
        reads = {name: between(run.tables.get(name), since, until) for name in ("FormingRead", "VerifyRead")}
        result = _result((shape[0], shape[1]), part.columns, reads)
        since = until
        if found and _corrects(result, found[-1]):
            result = _corrected(found.pop(), result)
        found.append(result)
    return tuple(found)


def _result(shape: tuple[int, int], summary: Any, reads: dict[str, Table | None]) -> ArrayResult:
    where = (summary["word"], summary["bit"])
    target = _map(shape, where, summary["target"])
    verified = np.zeros(shape, dtype=bool)
    verified[where] = summary["verdict"] == Verdict.VERIFIED.value
    formed = np.zeros(shape, dtype=bool)
    formed[where] = np.isin(summary["forming"].astype(str), _FORMED)
    result = ArrayResult(
        target=target,
        conductance=_map(shape, where, summary["conductance"]),
        pulses=_map(shape, where, summary["pulses"]),
        forming_voltage=_forming_voltage(reads["FormingRead"], target, formed),
        verified=verified,
        formed=formed,
        verdicts=_verdicts(summary),
        tolerance=float("nan"),
        stories=(),
    )
    verify = reads["VerifyRead"]
    if verify is None:
        return result
    chosen = _tellers(result)
    stories = tuple(_story(verify, result, cell, name) for name, cell in chosen.items())
    widths = [story.high / story.target - 1.0 for story in stories]
    return replace(result, stories=stories, tolerance=max(widths, default=float("nan")))


def _corrects(later: ArrayResult, earlier: ArrayResult) -> bool:
    """Whether `later` wanted the same bit lines on fewer word lines; fewer bit lines are another use of the array."""
    same_bits = np.array_equal(earlier.wanted.any(axis=0), later.wanted.any(axis=0))
    fewer_words = later.wanted.any(axis=1).sum() < earlier.wanted.any(axis=1).sum()
    return bool(same_bits and fewer_words and np.all(earlier.wanted[later.wanted]))


def _corrected(earlier: ArrayResult, later: ArrayResult) -> ArrayResult:
    """`earlier` with the cells of `later` as they became."""
    anew = later.wanted

    def merged(name: str) -> Any:
        return np.where(anew, getattr(later, name), getattr(earlier, name))

    return replace(
        earlier,
        target=merged("target"),
        conductance=merged("conductance"),
        pulses=np.where(anew, later.pulses + earlier.pulses, earlier.pulses),
        verified=merged("verified"),
        formed=merged("formed"),
        verdicts={**earlier.verdicts, **later.verdicts},
    )


def _verdicts(summary: Any) -> dict[Cell, str]:
    return {
        Cell(int(word), int(bit)): str(verdict) if forming in _FORMED else str(forming)
        for word, bit, forming, verdict in zip(
            summary["word"], summary["bit"], summary["forming"], summary["verdict"], strict=True
        )
    }


def _map(shape: tuple[int, int], where: tuple[Any, Any], values: NDArray[Any]) -> Floats:
    found = np.full(shape, np.nan)
    found[where] = values
    return found


def _forming_voltage(reads: Table | None, like: Floats, formed: NDArray[np.bool_]) -> Floats:
    found = np.full(like.shape, np.nan)
    if reads is not None:
        columns = reads.columns
        np.fmax.at(found, (columns["word"], columns["bit"]), columns["amplitude"])
    found[~formed | (found == 0.0)] = np.nan
    return found


def _tellers(result: ArrayResult) -> dict[str, Cell]:
    """An easy, a typical and the hardest cell, by the pulses they took; a cell that failed is harder than any."""
    cells = list(result.verdicts)
    order = sorted(cells, key=lambda cell: (not result.verified[cell], float(result.pulses[cell]), cell))
    if len(order) < 3:
        return {"cell": order[0]} if order else {}
    hardest = "hardest" if result.verified[order[-1]] else "not verified"
    return {"easy": order[len(order) // 10], "typical": order[len(order) // 2], hardest: order[-1]}


def _story(reads: Table, result: ArrayResult, cell: Cell, name: str) -> Story:
    columns = reads.columns
    mine = (columns["word"] == cell.word) & (columns["bit"] == cell.bit)
    mine &= np.isclose(columns["target"], result.target[cell], rtol=1e-9)
    pulsed = np.diff(columns["pulses"][mine], prepend=0) > 0  # a second read confirms without a pulse
    first = np.flatnonzero(mine)[:1]
    return Story(
        cell=cell,
        name=name,
        verified=bool(result.verified[cell]),
        target=float(result.target[cell]),
        low=float(columns["low"][first[0]]) if len(first) else float("nan"),
        high=float(columns["high"][first[0]]) if len(first) else float("nan"),
        conductance=columns["conductance"][mine],
        amplitude=np.where(pulsed, columns["amplitude"][mine], 0.0),
    )
