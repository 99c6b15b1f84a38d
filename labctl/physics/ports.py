"""The rest of the array as a few switching cells and slow nodes see it: their ports in the linearised network."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labctl.physics.crossbar import Border, Field
from labctl.physics.network import Network, Solution
from labctl.physics.outside import Situation, node_currents

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Ports:
    """The network linearised around a base point, for P switching cells, Q slow nodes and S sources.

    z (P, P) ohm: voltage that a cell loses per A drawn by another; t (P, Q): voltage that it gains per V on a slow
    node; y (Q, Q) S: current out of the slow nodes per V on them; outflow (Q,) A: the same at the base point;
    source_cells (S, P), source_nodes (S, Q): change of the sources' currents per A and per V.
    """

    z: Floats
    t: Floats
    y: Floats
    outflow: Floats
    source_cells: Floats
    source_nodes: Floats


def lift(network: Network, base: Solution, situation: Situation, node: int) -> Field:
    """Answer of the linearised network to 1 V more on the pinned `node`."""
    outside, pattern = network.outside, situation.pattern
    border = Border(
        situation.border.word_coupling, situation.border.bit_coupling, situation.border.matrix,
        -situation.matrix[pattern.free, node],
    )  # fmt: skip
    return network.store.wires.response(
        base.field.slope, situation.terminals, border,
        word_current=outside.word_coupling[:, node], bit_current=outside.bit_coupling[:, node],
    )  # fmt: skip


def linearise(
    network: Network,
    base: Solution,
    situation: Situation,
    slow: Indices,
    lifts: list[Field],
    words: Indices,
    bits: Indices,
) -> Ports:
    """Linearise: unit currents through the cells (words, bits), unit potentials on the `slow` nodes."""
    pattern, outside = situation.pattern, network.outside
    matrix, free = situation.matrix, pattern.free
    cells, nodes, sources = len(words), len(slow), len(outside.source_nodes)
    z, t = np.empty((cells, cells)), np.empty((cells, nodes))
    y = np.empty((nodes, nodes))
    by_cell, by_node = np.empty((sources, cells)), np.empty((sources, nodes))
    leak, push = pattern.leak, situation.at_node

    def at_sources(into: Floats, volts: Floats) -> Floats:
        at = outside.source_nodes
        return np.where(pattern.is_ideal, into[at], -pattern.conductance * volts[at])

    quiet = Border(
        situation.border.word_coupling,
        situation.border.bit_coupling,
        situation.border.matrix,
        np.zeros(len(free)),
    )
    for place, cell in enumerate(zip(words.tolist(), bits.tolist(), strict=True)):
        answer = network.store.wires.response(base.field.slope, situation.terminals, quiet, cell=cell)
        volts = np.zeros(outside.topology.nodes)
        volts[free] = answer.outside
        z[:, place] = -answer.cell_voltage[words, bits]
        by_cell[:, place] = at_sources(node_currents(outside, matrix, volts, answer), volts)
    for place, (node, answer) in enumerate(zip(slow, lifts, strict=True)):
        volts = np.zeros(outside.topology.nodes)
        volts[free] = answer.outside
        volts[node] = 1.0
        into = node_currents(outside, matrix, volts, answer)
        t[:, place] = answer.cell_voltage[words, bits]
        y[:, place] = into[slow] + leak[slow] * volts[slow]
        by_node[:, place] = at_sources(into, volts)
    into = node_currents(outside, matrix, base.node_voltage, base.field)
    outflow = into[slow] + leak[slow] * base.node_voltage[slow] - push[slow]
    return Ports(z, t, y, outflow, by_cell, by_node)
