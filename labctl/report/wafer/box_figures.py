"""Boxes of a value die by die in the order of testing, so that wear and drift show beside the spread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cbook import boxplot_stats
from matplotlib.figure import Figure
from matplotlib.transforms import ScaledTranslation

from labctl.analysis.yields import PASS
from labctl.report.drawing import BLUE, GREY, ORANGE, STYLE
from labctl.report.wafer.campaign import Campaign
from labctl.report.wafer.measured import Series
from labctl.report.wafer.outline import INK
from labctl.report.wafer.units import Shown, shown
from labctl.wafer.geometry import Die

DIES_PER_ROW = 25
FEWEST_IN_BOX = 4
"""Devices; fewer are drawn as points."""
_FEWEST = 8
"""Places in a row that is not full: boxes stay slim."""
_HEADROOM = 1.6
"""The axis ends at the longest whisker times this; values beyond are counted."""


def boxes(campaign: Campaign, series: Series) -> Figure:
    """Boxes die by die: quartiles, whiskers to 1.5 of their distance, points beyond."""
    by_die = series.by_die()
    order = [end.die for end in campaign.dies if end.die in by_die]
    rows = [order[first : first + DIES_PER_ROW] for first in range(0, len(order), DIES_PER_ROW)]
    places = DIES_PER_ROW if len(rows) > 1 else max(len(order), _FEWEST)
    unit = shown(series)
    top = _top(series, unit)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(8.6, 0.5 + 2.2 * len(rows)))
        grid = figure.subplots(len(rows), 1, squeeze=False, sharey=True)[:, 0]
        for axes, dies in zip(grid, rows, strict=True):
            _row(axes, campaign, series, dies, unit, top)
            axes.set_xlim(-0.7, places - 0.3)
        grid[0].set_title(_title(series))
        grid[-1].set_xlabel("die (x,y), in the order of testing; below it the number of devices")
        return figure


def _row(
    axes: Axes, campaign: Campaign, series: Series, dies: Sequence[Die], unit: Shown, top: float
) -> None:
    by_die = series.by_die()
    for place, die in enumerate(dies):
        values, censored = by_die[die]
        end = campaign.die(die)
        passed = end is not None and end.quality == PASS
        measured = unit.of(series.sizes(values[~censored]))
        if measured.size >= FEWEST_IN_BOX:
            _box(axes, place, measured, passed, top)
        else:
            near = measured[measured <= top]
            look: dict[str, Any] = {"marker": "o" if passed else "D", "color": BLUE if passed else ORANGE}
            axes.plot(np.full(len(near), place), near, linestyle="none", markersize=4.5, **look)
        beyond = int((measured > top).sum())
        if beyond:
            _count(axes, place, top, "x", beyond)
        if censored.any():
            _count(axes, place, float(unit.of(values[censored].max())), "^", int(censored.sum()))
    axes.set_xticks(range(len(dies)), [f"{die.x},{die.y}\n{len(by_die[die][0])}" for die in dies], fontsize=7)
    axes.set_ylabel(unit.label(series.name))
    axes.margins(y=0.12)


def _box(axes: Axes, place: int, measured: np.ndarray, passed: bool, top: float) -> None:
    """A box with the points up to `top`; that of a die that did not pass is shaded too."""
    line = {"color": BLUE if passed else ORANGE, "linewidth": 1.0}
    (known,) = boxplot_stats(measured)
    known["fliers"] = known["fliers"][known["fliers"] <= top]
    axes.bxp(
        [known], positions=[place], widths=0.6, manage_ticks=False, patch_artist=True,
        boxprops={"facecolor": "white" if passed else "#f6dfcf", "edgecolor": line["color"]}, whiskerprops=line,
        capprops=line, medianprops={"color": INK, "linewidth": 1.4},
        flierprops={"marker": ".", "markersize": 3, "markeredgecolor": GREY},
    )  # fmt: skip


def _count(axes: Axes, place: int, height: float, sign: str, count: int) -> None:
    """A sign with a number above it."""
    axes.plot(place, height, marker=sign, color=INK, markersize=4.5, linestyle="none")
    figure = axes.get_figure(root=True)
    assert figure is not None
    above = axes.transData + ScaledTranslation(0.0, 4.0 / 72.0, figure.dpi_scale_trans)
    axes.text(place, height, str(count), transform=above, ha="center", va="bottom", fontsize=7)


def _top(series: Series, unit: Shown) -> float:
    """Where the axis ends because of a few values far out; infinite when none lies beyond."""
    whiskers, largest = [], -np.inf
    for values, censored in series.by_die().values():
        measured = unit.of(series.sizes(values[~censored]))
        if measured.size:
            whiskers.append(float(boxplot_stats(measured)[0]["whishi"]))
            largest = max(largest, float(measured.max()))
    top = _HEADROOM * max(whiskers, default=np.inf)
    return top if 0.0 < top < largest else float("inf")


def _title(series: Series) -> str:
    dies, censored = len(set(series.dies)), int(series.censored.sum())
    beyond = f", {censored} of them bounds (▲)" if censored else ""
    return f"{series.name}: test {series.test}, {series.subsite}; n = {len(series.values)} on {dies} dies{beyond}"
