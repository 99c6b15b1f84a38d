"""Where the dies of a wafer lie in the drawn map; a die keeps the integers that the prober calls it by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from math import ceil, floor, hypot
from typing import NamedTuple

ROUNDING = 1e-9
"""m; a die that ends exactly at the edge exclusion is inside."""


class Die(NamedTuple):
    """One die by the prober's own integers, negative ones included."""

    x: int
    y: int

    def __str__(self) -> str:
        """As people write it: `(3, -2)`."""
        return f"({self.x}, {self.y})"


ORIGIN = Die(0, 0)


class Place(Enum):
    """How a die lies on the wafer."""

    INSIDE = "inside"
    EDGE = "in the edge exclusion"
    OUTSIDE = "outside the wafer"


@dataclass(frozen=True)
class WaferGeometry:
    """A wafer and its grid of dies, drawn with x to the right and y up; all lengths in m.

    notch:            where it is drawn, degrees counter-clockwise from the right (270 = at the bottom).
    die_size:         pitch in drawn x and y, scribe lines included.
    x_sign, y_sign:   1 when the prober's x grows to the right (its y upwards), else -1.
    reference_offset: from the wafer's centre to the centre of `reference_die`, in the drawn map.
    edge_exclusion:   width of the rim that no die may reach into.
    """

    diameter: float
    die_size: tuple[float, float]
    notch: float = 270.0
    x_sign: int = 1
    y_sign: int = 1
    reference_die: Die = ORIGIN
    reference_offset: tuple[float, float] = (0.0, 0.0)
    edge_exclusion: float = 0.0

    def centre(self, die: Die) -> tuple[float, float]:
        """Centre of `die` in the drawn map, m from the wafer's centre."""
        steps = self.x_sign * (die.x - self.reference_die.x), self.y_sign * (die.y - self.reference_die.y)
        return (
            self.reference_offset[0] + steps[0] * self.die_size[0],
            self.reference_offset[1] + steps[1] * self.die_size[1],
        )

    def place(self, die: Die) -> Place:
        """Whether all of `die` is inside, reaches into the edge exclusion, or leaves the wafer."""
        x, y = self.centre(die)
        corner = hypot(abs(x) + self.die_size[0] / 2, abs(y) + self.die_size[1] / 2) - ROUNDING
        if corner <= self.diameter / 2 - self.edge_exclusion:
            return Place.INSIDE
        return Place.EDGE if corner <= self.diameter / 2 else Place.OUTSIDE

    def holds(self, die: Die) -> bool:
        """Whether the whole die lies on the wafer and clear of the edge exclusion."""
        return self.place(die) is Place.INSIDE

    def all_dies(self) -> tuple[Die, ...]:
        """Every die that the wafer holds, in drawn rows from the upper left."""
        return self._all_dies

    @cached_property
    def _all_dies(self) -> tuple[Die, ...]:
        found = [die for die in self._candidates() if self.holds(die)]
        return tuple(sorted(found, key=lambda die: (-self.y_sign * die.y, self.x_sign * die.x)))

    def _candidates(self) -> Iterator[Die]:
        columns, rows = (self._reach(axis) for axis in (0, 1))
        for y in rows:
            for x in columns:
                yield Die(x, y)

    def _reach(self, axis: int) -> range:
        """The prober's integers along one axis whose centres lie on the wafer."""
        radius, size, offset = self.diameter / 2, self.die_size[axis], self.reference_offset[axis]
        sign, reference = (self.x_sign, self.y_sign)[axis], self.reference_die[axis]
        ends = sign * ceil((-radius - offset) / size), sign * floor((radius - offset) / size)
        return range(reference + min(ends), reference + max(ends) + 1)

    def turned(self, degrees: int) -> Turned:
        """The same map as drawn after turning it counter-clockwise by a multiple of 90 degrees."""
        return Turned(self, degrees)


@dataclass(frozen=True)
class Turned:
    """A view of a wafer turned by a multiple of 90 degrees, counter-clockwise: places move, names do not."""

    geometry: WaferGeometry
    degrees: int

    def __post_init__(self) -> None:
        """Refuse angles at which a grid of dies is no grid any more."""
        if self.degrees % 90:
            raise ValueError(f"a wafer map is turned by multiples of 90 degrees, not by {self.degrees}")

    @property
    def notch(self) -> float:
        """Where the notch is drawn, degrees counter-clockwise from the right."""
        return (self.geometry.notch + self.degrees) % 360.0

    def centre(self, die: Die) -> tuple[float, float]:
        """Centre of `die` as drawn, m from the wafer's centre."""
        x, y = self.geometry.centre(die)
        for _ in range(self.degrees // 90 % 4):
            x, y = -y, x
        return x, y
