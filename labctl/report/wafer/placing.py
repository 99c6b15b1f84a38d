"""Where each die is drawn and what became of it; a die keeps the prober's integers however the picture lies."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from math import hypot

from labctl.report.wafer.campaign import Campaign
from labctl.wafer.geometry import Die, WaferGeometry


class State(Enum):
    """What became of a die."""

    TESTED = "tested"
    UNSORTED = "begun, not sorted into a bin"
    WAITING = "planned, not tested"
    SKIPPED = "skipped: not in the plan"
    ABSENT = "no whole die: edge of the wafer"


@dataclass(frozen=True)
class Mark:
    """One die on the map: its centre in m from the wafer's centre, x to the right and y up."""

    die: Die
    x: float
    y: float
    state: State


def marks(campaign: Campaign) -> tuple[Mark, ...]:
    """Every place of the grid that lies on the wafer, in any state."""
    geometry, planned = campaign.plan.geometry, set(campaign.plan.dies)
    begun = {each.die: State.TESTED if each.tested else State.UNSORTED for each in campaign.dies}
    found = []
    for die in sorted({*geometry.all_dies(), *planned, *begun, *_cut_off(geometry)}):
        whole = State.SKIPPED if geometry.holds(die) else State.ABSENT
        state = begun.get(die, State.WAITING if die in planned else whole)
        found.append(Mark(die, *geometry.centre(die), state))
    return tuple(found)


def _cut_off(geometry: WaferGeometry) -> set[Die]:
    """Places of the grid that lie on the wafer in part, or reach into its edge exclusion."""
    whole = geometry.all_dies()
    if not whole:
        return set()
    (left, right), (lower, upper) = (
        (min(each[axis] for each in whole) - 1, max(each[axis] for each in whole) + 1) for axis in (0, 1)
    )
    grid = {Die(x, y) for x in range(left, right + 1) for y in range(lower, upper + 1)}
    return {die for die in grid.difference(whole) if _touches(geometry, die)}


def _touches(geometry: WaferGeometry, die: Die) -> bool:
    x, y = geometry.centre(die)
    width, height = geometry.die_size
    nearest = hypot(max(abs(x) - width / 2, 0.0), max(abs(y) - height / 2, 0.0))
    return nearest < geometry.diameter / 2
