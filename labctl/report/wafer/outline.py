"""The wafer that dies are drawn on: rim, notch, axes with the prober's integers, dies that hold no number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import ceil, cos, radians, sin
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Patch, Polygon, Rectangle

from labctl.report.wafer.placing import Mark, State
from labctl.wafer.geometry import WaferGeometry

MILLI = 1e3
INK = "#333333"
GAP = 0.04
"""Of a die's size, left free between drawn neighbours."""
ROOM = 1.08
"""Side of the axes over the diameter of the wafer."""
TICK = 11.0
"""Points that a number at an axis needs."""

Look = Mapping[str, Any]
LOOKS: Mapping[State, Look] = {
    State.SKIPPED: {"facecolor": "#f4f4f4", "edgecolor": "#a8a8a8", "hatch": "////", "linewidth": 0.5},
    State.WAITING: {"facecolor": "white", "edgecolor": INK, "linestyle": (0, (1, 1)), "linewidth": 1.3},
    State.UNSORTED: {"facecolor": "white", "edgecolor": INK, "hatch": "xxx", "linewidth": 0.8},
    State.ABSENT: {"facecolor": "none", "edgecolor": "#b8b8b8", "linestyle": (0, (4, 3)), "linewidth": 0.5},
}
"""Of dies without a number: states are told apart by pattern and edge, not by colour."""


def square(figure: Figure, left: float, bottom: float, side: float) -> Axes:
    """Axes of `side` inches for a wafer, with their lower left corner at a place given in inches."""
    width, height = figure.get_size_inches()
    return figure.add_axes((left / width, bottom / height, side / width, side / height))


def points_per_die(geometry: WaferGeometry, side: float) -> tuple[float, float]:
    """Width and height in points of a die drawn into axes of `side` inches."""
    scale = 72.0 * side / (ROOM * geometry.diameter)
    return geometry.die_size[0] * scale, geometry.die_size[1] * scale


def draw_outline(axes: Axes, geometry: WaferGeometry, marks: Iterable[Mark], side: float) -> None:
    """Draw rim, edge exclusion, notch and axes; leaves `axes` in mm, x to the right and y up."""
    radius = geometry.diameter / 2 * MILLI
    axes.set_aspect("equal")
    axes.set_xlim(-ROOM * radius, ROOM * radius)
    axes.set_ylim(-ROOM * radius, ROOM * radius)
    axes.add_patch(Circle((0.0, 0.0), radius, facecolor="none", edgecolor=INK, linewidth=1.0, zorder=3))
    inner = radius - geometry.edge_exclusion * MILLI
    if inner < radius:
        rim: dict[str, Any] = {
            "facecolor": "none",
            "edgecolor": "#888888",
            "linewidth": 0.6,
            "linestyle": ":",
        }
        axes.add_patch(Circle((0.0, 0.0), inner, **rim))
    _notch(axes, geometry.notch, radius)
    _integers(axes, geometry, [mark for mark in marks if mark.state is not State.ABSENT], side)


def draw_dies(axes: Axes, geometry: WaferGeometry, looks: Sequence[tuple[Mark, Look]]) -> None:
    """Draw dies at their places, each in its look. What lies off the wafer is cut away."""
    groups: dict[str, tuple[Look, list[Rectangle]]] = {}
    width, height = (size * MILLI * (1.0 - GAP) for size in geometry.die_size)
    for mark, look in looks:
        corner = (mark.x * MILLI - width / 2, mark.y * MILLI - height / 2)
        groups.setdefault(repr(look), (look, []))[1].append(Rectangle(corner, width, height))
    for look, dies in groups.values():
        drawn = PatchCollection(dies, **look)
        axes.add_collection(drawn, autolim=False)
        drawn.set_clip_path(Circle((0.0, 0.0), geometry.diameter / 2 * MILLI, transform=axes.transData))


def state_keys(marks: Iterable[Mark]) -> list[Artist]:
    """Legend entries of the states of these dies, tested ones left out, with their numbers."""
    counts = Counter(mark.state for mark in marks)
    return [
        Patch(label=f"{state.value} ({counts[state]})", **look)
        for state, look in LOOKS.items()
        if counts[state]
    ]


def _notch(axes: Axes, angle: float, radius: float) -> None:
    """A triangle cut into the rim, named so that nobody takes it for a scratch."""
    along = cos(radians(angle)), sin(radians(angle))
    across = -along[1], along[0]
    depth, half = 0.055 * radius, 0.035 * radius
    tip = (along[0] * (radius - depth), along[1] * (radius - depth))
    feet = [
        (along[0] * radius + side * across[0] * half, along[1] * radius + side * across[1] * half)
        for side in (1, -1)
    ]
    axes.add_patch(Polygon([feet[0], tip, feet[1]], facecolor=INK, edgecolor=INK, zorder=4))
    axes.annotate(
        "notch", (along[0] * radius, along[1] * radius), (along[0] * 7, along[1] * 6), textcoords="offset points",
        ha="center", va="center", fontsize=7, color=INK, rotation=90 if abs(along[0]) > abs(along[1]) else 0,
    )  # fmt: skip


def _integers(axes: Axes, geometry: WaferGeometry, marks: list[Mark], side: float) -> None:
    """The prober's integers at the columns and rows of dies, an arrow the way in which they grow."""
    width, height = points_per_die(geometry, side)
    columns = {mark.die.x: mark.x * MILLI for mark in marks}
    rows = {mark.die.y: mark.y * MILLI for mark in marks}
    across, down = ceil(TICK * 1.4 / width), ceil(TICK / height)
    origin = geometry.reference_die
    shown_x = sorted(x for x in columns if (x - origin.x) % across == 0)
    shown_y = sorted(y for y in rows if (y - origin.y) % down == 0)
    axes.set_xticks([columns[x] for x in shown_x], [str(x) for x in shown_x])
    axes.set_yticks([rows[y] for y in shown_y], [str(y) for y in shown_y])
    axes.tick_params(length=0, labelsize=7)
    axes.tick_params(axis="y", pad=9)
    axes.set_xlabel("die x  →" if geometry.x_sign > 0 else "←  die x", fontsize=8)
    axes.set_ylabel("die y  →" if geometry.y_sign > 0 else "←  die y", fontsize=8)
    for spine in axes.spines.values():
        spine.set_visible(False)
