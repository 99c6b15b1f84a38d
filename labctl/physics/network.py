"""DC solution of a whole bench: one topology's outside nodes, the active set of limits, and a store of solved fields."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labctl.physics.circuit import Drive, Source, Topology
from labctl.physics.crossbar import Crossbar, Field, NoConvergence
from labctl.physics.outside import (
    Outside,
    Situation,
    arrange,
    next_ruling,
    node_currents,
    node_voltages,
    source_currents,
)

Floats = NDArray[np.float64]
_KEPT = 64
_ROUNDS = 40


@dataclass(frozen=True, eq=False)
class Medium:
    """What fills the wires at one moment: cells, films, and a token that changes whenever the cells do.

    conductance (M, N) S, inverse_v0 (M, N) 1/V, films (N,) S.
    """

    conductance: Floats
    inverse_v0: Floats
    films: Floats
    token: tuple[int, int]


@dataclass(frozen=True, eq=False)
class Solution:
    """One operating point. ruling (S,): sign of each limit that rules, else 0; matrix: nodal matrix with the films."""

    field: Field
    node_voltage: Floats
    source_current: Floats
    ruling: NDArray[np.int8]
    situation: Situation
    matrix: Floats


class FieldStore:
    """Solves the wires, remembering recent fields: the same question is answered once, a near one starts warm."""

    def __init__(self, wires: Crossbar) -> None:
        """A store for one die's wires."""
        self.wires = wires
        self._fields: OrderedDict[bytes, tuple[tuple[int, int], Field]] = OrderedDict()
        self._latest: dict[int, Field] = {}

    def field(self, situation: Situation, medium: Medium) -> Field:
        """The field of `medium` in `situation`."""
        held = self._fields.get(situation.key)
        if held is not None and held[0] == medium.token:
            self._fields.move_to_end(situation.key)
            return held[1]
        start = held[1] if held is not None else self._latest.get(len(situation.free))
        field = self.wires.solve(
            medium.conductance, medium.inverse_v0, situation.terminals, situation.border, start
        )
        self._fields[situation.key] = (medium.token, field)
        self._fields.move_to_end(situation.key)
        self._latest[len(situation.free)] = field
        if len(self._fields) > _KEPT:
            self._fields.popitem(last=False)
        return field


class Network:
    """One topology around one die."""

    def __init__(self, topology: Topology, store: FieldStore, segment: float, heaters: Floats) -> None:
        """segment: ohm from pad to first crosspoint; heaters: (N,) S of the heaters that the topology connects."""
        words, bits = store.wires.shape
        self.store = store
        self.topology = topology
        self.outside = Outside(topology, words, bits, segment, heaters)
        self._settled: OrderedDict[tuple[object, ...], Solution] = OrderedDict()
        self._ruling: dict[tuple[Source, ...], NDArray[np.int8]] = {}

    def settle(self, sources: tuple[Source, ...], medium: Medium) -> Solution:
        """Operating point with hard limits. The network is monotone, so the set of ruling limits is unique.

        Raises NoConvergence.
        """
        films = medium.films.tobytes() if self.outside.has_neurons else b""
        key = (sources, medium.token, films)
        found = self._settled.get(key)
        if found is not None:
            return found
        ruling = self._ruling.get(sources, np.zeros(len(sources), dtype=np.int8))
        for round_ in range(_ROUNDS):
            solution = self.solve(sources, ruling, medium)
            terminal = solution.node_voltage[self.outside.source_nodes]
            following = next_ruling(sources, ruling, terminal, solution.source_current)
            changed = np.flatnonzero(following != ruling)
            if changed.size == 0:
                break
            if round_ > 8:  # one at a time: cannot cycle in a monotone network
                following, changed = ruling.copy(), changed[:1]
                following[changed] = next_ruling(sources, ruling, terminal, solution.source_current)[changed]
            ruling = following
        else:
            raise NoConvergence("the limits of the sources did not settle: sources fight through the array")
        self._ruling[sources] = ruling
        self._settled[key] = solution
        for store in (self._settled, self._ruling):
            while len(store) > _KEPT:
                store.pop(next(iter(store)))
        return solution

    def solve(
        self,
        sources: Sequence[Source],
        ruling: NDArray[np.int8],
        medium: Medium,
    ) -> Solution:
        """Operating point with a given set of ruling limits."""
        matrix = self.outside.with_films(medium.films)
        situation = arrange(self.outside, matrix, sources, ruling)
        field = self.store.field(situation, medium)
        voltage = node_voltages(self.outside, situation, field)
        into = node_currents(self.outside, matrix, voltage, field)
        current = source_currents(self.outside, situation, sources, voltage, into)
        return Solution(field, voltage, current, ruling, situation, matrix)


def all_quiet(sources: Sequence[Source]) -> bool:
    """Whether every source is open or at zero."""
    return all(source.drive is Drive.OPEN or source.level == 0.0 for source in sources)
