"""Where the time of a run went: on the bench and on the wall, stage by stage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labctl.record.columns import BENCH_TIME, WALL_TIME
from labctl.record.reading import Run, Table
from labctl.report.array import programmings

_WORDS = {
    "StageReading": "settling the stage",
    "TransferPoint": "transfer curves",
    "TrimPoint": "calibrating the neurons",
    "OutputReading": "patches of the images",
}


@dataclass(frozen=True)
class Stage:
    """One stage of a run: what was done, and s it took on the bench and on the wall."""

    name: str
    bench_seconds: float
    wall_seconds: float


def stages(run: Run) -> tuple[Stage, ...]:
    """The stages of a run in order; each lasts from the last row of the one before it to its own last row."""
    marks: list[tuple[float, float, str]] = []
    for kind, name in _WORDS.items():
        if kind in run.tables:
            marks += _marks(run.tables[kind], name)
    if "CellSummary" in run.tables:
        for number, part in enumerate(programmings(run.tables["CellSummary"]), start=1):
            marks += _marks(part, f"programming, {len(part)} cells ({number})")
    marks.sort()
    found: list[Stage] = []
    bench = wall = 0.0
    for index, (until, wall_until, name) in enumerate(marks):
        if index + 1 == len(marks) or marks[index + 1][2] != name:
            found.append(Stage(name, until - bench, wall_until - wall))
            bench, wall = until, wall_until
    return tuple(found)


def patches(run: Run) -> tuple[int, float]:
    """How many patches of images were run, and s on the bench that one took; (0, NaN) without any."""
    if "OutputReading" not in run.tables:
        return 0, float("nan")
    columns = run.tables["OutputReading"].columns
    moments = np.unique(columns[BENCH_TIME])
    return len(moments), float(np.median(np.diff(moments))) if len(moments) > 1 else float("nan")


def _marks(table: Table, name: str) -> list[tuple[float, float, str]]:
    times = zip(table.columns[BENCH_TIME].tolist(), table.columns[WALL_TIME].tolist(), strict=True)
    return [(bench, wall, name) for bench, wall in times]
