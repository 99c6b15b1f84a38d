"""The prober behind a guard: nothing moves under the probes before everything on them is at 0 V, off and open."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from labctl.bench.relays import Relays
from labctl.bench.sites import SiteLedgers
from labctl.bench.sources import Sources
from labctl.core.capabilities import DiePosition, Prober
from labctl.core.errors import HotSwitchRefused, UnsupportedByBench


class GuardedProber:
    """A prober whose every move, up and down included, waits for a bench that is confirmed to be cold. A `Prober`."""

    def __init__(
        self, prober: Prober, sources: Sources, relays: Relays, ledgers: SiteLedgers, bench: str
    ) -> None:
        """`prober` of `bench` under the probes that `relays` lead to; `ledgers` follow where it goes."""
        self._bench = bench
        self._prober, self._sources, self._relays, self._ledgers = prober, sources, relays, ledgers
        ledgers.meet(prober.position)

    @property
    def position(self) -> DiePosition | None:
        """Where the probes stand; None while that is not known."""
        return self._prober.position

    def to_die(self, x: int, y: int) -> None:
        """Separate, and bring die (x, y) under the probes; LabError when there is no such die."""
        with self._cold():
            self._prober.to_die(x, y)

    def to_subsite(self, dx: float, dy: float, name: str | None = None) -> None:
        """Separate, and stand `dx`, `dy` m from the reference point of the present die."""
        with self._cold():
            self._prober.to_subsite(dx, dy, name)

    def contact(self) -> None:
        """Let the probes touch."""
        with self._cold():
            self._prober.contact()

    def separate(self) -> None:
        """Take the probes off the wafer."""
        with self._cold():
            self._prober.separate()

    def refuse_without_contact(self) -> None:
        """Raise UnsupportedByBench, saying what to do, while no device is known to touch the probes."""
        position = self.position
        if position is None:
            raise UnsupportedByBench(
                "Nothing can be measured: where the chuck stands is not known. Bring it to a die and make contact: "
                f"labctl bench chuck --bench {self._bench} --die X,Y --contact"
            )
        if not position.in_contact:
            raise UnsupportedByBench(
                f"Nothing can be measured: the chuck is separated, no probe touches {position}. Make contact first: "
                f"labctl bench chuck --bench {self._bench} --contact"
            )

    @contextmanager
    def _cold(self) -> Iterator[None]:
        """Everything at 0 V and off, heaters isolated, every crosspoint open: confirmed before the move inside.

        Raises HotSwitchRefused, and nothing moves, while something is connected; NotConfirmed when an output or a relay
        does not read back so.
        """
        if not self._sources.at_rest:
            raise HotSwitchRefused(
                f"The chuck may not move while {', '.join(self._sources.ordered)} drive the sample: end that "
                "connection first."
            )
        self._sources.quiet(self._sources.terminals)
        self._relays.forget()
        self._relays.connect(frozenset(), frozenset())
        self._ledgers.meet(None)
        try:
            yield
        finally:
            self._ledgers.meet(self._prober.position)
