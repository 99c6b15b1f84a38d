"""DC solution of a whole bench: outside nodes of one topology, active set of limits, store of solved fields."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labctl.physics.circuit import Drive, Source, Topology
from labctl.physics.crossbar import Crossbar, Field, NoConvergence
from labctl.physics.outside import (
    Outside,
    Pattern,
    Situation,
    acting_levels,
    arrange,
    changes_of_ruling,
    make_pattern,
    node_currents,
    node_voltages,
    source_currents,
)

Floats = NDArray[np.float64]
_KEPT = 64
_SETTLED = 16
_ROUNDS = 40


@dataclass(frozen=True, eq=False)
class Medium:
    """What fills the wires at one moment: cells, films, and a token that changes whenever the cells do.

    conduction() gives (M, N) S and (M, N) 1/V of the cells when a field has to be solved; films (N,) S.
    """

    conduction: Callable[[], tuple[Floats, Floats]]
    films: Floats
    token: tuple[int, int]


@dataclass(frozen=True, eq=False)
class Solution:
    """One operating point. node_voltage (K,) V; source_current (S,) A; ruling (S,): sign of each limit that rules."""

    field: Field
    node_voltage: Floats
    source_current: Floats
    ruling: NDArray[np.int8]
    situation: Situation


class FieldStore:
    """Solves the wires, remembering recent fields: the same question is answered once, a near one starts warm."""

    def __init__(self, wires: Crossbar) -> None:
        """A store for one die's wires."""
        self.wires = wires
        self._fields: OrderedDict[tuple[bytes, bytes], tuple[tuple[int, int], Field]] = OrderedDict()
        self._latest: dict[int, Field] = {}

    def token(self, medium: Medium) -> tuple[int, int]:
        """What changes whenever the fields of `medium` do."""
        return medium.token

    def field(self, situation: Situation, medium: Medium) -> Field:
        """The field of `medium` in `situation`."""
        held = self._fields.get(situation.key)
        if held is not None and held[0] == medium.token:
            self._fields.move_to_end(situation.key)
            return held[1]
        start = held[1] if held is not None else self._latest.get(len(situation.pattern.free))
        field = self.wires.solve(*medium.conduction(), situation.terminals, situation.border, start)
        self._fields[situation.key] = (medium.token, field)
        self._fields.move_to_end(situation.key)
        self._latest[len(situation.pattern.free)] = field
        if len(self._fields) > _KEPT:
            self._fields.popitem(last=False)
        return field


class NoArray(FieldStore):
    """Stands in for the array in a part of the outside that does not reach it: nothing but outside nodes."""

    def __init__(self, wires: Crossbar) -> None:
        """Beside a die with these wires."""
        super().__init__(wires)
        self._nothing = np.zeros(wires.shape)

    def token(self, medium: Medium) -> tuple[int, int]:
        """Cells do not matter here."""
        return (0, 0)

    def field(self, situation: Situation, medium: Medium) -> Field:
        """The field of the outside nodes alone."""
        nothing = self._nothing
        outside = situation.pattern.border.inverse @ situation.border.injection
        return Field(nothing, nothing, outside, nothing, nothing)


class Network:
    """One topology around one die."""

    def __init__(self, topology: Topology, store: FieldStore, segment: float, heaters: Floats) -> None:
        """segment: ohm from pad to first crosspoint; heaters: (N,) S of the heaters that the topology connects."""
        words, bits = store.wires.shape
        self.store = store
        self.topology = topology
        self.outside = Outside(topology, words, bits, segment, heaters)
        self._settled: OrderedDict[tuple[object, ...], Solution] = OrderedDict()
        self.driven: tuple[Solution, Floats, Floats] | None = None
        """What the latest solution that was asked about means for neurons: W in heaters, V across films."""
        self._latest: tuple[tuple[object, ...], Solution] | None = None
        self._ruling: OrderedDict[tuple[Source, ...], NDArray[np.int8]] = OrderedDict()
        self._patterns: dict[tuple[object, ...], tuple[Floats | None, Pattern]] = {}
        self._situations: OrderedDict[tuple[object, ...], Situation] = OrderedDict()
        self._films: Floats | None = None
        self._matrix = self.outside.matrix

    def settle(self, sources: tuple[Source, ...], medium: Medium) -> Solution:
        """Operating point with hard limits. The network is monotone, so the set of ruling limits is unique.

        Raises NoConvergence.
        """
        films = medium.films.tobytes() if self.outside.has_neurons else b""
        key = (sources, self.store.token(medium), films)
        if self._latest is not None and self._latest[0] == key:
            return self._latest[1]
        found = self._settled.get(key)
        if found is not None:
            self._latest = key, found
            return found
        ruling = self._ruling.get(sources) if self._ruling else None
        if ruling is None:
            ruling = np.zeros(len(sources), dtype=np.int8)
        for round_ in range(_ROUNDS):
            solution = self.solve(sources, ruling, medium)
            terminal = solution.node_voltage[self.outside.source_nodes]
            changes = changes_of_ruling(sources, ruling, terminal, solution.source_current)
            if not changes:
                break
            ruling = ruling.copy()
            for index, sign in changes.items():
                ruling[index] = sign
                if round_ > 8:  # one at a time: cannot cycle in a monotone network
                    break
        else:
            raise NoConvergence("the limits of the sources did not settle: sources fight through the array")
        if ruling.any():
            self._ruling[sources] = ruling
        self._settled[key] = solution
        self._latest = key, solution
        if len(self._settled) > _SETTLED:
            self._settled.popitem(last=False)
        if len(self._ruling) > _KEPT:
            self._ruling.popitem(last=False)
        return solution

    def solve(self, sources: tuple[Source, ...], ruling: NDArray[np.int8], medium: Medium) -> Solution:
        """Operating point with a given set of ruling limits."""
        situation = self.situation(sources, ruling, medium)
        field = self.store.field(situation, medium)
        voltage = node_voltages(self.outside, situation, field)
        into = node_currents(self.outside, situation.matrix, voltage, field)
        current = source_currents(self.outside, situation, voltage, into)
        return Solution(field, voltage, current, ruling, situation)

    def situation(
        self,
        sources: tuple[Source, ...],
        ruling: NDArray[np.int8],
        medium: Medium,
        pinned: Mapping[int, float] | None = None,
    ) -> Situation:
        """The outside reduced to the line ends; `pinned` nodes are held at given V."""
        if self.outside.has_neurons and self._films is not medium.films:
            self._films, self._matrix = medium.films, self.outside.with_films(medium.films)
            self._situations.clear()
        key = (sources, ruling.tobytes(), tuple(pinned.items()) if pinned else ())
        found = self._situations.get(key)
        if found is None:
            found = self._situations[key] = self._reduced(sources, ruling, pinned)
            if len(self._situations) > _SETTLED:
                self._situations.popitem(last=False)
        return found

    def _reduced(
        self, sources: tuple[Source, ...], ruling: NDArray[np.int8], pinned: Mapping[int, float] | None
    ) -> Situation:
        levels = acting_levels(sources, ruling)
        kinds = tuple((holds, s.resistance) for (holds, _), s in zip(levels, sources, strict=True))
        nodes = tuple(pinned) if pinned else ()
        made_for, pattern = self._patterns.get((kinds, nodes), (None, None))
        if pattern is None or (made_for is not None and made_for is not self._matrix):
            pattern = make_pattern(self.outside, self._matrix, kinds, nodes)
            films_matter = not self.outside.film_nodes.issubset(pattern.held.tolist())
            self._patterns[kinds, nodes] = self._matrix if films_matter else None, pattern
        return arrange(pattern, self._matrix, levels, tuple(pinned.values()) if pinned else ())


def all_quiet(sources: Sequence[Source]) -> bool:
    """Whether every source is open or at zero."""
    return all(source.drive is Drive.OPEN or source.level == 0.0 for source in sources)
