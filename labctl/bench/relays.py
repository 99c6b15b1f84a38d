"""Moves relays cold: a contact moves only while both its sides are within 10 mV and 1 uA of zero."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from labctl.bench.relaybook import RelayBook
from labctl.bench.sources import Sources
from labctl.benchfile import BenchFile
from labctl.core.capabilities import SourceMainframe, SwitchMatrix
from labctl.core.errors import HotSwitchRefused, RouteRefused
from labctl.core.quantity import show
from labctl.core.route import GROUND, Crosspoint

COLD_VOLTAGE = 10e-3
COLD_CURRENT = 1e-6


class Relays:
    """The matrix and the heater isolation relays of a bench."""

    def __init__(
        self,
        bench: BenchFile,
        matrix: SwitchMatrix,
        mainframes: Mapping[str, SourceMainframe],
        sources: Sources,
        book: RelayBook,
    ) -> None:
        """Relays of `bench`, closures counted in `book`; nothing is known of the heaters' until `isolate_all`."""
        self._bench, self._matrix, self._mainframes, self._sources = bench, matrix, mainframes, sources
        self._book = book
        self._heaters = frozenset(bench.relays)
        self._closed: frozenset[Crosspoint] | None = None

    def connect(self, crosspoints: frozenset[Crosspoint], heaters: frozenset[int]) -> None:
        """Close exactly these relays; first what must open opens, and only what is not yet so moves.

        Raises HotSwitchRefused, and nothing moves, while a source beside a relay that would move is not
        quiet; LimitExceeded, and nothing moves, when a relay that would close is at the end of its life.
        """
        now = self._matrix.closed() if self._closed is None else self._closed
        opening, closing = now - crosspoints, crosspoints - now
        rows = {row for row, _ in opening | closing}
        if heaters != self._heaters:
            rows |= {row for row, _ in now | crosspoints}
        self._refuse_hot(rows, now)
        self._book.book(sorted(closing), sorted(heaters - self._heaters))
        self._set_heaters(self._heaters & heaters)
        self._closed = None
        self._matrix.change(opening, closing)
        self._closed = crosspoints
        self._set_heaters(heaters)

    @property
    def believed(self) -> tuple[frozenset[Crosspoint], frozenset[int]]:
        """Crosspoints and heaters that were closed last; no crosspoints while nothing is known of them."""
        return self._closed or frozenset(), self._heaters

    def forget(self) -> None:
        """Ask the matrix again which relays are closed: somebody else has moved them."""
        self._closed = None

    def isolate_all(self) -> None:
        """Isolate every heater, whatever was believed of it; sources must be quiet."""
        self._heaters = frozenset(self._bench.relays)
        self._set_heaters(frozenset())

    def _set_heaters(self, wanted: frozenset[int]) -> None:
        for heater in sorted(wanted ^ self._heaters):
            if heater not in self._bench.relays:
                raise RouteRefused(f"heater {heater} has no isolation relay on this bench")
            instrument, output = self._bench.relays[heater]
            close = heater in wanted
            self._mainframes[instrument].write_digital(output, close)
            self._heaters = self._heaters | {heater} if close else self._heaters - {heater}

    def _refuse_hot(self, rows: Iterable[str], now: frozenset[Crosspoint]) -> None:
        for row in sorted(rows):
            terminal = self._bench.row(row).terminal
            if terminal == GROUND:
                continue
            level, current = self._sources.channel(terminal).residue()
            if abs(level) > COLD_VOLTAGE:
                raise HotSwitchRefused(
                    f"{terminal} on row {row} stands at {show(level, 'V')}: no relay of this row may move before it is "
                    "at 0 V"
                )
            contacts = max(1, sum(1 for each, _ in now if each == row))
            if abs(current) > COLD_CURRENT * contacts:
                raise HotSwitchRefused(
                    f"{terminal} on row {row} passes {show(current, 'A')} through {contacts} contacts at 0 V: no relay "
                    f"of this row may move above {show(COLD_CURRENT, 'A')} each; switch the output off"
                )
