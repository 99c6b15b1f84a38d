"""Figures of values over the wafer: maps with one number per die."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import ScalarFormatter

from labctl.report.drawing import STYLE
from labctl.report.wafer.campaign import Campaign
from labctl.report.wafer.measured import Series
from labctl.report.wafer.outline import (
    INK,
    LOOKS,
    Look,
    draw_dies,
    draw_outline,
    points_per_die,
    square,
    state_keys,
)
from labctl.report.wafer.placing import Mark, State, marks
from labctl.report.wafer.units import Shown, shown
from labctl.wafer.geometry import Die, WaferGeometry

COLOURS = "cividis"
ROBUST = (2.0, 98.0)
"""Percentiles of the dies that the colours span; what lies beyond takes the end's colour."""
FEW = 10
"""Fewer dies than this span the colours all."""
WIDE = 30.0
"""A span of more than this factor is coloured by the logarithm."""
SIDE, STEP = 3.05, 4.28
"""Inches of a map's axes, and from one map to the next."""
_SMALLEST = 4.4
"""Points; smaller numbers are not written into the dies."""
_NO_NUMBER: Look = {"facecolor": "white", "edgecolor": INK, "hatch": "..", "linewidth": 0.6}


def die_numbers(series: Series) -> dict[Die, float]:
    """One number per die: the share of a flag, else the median of its measured (not censored) devices."""
    found = {}
    for die, (values, censored) in series.by_die().items():
        measured = series.sizes(values[~censored])
        if measured.size:
            found[die] = float(np.mean(measured) if series.is_flag else np.median(measured))
    return found


def value_maps(campaign: Campaign, several: Sequence[Series]) -> Figure:
    """One or two wafer maps side by side."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(8.6, 4.65))
        figure.set_layout_engine("none")
        placed = marks(campaign)
        empty: set[Mark] = set()
        for place, series in enumerate(several):
            axes = square(figure, 0.5 + place * STEP, 0.95, SIDE)
            empty.update(draw_values(axes, campaign, placed, series))
        keys = state_keys(empty)
        if any(mark.state is State.TESTED for mark in empty):
            keys.append(Patch(label="tested, no number of this value", **_NO_NUMBER))
        figure.legend(handles=keys, loc="lower center", ncols=3, fontsize=7, handleheight=1.4)
        return figure


def draw_values(axes: Axes, campaign: Campaign, placed: Sequence[Mark], series: Series) -> list[Mark]:
    """Draw the map of one series into `axes` of `SIDE` inches, its colour bar beside it; the dies without a number."""
    numbers, unit, geometry = die_numbers(series), shown(series), campaign.plan.geometry
    scale, extend = colour_scale(unit.of(list(numbers.values())), is_share=series.is_flag)
    draw_outline(axes, geometry, placed, SIDE)
    dies: list[tuple[Mark, Look]] = []
    empty = []
    texts, size = _texts(geometry, numbers, unit)
    for mark in placed:
        if mark.die in numbers:
            colour = _colour(scale, unit.factor * numbers[mark.die])
            dies.append((mark, {"facecolor": colour, "edgecolor": "none"}))
            if size >= _SMALLEST:
                _write(axes, mark, texts[mark.die], size, colour)
        else:
            empty.append(mark)
            dies.append((mark, LOOKS.get(mark.state, _NO_NUMBER)))
    draw_dies(axes, geometry, dies)
    axes.set_title(_title(series), fontsize=8.5)
    _colour_bar(axes, scale, unit.label(series.name), extend)
    return empty


def colour_scale(known: np.ndarray, *, is_share: bool) -> tuple[ScalarMappable, str]:
    """Colours over the robust range of the dies' numbers, and at which ends of it dies lie beyond.

    Shares, in percent, have colours up to 100 whatever the dies have.
    """
    if is_share:
        low = float(known.min(initial=100.0))
        return ScalarMappable(Normalize(low if low < 100.0 else 0.0, 100.0), COLOURS), "neither"
    if not known.size:
        return ScalarMappable(Normalize(0.0, 1.0), COLOURS), "neither"
    low, high = float(known.min()), float(known.max())
    if known.size >= FEW:
        low = float(np.percentile(known, ROBUST[0], method="higher"))
        high = float(np.percentile(known, ROBUST[1], method="lower"))
    beyond = bool((known < low).any()), bool((known > high).any())
    extend = {(True, True): "both", (True, False): "min", (False, True): "max"}.get(beyond, "neither")
    if low == high:
        low, high = float(known.min()), float(known.max())
        extend = "neither"
    if low == high:
        low, high = low - 0.01 * (abs(low) or 1.0), high + 0.01 * (abs(high) or 1.0)
    logarithmic = low > 0.0 and high > WIDE * low
    return ScalarMappable(LogNorm(low, high) if logarithmic else Normalize(low, high), COLOURS), extend


def _colour(scale: ScalarMappable, value: float) -> tuple[float, float, float]:
    red, green, blue, _ = np.asarray(scale.to_rgba(np.array([value])))[0].tolist()
    return red, green, blue


def _colour_bar(axes: Axes, scale: ScalarMappable, label: str, extend: str) -> None:
    figure = axes.get_figure(root=True)
    assert isinstance(figure, Figure)
    box, width = axes.get_position(), 0.1 / figure.get_size_inches()[0]
    place = (box.x1 + 0.7 * width, box.y0 + 0.1 * box.height, width, 0.8 * box.height)
    bar = figure.colorbar(scale, cax=figure.add_axes(place), extend=extend)
    bar.set_label(label, fontsize=8)
    bar.ax.tick_params(labelsize=7)
    if not isinstance(scale.norm, LogNorm):
        plain = ScalarFormatter(useOffset=False)
        plain.set_scientific(False)
        bar.ax.yaxis.set_major_formatter(plain)


def _texts(
    geometry: WaferGeometry, numbers: Mapping[Die, float], unit: Shown
) -> tuple[dict[Die, str], float]:
    """The numbers as they are written into the dies, and in which size: with a digit less where they do not fit."""
    width, height = points_per_die(geometry, SIDE)
    texts, size = dict.fromkeys(numbers, ""), 0.0
    for digits in (3, 2):
        texts = {die: unit.text(number, digits) for die, number in numbers.items()}
        longest = max((len(text) for text in texts.values()), default=1)
        size = min(7.5, width / (0.68 * longest), height / 1.3)
        if size >= _SMALLEST:
            break
    return texts, size


def _write(axes: Axes, mark: Mark, text: str, size: float, colour: tuple[float, float, float]) -> None:
    bright = 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2] > 0.5
    axes.text(
        mark.x * 1e3, mark.y * 1e3, text, fontsize=size, color="black" if bright else "white", ha="center",
        va="center", zorder=5,
    )  # fmt: skip


def _title(series: Series) -> str:
    what = "share" if series.is_flag else "median"
    return (
        f"{series.name}, {what} of each die\ntest {series.test}, {series.subsite}, n = {len(series.values)}"
    )
