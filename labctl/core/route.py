"""A route: which lines are connected to which sources, at what worst case. Pure data, made before anything moves."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from labctl.core.lines import Cell, Line


class Crosspoint(NamedTuple):
    """One relay of the switch matrix: row letter and matrix column as the instrument counts (from 1)."""

    row: str
    column: int


class Role(Enum):
    """What a source does in a route."""

    DRIVE = "drive"
    BIAS = "bias"
    SENSE = "sense"
    LEVEL = "level"
    OUTPUT = "output"
    PROBE = "probe"


class Scheme(Enum):
    """What unselected lines are held at while a cell is written."""

    HALF = "V/2"
    THIRD = "V/3"
    FLOAT = "float"


class Purpose(Enum):
    """What a route is for; decides which checks apply."""

    READ = "read"
    WRITE = "write"
    FORM = "form"
    NEURON = "neuron"
    COMPUTE = "compute"
    PROOF = "proof of the wiring"


GROUND = "ground"
"""Name of the star ground where a source would stand."""


@dataclass(frozen=True)
class Feed:
    """One source (or the star ground) on one matrix row, and the lines it reaches.

    source:     instrument terminal such as `smu1.a`, or `ground`.
    fraction:   its level as a fraction of the route's amplitude (drive 1, half-select bias 0.5, sense 0).
    level:      largest |V| it will hold in this route.
    compliance: A; largest current it may pass. 0 for ground.
    series_ohm: resistor between the terminal and the matrix row.
    """

    row: str
    source: str
    role: Role
    fraction: float
    level: float
    compliance: float
    lines: tuple[Line, ...]
    series_ohm: float = 0.0

    @property
    def is_ground(self) -> bool:
        """Whether this is the star ground, which no program can switch off."""
        return self.source == GROUND


@dataclass(frozen=True, eq=False)
class Route:
    """A checked plan of connections.

    amplitude:    V of the drive, worst case (signed levels follow from each feed's fraction).
    crosspoints:  relays that must be closed; every other one is open.
    heaters:      bit lines whose isolation relay is closed.
    worst_case:   (word lines, bit lines) largest |V| any cell can see, V.
    floating:     lines connected to nothing.
    """

    purpose: Purpose
    amplitude: float
    feeds: tuple[Feed, ...]
    crosspoints: frozenset[Crosspoint]
    heaters: frozenset[int]
    worst_case: NDArray[np.float64]
    floating: tuple[Line, ...] = ()
    cell: Cell | None = None
    scheme: Scheme | None = None

    def feed(self, role: Role) -> Feed:
        """The first feed with `role`; KeyError when there is none."""
        for feed in self.feeds:
            if feed.role is role:
                return feed
        raise KeyError(f"this route has no {role.value} source")
