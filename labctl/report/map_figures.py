"""Figures of feature maps: the image beside its maps in hardware and in software."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from labctl.report.array import ArrayResult
from labctl.report.array_figures import CELL_ASPECT
from labctl.report.drawing import MICRO, STYLE, png
from labctl.report.maps import MapsResult

ROWS = ("hardware", "software,\ninputs as coded", "software,\nexact")
COLOURS = "magma"
ACROSS = 8
"""Maps in a row; fewer leave places empty, so that all figures have one scale."""


def beside(result: MapsResult, image: int, columns: Sequence[int], simulated: bool) -> str:
    """One image and its maps of some filters (places in `result.filters`), as a PNG in base64.

    The three maps of a filter share one scale, from 0; the hardware map is multiplied by its fitted gain.
    """
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(8.6, 2.75))
        left, right = _places(figure, 1.0, 4.4)
        photograph(left.subplots(), result.images[image], result.names[image])
        _maps(right, result, image, columns)
        return png(figure, simulated)


def overview(array: ArrayResult, result: MapsResult, columns: Sequence[int], simulated: bool) -> str:
    """One wide picture for a front page: image, conductance map, hardware maps over software maps."""
    with mpl.rc_context({**STYLE, "axes.titlesize": 8, "axes.labelsize": 8}):
        figure = Figure(figsize=(7.5, 1.85))
        left, middle, right = _places(figure, 1.5, 0.72, 5.6)
        photograph(left.subplots(), result.images[0], result.names[0])
        axes = middle.subplots()
        axes.imshow(array.conductance * MICRO, cmap="viridis", vmin=0.0, aspect=CELL_ASPECT)
        axes.set_title("conductances", loc="center")
        _bare(axes)
        names = _maps(right, result, 0, columns, rows=2)
        for axes_of_row, name in zip(names, ("hardware", "software"), strict=True):
            axes_of_row.set_ylabel(name, rotation=90, ha="center", va="bottom")
        return png(figure, simulated)


def photograph(axes: Axes, pixels: np.ndarray, name: str) -> None:
    """An image in its own colours."""
    axes.imshow(pixels, interpolation="nearest")
    axes.set_title(name)
    _bare(axes)


def _maps(
    place: SubFigure, result: MapsResult, image: int, columns: Sequence[int], rows: int = 3
) -> list[Axes]:
    """Draw the maps, one filter per column; the first axes of each row, which bear its name."""
    grid = place.subplots(rows, max(len(columns), ACROSS), squeeze=False)
    for axes in grid[:, len(columns) :].flat:
        axes.set_visible(False)
    for across, column in enumerate(columns):
        maps = (
            result.measured[image, column] * result.gain[image, column],
            result.software_quantised[image, column],
            result.software[image, column],
        )[:rows]
        highest = max(float(np.nanmax(each)) for each in maps) or 1.0
        for axes, values in zip(grid[:, across], maps, strict=True):
            axes.imshow(values, cmap=COLOURS, vmin=0.0, vmax=highest, interpolation="nearest")
            _bare(axes)
        grid[0, across].set_title(f"{result.filters[column]}", loc="center")
    for axes, name in zip(grid[:, 0], ROWS, strict=False):
        axes.set_ylabel(name, rotation=0, ha="right", va="center")
    return list(grid[:, 0])


def _places(figure: Figure, *widths: float) -> list[SubFigure]:
    """Places side by side, of these relative widths."""
    return list(figure.subfigures(1, len(widths), squeeze=False, width_ratios=widths)[0])


def _bare(axes: Axes) -> None:
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)
