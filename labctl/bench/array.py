"""One cell of the array, connected by a route: read with its offset taken off, pulsed with its bystanders held."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

from labctl.bench import checks
from labctl.bench.ledger import Ledger
from labctl.bench.limits import BenchLimits
from labctl.bench.potentials import State, approach
from labctl.bench.relays import Relays
from labctl.bench.sources import Sources
from labctl.benchfile import BenchFile
from labctl.core.errors import LimitExceeded, RouteRefused
from labctl.core.lines import Cell
from labctl.core.quantity import show
from labctl.core.route import Role, Route
from labctl.core.views import CellReading

SERIES_SETTLING = 200e-6
"""s between bystanders and drive where the drive passes a series resistor: behind 20 kohm with some 500 pF the word
line follows in 10 us. Without it the line is still charged when its bystanders' bias has gone: row-mates are SET."""


@contextmanager
def powered(
    route: Route, bench: BenchFile, relays: Relays, sources: Sources, ledger: Ledger
) -> Iterator[None]:
    """Connect `route` cold, confirm every source, outputs on at 0 V inside the block; afterwards 0 V and off.

    The order is that of a careful person: what the ledger permits is asked before any relay moves, range and
    compliance are written and read back before any output closes, and only then is the view handed out.

    Closed crosspoints stay closed afterwards, cold: the next route moves only what differs.
    """
    checks.check(route, bench)
    ledger.permit(route)
    feeds = [feed for feed in route.feeds if not feed.is_ground]
    relays.connect(route.crosspoints, route.heaters)
    try:
        sources.prepare(feeds)
        sources.switch_on(feeds)
        yield
    finally:
        sources.quiet(feed.source for feed in feeds)


@contextmanager
def connect_cell(
    route: Route, bench: BenchFile, relays: Relays, sources: Sources, ledger: Ledger
) -> Iterator[ConnectedCell]:
    """The selected cell of `route`, ready to be read and, if the route allows it, pulsed."""
    if route.cell is None:
        raise RouteRefused("this route selects no cell")
    with powered(route, bench, relays, sources, ledger):
        yield ConnectedCell(route, route.cell, BenchLimits(bench.limits), sources, ledger)


class ConnectedCell:
    """One cell and the sources about it. A `CellView`."""

    def __init__(
        self, route: Route, cell: Cell, limits: BenchLimits, sources: Sources, ledger: Ledger
    ) -> None:
        """The `cell` that `route` selects; its outputs are on at 0 V, every dose is booked in `ledger`."""
        self._route, self._cell, self._limits, self._sources = route, cell, limits, sources
        self._drive, self._sense = route.feed(Role.DRIVE), route.feed(Role.SENSE)
        self._states = approach(route.feeds)
        self._ledger = ledger

    @property
    def cell(self) -> Cell:
        """Which cell this is."""
        return self._cell

    def read(self, voltage: float) -> CellReading:
        """Read at `voltage` V, then at 0 V, and take the difference: four messages.

        Bystanders stay at 0 V, no relay moves. Raises LimitExceeded above the bench's read limit.
        """
        self._limits.read(voltage)
        drive, sense = self._sources.channel(self._drive.source), self._sources.channel(self._sense.source)
        driven, sensed = drive.source_and_sample(voltage), sense.sample()
        idle, offset = drive.source_and_sample(0.0), sense.sample()
        source_current = driven.current - idle.current
        limited = driven.limited or sensed.limited or idle.limited or offset.limited
        drop = source_current * self._drive.series_ohm
        drop = drop if math.isfinite(drop) else 0.0
        current = offset.current - sensed.current
        self._ledger.book_read(self._cell, voltage, current, self._sense.compliance, drop)
        return CellReading(
            voltage=voltage - drop,
            current=current,
            source_current=source_current,
            limited=limited,
        )

    def has_conducted(self, above: float) -> bool:
        """Whether any read of this cell, in any run, found `above` S or more: the ledger remembers."""
        return self._ledger.has_conducted(self._cell, above)

    def pulse(self, amplitude: float, width: float) -> None:
        """One rectangular pulse of `amplitude` V (positive = SET) for `width` s, bystanders at their share.

        Raises LimitExceeded beyond the amplitude that the route was checked for or beyond what the ledger has
        left for this cell, RouteRefused on a read route.
        """
        if self._route.purpose not in checks.WRITES:
            raise RouteRefused(
                f"cell {self._cell} is connected for reading only: plan a write route to pulse it"
            )
        if abs(amplitude) > self._route.amplitude * (1.0 + 1e-9):
            raise LimitExceeded(
                f"a pulse of {show(amplitude, 'V')} on cell {self._cell}: this route was checked for at most "
                f"{show(self._route.amplitude, 'V')}, plan another"
            )
        assert self._route.scheme is not None  # a write route without one is refused when it is checked
        self._ledger.book_pulse(
            self._cell,
            amplitude,
            width,
            self._route.scheme.value,
            self._drive.series_ohm,
            self._sense.compliance,
        )
        up = [self._levels(state, amplitude) for state in self._states]
        drive = self._drive.source
        owner = drive.split(".")[0]
        top, zero = up[-1], dict.fromkeys(up[-1], 0.0)
        if all(terminal.split(".")[0] == owner for terminal in top):
            self._sources.pulse(top, width, zero, SERIES_SETTLING if self._drive.series_ohm > 0.0 else 0.0)
            return
        before = zero
        try:
            for levels in up[:-1]:
                self._sources.raise_to(_changed(before, levels))
                before = levels
            self._sources.pulse({drive: top[drive]}, width, {drive: before[drive]})
        finally:
            for levels in [*reversed(up[:-2]), zero]:
                self._sources.raise_to(dict(reversed(_changed(before, levels).items())))
                before = levels

    def _levels(self, state: State, amplitude: float) -> dict[str, float]:
        """Terminal levels of one state of the approach, bystanders first; the sense source stays at 0 V."""
        return {
            feed.source: state[feed.row] * amplitude
            for feed in sorted(self._route.feeds, key=lambda feed: feed.role is Role.DRIVE)
            if feed.role in (Role.BIAS, Role.DRIVE)
        }


def _changed(before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    return {terminal: level for terminal, level in after.items() if level != before[terminal]}
