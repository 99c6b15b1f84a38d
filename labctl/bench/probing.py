"""Looks along a wire with a few millivolts of both signs: what the driven source passes, what another one receives."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from labctl.bench.array import powered
from labctl.bench.ledger import Ledger
from labctl.bench.relays import Relays
from labctl.bench.router import Router
from labctl.bench.sources import Sources
from labctl.benchfile import BenchFile
from labctl.core.lines import Line
from labctl.core.route import Route

LOOK_VOLTAGE = 5e-3
"""V of either sign."""


@dataclass(frozen=True)
class Look:
    """Differences between the two signs of the voltage, so that the offsets of sources and meters drop out.

    voltage, current: V at the driven terminal, A out of it. received: A into each other source, by its terminal.
    """

    voltage: float
    current: float
    received: dict[str, float]

    @property
    def conductance(self) -> float:
        """S from the driven terminal to everything that stands at 0 V; infinite where no voltage is left."""
        if not math.isfinite(self.current):
            return math.inf
        return self.current / self.voltage if self.voltage > 0.0 else math.inf

    @property
    def resistance(self) -> float:
        """Ohm of the same; infinite where no current flows."""
        return 1.0 / self.conductance if self.conductance > 0.0 else math.inf

    def transferred(self, terminal: str) -> float:
        """S between the driven terminal and the one that receives."""
        received = self.received[terminal]
        return received / self.voltage if self.voltage > 0.0 and math.isfinite(received) else math.inf


@contextmanager
def connect_probe(
    route: Route, bench: BenchFile, relays: Relays, sources: Sources, ledger: Ledger
) -> Iterator[Probe]:
    """The lines of a proof `route`, connected cold, its sources on at 0 V."""
    with powered(route, bench, relays, sources, ledger):
        yield Probe(route, sources)


class Probe:
    """Lines connected by a proof route: looked along as often as one likes, always back at 0 V."""

    def __init__(self, route: Route, sources: Sources) -> None:
        """The sources of `route` are on at 0 V."""
        self._route, self._sources = route, sources
        feeds = [feed for feed in route.feeds if not feed.is_ground]
        self._driven = {feed.source: feed.fraction * route.amplitude for feed in feeds if feed.fraction}
        self._others = [feed.source for feed in feeds if not feed.fraction]

    def look(self, first: str = "") -> Look:
        """Raise the driven sources together, to either sign; look at terminal `first`, or at the only one."""
        first = first or next(iter(self._driven))
        up, down = self._at(1.0, first), self._at(-1.0, first)
        self._sources.raise_to(dict.fromkeys(self._driven, 0.0))
        return Look(
            voltage=up[0] - down[0],
            current=up[1] - down[1],
            received={name: down[2][name] - up[2][name] for name in self._others},
        )

    def _at(self, sign: float, first: str) -> tuple[float, float, dict[str, float]]:
        self._sources.raise_to({terminal: sign * level for terminal, level in self._driven.items()})
        voltage, current = self._sources.channel(first).measure()
        return voltage, current, {name: self._sources.channel(name).sample().current for name in self._others}


class WireProbe:
    """Connects lines for one look after another; nothing stays driven between two."""

    def __init__(
        self, bench: BenchFile, router: Router, relays: Relays, sources: Sources, ledger: Ledger
    ) -> None:
        """With the parts of an open bench."""
        self._bench, self._router = bench, router
        self._relays, self._sources, self._ledger = relays, sources, ledger

    def look(
        self,
        rows: Mapping[str, Sequence[Line]],
        driven: Mapping[str, float],
        *,
        current: float,
        heaters: Iterable[int] = (),
        first: str = "",
    ) -> Look:
        """Connect lines to `rows`, stand the `driven` ones at a fraction of `LOOK_VOLTAGE`, see what flows.

        current: A that no source exceeds. heaters: those connected. first: the driven terminal that is looked at; left
        out: the only one.
        """
        route = self._router.proof(rows, driven, LOOK_VOLTAGE, current, heaters)
        with connect_probe(route, self._bench, self._relays, self._sources, self._ledger) as probe:
            return probe.look(first)
