"""Which feature maps a run has so far: hardware's as they fill, and software's of the same filters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labctl.core.rows import Picture
from labctl.gui.run_data import RunLike

Floats = NDArray[np.float64]
FILLING = "output current"
"""How the names of the pictures begin that fill patch by patch: `output current, cat, filters from 8`."""
LIVE_AXES = ("neuron", "row", "column")
MEASURED, SOFTWARE = "measured", "software_quantised"
"""Pictures (image, filter, row, column) in units of the layer's weighted sum, written group by group of filters."""
AGREEMENT = "MapAgreement"


@dataclass(frozen=True, eq=False)
class Maps:
    """Maps (filters, rows, columns) of one image and the filters that were in the array at once.

    names: one per filter. hardware, unit: NaN where nothing was measured yet. software: None until it is recorded.
    """

    names: tuple[str, ...]
    hardware: Floats
    quantity: str
    unit: str
    software: Floats | None


def fillings(pictures: Mapping[str, Picture]) -> list[str]:
    """Names of the pictures that fill, in the order in which they were begun."""
    names = [name for name in pictures if name.startswith(FILLING)]
    return sorted(
        (name for name in names if pictures[name].axes == LIVE_AXES),
        key=lambda name: (_first(name), names.index(name)),
    )


def label(name: str) -> str:
    """`cat, filters from 8` of a picture's name."""
    return name.removeprefix(FILLING).lstrip(", ") or name


def maps_of(run: RunLike, name: str) -> Maps:
    """The maps of the filling picture `name`: in the layer's own units once the group is through."""
    pictures = run.pictures
    current = pictures[name].values
    first, image = _first(name), _image(run, name)
    group = slice(first, first + len(current))
    titles = _titles(run, group)
    software = _part(pictures, SOFTWARE, image, group)
    measured = _part(pictures, MEASURED, image, group)
    if measured is None or software is None:
        return Maps(titles, current, "output current", pictures[name].unit, software)
    return Maps(titles, measured, "weighted sum", "1", software)


def _part(pictures: Mapping[str, Picture], name: str, image: int, group: slice) -> Floats | None:
    if name not in pictures:
        return None
    whole = pictures[name].values
    if whole.ndim != 4 or image >= len(whole) or group.stop > whole.shape[1]:
        return None
    part: Floats = whole[image, group]
    return None if np.isnan(part).all() else part


def _first(name: str) -> int:
    """8 of `output current, cat, filters from 8`; 0 where the name does not say."""
    last = name.rsplit(" ", 1)[-1]
    return int(last) if "filters from" in name and last.isdigit() else 0


def _image(run: RunLike, name: str) -> int:
    """Which of the images: they are run in one order for every group."""
    same = [each for each in run.pictures if each.startswith(FILLING) and _first(each) == _first(name)]
    if AGREEMENT in run.tables:  # a file does not keep the order of its pictures
        order = list(dict.fromkeys(str(each) for each in run.tables[AGREEMENT].columns["image"]))
        shown = label(name).rsplit(", filters from", 1)[0]
        if shown in order:
            return order.index(shown)
    return same.index(name)


def _titles(run: RunLike, group: slice) -> tuple[str, ...]:
    """Filters go by the numbers that the record gives them, or by their places."""
    numbers = list(range(group.start, group.stop))
    if AGREEMENT in run.tables:
        known = list(dict.fromkeys(run.tables[AGREEMENT].columns["filter"].tolist()))
        numbers = [known[place] if place < len(known) else place for place in numbers]
    return tuple(f"filter {number}" for number in numbers)
