"""The few nodes outside the die: sources, bridges, contacts and heaters, reduced to what stands at the line ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf

import numpy as np
from numpy.typing import NDArray

from labctl.core.lines import LineKind
from labctl.physics.circuit import GROUND, Drive, Source, Topology
from labctl.physics.crossbar import INSULATION, SMALLEST_RESISTANCE, Border, Field, Terminals

Floats = NDArray[np.float64]

STIFF = 1e-2
"""S to held nodes above which an outside node follows at once (300 pF: 30 ns)."""
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
        self._at_neuron = self.neuron_contacts.sum(axis=1)
        self.film_nodes = frozenset(np.flatnonzero(self.neuron_contacts.any(axis=0)).tolist())
        self.has_neurons = bool(self.film_nodes)
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
        share = self.neuron_contacts / (self._at_neuron + film_conductance)[:, None]
        matrix: Floats = self.matrix - self.neuron_contacts.T @ share
        matrix.flat[:: len(matrix) + 1] += self.neuron_contacts.sum(axis=0)
        return matrix

    def film_current(self, film_conductance: Floats, node_voltage: Floats) -> Floats:
        """(N,) A through each film, from its output line to ground."""
        pad = self.neuron_contacts @ node_voltage / (self._at_neuron + film_conductance)
        current: Floats = film_conductance * pad
        return current

    def heater_power(self, field: Field, node_voltage: Floats) -> Floats:
        """(N,) W in each connected heater."""
        conductance = self.heater_conductance
        power = np.zeros(len(conductance))
        return np.divide(
            self.heater_current(field, node_voltage) ** 2, conductance, out=power, where=conductance > 0.0
        )

    def heater_current(self, field: Field, node_voltage: Floats) -> Floats:
        """(N,) A through each connected heater, positive to ground."""
        pad = self._pad_inner * field.bit[-1] + self._pad_nodes @ node_voltage
        current: Floats = self.heater_conductance * pad
        return current


def _star(contacts: Floats, inner: float) -> tuple[Floats, Floats, Floats]:
    """Eliminate each line's pad: (couplings line end to node, nodal matrix among the nodes, total S at the pad)."""
    total = contacts.sum(axis=1) + inner
    coupling = contacts * (inner / total)[:, None]
    matrix = np.diag(contacts.sum(axis=0)) - contacts.T @ (contacts / total[:, None])
    return coupling, matrix, np.asarray(total)


@dataclass(frozen=True, eq=False)
class Pattern:
    """What sources of given kinds make of the outside nodes, whatever their levels.

    held: nodes of known potential, ground first; free: nodes that follow the network; is_ideal (S,): whether a
    source holds its node alone; conductance (S,): S of sources behind a resistance; injecting (S,): what a
    source's level is multiplied with to give the A that it injects; outward: S from each free node to held ones;
    slow: free nodes on lines whose cable charges through a resistor or from a limited source; settling: ten of
    their longest time constants, in s: after that they have settled; acting: what levels
    (and potentials of pinned nodes) do, the rows of `parts` one below the other.
    """

    held: NDArray[np.intp]
    free: NDArray[np.intp]
    is_ideal: NDArray[np.bool_]
    conductance: Floats
    injecting: Floats
    leak: Floats
    left_conductance: Floats
    bottom_conductance: Floats
    border: Border
    free_held: Floats
    outward: Floats
    slow: NDArray[np.intp]
    settling: float
    acting: Floats
    parts: tuple[slice, ...]
    content: bytes


@dataclass(frozen=True, eq=False)
class Situation:
    """A pattern with levels: `terminals` and `border` as the crossbar solver takes them.

    matrix: nodal matrix of all nodes, films included; voltage: V of the held nodes; injection (S,): A that sources
    push into their nodes, resistances considered; at_node (K,): the same by node; key: equal for situations
    that the array cannot tell apart.
    """

    pattern: Pattern
    matrix: Floats
    voltage: Floats
    injection: Floats
    at_node: Floats
    border: Border
    terminals: Terminals
    key: tuple[bytes, bytes]


def acting_levels(sources: Sequence[Source], ruling: NDArray[np.int8]) -> list[tuple[bool | None, float]]:
    """Per source (holds a voltage? None when open, value in V or A) once limits that rule have taken over."""
    out: list[tuple[bool | None, float]] = []
    for source, sign in zip(sources, ruling.tolist(), strict=True):
        if source.drive is Drive.OPEN:
            out.append((None, 0.0))
        elif sign == 0:
            out.append((source.drive is Drive.VOLTAGE, source.level))
        else:
            out.append((source.drive is not Drive.VOLTAGE, sign * source.limit))
    return out


def make_pattern(
    outside: Outside,
    matrix: Floats,
    kinds: Sequence[tuple[bool | None, float]],
    pinned: tuple[int, ...] = (),
) -> Pattern:
    """Reduce the outside for sources of given kinds: (holds a voltage? None when open, resistance in ohm).

    `pinned` holds further nodes (at the charge on their capacitance).
    """
    count, nodes = len(kinds), outside.topology.nodes
    conductance, injecting, leak = np.zeros(count), np.zeros(count), np.zeros(nodes)
    into_node = np.zeros((nodes, count + len(pinned)))
    is_ideal = np.zeros(count, dtype=np.bool_)
    held, holders, pushed = [GROUND], [-1], set()
    for index, (holds, ohm) in enumerate(kinds):
        node = outside.topology.source_nodes[index]
        resistance = max(ohm, SHARED_RESISTANCE) if outside.shares_node[index] else ohm
        if holds is None:
            continue
        if not holds:
            injecting[index] = 1.0
            pushed.add(node)
        elif resistance > 0.0:
            conductance[index] = injecting[index] = 1.0 / resistance
            leak[node] += conductance[index]
        else:
            is_ideal[index] = True
            held.append(node)
            holders.append(index)
        into_node[node, index] = injecting[index]
    held += pinned
    holders += range(count, count + len(pinned))
    on_held = np.zeros((len(held), count + len(pinned)))
    on_held[range(1, len(held)), holders[1:]] = 1.0
    diagonal = (matrix.diagonal() + leak).tolist()
    free = [n for n in range(nodes) if n not in held and (diagonal[n] > 0.0 or n in pushed)]
    columns = matrix[free]
    inner, free_held = columns[:, free], columns[:, held]
    inner.flat[:: len(free) + 1] += leak[free] + INSULATION
    word, bit = outside.word_coupling[:, held], outside.bit_coupling[:, held]
    border = Border(
        np.ascontiguousarray(outside.word_coupling[:, free]),
        np.ascontiguousarray(outside.bit_coupling[:, free]),
        np.ascontiguousarray(inner),  # another order would be compiled for a second time
        np.zeros(len(free)),
    )
    left, bottom = word.sum(axis=1), bit.sum(axis=1)
    followers = np.array(free, dtype=np.intp)
    outward = leak[free] - free_held.sum(axis=1)
    is_slow = outside.touches_array[free] & (outward < STIFF)
    slow = followers[is_slow]
    times = outside.capacitance[slow] / np.maximum(outward[is_slow], 1e-30)
    acting = (word @ on_held, bit @ on_held, into_node[free] - free_held @ on_held, on_held, into_node)
    ends = np.cumsum([0, *(len(rows) for rows in acting)]).tolist()
    reduced = (left, bottom, border.word_coupling, border.bit_coupling, inner)
    return Pattern(
        held=np.array(held, dtype=np.intp), free=followers, is_ideal=is_ideal,
        conductance=conductance, injecting=injecting, leak=leak,
        left_conductance=left, bottom_conductance=bottom, border=border, free_held=free_held,
        outward=outward, slow=slow, settling=10.0 * float(times.max(initial=0.0)),
        acting=np.concatenate(acting), parts=tuple(slice(*pair) for pair in pairwise(ends)),
        content=b"".join(part.tobytes() for part in reduced),
    )  # fmt: skip


def arrange(
    pattern: Pattern,
    matrix: Floats,
    levels: Sequence[tuple[bool | None, float]],
    pinned: Sequence[float] = (),
) -> Situation:
    """Put levels (from `acting_levels`) and the potentials of pinned nodes into a pattern with a nodal `matrix`."""
    values = np.array([*(value for _, value in levels), *pinned])
    acting = pattern.acting @ values
    left, bottom, pushing, voltage, at_node = (acting[part] for part in pattern.parts)
    injection = values[: len(levels)] * pattern.injecting
    inner = pattern.border
    border = Border(inner.word_coupling, inner.bit_coupling, inner.matrix, pushing)
    terminals = Terminals(
        left_conductance=pattern.left_conductance,
        left_current=left,
        bottom_conductance=pattern.bottom_conductance,
        bottom_current=bottom,
    )
    key = (pattern.content, acting[: pattern.parts[2].stop].tobytes())
    return Situation(pattern, matrix, voltage, injection, at_node, border, terminals, key)


def node_voltages(outside: Outside, situation: Situation, field: Field) -> Floats:
    """(K,) V of all outside nodes; 0 where nothing defines it (see `undefined`)."""
    out = np.zeros(outside.topology.nodes)
    out[situation.pattern.held] = situation.voltage
    out[situation.pattern.free] = field.outside
    return out


def undefined(outside: Outside, situation: Situation) -> NDArray[np.bool_]:
    """(K,) True for outside nodes on which nothing at all hangs."""
    out = np.ones(outside.topology.nodes, dtype=np.bool_)
    out[situation.pattern.held] = False
    out[situation.pattern.free] = False
    return out


def node_currents(outside: Outside, matrix: Floats, voltage: Floats, field: Field) -> Floats:
    """(K,) A that flow from each outside node into bridges, films and lines."""
    out: Floats = (
        matrix @ voltage - outside.word_coupling.T @ field.word[:, 0] - outside.bit_coupling.T @ field.bit[-1]
    )
    return out


def source_currents(outside: Outside, situation: Situation, voltage: Floats, into_network: Floats) -> Floats:
    """(S,) A out of each source. An ideal source delivers what its node passes on."""
    pattern = situation.pattern
    through = situation.injection - pattern.conductance * voltage[outside.source_nodes]
    out: Floats = np.where(pattern.is_ideal, into_network[outside.source_nodes], through)
    return out


def changes_of_ruling(
    sources: Sequence[Source], ruling: NDArray[np.int8], voltage: Floats, current: Floats
) -> dict[int, int]:
    """Which limits begin or cease to rule after a look at a solution: sign (0 = ceases) by number of the source.

    A limit begins where it is exceeded and ceases where the level suffices again. voltage, current: (S,) V and A at
    the source terminals for the present `ruling`.
    """
    changes = {}
    present = zip(sources, ruling.tolist(), voltage.tolist(), current.tolist(), strict=True)
    for index, (source, sign, volts, amperes) in enumerate(present):
        if source.drive is Drive.OPEN or source.limit == inf:
            if sign:
                changes[index] = 0
            continue
        quantity = amperes if source.drive is Drive.VOLTAGE else volts
        if sign == 0:
            if abs(quantity) > source.limit * (1.0 + 1e-9) + 1e-18:
                changes[index] = 1 if quantity > 0 else -1
            continue
        if source.drive is Drive.VOLTAGE:
            reach = source.level - volts - source.resistance * amperes
        else:
            reach = source.level - amperes
        if sign * reach < 0.0:
            changes[index] = 0
    return changes
