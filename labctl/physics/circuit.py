"""What hangs on a die: outside nodes, sources on them, contacts to the die's lines. Plain data."""

from dataclasses import dataclass
from enum import Enum
from math import inf
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from labctl.core.lines import LineKind

GROUND = 0
"""Node number of the star ground, 0 V by definition."""


class Drive(Enum):
    """What a source holds: its voltage, its current, or nothing (an open output)."""

    VOLTAGE = "voltage"
    CURRENT = "current"
    OPEN = "open"

    __hash__ = object.__hash__  # members are single objects, and sources are looked up often


@dataclass(frozen=True, slots=True)
class Source:
    """One source terminal, between its outside node and the star ground.

    level:         V (VOLTAGE) or A (CURRENT, positive into the node).
    limit:         largest |A| of a voltage source, largest |V| of a current source; `inf` = none.
    resistance:    ohm in series inside the source (output-off impedance; 0 = ideal).
    response_time: s from the moment the limit would be exceeded until it acts.
    """

    drive: Drive
    level: float = 0.0
    limit: float = inf
    resistance: float = 0.0
    response_time: float = 0.0


@dataclass(frozen=True, eq=False)
class Topology:
    """Which nodes touch which lines; changes only when a relay moves. Compared by identity.

    nodes:    number of outside nodes; node 0 is the star ground.
    source_nodes: node of each source, in the order in which `Source`s are passed to the die.
    bridges:  (node, node, siemens) resistors between outside nodes.
    contacts: (node, kind, line, siemens) closed crosspoints with their contact conductance.
    heaters:  bit lines whose isolation relay to the heater is closed.
    node_capacitance: F of each outside node that is not ground (cable and matrix row).
    line_capacitance: F of each contacted or floating line of the die (column cable and pad).
    """

    nodes: int
    source_nodes: tuple[int, ...]
    bridges: tuple[tuple[int, int, float], ...] = ()
    contacts: tuple[tuple[int, LineKind, int, float], ...] = ()
    heaters: frozenset[int] = frozenset()
    node_capacitance: float = 0.0
    line_capacitance: float = 0.0


class SourcePoint(NamedTuple):
    """What stands at one source: V, A (positive out of the source), and whether its limit rules."""

    voltage: float
    current: float
    limited: bool


@dataclass(frozen=True)
class OperatingPoint:
    """What the network settles to.

    source_voltage, source_current: (S,) V and A at each source terminal, current positive out of the source.
    limited:        (S,) True where the source's limit rules.
    node_voltage:   (K,) V of the outside nodes (NaN where nothing defines it).
    cell_voltage:   (M, N) V across each cell, word side minus bit side.
    cell_current:   (M, N) A through each cell, positive from word to bit line.
    heater_current: (N,) A through each heater (0 where its relay is open).
    film_current:   (N,) A through each neuron's film, positive into the neuron's output line.
    """

    source_voltage: NDArray[np.float64]
    source_current: NDArray[np.float64]
    limited: NDArray[np.bool_]
    node_voltage: NDArray[np.float64]
    cell_voltage: NDArray[np.float64]
    cell_current: NDArray[np.float64]
    heater_current: NDArray[np.float64]
    film_current: NDArray[np.float64]
