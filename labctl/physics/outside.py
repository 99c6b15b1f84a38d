"""The few nodes outside the die: sources, bridges, contacts and heaters, reduced to what stands at the line ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from labctl.core.lines import LineKind
from labctl.physics.circuit import GROUND, Drive, Source, Topology
from labctl.physics.crossbar import INSULATION, SMALLEST_RESISTANCE, Border, Field, Terminals

Floats = NDArray[np.float64]

SHARED_RESISTANCE = 1e-3
"""ohm put in series with ideal sources that share one node (a wiring fault): their fight stays finite."""


class Outside:
    """A topology's fixed tables: couplings from line ends to outside nodes, and the nodal matrix of those nodes.

    The pad of each line (contacts on one side, one wire segment to the first crosspoint on the other) is
    eliminated, so two contacts on one line meet before the segment.
    """

    def __init__(
        self, topology: Topology, words: int, bits: int, segment: float, heater_conductance: Floats
    ) -> None:
        """segment: ohm between pad and first crosspoint; heater_conductance: (N,) S of each bit line's heater."""
        self.topology = topology
        nodes = topology.nodes
        contacts = {
            LineKind.WORD: np.zeros((words, nodes)),
            LineKind.BIT: np.zeros((bits, nodes)),
            LineKind.NEURON: np.zeros((bits, nodes)),
        }
        for node, kind, line, siemens in topology.contacts:
            contacts[kind][line, node] += siemens
        self.neuron_contacts = contacts[LineKind.NEURON]
        self.has_neurons = bool(self.neuron_contacts.any())
        heaters = sorted(topology.heaters)
        self.heaters = np.array(heaters, dtype=np.intp)
        self.heater_conductance = np.zeros(bits)
        self.heater_conductance[heaters] = heater_conductance[heaters]
        inner = 1.0 / max(segment, SMALLEST_RESISTANCE)
        at_bit = contacts[LineKind.BIT].copy()
        at_bit[:, GROUND] += self.heater_conductance
        self.word_coupling, word_matrix, _ = _star(contacts[LineKind.WORD], inner)
        self.bit_coupling, bit_matrix, bit_total = _star(at_bit, inner)
        self._pad_inner = inner / bit_total
        self._pad_nodes = at_bit / bit_total[:, None]
        self.matrix = word_matrix + bit_matrix
        for one, other, siemens in topology.bridges:
            self.matrix[one, one] += siemens
            self.matrix[other, other] += siemens
            self.matrix[one, other] -= siemens
            self.matrix[other, one] -= siemens
        lines_on = (contacts[LineKind.WORD] > 0).sum(axis=0) + (contacts[LineKind.BIT] > 0).sum(axis=0)
        self.touches_array: NDArray[np.bool_] = lines_on > 0
        self.capacitance: Floats = topology.node_capacitance + topology.line_capacitance * lines_on
        self.source_nodes = np.array(topology.source_nodes, dtype=np.intp)
        on_node = [topology.source_nodes.count(node) for node in topology.source_nodes]
        self.shares_node = np.array(
            [count > 1 or node == GROUND for count, node in zip(on_node, topology.source_nodes, strict=True)]
        )

    def with_films(self, film_conductance: Floats) -> Floats:
        """(nodes, nodes) nodal matrix with the neurons' films, (N,) S to ground, behind their contacts."""
        if not self.has_neurons:
            return self.matrix
        _, matrix, _ = _star(self.neuron_contacts, film_conductance)
        total: Floats = self.matrix + matrix
        return total

    def film_current(self, film_conductance: Floats, node_voltage: Floats) -> Floats:
        """(N,) A through each film, from its output line to ground."""
        total = self.neuron_contacts.sum(axis=1) + film_conductance
        pad = self.neuron_contacts @ np.nan_to_num(node_voltage) / total
        current: Floats = film_conductance * pad
        return current

    def heater_current(self, field: Field, node_voltage: Floats) -> Floats:
        """(N,) A through each connected heater, positive to ground."""
        pad = self._pad_inner * field.bit[-1] + self._pad_nodes @ np.nan_to_num(node_voltage)
        current: Floats = self.heater_conductance * pad
        return current


def _star(contacts: Floats, inner: float | Floats) -> tuple[Floats, Floats, Floats]:
    """Eliminate each line's pad: (couplings line end to node, nodal matrix among the nodes, total S at the pad)."""
    total = contacts.sum(axis=1) + inner
    coupling = contacts * (inner / total)[:, None]
    matrix = np.diag(contacts.sum(axis=0)) - contacts.T @ (contacts / total[:, None])
    return coupling, matrix, np.asarray(total)


@dataclass(frozen=True, eq=False)
class Situation:
    """What the sources make of the outside nodes: which are held, which follow, what is injected.

    held: nodes of known potential (ground first), with `voltage`; free: nodes that follow the network;
    border, terminals: the same as the crossbar solver takes them.
    """

    held: NDArray[np.intp]
    voltage: Floats
    free: NDArray[np.intp]
    border: Border
    terminals: Terminals
    key: bytes
    source_conductance: Floats
    source_injection: Floats


def arrange(
    outside: Outside,
    matrix: Floats,
    sources: Sequence[Source],
    ruling: NDArray[np.int8],
    pinned: dict[int, float] | None = None,
) -> Situation:
    """Reduce the outside for given sources.

    ruling (S,): 0 where a source's level rules, +1 / -1 where its limit does, with that sign. `pinned` holds
    further nodes at given potentials (the charge on their capacitance).
    """
    nodes = outside.topology.nodes
    held = {GROUND: 0.0} | (pinned or {})
    conductance, injection = np.zeros(len(sources)), np.zeros(len(sources))
    for index, source in enumerate(sources):
        if source.drive is Drive.OPEN:
            continue
        sign = int(ruling[index])
        if (source.drive is Drive.VOLTAGE) != (sign == 0):  # behaves as a current source
            injection[index] = source.level if sign == 0 else sign * source.limit
            continue
        level = source.level if sign == 0 else sign * source.limit
        resistance = source.resistance
        if outside.shares_node[index]:
            resistance = max(resistance, SHARED_RESISTANCE)
        if resistance > 0.0:
            conductance[index], injection[index] = 1.0 / resistance, level / resistance
        else:
            held[int(outside.source_nodes[index])] = level
    at_node, leak = np.zeros(nodes), np.zeros(nodes)
    np.add.at(at_node, outside.source_nodes, injection)
    np.add.at(leak, outside.source_nodes, conductance)
    diagonal = matrix.diagonal() + leak
    free = np.array([n for n in range(nodes) if n not in held and (diagonal[n] > 0.0 or at_node[n])], dtype=np.intp)
    fixed = np.array(list(held), dtype=np.intp)
    voltage = np.array(list(held.values()))
    inner = matrix[np.ix_(free, free)].copy()
    inner[np.diag_indices(len(free))] += leak[free] + INSULATION
    border = Border(
        np.ascontiguousarray(outside.word_coupling[:, free]),
        np.ascontiguousarray(outside.bit_coupling[:, free]),
        inner,
        at_node[free] - matrix[np.ix_(free, fixed)] @ voltage,
    )
    word, bit = outside.word_coupling[:, fixed], outside.bit_coupling[:, fixed]
    terminals = Terminals(
        left_conductance=word.sum(axis=1),
        left_voltage=None,
        left_current=word @ voltage,
        bottom_conductance=bit.sum(axis=1),
        bottom_voltage=None,
        bottom_current=bit @ voltage,
    )
    parts = (
        terminals.left_conductance, terminals.left_current, terminals.bottom_conductance, terminals.bottom_current,
        border.word_coupling, border.bit_coupling, border.matrix, border.injection,
    )  # fmt: skip
    key = b"".join(np.asarray(part).tobytes() for part in parts)
    return Situation(fixed, voltage, free, border, terminals, key, conductance, injection)


def node_voltages(outside: Outside, situation: Situation, field: Field) -> Floats:
    """(K,) V of all outside nodes; NaN where nothing defines it."""
    out = np.full(outside.topology.nodes, np.nan)
    out[situation.held] = situation.voltage
    out[situation.free] = field.outside
    return out


def node_currents(outside: Outside, matrix: Floats, voltage: Floats, field: Field) -> Floats:
    """(K,) A that flow from each outside node into bridges, films and lines."""
    known = np.nan_to_num(voltage)
    out: Floats = matrix @ known - outside.word_coupling.T @ field.word[:, 0] - outside.bit_coupling.T @ field.bit[-1]
    return out


def source_currents(
    outside: Outside, situation: Situation, sources: Sequence[Source], voltage: Floats, into_network: Floats
) -> Floats:
    """(S,) A out of each source. An ideal source delivers what its node passes on."""
    known = np.nan_to_num(voltage[outside.source_nodes])
    out = situation.source_injection - situation.source_conductance * known
    held = set(situation.held.tolist())
    for index, source in enumerate(sources):
        node = int(outside.source_nodes[index])
        ideal = situation.source_conductance[index] == 0.0 and situation.source_injection[index] == 0.0
        if ideal and source.drive is not Drive.OPEN and node in held and not outside.shares_node[index]:
            out[index] = into_network[node]
    return out


def next_ruling(
    sources: Sequence[Source], ruling: NDArray[np.int8], voltage: Floats, current: Floats
) -> NDArray[np.int8]:
    """(S,) which limits rule after a look at a solution: set where exceeded, released where the level suffices.

    voltage, current: (S,) V and A at the source terminals for the present `ruling`.
    """
    out = ruling.copy()
    for index, source in enumerate(sources):
        if source.drive is Drive.OPEN or source.limit == inf:
            out[index] = 0
            continue
        if source.drive is Drive.VOLTAGE:
            quantity, reach = current[index], (source.level - voltage[index]) - source.resistance * current[index]
        else:
            quantity, reach = voltage[index], source.level - current[index]
        if ruling[index] == 0:
            if abs(quantity) > source.limit * (1.0 + 1e-9) + 1e-18:
                out[index] = 1 if quantity > 0 else -1
        elif ruling[index] * reach < 0.0:
            out[index] = 0
    return out
