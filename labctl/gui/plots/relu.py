"""Output current of a neuron against its heater current, with the threshold and gain that were fitted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QWidget

from labctl.gui.plots.chart import Quantity
from labctl.gui.plots.rows import RowsByDevice, device_at, has_rows, of_these, token
from labctl.gui.plots.trace import Trace
from labctl.gui.plots.view import PlotView
from labctl.gui.plots.words import brief
from labctl.gui.run_data import RunLike, TableLike
from labctl.gui.theme import Theme

POINTS, FITS = "TransferPoint", "TransferFit"
COLUMNS = {"neuron", "branch", "heater_current", "output_current"}
BRANCHES = {"up": "t1", "down": "t", "after reset": "star"}
"""Parts of the loop, and their symbols."""
FOLLOW = "latest neuron"


class ReluView(PlotView):
    """Up, down and after the reset, each with its own symbol."""

    title = "ReLU transfer"

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        """Empty."""
        super().__init__(theme, parent)
        self._chart = self.add_chart()
        self._neuron = self.chooser("neuron", "which neuron's curve is shown")
        self._rows = RowsByDevice(("neuron",))
        self._threshold: Any = pg.InfiniteLine(angle=90)
        self._gain: Any = pg.PlotCurveItem()
        for item in (self._threshold, self._gain):
            self._chart.plot.addItem(item, ignoreBounds=True)
        self.repaint_all()

    @staticmethod
    def suits(run: RunLike) -> bool:
        """Points of a transfer curve."""
        return has_rows(run, POINTS, COLUMNS)

    def forget(self) -> None:
        """Another run has other neurons."""
        self._rows.start()

    def draw(self, current: RunLike) -> None:
        """The branches of one neuron, and those of the same neuron in earlier runs."""
        self._rows.update(current.tables[POINTS])
        neurons = [str(neuron) for (neuron,) in self._rows.devices]
        chosen = self._neuron.offer([FOLLOW, *neurons] if len(neurons) > 1 else neurons, FOLLOW)
        latest = self._rows.latest
        neuron = int(chosen) if chosen != FOLLOW or latest is None else latest[0]

        def traces_of(run: RunLike, colour: int, symbol: str) -> list[Trace]:
            if not self.suits(run):
                return []
            if run is current:
                return _branches(run, self._rows.rows((neuron,)), None if not self.earlier else colour)
            others = RowsByDevice(("neuron",))
            others.update(run.tables[POINTS])
            device = (neuron,) if (neuron,) in others.devices or neuron < 0 else others.latest
            return _branches(run, others.rows(device), colour, run.folder.name)

        traces = [*traces_of(current, 0, "o"), *self.behind(traces_of)]
        self._chart.measure(Quantity("heater_current", "A"), Quantity("output_current", "A"), self.scales)
        self._chart.draw(traces)
        fit = _fit_of(current.tables.get(FITS), neuron)
        self._draw_fit(fit)
        self.tell(f"neuron {neuron} · {fit_text(fit)}", traces)

    def repaint_all(self) -> None:
        """Take the theme's colours."""
        super().repaint_all()
        muted = self._theme.colours.muted
        for item in (self._threshold, self._gain):
            item.setPen(pg.mkPen(muted, width=1, style=Qt.PenStyle.DashLine))

    def _draw_fit(self, fit: dict[str, float]) -> None:
        drawn = bool(fit) and self.scales == type(self.scales)()
        self._threshold.setVisible(drawn)
        self._gain.setVisible(drawn)
        if drawn:
            threshold, dark = fit["threshold"], fit["dark_current"]
            highest = max((float(np.max(trace.x)) for trace in self._chart.traces), default=threshold)
            self._threshold.setValue(threshold)
            rise = np.array([threshold, max(highest, threshold)])
            self._gain.setData(rise, dark + fit["gain"] * (rise - threshold))


def fit_text(fit: dict[str, float]) -> str:
    """Threshold and gain in words."""
    if not fit:
        return "no threshold fitted yet"
    return (
        f"threshold {brief(fit['threshold'], 'A')}, gain {fit['gain']:.3g}, "
        f"hysteresis {brief(fit['hysteresis'], 'A')}"
    )


def _branches(run: RunLike, rows: np.ndarray, colour: int | None, run_name: str = "") -> list[Trace]:
    table = run.tables[POINTS]
    branch = table.columns["branch"][rows].astype(str)
    heater, output = (table.columns[name][rows] for name in ("heater_current", "output_current"))
    tell = device_at(table)
    found: list[Trace] = []
    for number, (name, symbol) in enumerate(BRANCHES.items()):
        chosen = branch == name
        if not chosen.any():
            continue
        places = rows[chosen]
        found.append(
            Trace(
                f"{run_name}, {name}" if run_name else name,
                heater[chosen],
                output[chosen],
                number if colour is None else colour,
                symbol,
                token=token(run, POINTS, int(rows[0]), name),
                tell=of_these(tell, places),
                behind=bool(run_name),
                legend=None if not run_name else "" if found else run_name,
            )
        )
    return found


def _fit_of(table: TableLike | None, neuron: int) -> dict[str, float]:
    """The last fit of a neuron; empty when there is none yet."""
    if table is None or not len(table):
        return {}
    places = np.flatnonzero(table.columns["neuron"] == neuron)
    if not len(places):
        return {}
    names = ("threshold", "gain", "hysteresis", "dark_current")
    return {name: float(table.columns[name][places[-1]]) for name in names}
