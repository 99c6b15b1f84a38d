"""Figures of the bins: the wafer map by bin, and how many dies went into each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from labctl.analysis.yields import FAIL, PASS, BinCount
from labctl.report.drawing import STYLE
from labctl.report.wafer.campaign import Campaign
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

_PASSES = ("#56b4e9", "#0072b2")
_FAILS = (
    ("#e69f00", "///"), ("#cc79a7", "..."), ("#f0e442", "\\\\\\"), ("#d55e00", "xx"), ("#009e73", "--"),
    ("#bbbbbb", "++"), ("#997700", "||"),
)  # fmt: skip
_SMALLEST = 4.5
"""Points; smaller texts are left out, the axes name the dies."""

SIDE = 5.45
"""Inches of the map's axes."""


def looks(campaign: Campaign) -> dict[int, Look]:
    """How each bin of the plan is drawn: colour, and for those of quality fail a pattern too."""
    found: dict[int, Look] = {}
    passes = fails = 0
    for each in campaign.plan.bins:
        if each.quality.value == PASS:
            look: dict[str, Any] = {"facecolor": _PASSES[passes % len(_PASSES)]}
            passes += 1
        else:
            colour, hatch = _FAILS[fails % len(_FAILS)]
            look = {"facecolor": colour, "hatch": hatch}
            fails += 1
        found[each.number] = {"edgecolor": "#555555", "linewidth": 0.6, **look}
    return found


def bin_map(campaign: Campaign) -> Figure:
    """The wafer with every die in the look of its bin, its name and bin written into it."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(8.6, 6.3))
        figure.set_layout_engine("none")
        draw_bins(square(figure, 0.55, 0.5, SIDE), campaign, marks(campaign))
        return figure


def draw_bins(axes: Axes, campaign: Campaign, placed: Sequence[Mark]) -> None:
    """Draw the map by bin into `axes` of `SIDE` inches."""
    geometry, look = campaign.plan.geometry, looks(campaign)
    draw_outline(axes, geometry, placed, SIDE)
    points = points_per_die(geometry, SIDE)
    dies: list[tuple[Mark, Look]] = []
    for mark in placed:
        end = campaign.die(mark.die) if mark.state is State.TESTED else None
        bin_number = None if end is None else end.bin
        dies.append((mark, LOOKS[mark.state] if bin_number is None else look[bin_number]))
        if mark.state is not State.ABSENT:
            _name(axes, mark, points, "" if bin_number is None else f"bin {bin_number}")
    draw_dies(axes, geometry, dies)
    axes.legend(
        handles=_keys(campaign, look) + state_keys(placed), loc="upper left", bbox_to_anchor=(1.0, 1.0),
        fontsize=8, handleheight=1.5, handlelength=2.2, labelspacing=0.9,
    )  # fmt: skip


def pareto(counts: Sequence[BinCount], campaign: Campaign) -> Figure:
    """Dies per bin, the largest first, and the part that lies in the bins so far."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(8.6, 1.2 + 0.42 * len(counts)))
        axes = figure.subplots()
        look = looks(campaign)
        most = max(each.count for each in counts)
        for place, each in enumerate(counts):
            axes.barh(place, each.count, height=0.7, **look.get(each.number, {"facecolor": "#bbbbbb"}))
            words = f"{each.count}   ({100 * each.cumulative:.0f} % so far)"
            axes.text(each.count + 0.015 * most, place, words, va="center", fontsize=8)
        axes.set_yticks(
            range(len(counts)), [f"{each.number}  {each.name} ({each.quality})" for each in counts]
        )
        axes.invert_yaxis()
        axes.set_xlim(0, 1.25 * most)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlabel(f"tested dies (n = {sum(each.count for each in counts)})")
        axes.tick_params(axis="y", length=0)
        return figure


def _keys(campaign: Campaign, look: Mapping[int, Look]) -> list[Artist]:
    counts = {each.number: 0 for each in campaign.plan.bins}
    for die in campaign.tested:
        if die.bin is not None:
            counts[die.bin] = counts.get(die.bin, 0) + 1
    names = {each.number: f"{each.name}, {each.quality.value}" for each in campaign.plan.bins}
    return [
        Patch(label=f"bin {number}: {names[number]} ({counts[number]})", **look[number])
        for number in sorted(names, key=lambda number: (names[number].endswith(FAIL), number))
    ]


def _name(axes: Axes, mark: Mark, points: tuple[float, float], below: str) -> None:
    """The prober's integers in the die, and what else there is to say."""
    name = f"{mark.die.x},{mark.die.y}"
    longest = max(len(name), len(below))
    size = min(8.0, points[0] / (0.66 * longest), points[1] / 2.6)
    if size >= _SMALLEST:
        axes.text(
            mark.x * 1e3, mark.y * 1e3, f"{name}\n{below}" if below else name, fontsize=size, color=INK,
            ha="center", va="center", linespacing=1.1, zorder=5,
            bbox={"boxstyle": "square,pad=0.12", "facecolor": "white", "alpha": 0.8, "linewidth": 0},
        )  # fmt: skip
