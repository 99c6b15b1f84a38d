"""Which dies are tested, in which order: a rule, hands, a path through the drawn map."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from math import hypot

from labctl.wafer.geometry import ROUNDING, Die, WaferGeometry
from labctl.wafer.planmodel import Corner, PathKind, Rule, Selection


def chosen(geometry: WaferGeometry, selection: Selection) -> tuple[Die, ...]:
    """The dies to be tested in the order of the path; those that the wafer does not hold are left out."""
    picked = set(selection.only or _by_rule(geometry, selection))
    picked |= set(selection.add)
    picked -= set(selection.skip)
    return ordered(geometry, (die for die in picked if geometry.holds(die)), selection.path, selection.start)


def ordered(
    geometry: WaferGeometry,
    dies: Iterable[Die],
    path: PathKind = PathKind.SERPENTINE,
    start: Corner = Corner.UPPER_LEFT,
) -> tuple[Die, ...]:
    """`dies` row by row of the drawn map from the corner `start`; serpentine: every other row backwards."""
    from_right = start in (Corner.UPPER_RIGHT, Corner.LOWER_RIGHT)
    from_below = start in (Corner.LOWER_LEFT, Corner.LOWER_RIGHT)
    down = geometry.y_sign * (1 if from_below else -1)
    across = geometry.x_sign * (-1 if from_right else 1)
    found: list[Die] = []
    rows = groupby(sorted(dies, key=lambda die: down * die.y), key=lambda die: die.y)
    for number, (_, row) in enumerate(rows):
        backwards = path is PathKind.SERPENTINE and number % 2 == 1
        sign = -across if backwards else across
        found += sorted(row, key=lambda die: sign * die.x)
    return tuple(found)


def _by_rule(geometry: WaferGeometry, selection: Selection) -> tuple[Die, ...]:
    rule: Rule = selection.select
    near = [die for die in geometry.all_dies() if hypot(*geometry.centre(die)) <= rule.radius + ROUNDING]
    return ordered(geometry, near, selection.path, selection.start)[:: rule.step]
