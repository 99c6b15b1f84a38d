"""Figures of the neurons: transfer curves with their knees, calibration error against trim."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from labctl.report.drawing import BLUE, GREY, MICRO, ORANGE, STYLE, png
from labctl.report.neurons import Calibration, Curve

NANO = 1e9
ACROSS = 4


def transfer(curves: Sequence[Curve], simulated: bool) -> str:
    """Output against heater current of every neuron, up and down, the knee marked, as a PNG in base64."""
    with mpl.rc_context(STYLE):
        down = -(-len(curves) // ACROSS)
        figure = Figure(figsize=(8.6, 0.5 + 2.1 * down))
        grid = figure.subplots(down, min(ACROSS, len(curves)), squeeze=False, sharex=True, sharey=True)
        for axes, curve in zip(grid.flat, curves, strict=False):
            _curve(axes, curve)
        for axes in grid.flat[len(curves) :]:
            axes.set_visible(False)
        grid[0, 0].legend(fontsize=7, loc="upper left")
        figure.supxlabel("heater current (µA)", fontsize=9)
        figure.supylabel("output current (nA)", fontsize=9)
        return png(figure, simulated)


def calibration(sweeps: Sequence[tuple[Calibration, Sequence[int]]], simulated: bool) -> str:
    """Error against trim of every neuron; one panel per calibration with the filters it was made for."""
    with mpl.rc_context(STYLE):
        down = -(-len(sweeps) // 2)
        figure = Figure(figsize=(8.6, 0.4 + 2.7 * down))
        grid = figure.subplots(down, min(2, len(sweeps)), squeeze=False, sharey=True)
        colours = mpl.colormaps["viridis"](np.linspace(0.0, 0.92, 8))
        for axes, (sweep, filters) in zip(grid.flat, sweeps, strict=False):
            for column, number in enumerate(filters):
                look: dict[str, Any] = {"color": colours[column % 8], "linewidth": 1.2, "markersize": 3.0}
                axes.plot(sweep.trims * 1e3, sweep.errors[:, column], "o-", label=f"{number}", **look)
                axes.axvline(sweep.trim[column] * 1e3, color=look["color"], linewidth=0.6, linestyle=":")
            axes.set_xlabel("trim (mV)")
            axes.set_ylim(bottom=0.0)
            axes.legend(
                title="filter", fontsize=7, title_fontsize=7, ncols=1, loc="upper left", bbox_to_anchor=(1, 1)
            )
        for axes in grid[:, 0]:
            axes.set_ylabel("gain-fitted relative L2")
        for axes in grid.flat[len(sweeps) :]:
            axes.set_visible(False)
        return png(figure, simulated)


def _curve(axes: Axes, curve: Curve) -> None:
    for branch, colour, name in ((curve.up, ORANGE, "up"), (curve.down, BLUE, "down")):
        axes.plot(branch[:, 0] * MICRO, branch[:, 1] * NANO, color=colour, linewidth=1.1, label=name)
    axes.set_title(f"neuron {curve.neuron}")
    if np.isfinite(curve.threshold):
        knee = (curve.threshold * MICRO, curve.dark_current * NANO)
        axes.axvline(knee[0], color=GREY, linewidth=0.6, linestyle=":")
        axes.plot(*knee, "o", color="black", markersize=4, label="knee", zorder=3)
