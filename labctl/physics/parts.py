"""Splits a bench at ground: what the array feels, and what stands beside it (neuron outputs with their films).

The two parts share nothing but ground, so each is solved alone and only when somebody asks. Reading a neuron's
output neither disturbs nor needs the array; only a node on which both meet makes them one.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from labctl.core.lines import LineKind
from labctl.physics.circuit import GROUND, Drive, Source, Topology
from labctl.physics.crossbar import Crossbar
from labctl.physics.network import FieldStore, Network, NoArray

Floats = NDArray[np.float64]
Sources = tuple[Source, ...]

_KEPT = 64
"""Topologies, and parts of them, whose tables are kept."""
_OPEN = Source(Drive.OPEN)


class Parts:
    """One topology around one die, as two networks: each has all nodes, but only the contacts of its own part.

    array_nodes: nodes, ground apart, from which something leads to a word or bit line; on_array (S,): whether a
    source is on one of them.
    """

    def __init__(self, array: Network, beside: Network, array_nodes: frozenset[int]) -> None:
        """The networks of the two parts."""
        self.array, self.beside, self.array_nodes = array, beside, array_nodes
        self.on_array = tuple(node in array_nodes for node in array.topology.source_nodes)
        self._facing: tuple[Sources, Sources, Sources] | None = None

    def facing(self, sources: Sources) -> tuple[Sources, Sources]:
        """What of `sources` the array feels and what the rest feels; sources of the other part are open."""
        if self._facing is None or self._facing[0] is not sources:
            pairs = list(zip(sources, self.on_array, strict=True))
            array = tuple(source if on else _OPEN for source, on in pairs)
            beside = tuple(_OPEN if on else source for source, on in pairs)
            self._facing = sources, array, beside
        return self._facing[1:]


class Networks:
    """Makes the parts of topologies around one die's wires, and keeps those of recent ones.

    Parts are kept by content: a relay that moves beside the array leaves the array's part, with all that was
    solved on it, as it is.
    """

    def __init__(self, wires: Crossbar, segment: float) -> None:
        """segment: ohm from pad to first crosspoint."""
        self._array, self._beside, self._segment = FieldStore(wires), NoArray(wires), segment
        self._parts: OrderedDict[Topology, tuple[Floats, Parts]] = OrderedDict()
        self._networks: OrderedDict[tuple[object, ...], Network] = OrderedDict()

    def of(self, topology: Topology, heaters: Floats) -> Parts:
        """The parts of `topology` with heaters of these (N,) S, an array that is replaced when they change."""
        known = self._parts.get(topology)
        if known is not None and known[0] is heaters:
            return known[1]
        array, beside, array_nodes = split(topology)
        parts = Parts(
            self._network(array, self._array, heaters),
            self._network(beside, self._beside, heaters),
            array_nodes,
        )
        self._parts[topology] = heaters, parts
        if len(self._parts) > _KEPT:
            self._parts.popitem(last=False)
        return parts

    def _network(self, topology: Topology, store: FieldStore, heaters: Floats) -> Network:
        connected = heaters.tobytes() if topology.heaters else b""
        key = (
            store is self._array, topology.nodes, topology.source_nodes, topology.bridges, topology.contacts,
            topology.heaters, topology.node_capacitance, topology.line_capacitance, connected,
        )  # fmt: skip
        network = self._networks.get(key)
        if network is None:
            network = self._networks[key] = Network(topology, store, self._segment, heaters)
            if len(self._networks) > 2 * _KEPT:
                self._networks.popitem(last=False)
        else:
            self._networks.move_to_end(key)
        return network


def split(topology: Topology) -> tuple[Topology, Topology, frozenset[int]]:
    """The array's part of `topology`, the rest, and the nodes (without ground) that reach the array."""
    reached = {node for node, kind, _, _ in topology.contacts if kind is not LineKind.NEURON} - {GROUND}
    outputs: dict[int, set[int]] = {}
    for node, kind, line, _ in topology.contacts:
        if kind is LineKind.NEURON:
            outputs.setdefault(line, set()).add(node)
    joined = [{one, other} for one, other, _ in topology.bridges] + list(outputs.values())
    joined = [nodes - {GROUND} for nodes in joined]
    while further := [nodes for nodes in joined if nodes & reached and not nodes <= reached]:
        reached.update(*further)
    on_array = [
        kind is not LineKind.NEURON or bool(outputs[line] & reached) for _, kind, line, _ in topology.contacts
    ]
    near = [bool({one, other} & reached) for one, other, _ in topology.bridges]
    array = replace(
        topology,
        contacts=tuple(each for each, here in zip(topology.contacts, on_array, strict=True) if here),
        bridges=tuple(each for each, here in zip(topology.bridges, near, strict=True) if here),
    )
    beside = replace(
        topology,
        contacts=tuple(each for each, here in zip(topology.contacts, on_array, strict=True) if not here),
        bridges=tuple(each for each, here in zip(topology.bridges, near, strict=True) if not here),
        heaters=frozenset(),
    )
    return array, beside, frozenset(reached)
