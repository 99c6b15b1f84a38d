"""Tables of a record cut into the parts of a run: one procedure may program, calibrate and measure several times."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from labctl.record.columns import BENCH_TIME
from labctl.record.reading import Table


def cut(table: Table, edges: Sequence[int]) -> list[Table]:
    """The rows from each edge to the next; the two ends of the table are edges too."""
    bounds = sorted({0, *(int(edge) for edge in edges), len(table)})
    return [
        Table({name: values[first:last] for name, values in table.columns.items()}, table.units)
        for first, last in pairwise(bounds)
    ]


def steps_back(*keys: np.ndarray) -> list[int]:
    """Rows at which a raster order of `keys`, slowest first, begins anew."""
    order = np.zeros(len(keys[0]), dtype=np.int64)
    for key in keys:
        order = order * (int(np.max(key, initial=0)) + 1) + key
    return [int(row) + 1 for row in np.flatnonzero(np.diff(order) <= 0)]


def between(table: Table | None, since: float, until: float) -> Table | None:
    """Rows recorded after `since` and not after `until`, s of bench time."""
    if table is None:
        return None
    inside = (table.columns[BENCH_TIME] > since) & (table.columns[BENCH_TIME] <= until)
    return Table({name: values[inside] for name, values in table.columns.items()}, table.units)


def last_time(table: Table) -> float:
    """Bench time of its last row, s."""
    return float(np.max(table.columns[BENCH_TIME]))
