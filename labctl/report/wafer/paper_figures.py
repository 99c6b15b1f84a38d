"""Probability paper: points, fitted line and its limits, Weibull beside log-normal."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, MaxNLocator, NullLocator

from labctl.analysis.censored import Family, plotting_positions
from labctl.report.drawing import BLUE, GREY, ORANGE, STYLE
from labctl.report.wafer.paper import Sheet

PERCENTS = (50.0, 10.0, 90.0, 1.0, 99.0, 0.1, 99.9, 0.01, 99.99, 20.0, 80.0, 5.0, 95.0, 2.0, 98.0)
"""Numbers at the axis, those first that are written when there is room for few."""
_NEAREST = 0.045
"""Of the axis's height, from one number to the next."""
_NARROW = 8.0
"""Axes that span less than this factor are ticked like linear ones."""


def paper(sheet: Sheet) -> Figure:
    """One sheet on Weibull and on log-normal paper."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(8.6, 4.3))
        for axes, family in zip(figure.subplots(1, 2), Family, strict=True):
            draw(axes, sheet, family)
        return figure


def draw(axes: Axes, sheet: Sheet, family: Family) -> None:
    """Draw one sheet on the paper of one family into `axes`."""
    values, positions = _points(sheet)
    seen = sheet.unit.of(values)
    axes.plot(seen, family.paper(positions), "o", markersize=3.0, color=BLUE, label=sheet.counted, zorder=3)
    low, high = float(positions.min()) * 0.6, min(1.0 - (1.0 - float(positions.max())) * 0.5, 0.9999)
    left, right = float(seen.min()), float(seen.max())
    if family in sheet.fits:
        fitted = sheet.fits[family]
        grid = 1.0 / (1.0 + np.exp(-np.linspace(np.log(low / (1 - low)), np.log(high / (1 - high)), 200)))
        line = sheet.unit.of(fitted.quantile(grid))
        near, far = (sheet.unit.of(each) for each in fitted.limits(grid))
        axes.plot(line, family.paper(grid), color=ORANGE, linewidth=1.3, label=_parameters(sheet, family))
        axes.fill_betweenx(
            family.paper(grid), near, far, color=ORANGE, alpha=0.18, linewidth=0, label="95 % limits"
        )
    for censored, height, side in ((sheet.sample.above, 0.975, "right"), (sheet.sample.below, 0.025, "left")):
        if censored.size:
            bounds = np.unique(sheet.unit.of(censored))
            axes.plot(
                bounds, np.full(len(bounds), height), "|", color=GREY, markersize=9,
                transform=axes.get_xaxis_transform(), label=f"bounds, {side}-censored",
            )  # fmt: skip
            left, right = min(left, float(bounds.min())), max(right, float(bounds.max()))
    _probability_axis(axes, family, low, high)
    _value_axis(axes, left, right)
    axes.set_xlabel(sheet.unit.label(sheet.name))
    axes.set_ylabel("devices below (%)")
    axes.set_title(f"{family.value} paper")
    axes.grid(visible=True, color="#e6e6e6", linewidth=0.6)
    axes.legend(fontsize=7, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2, columnspacing=1.2)


def _points(sheet: Sheet) -> tuple[np.ndarray, np.ndarray]:
    """Each measured value once: equal ones at the middle of their positions."""
    values, places = np.unique(sheet.sample.seen, return_inverse=True)
    positions = plotting_positions(sheet.sample)
    return values, np.bincount(places, weights=positions) / np.bincount(places)


def _parameters(sheet: Sheet, family: Family) -> str:
    fitted, unit = sheet.fits[family], sheet.unit
    scale = f"{unit.text(fitted.scale)} {unit.unit}".strip()
    if family is Family.WEIBULL:
        return f"fit: scale (63.2 %) {scale}, shape {fitted.shape:.3g}"
    return f"fit: median {scale}, σ of ln {fitted.shape:.3g}"


def _probability_axis(axes: Axes, family: Family, low: float, high: float) -> None:
    """Percents at the places that make the family a straight line."""
    axes.set_ylim(float(family.paper(low)), float(family.paper(high)))
    height = float(family.paper(high) - family.paper(low))
    ticks: dict[float, float] = {}
    for percent in PERCENTS:
        place = float(family.paper(percent / 100))
        apart = min((abs(place - other) for other in ticks.values()), default=height)
        if low <= percent / 100 <= high and apart >= _NEAREST * height:
            ticks[percent] = place
    axes.set_yticks(list(ticks.values()), [f"{tick:g}" for tick in ticks])


def _value_axis(axes: Axes, left: float, right: float) -> None:
    """A logarithmic axis with numbers that people read."""
    axes.set_xscale("log")
    room = (right / left) ** 0.06 if right > left else 1.05
    low, high = left / room, right * room
    if high / low < _NARROW:
        ticks = [tick for tick in MaxNLocator(6).tick_values(low, high) if low <= tick <= high]
        axes.xaxis.set_major_locator(FixedLocator(ticks))
    else:
        axes.xaxis.set_major_locator(LogLocator(10, subs=(1.0, 2.0, 5.0) if high / low < 300 else (1.0,)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.set_xlim(low, high)
