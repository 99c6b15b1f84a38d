"""Figures of the neurons of a wafer: all transfer curves, thresholds and gains die by die."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from labctl.report.drawing import BLUE, GREEN, GREY, MICRO, ORANGE, STYLE
from labctl.report.neurons import Curve
from labctl.report.wafer.campaign import Campaign
from labctl.report.wafer.measured import Series
from labctl.report.wafer.units import shown
from labctl.wafer.geometry import Die

NANO = 1e9
ACROSS = 4
_SIGNS = (("o", BLUE), ("s", ORANGE), ("^", GREEN), ("D", "#cc79a7"), ("v", "#e69f00"), ("x", "#000000"))
_PLENTY = 40
"""Dies that can be named on one axis."""


def transfer(curves: Mapping[Die, Sequence[Curve]], several: Sequence[int]) -> Figure:
    """Output over heater current of each neuron, a line per die; the die in the middle by threshold in black."""
    with mpl.rc_context(STYLE):
        down = -(-len(several) // ACROSS)
        figure = Figure(figsize=(8.6, 0.5 + 2.5 * down))
        grid = figure.subplots(down, min(ACROSS, len(several)), squeeze=False, sharex=True, sharey=True)
        for axes, neuron in zip(grid.flat, several, strict=False):
            _curves(axes, [each for some in curves.values() for each in some if each.neuron == neuron])
            axes.set_title(f"neuron {neuron}, n = {sum(_has(some, neuron) for some in curves.values())} dies")
        for axes in grid.flat[len(several) :]:
            axes.set_visible(False)
        grid[0, 0].legend(fontsize=7, loc="upper left")
        figure.supxlabel("heater current (µA)", fontsize=9)
        figure.supylabel("output current (nA)", fontsize=9)
        return figure


def by_die(campaign: Campaign, several: Sequence[Series]) -> Figure:
    """One panel per series: every neuron of every die, in the order of testing."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(8.6, 0.7 + 1.9 * len(several)))
        order = [end.die for end in campaign.dies if any(end.die in set(each.dies) for each in several)]
        grid = figure.subplots(len(several), 1, squeeze=False, sharex=True)[:, 0]
        for axes, series in zip(grid, several, strict=True):
            _dots(axes, series, order)
        _name_dies(grid[-1], order)
        handles, labels = grid[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper left", ncols=6, fontsize=8)
        return figure


def _curves(axes: Axes, curves: Sequence[Curve]) -> None:
    known = sorted(
        (each for each in curves if np.isfinite(each.threshold)), key=lambda curve: curve.threshold
    )
    middle = known[len(known) // 2] if known else None
    for number, curve in enumerate(curves):
        dead = not np.isfinite(curve.threshold)
        axes.plot(
            curve.up[:, 0] * MICRO, curve.up[:, 1] * NANO, color=ORANGE if dead else BLUE, linewidth=0.7,
            alpha=0.9 if dead else max(0.15, min(0.7, 8 / len(curves))), linestyle="--" if dead else "-",
        )  # fmt: skip
        if number == 0:
            axes.plot([], [], color=BLUE, linewidth=0.9, label="one die, up")
    if any(not np.isfinite(curve.threshold) for curve in curves):
        axes.plot([], [], color=ORANGE, linestyle="--", linewidth=0.9, label="no threshold")
    if middle is not None:
        axes.plot(
            middle.up[:, 0] * MICRO, middle.up[:, 1] * NANO, color="black", linewidth=1.1, label="middle, up"
        )
        axes.plot(
            middle.down[:, 0] * MICRO, middle.down[:, 1] * NANO, color="black", linewidth=0.8, linestyle=":",
            label="middle, down",
        )  # fmt: skip
        axes.axvline(middle.threshold * MICRO, color=GREY, linewidth=0.6, linestyle=":")


def _dots(axes: Axes, series: Series, order: Sequence[Die]) -> None:
    unit = shown(series)
    for neuron, (sign, colour) in zip(sorted(set(series.cols.tolist())), _SIGNS * 20, strict=False):
        mine = np.flatnonzero(series.cols == neuron)
        places = [order.index(series.dies[place]) for place in mine]
        label = f"neuron {neuron}" if neuron >= 0 else "neuron"
        axes.plot(
            places, unit.of(series.values[mine]), sign, color=colour, markersize=4, alpha=0.8, label=label
        )
    axes.set_ylabel(unit.label(series.value.replace("_", " ")))
    axes.set_title(f"{series.test}, {series.subsite}, n = {len(series.values)}", fontsize=9)
    axes.grid(visible=True, axis="y", color="#e6e6e6", linewidth=0.6)
    axes.margins(y=0.15)


def _name_dies(axes: Axes, order: Sequence[Die]) -> None:
    step = -(-len(order) // _PLENTY)
    named_dies = range(0, len(order), step)
    names = [f"{order[place].x},{order[place].y}" for place in named_dies]
    axes.set_xticks(named_dies, names, rotation=90, fontsize=7)
    axes.set_xlabel("die (x,y), in the order of testing" + (f"; one in {step} is named" if step > 1 else ""))
    axes.set_xlim(-0.7, len(order) - 0.3)


def _has(curves: Sequence[Curve], neuron: int) -> bool:
    return any(curve.neuron == neuron for curve in curves)
