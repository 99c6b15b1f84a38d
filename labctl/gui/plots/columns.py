"""Any column of any rows against any other: for procedures that have no view of their own."""

from __future__ import annotations

from typing import Any

import numpy as np
from qtpy.QtWidgets import QWidget

from labctl.gui.plots.chart import Quantity
from labctl.gui.plots.rows import DEVICE, TIMES, device_at, device_keys, filled, is_number, token
from labctl.gui.plots.trace import Numbers, Trace
from labctl.gui.plots.view import PlotView
from labctl.gui.plots.words import spoken
from labctl.gui.run_data import RunLike, TableLike
from labctl.gui.theme import Theme

ROW = "row number"


class ColumnsView(PlotView):
    """Offers plain numbers and the elements of arrays of fixed shape."""

    title = "Columns"

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        """Empty."""
        super().__init__(theme, parent)
        self._chart = self.add_chart()
        self._table = self.chooser("rows", "which kind of rows is shown")
        self._x = self.chooser("across", "what the horizontal axis shows")
        self._y = self.chooser("up", "what the vertical axis shows")

    @staticmethod
    def suits(run: RunLike) -> bool:
        """Any rows at all."""
        return bool(filled(run))

    def draw(self, current: RunLike) -> None:
        """One curve per run."""
        tables = filled(current)
        name = self._table.offer(list(tables))
        if not name:
            return
        table = tables[name]
        names = plottable(table)
        across = self._x.offer([ROW, *names], _likely_x(table, names))
        up = self._y.offer(names, _likely_y(table, names, across))
        if not up:
            return

        def trace(run: RunLike, colour: int, symbol: str) -> list[Trace]:
            rows = run.tables.get(name)
            if rows is None or not {across, up} - {ROW} <= set(plottable(rows)):
                return []
            y = column(rows, up)
            return [
                Trace(
                    run.folder.name,
                    np.arange(len(y)) if across == ROW else column(rows, across),
                    y,
                    colour,
                    symbol,
                    token=token(run, name, across, up),
                    keys=device_keys(rows),
                    tell=device_at(rows),
                    behind=run is not current,
                )
            ]

        x = Quantity(ROW, "1", is_count=True) if across == ROW else Quantity(across, unit_of(table, across))
        self._chart.measure(x, Quantity(up, unit_of(table, up)), self.scales)
        traces = [*trace(current, 0, "o"), *self.behind(trace)]
        self._chart.draw(traces)
        self.tell(spoken(name), traces if len(traces) > 1 else ())


def plottable(table: TableLike) -> list[str]:
    """Names of numbers: `current`, and `corner[0]` for an element of an array of fixed shape."""
    found = []
    for name, values in table.columns.items():
        if is_number(values):
            found.append(name)
        elif values.dtype.kind in "fiub":
            found += [f"{name}[{','.join(map(str, place))}]" for place in np.ndindex(*values.shape[1:])]
    return found


def column(table: TableLike, name: str) -> Numbers:
    """The numbers that go by a name of `plottable`."""
    plain, _, place = name.partition("[")
    values = table.columns[plain]
    if not place:
        return values
    element: tuple[Any, ...] = (slice(None), *map(int, place.rstrip("]").split(",")))
    found: Numbers = values[element]
    return found


def unit_of(table: TableLike, name: str) -> str:
    """The SI unit of a name of `plottable`."""
    return table.units.get(name.partition("[")[0], "")


def _likely_x(table: TableLike, names: list[str]) -> str:
    """A time that the procedure recorded, or a voltage that it set; else the number of the row."""
    for unit in ("s", "V"):
        for name in names:
            if unit_of(table, name) == unit and name not in TIMES:
                return name
    return ROW


def _likely_y(table: TableLike, names: list[str], across: str) -> str:
    """A measured quantity before a plain number before a time."""
    free = [name for name in names if name not in (*TIMES, *DEVICE, across)]
    with_unit = [name for name in free if unit_of(table, name) not in ("", "1", unit_of(table, across))]
    return next(iter((*with_unit, *free, *names)), "")
