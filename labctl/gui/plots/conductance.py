"""How the conductances of an array are distributed, and how near they came to their targets."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from qtpy.QtWidgets import QWidget

from labctl.gui.plots.cells import Cells, Floats, cells_of, has_cells, state_of
from labctl.gui.plots.chart import Quantity
from labctl.gui.plots.thinning import Scales
from labctl.gui.plots.trace import MUTED, Trace
from labctl.gui.plots.view import PlotView, Series
from labctl.gui.plots.words import brief, told
from labctl.gui.run_data import RunLike
from labctl.gui.theme import Theme

BINS = 40
WIDE = 100.0
"""Ratio of conductances from which the axis is logarithmic by default."""
LEFT = 60
"""Pixels of the left axes."""
SCATTER, ERRORS = "verified against target", "relative errors"
CONDUCTANCE = Quantity("conductance", "S")


class ConductanceView(PlotView):
    """Histogram above cumulative share; beside them the targets, where there are any."""

    title = "Conductances"

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        """Empty."""
        super().__init__(theme, parent)
        self._counts, self._share = self.add_chart(0, 0), self.add_chart(1, 0)
        self._counts.stand_above(self._share, LEFT)
        self._compared = self.add_chart(0, 1, rows=2)
        self._comparison = self.chooser("comparison", "how the cells and their targets are compared")
        self._known: dict[int, tuple[tuple[object, ...], Cells | None]] = {}
        self._now: Cells | None = None

    @staticmethod
    def suits(run: RunLike) -> bool:
        """An array was read or programmed."""
        return has_cells(run)

    @property
    def log_axes(self) -> tuple[bool, bool]:
        """Conductances, not counts."""
        return True, False

    def default_log(self) -> tuple[bool, bool]:
        """Where conductances span decades."""
        if self._now is None or not (positive := self._now.conductance[self._now.conductance > 0.0]).size:
            return False, False
        return bool(positive.max() > WIDE * np.median(positive)), False

    def forget(self) -> None:
        """Drop the cells of all runs."""
        self._known.clear()
        self._now = None

    def draw(self, current: RunLike) -> None:
        """Distributions of all runs, comparison of the one shown and the earlier ones that had targets."""
        shown = (current, *self.earlier)
        self._known = {place: each for place, each in self._known.items() if place in map(id, shown)}
        cells = self._cells(current)
        self._now = cells
        if cells is None or not len(cells.conductance):
            return
        scales = Scales(self.scales.log_x, False)
        everything = [self._cells(run) for run in shown]
        values = [each.conductance for each in everything if each is not None]
        edges = bins(np.concatenate(values), scales.log_x)

        def counts(run: RunLike, colour: int, symbol: str) -> list[Trace]:
            return [_histogram(run, found, edges, colour)] if (found := self._cells(run)) else []

        def shares(run: RunLike, colour: int, symbol: str) -> list[Trace]:
            return [_shares(run, found, colour, symbol, scales)] if (found := self._cells(run)) else []

        def compared(run: RunLike, colour: int, symbol: str) -> list[Trace]:
            found = self._cells(run)
            return [_scatter(run, found, colour, symbol)] if found is not None and found.has_targets else []

        self._counts.measure(CONDUCTANCE, Quantity("cells", "1", is_count=True), scales)
        self._share.measure(CONDUCTANCE, Quantity("share", "1"), scales)
        own = [_histogram(current, cells, edges, 0)]
        upper = [*self.behind(counts), *own]
        lower = [*self.behind(shares), _shares(current, cells, 0, "o", scales)]
        self._counts.draw(upper)
        self._share.draw(lower)
        self._compare(current, cells, [*self.behind(compared)], scales)
        self.tell(_heading(cells), lower if len(lower) > 1 else ())

    def _cells(self, run: RunLike) -> Cells | None:
        state = state_of(run)
        if id(run) not in self._known or self._known[id(run)][0] != state:
            self._known[id(run)] = state, cells_of(run)
        return self._known[id(run)][1]

    def _compare(self, current: RunLike, cells: Cells, behind: list[Trace], scales: Scales) -> None:
        self._compared.plot.setVisible(cells.has_targets)
        if not cells.has_targets:
            self._comparison.offer(())
            self._compared.draw(())
            return
        if self._comparison.offer((SCATTER, ERRORS), SCATTER) == SCATTER:
            wanted = cells.target[np.isfinite(cells.target)]
            ends = np.array([wanted.min(), wanted.max()])
            ideal = Trace("on target", ends, ends, MUTED, "", behind=True, legend="")
            self._compared.measure(
                Quantity("target", "S"),
                Quantity("verified", "S"),
                Scales(scales.log_x, scales.log_x),
            )
            self._compared.draw([ideal, *behind, _scatter(current, cells, 0, "o")])
            return
        errors = (cells.conductance / cells.target - 1.0)[np.isfinite(cells.target)]
        edges = bins(errors, False)
        x, y = outline(np.histogram(errors, edges)[0], edges)
        self._compared.measure(
            Quantity("relative_error", "1"), Quantity("cells", "1", is_count=True), Scales()
        )
        self._compared.draw([Trace(current.folder.name, x, y, 0, "", fills=True)])

    def series(self) -> list[Series]:
        """The cells themselves: what is drawn follows from them."""
        cells = self._now
        if cells is None:
            return []
        return [
            Series("word", "1", cells.word),
            Series("bit", "1", cells.bit),
            Series("conductance", "S", cells.conductance),
            Series("target", "S", cells.target),
        ]


def bins(values: Floats, is_log: bool) -> Floats:
    """Edges of at most `BINS` equal bins, on a logarithmic scale if wanted."""
    count = int(np.clip(2 * np.sqrt(len(values)), 5, BINS))
    if is_log and (positive := values[values > 0.0]).size:
        return np.geomspace(positive.min() * 0.999, positive.max() * 1.001, count + 1)
    low, high = float(values.min()), float(values.max())
    room = 0.001 * (high - low) or 0.05 * abs(high) or 1.0
    return np.linspace(low - room, high + room, count + 1)


def outline(counts: NDArray[np.int64], edges: Floats) -> tuple[Floats, Floats]:
    """The upper edge of the bars of a histogram, as a curve from 0 to 0."""
    return np.repeat(edges, 2), np.concatenate(([0], np.repeat(counts, 2), [0])).astype(np.float64)


def _histogram(run: RunLike, cells: Cells, edges: Floats, colour: int) -> Trace:
    counts = np.histogram(cells.conductance, edges)[0]
    x, y = outline(counts, edges)

    def tell(place: int) -> str:
        number = min(max(place - 1, 0) // 2, len(counts) - 1)
        return f"{counts[number]} cells from {told(edges[number], 'S')} to {told(edges[number + 1], 'S')}"

    return Trace(run.folder.name, x, y, colour, "", tell=tell, behind=colour > 0, fills=colour == 0)


def _shares(run: RunLike, cells: Cells, colour: int, symbol: str, scales: Scales) -> Trace:
    """Share of cells up to each conductance; those below zero, read in noise, have no place on a logarithmic axis."""
    order = np.argsort(cells.conductance)
    share = np.arange(1, len(order) + 1) / len(order)
    if scales.log_x:
        above = cells.conductance[order] > 0.0
        order, share = order[above], share[above]

    def tell(place: int) -> str:
        return f"cell ({cells.word[order[place]]}, {cells.bit[order[place]]})"

    return Trace(
        run.folder.name, cells.conductance[order], share, colour, symbol, tell=tell, behind=colour > 0
    )


def _scatter(run: RunLike, cells: Cells, colour: int, symbol: str) -> Trace:
    places = np.flatnonzero(np.isfinite(cells.target))

    def tell(place: int) -> str:
        number = places[place]
        error = cells.conductance[number] / cells.target[number] - 1.0
        return f"cell ({cells.word[number]}, {cells.bit[number]}), {error:+.1%}"

    target, verified = cells.target[places], cells.conductance[places]
    return Trace(
        run.folder.name, target, verified, colour, symbol, joined=False, tell=tell, behind=colour > 0
    )


def _heading(cells: Cells) -> str:
    middle = brief(float(np.median(cells.conductance)), "S")
    parts = [f"{len(cells.conductance)} cells, median {middle}, {cells.source}"]
    if cells.has_targets:
        error = np.abs(cells.conductance / cells.target - 1.0)
        parts.append(f"median error {np.nanmedian(error):.1%}")
    return " · ".join(parts)
