"""Current against voltage, of any rows that have both."""

from __future__ import annotations

from qtpy.QtWidgets import QWidget

from labctl.gui.plots.chart import Quantity
from labctl.gui.plots.rows import device_at, device_keys, filled, is_number, token
from labctl.gui.plots.trace import Trace
from labctl.gui.plots.view import PlotView
from labctl.gui.plots.words import spoken
from labctl.gui.run_data import RunLike, TableLike
from labctl.gui.theme import Theme


class IvView(PlotView):
    """A logarithmic axis shows |I|."""

    title = "I-V"

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        """Empty."""
        super().__init__(theme, parent)
        self._chart = self.add_chart()
        self._table = self.chooser("rows", "which kind of rows is shown")
        self._voltage = self.chooser("voltage", "what the horizontal axis shows")
        self._current = self.chooser("current", "what the vertical axis shows")

    @staticmethod
    def suits(run: RunLike) -> bool:
        """Any table with a column in V and one in A."""
        return any(_has_both(table) for table in filled(run).values())

    def draw(self, current: RunLike) -> None:
        """One curve per run, broken where another cell or neuron begins."""
        tables = {name: table for name, table in filled(current).items() if _has_both(table)}
        name = self._table.offer(list(tables))
        if not name:
            return
        table = tables[name]
        voltage = self._voltage.offer(_of_unit(table, "V"))
        ampere = self._current.offer(_of_unit(table, "A"))
        if not voltage or not ampere:
            return

        def trace(run: RunLike, colour: int, symbol: str) -> list[Trace]:
            rows = run.tables.get(name)
            if rows is None or not {voltage, ampere} <= set(rows.units):
                return []
            return [
                Trace(
                    run.folder.name,
                    rows.columns[voltage],
                    rows.columns[ampere],
                    colour,
                    symbol,
                    token=token(run, name, voltage, ampere),
                    keys=device_keys(rows),
                    tell=device_at(rows),
                    behind=run is not current,
                )
            ]

        self._chart.measure(Quantity(voltage, "V"), Quantity(ampere, "A"), self.scales)
        traces = [*trace(current, 0, "o"), *self.behind(trace)]
        self._chart.draw(traces)
        self.tell(spoken(name), traces if len(traces) > 1 else ())


def _of_unit(table: TableLike, unit: str) -> list[str]:
    return [name for name, of in table.units.items() if of == unit and is_number(table.columns[name])]


def _has_both(table: TableLike) -> bool:
    return {"V", "A"} <= set(table.units.values())
