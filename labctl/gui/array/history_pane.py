"""The history of one cell: its conductance as a small plot, and what was done to it as a list."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from qtpy.QtCore import Qt
from qtpy.QtGui import QFontMetrics, QResizeEvent
from qtpy.QtWidgets import (
    QAbstractItemView,
    QBoxLayout,
    QHeaderView,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from labctl.gui.array.elided import ElidedLabel
from labctl.gui.array.facts import Kind
from labctl.gui.array.history import Seen
from labctl.gui.array.neurons import short
from labctl.gui.array.painting import small_font
from labctl.gui.array.shown import Scale
from labctl.gui.simulated import TEXT
from labctl.gui.theme import Theme

LISTED = 200
"""Rows of the list at most, the latest first."""
PLOTTED = 5000
"""Points of the plot at most."""
_SYMBOLS = {Kind.READ: "o", Kind.CORRECTED: "o", Kind.FORM: "s", Kind.SET: "t1", Kind.RESET: "t"}
_HEADINGS = ("time", "what", "amplitude", "conductance")


class HistoryPane(QWidget):
    """Plot and list stand side by side or one above the other, see `lay_out`."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        """Nothing chosen yet."""
        super().__init__(parent)
        self._theme = theme
        self._simulated = False
        self.title = ElidedLabel("current cell")
        self.title.say("Select a cell to see its history.")
        self.plot = pg.PlotWidget()
        self.plot.setAccessibleName("conductance of the current cell over its history")
        self.plot.setMinimumSize(160, 70)
        self.plot.setMenuEnabled(False)
        self.plot.hideButtons()
        self._line = pg.PlotDataItem()
        self._target = pg.InfiniteLine(angle=0)
        self.plot.addItem(self._line)
        self.plot.addItem(self._target)
        self._target.hide()
        self.plot.setLogMode(x=False, y=True)
        self.list = QTableWidget(0, len(_HEADINGS))
        self.list.setAccessibleName("history of the current cell, latest first")
        self.list.setHorizontalHeaderLabels(list(_HEADINGS))
        self.list.setToolTip("time: since the beginning of its run; conductance: of the read after it")
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.list.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.list.setShowGrid(False)
        self.list.setMinimumWidth(220)
        vertical, horizontal = self.list.verticalHeader(), self.list.horizontalHeader()
        assert vertical is not None
        assert horizontal is not None
        vertical.hide()
        font = small_font(self.font())
        self.list.setFont(font)
        horizontal.setFont(font)
        vertical.setDefaultSectionSize(QFontMetrics(font).height() + 2)
        horizontal.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        horizontal.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        for side in ("left", "bottom"):
            self.plot.getAxis(side).setTickFont(font)
        self._both = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._both.addWidget(self.plot, 3)
        self._both.addWidget(self.list, 4)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.title)
        self.nothing = QLabel("Nothing has been seen of it yet in a run that was followed here.")
        self.nothing.setWordWrap(True)
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self.nothing, 1)
        layout.addLayout(self._both, 1)
        self._seen: Sequence[Seen] = ()
        self._wanted = 0.0
        self._shown: tuple[str, int, Sequence[Seen], float] | None = None
        theme.changed.connect(self._repaint)
        self._repaint()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """As many ticks as there is room for."""
        super().resizeEvent(event)
        self._repaint()

    def lay_out(self, *, side_by_side: bool) -> None:
        """Plot and list side by side, or one above the other."""
        direction = QBoxLayout.Direction.LeftToRight if side_by_side else QBoxLayout.Direction.TopToBottom
        self._both.setDirection(direction)

    def set_simulated(self, simulated: bool) -> None:
        """Say on the plot whether its numbers come from virtual instruments."""
        self._simulated = simulated
        self._repaint()

    def show_cell(self, sentence: str, seen: Sequence[Seen], target: float) -> None:
        """Show a cell: a sentence about it, its history, and its target in S (0 = none)."""
        self.title.say(sentence)
        shown = (sentence.partition(":")[0], len(seen), seen[-1:], target)
        if self._shown == shown:
            return
        self._shown = shown
        self._seen, self._wanted = seen, target
        self.nothing.setVisible(not seen and sentence.startswith("Cell"))
        self.plot.setVisible(any(each.conductance > 0.0 for each in seen))
        self.list.setVisible(bool(seen))
        self._fill_list(seen)
        self._repaint()

    def _fill_list(self, seen: Sequence[Seen]) -> None:
        latest = list(reversed(seen[-LISTED:]))
        self.list.setRowCount(len(latest))
        for row, each in enumerate(latest):
            pulsed = each.kind in (Kind.FORM, Kind.SET, Kind.RESET)
            values = (
                short(each.time, "s"),
                each.kind.words,
                short(each.amplitude, "V") if pulsed else "",
                short(each.conductance, "S"),
            )
            for column, text in enumerate(values):
                item = QTableWidgetItem(text)
                item.setToolTip(text)
                self.list.setItem(row, column, item)

    def _repaint(self) -> None:
        colours = self._theme.colours
        self.plot.setBackground(colours.base)
        for side in ("left", "bottom"):
            axis = self.plot.getAxis(side)
            axis.setPen(colours.muted)
            axis.setTextPen(colours.text)
        first = max(len(self._seen) - PLOTTED, 0)
        known = [
            (first + place, each) for place, each in enumerate(self._seen[first:]) if each.conductance > 0.0
        ]
        self._line.setData(
            np.array([place for place, _ in known], dtype=float),
            np.array([each.conductance for _, each in known], dtype=float),
            pen=pg.mkPen(colours.series[0], width=1),
            symbol=[_SYMBOLS[each.kind] for _, each in known],
            symbolBrush=pg.mkBrush(colours.series[0]),
            symbolPen=pg.mkPen(colours.base),
            symbolSize=8,
        )
        self._target.setVisible(self._wanted > 0.0 and bool(known))
        if self._wanted > 0.0:
            self._target.setValue(float(np.log10(self._wanted)))
        self._target.setPen(pg.mkPen(colours.series[1], width=1.5, style=Qt.PenStyle.DashLine))
        self._scale([each.conductance for _, each in known])

    def _scale(self, conductances: list[float]) -> None:
        """Decades that hold what is drawn, with ticks in S."""
        drawn = [*conductances, self._wanted] if self._wanted > 0.0 else conductances
        scale = Scale.of(np.array(drawn), log=True) if conductances else None
        mark = f"{TEXT}: " if self._simulated else ""
        self.plot.setTitle(f"{mark}conductance over reads", size="8pt", color=self._theme.colours.text)
        if scale is None:
            return
        axis, line = self.plot.getAxis("left"), self.fontMetrics().height()
        most = int(min(max((self.plot.height() - 3 * line) // (1.5 * line), 2), 6))
        axis.setTicks([[(float(np.log10(value)), short(value, "S")) for value in scale.ticks(most)]])
        self.plot.setYRange(float(np.log10(scale.low)), float(np.log10(scale.high)), padding=0.08)
