"""What the record of an array programming says: maps, counts, errors, the story of single cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labctl.core.errors import RecordError
from labctl.core.lines import Cell
from labctl.core.rows import Verdict
from labctl.record.reading import Run, Table

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
    forming pulse. verified, formed: per cell that was wanted.
    """

    target: Floats
    conductance: Floats
    pulses: Floats
    forming_voltage: Floats
    verified: NDArray[np.bool_]
    formed: NDArray[np.bool_]
    verdicts: dict[Cell, str]
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


def array_result(run: Run) -> ArrayResult:
    """Read an array programming out of its record.

    Raises RecordError when the run did not get as far as a summary of its cells.
    """
    if "CellSummary" not in run.tables or "target conductance" not in run.pictures:
        raise RecordError(f"{run.folder} holds no complete array programming: there is nothing to report.")
    summary = run.tables["CellSummary"].columns
    target = np.asarray(run.pictures["target conductance"].values, dtype=np.float64)
    where = (summary["word"], summary["bit"])
    verified = np.zeros(target.shape, dtype=bool)
    verified[where] = summary["verdict"] == Verdict.VERIFIED.value
    formed = np.zeros(target.shape, dtype=bool)
    formed[where] = np.isin(summary["forming"].astype(str), _FORMED)
    pulses = _map(target, where, summary["pulses"])
    result = ArrayResult(
        target=target,
        conductance=_map(target, where, summary["conductance"]),
        pulses=pulses,
        forming_voltage=_forming_voltage(run.tables.get("FormingRead"), target, formed),
        verified=verified,
        formed=formed,
        verdicts=_verdicts(summary),
        stories=(),
    )
    chosen = _tellers(result)
    reads = run.tables.get("VerifyRead")
    stories = tuple(_story(reads, result, cell, name) for name, cell in chosen.items()) if reads else ()
    return ArrayResult(**{**vars(result), "stories": stories})


def _verdicts(summary: Any) -> dict[Cell, str]:
    return {
        Cell(int(word), int(bit)): str(verdict) if forming in _FORMED else str(forming)
        for word, bit, forming, verdict in zip(
            summary["word"], summary["bit"], summary["forming"], summary["verdict"], strict=True
        )
    }


def _map(like: Floats, where: tuple[Any, Any], values: NDArray[Any]) -> Floats:
    found = np.full(like.shape, np.nan)
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
