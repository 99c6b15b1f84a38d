"""The wafer that dies are drawn on: rim, notch, axes with the prober's integers, dies that hold no number."""

from __future__ import annotations

from collections.abc import Iterable
from math import cos, radians, sin

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.patches import Circle, Patch, Polygon, Rectangle

from labctl.report.wafer.placing import Mark, State
from labctl.wafer.geometry import WaferGeometry

MILLI = 1e3
INK, PALE = "#333333", "#dddddd"
GAP = 0.04
"""Of a die's size, left free between drawn neighbours."""
_ROOM = 1.08
_LOOKS = {
    State.SKIPPED: {"facecolor": "#f4f4f4", "edgecolor": "#a8a8a8", "hatch": "////", "linewidth": 0.5},
    State.WAITING: {"facecolor": "white", "edgecolor": INK, "linestyle": (0, (1, 1)), "linewidth": 1.3},
    State.UNSORTED: {"facecolor": "white", "edgecolor": INK, "hatch": "xxx", "linewidth": 0.8},
    State.ABSENT: {"facecolor": "none", "edgecolor": "#b8b8b8", "linestyle": (0, (4, 3)), "linewidth": 0.5},
}


def draw_outline(axes: Axes, geometry: WaferGeometry, marks: Iterable[Mark]) -> None:
    """Draw rim, edge exclusion, notch and axes; leaves `axes` in mm, x to the right and y up."""
    radius = geometry.diameter / 2 * MILLI
    axes.set_aspect("equal")
    axes.set_xlim(-_ROOM * radius, _ROOM * radius)
    axes.set_ylim(-_ROOM * radius, _ROOM * radius)
    axes.add_patch(Circle((0.0, 0.0), radius, facecolor="none", edgecolor=INK, linewidth=1.0, zorder=3))
    inner = radius - geometry.edge_exclusion * MILLI
    if inner < radius:
        axes.add_patch(
            Circle((0.0, 0.0), inner, facecolor="none", edgecolor="#888888", linewidth=0.6, linestyle=":")
        )
    _notch(axes, geometry.notch, radius)
    _integers(axes, geometry, [mark for mark in marks if mark.state is not State.ABSENT])


def draw_die(axes: Axes, geometry: WaferGeometry, mark: Mark, **look: object) -> Rectangle:
    """Draw one die at its place; without a `look` that of its state. The part off the wafer is cut away."""
    width, height = (size * MILLI * (1.0 - GAP) for size in geometry.die_size)
    corner = (mark.x * MILLI - width / 2, mark.y * MILLI - height / 2)
    drawn = Rectangle(corner, width, height, **(look or _LOOKS[mark.state]))  # type: ignore[arg-type]
    axes.add_patch(drawn)
    if mark.state is State.ABSENT:
        drawn.set_clip_path(Circle((0.0, 0.0), geometry.diameter / 2 * MILLI, transform=axes.transData))
    return drawn


def state_keys(marks: Iterable[Mark]) -> list[Artist]:
    """Legend entries of the states that a map shows beside the tested dies, with their numbers."""
    states = [mark.state for mark in marks]
    return [
        Patch(label=f"{state.value} ({states.count(state)})", **look)  # type: ignore[arg-type]
        for state, look in _LOOKS.items()
        if state in states
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
        "notch", (along[0] * radius, along[1] * radius), (along[0] * 9, along[1] * 7), textcoords="offset points",
        ha="center", va="center", fontsize=7, color=INK, rotation=90 * (abs(along[0]) > abs(along[1])),
    )  # fmt: skip


def _integers(axes: Axes, geometry: WaferGeometry, marks: list[Mark]) -> None:
    """The prober's integers at the columns and rows of dies, an arrow the way in which they grow."""
    columns = {mark.die.x: mark.x * MILLI for mark in marks}
    rows = {mark.die.y: mark.y * MILLI for mark in marks}
    axes.set_xticks(list(columns.values()), [str(x) for x in columns])
    axes.set_yticks(list(rows.values()), [str(y) for y in rows])
    axes.tick_params(length=0, labelsize=7)
    axes.set_xlabel("die x  →" if geometry.x_sign > 0 else "←  die x", fontsize=8)
    axes.set_ylabel("die y  →" if geometry.y_sign > 0 else "←  die y", fontsize=8)
    for spine in axes.spines.values():
        spine.set_visible(False)
