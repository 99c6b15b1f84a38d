"""Figures of a value over the wafer: a map of the dies, and boxes die by die in the order of testing."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from labctl.report.drawing import BLUE, GREY, ORANGE, STYLE
from labctl.report.wafer.campaign import Campaign
from labctl.report.wafer.measured import Series
from labctl.report.wafer.outline import INK, draw_die, draw_outline, state_keys
from labctl.report.wafer.placing import Mark, State, marks
from labctl.report.wafer.units import Shown, shown
from labctl.wafer.geometry import Die

COLOURS = "cividis"
ROBUST = (2.0, 98.0)
"""Percentiles of the dies that the colours span; what lies beyond takes the end's colour."""
DIES_PER_ROW = 25
_NO_NUMBER = {"facecolor": "white", "edgecolor": INK, "hatch": "..", "linewidth": 0.6}


def die_numbers(series: Series) -> dict[Die, float]:
    """One number per die: the share of a flag, else the median of its measured (not censored) devices."""
    found = {}
    for die, (values, censored) in series.by_die().items():
        measured = values[~censored]
        if measured.size:
            found[die] = float(np.mean(measured) if series.is_flag else np.median(_sizes(series, measured)))
    return found


def value_maps(campaign: Campaign, several: Sequence[Series]) -> Figure:
    """Wafer maps side by side, one per series."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(8.6, 4.9))
        placed = marks(campaign)
        for axes, series in zip(figure.subplots(1, 2), several, strict=False):
            draw_values(axes, campaign, placed, series)
        if len(several) == 1:
            figure.axes[1].set_visible(False)
        figure.legend(
            handles=state_keys(placed), loc="outside lower center", ncols=3, fontsize=7, handleheight=1.4
        )
        return figure


def draw_values(axes: Axes, campaign: Campaign, placed: Sequence[Mark], series: Series) -> None:
    """Draw the map of one series into `axes`, with its colour bar."""
    numbers, unit = die_numbers(series), shown(series)
    known = unit.of(list(numbers.values()))
    low, high = (float(each) for each in np.percentile(known, ROBUST)) if known.size else (0.0, 1.0)
    if high - low < 1e-9 * max(abs(high), 1e-30):
        low, high = low - 0.5 * (abs(low) or 1.0) * 0.02, high + 0.5 * (abs(high) or 1.0) * 0.02
    colours = ScalarMappable(Normalize(low, high), COLOURS)
    geometry = campaign.plan.geometry
    draw_outline(axes, geometry, placed)
    for mark in placed:
        number = numbers.get(mark.die)
        if number is None:
            without = mark.state in (State.TESTED, State.UNSORTED)
            draw_die(axes, geometry, mark, **(_NO_NUMBER if without else {}))
        else:
            red, green, blue, _ = np.asarray(colours.to_rgba(np.array([unit.factor * number])))[0].tolist()
            colour = (red, green, blue)
            draw_die(axes, geometry, mark, facecolor=colour, edgecolor="none")
            _write(axes, campaign, mark, unit.text(number), colour)
    axes.set_title(_title(series), fontsize=8.5)
    ends = (bool((known < low).any()), bool((known > high).any()))
    extend = {(True, True): "both", (True, False): "min", (False, True): "max", (False, False): "neither"}[
        ends
    ]
    figure = axes.get_figure(root=True)
    if figure is not None:
        bar = figure.colorbar(
            colours, ax=axes, label=unit.label(_size_name(series)), extend=extend, shrink=0.72, pad=0.02
        )
        bar.ax.tick_params(labelsize=7)


def boxes(campaign: Campaign, series: Series) -> Figure:
    """Boxes die by die in the order of testing: quartiles, whiskers to 1.5 of their distance, points beyond."""
    by_die = series.by_die()
    order = [end.die for end in campaign.dies if end.die in by_die]
    rows = [order[first : first + DIES_PER_ROW] for first in range(0, len(order), DIES_PER_ROW)]
    unit = shown(series)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(8.6, 0.5 + 2.2 * len(rows)))
        grid = figure.subplots(len(rows), 1, squeeze=False, sharey=True)[:, 0]
        for axes, dies in zip(grid, rows, strict=True):
            _boxes(axes, campaign, series, dies, unit)
        grid[0].set_title(_counted(series))
        grid[-1].set_xlabel("die (x,y), in the order of testing; below it the number of devices")
        return figure


def _boxes(axes: Axes, campaign: Campaign, series: Series, dies: Sequence[Die], unit: Shown) -> None:
    by_die = series.by_die()
    for place, die in enumerate(dies):
        values, censored = by_die[die]
        end = campaign.die(die)
        colour = BLUE if end is not None and end.quality == "pass" else ORANGE
        measured = unit.of(_sizes(series, values[~censored]))
        if measured.size:
            line = {"color": colour, "linewidth": 1.0}
            axes.boxplot(
                [measured], positions=[place], widths=0.6, manage_ticks=False, boxprops=line, whiskerprops=line,
                capprops=line, medianprops={"color": INK, "linewidth": 1.4},
                flierprops={"marker": ".", "markersize": 3, "markeredgecolor": GREY},
            )  # fmt: skip
        if censored.any():
            bound = float(unit.of(values[censored].max()))
            axes.plot(place, bound, marker="^", color=INK, markersize=5, linestyle="none", clip_on=False)
            axes.annotate(
                str(int(censored.sum())), (place, bound), (0, 4), textcoords="offset points", ha="center",
                fontsize=7,
            )  # fmt: skip
    names = [f"{die.x},{die.y}\n{len(by_die[die][0])}" for die in dies]
    axes.set_xticks(range(len(dies)), names, fontsize=7)
    axes.set_xlim(-0.7, max(DIES_PER_ROW, 1) - 0.3 if len(dies) > 8 else len(dies) - 0.3)
    axes.set_ylabel(unit.label(_size_name(series)))
    axes.margins(y=0.12)


def _write(axes: Axes, campaign: Campaign, mark: Mark, text: str, colour: tuple[float, float, float]) -> None:
    geometry = campaign.plan.geometry
    points = 230.0 * geometry.die_size[0] / geometry.diameter
    size = min(7.5, points / (0.68 * max(len(text), 1)))
    if size >= 5.0:
        bright = 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2] > 0.5
        axes.text(
            mark.x * 1e3, mark.y * 1e3, text, fontsize=size, color="black" if bright else "white", ha="center",
            va="center", zorder=5,
        )  # fmt: skip


def _sizes(series: Series, values: np.ndarray) -> np.ndarray:
    """Errors count by their size."""
    return np.abs(values) if series.value == "programming_error" else values


def _size_name(series: Series) -> str:
    return "|programming error|" if series.value == "programming_error" else series.value.replace("_", " ")


def _title(series: Series) -> str:
    what = "share" if series.is_flag else "median"
    name = _size_name(series)
    return f"{name}, {what} of each die\ntest {series.test}, {series.subsite}, n = {len(series.values)}"


def _counted(series: Series) -> str:
    dies = len(set(series.dies))
    censored = int(series.censored.sum())
    beyond = f", {censored} of them only known to lie above (▲)" if censored else ""
    return f"{_size_name(series)}: {series.test}, {series.subsite}; n = {len(series.values)} on {dies} dies{beyond}"
