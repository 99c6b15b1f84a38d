"""Figures of an array programming: maps of conductance, staircases of single cells, histograms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from labctl.report.array import ArrayResult, Story
from labctl.report.drawing import BLUE, GREEN, GREY, MICRO, ORANGE, STYLE, png

CELL_ASPECT = 0.46
"""Height over width of a drawn cell: 56 word lines fit on a page."""


def maps(result: ArrayResult, simulated: bool) -> str:
    """Target beside programmed map in one colour scale, and the error, as a PNG in base64."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(8.6, 6.6))
        left, middle, right = figure.subplots(1, 3)
        highest = float(np.nanmax(result.target)) * MICRO
        scale: dict[str, Any] = {"cmap": "viridis", "vmin": 0.0, "vmax": highest, "aspect": CELL_ASPECT}
        left.imshow(result.target * MICRO, **scale)
        image = middle.imshow(result.conductance * MICRO, **scale)
        figure.colorbar(image, ax=[left, middle], label="conductance (µS)", shrink=0.7, pad=0.02)
        window = max(0.10, float(np.nanpercentile(np.abs(result.error), 98.0)))
        error = right.imshow(
            result.error * 100.0, cmap="PuOr", vmin=-100 * window, vmax=100 * window, aspect=CELL_ASPECT
        )
        for axes, title in ((left, "target"), (middle, "programmed"), (right, "error")):
            _lines(axes, title)
        words, bits = np.nonzero(result.wanted & ~result.verified)
        if len(words):
            right.plot(bits, words, "x", color="black", markersize=4, label="not verified")
            right.legend(loc="upper center", bbox_to_anchor=(0.5, -0.06))
        figure.colorbar(error, ax=right, label="(programmed - target) / target (%)", shrink=0.7, pad=0.02)
        return png(figure, simulated)


def staircases(stories: Sequence[Story], simulated: bool) -> str:
    """Conductance and pulse amplitude, read by read, for a few cells, as a PNG in base64."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(8.6, 4.2))
        grid = figure.subplots(2, max(len(stories), 1), squeeze=False, height_ratios=(2.2, 1.0), sharex="col")
        for column, story in enumerate(stories):
            _staircase(grid[0, column], grid[1, column], story)
        grid[0, 0].set_ylabel("conductance (µS)")
        grid[1, 0].set_ylabel("pulse (V)")
        return png(figure, simulated)


def counts(result: ArrayResult, simulated: bool) -> str:
    """Histograms of pulses per cell, forming voltage and programming error, as a PNG in base64."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(8.6, 3.1))
        pulses, forming, error = figure.subplots(1, 3)
        tolerance = float(np.nan_to_num(result.tolerance))
        taken = result.pulses[result.wanted & result.formed]
        most = int(taken.max()) if len(taken) else 1
        step = max(1, -(-most // 25))
        pulses.hist(taken, bins=np.arange(-0.5, most + step + 0.5, step), color=BLUE)
        _histogram(pulses, "pulses per cell", "SET and RESET pulses")
        voltage = result.forming_voltage[np.isfinite(result.forming_voltage)]
        levels = np.unique(np.round(voltage, 6))
        spacing = float(np.diff(levels).min()) if len(levels) > 1 else 0.05
        edges = (
            np.arange(levels[0] - spacing / 2, levels[-1] + spacing, spacing) if len(levels) else [0.0, 1.0]
        )
        forming.hist(voltage, bins=edges, color=GREEN)
        _histogram(forming, "forming voltage", "last forming pulse (V)")
        percent = 100.0 * result.error[result.wanted & np.isfinite(result.error)]
        limit = max(
            2.0 * 100.0 * tolerance, float(np.percentile(np.abs(percent), 99.0)) if len(percent) else 0.0
        )
        error.axvspan(-100 * tolerance, 100 * tolerance, color=GREY, alpha=0.2, linewidth=0)
        error.hist(np.clip(percent, -limit, limit), bins=np.linspace(-limit, limit, 41), color=ORANGE)
        _histogram(error, "programming error", "(programmed - target) / target (%)")
        return png(figure, simulated)


def _staircase(upper: Axes, lower: Axes, story: Story) -> None:
    reads = np.arange(len(story.conductance))
    upper.axhspan(
        story.low * MICRO, story.high * MICRO, color=GREY, alpha=0.25, linewidth=0, label="verify window"
    )
    upper.axhline(story.target * MICRO, color=GREY, linewidth=0.8)
    upper.plot(reads, story.conductance * MICRO, drawstyle="steps-mid", color="black", linewidth=0.8)
    upper.plot(reads, story.conductance * MICRO, "o", color="black", markersize=2.5)
    upper.set_title(f"{story.name}: cell {story.cell}")
    upper.set_ylim(
        bottom=0.0, top=1.15 * MICRO * max(story.high, float(np.max(story.conductance, initial=0.0)))
    )
    lower.axhline(0.0, color=GREY, linewidth=0.8)
    for polarity, colour, name, height in ((1, BLUE, "SET", 0.98), (-1, ORANGE, "RESET", 0.02)):
        there = story.amplitude * polarity > 0
        lower.bar(reads[there], story.amplitude[there], color=colour, width=0.7)
        side = "top" if polarity > 0 else "bottom"
        lower.text(0.01, height, name, color=colour, fontsize=7, va=side, transform=lower.transAxes)
    lower.set_xlabel("read")
    lower.xaxis.set_major_locator(MaxNLocator(integer=True))
    largest = 1.5 * float(np.max(np.abs(story.amplitude), initial=0.5))
    lower.set_ylim(-largest, largest)
    upper.legend(fontsize=7, loc="lower right")


def _lines(axes: Axes, title: str) -> None:
    axes.set_title(title)
    axes.set_xlabel("bit line")
    axes.set_ylabel("word line")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    for spine in axes.spines.values():
        spine.set_visible(False)


def _histogram(axes: Axes, title: str, label: str) -> None:
    axes.set_title(title)
    axes.set_xlabel(label)
    axes.set_ylabel("cells")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
