"""Neurons connected: one heater driven alone and guarded, or the whole array computing into all heaters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from labctl.bench.array import powered
from labctl.bench.ledger import Ledger
from labctl.bench.limits import BenchLimits
from labctl.bench.relays import Relays
from labctl.bench.router import Router
from labctl.bench.sources import Sources
from labctl.benchfile import BenchFile
from labctl.core.errors import LimitExceeded, RouteRefused, UnsupportedByBench
from labctl.core.lines import LineKind
from labctl.core.quantity import show
from labctl.core.route import Crosspoint, Feed, Role, Route


@contextmanager
def connect_heater(
    neuron: int,
    voltage: float,
    bench: BenchFile,
    router: Router,
    relays: Relays,
    sources: Sources,
    ledger: Ledger,
) -> Iterator[ConnectedHeater]:
    """The heater of `neuron` alone, its tap and the guard at up to `voltage` V."""
    route = router.heater(neuron, voltage)
    with powered(route, bench, relays, sources, ledger):
        yield ConnectedHeater(neuron, route, Outputs(bench, router, relays, sources, route), ledger)


@contextmanager
def connect_computing(
    levels: Mapping[str, float],
    neurons: Sequence[int],
    bench: BenchFile,
    router: Router,
    relays: Relays,
    sources: Sources,
    ledger: Ledger,
) -> Iterator[ConnectedArray]:
    """The array with the heaters of `neurons`, input rows ready for up to `levels` V; word lines start at ground."""
    ground = router.ground_row
    start = dict.fromkeys(bench.lines(LineKind.WORD), ground)
    route = router.compute(start, levels, neurons)
    with powered(route, bench, relays, sources, ledger):
        yield ConnectedArray(
            route, levels, Outputs(bench, router, relays, sources, route), router, neurons, bench, ledger
        )


class Outputs:
    """Reads films one after another through the one output row while the inputs stay as they are."""

    def __init__(
        self, bench: BenchFile, router: Router, relays: Relays, sources: Sources, route: Route
    ) -> None:
        """Beside the relays and heaters of `route`."""
        if bench.neurons is None:
            raise UnsupportedByBench("this bench has no neurons (section [neurons])")
        self._bias = bench.neurons.output_bias
        self._router, self.relays, self.sources = router, relays, sources
        self._feed = route.feed(Role.OUTPUT)
        self._heaters = route.heaters
        self.crosspoints = route.crosspoints

    def read(self, neurons: Sequence[int]) -> list[float]:
        """Current in A through the film of each neuron at the bench's output bias.

        The output source returns to 0 V before a relay moves; it alone is beside the relays that do.
        """
        channel = self.sources.channel(self._feed.source)
        currents = []
        for neuron in neurons:
            relay: Crosspoint = self._router.output(neuron)
            self.connect(self.crosspoints | {relay})
            currents.append(channel.visit(self._bias).current)
        self.connect(self.crosspoints)
        return currents

    def connect(self, crosspoints: frozenset[Crosspoint]) -> None:
        """Close exactly these crosspoints, cold, heaters as they are."""
        self.relays.connect(crosspoints, self._heaters)


class ConnectedHeater:
    """One heater driven through its tap, all word lines guarded at the same potential. A `HeaterView`."""

    def __init__(self, neuron: int, route: Route, outputs: Outputs, ledger: Ledger) -> None:
        """Sources of `route` are on at 0 V; what the heater of `neuron` takes is booked in `ledger`."""
        self._neuron, self._route, self._outputs, self._ledger = neuron, route, outputs, ledger
        self._tap, self._guard = route.feed(Role.DRIVE), route.feed(Role.LEVEL)

    def drive(self, voltage: float) -> float:
        """Hold tap and word lines at `voltage` V, guard first; the current in A that was measured into the tap.

        Up or down, the current through the heater passes no value beyond its two ends. Raises LimitExceeded,
        with tap and word lines back at 0 V, when the measured current is above the heater's limit.
        """
        if abs(voltage) > self._route.amplitude * (1.0 + 1e-9):
            raise LimitExceeded(
                f"tap voltage = {show(voltage, 'V')}, this route was checked for at most "
                f"{show(self._route.amplitude, 'V')}"
            )
        self._outputs.sources.raise_to({self._guard.source: voltage, self._tap.source: voltage})
        current = self._outputs.sources.channel(self._tap.source).sample().current
        try:
            self._ledger.book_heater(self._neuron, voltage, current)
        except LimitExceeded:
            self.release()
            raise
        return current

    def read_outputs(self, neurons: Sequence[int]) -> list[float]:
        """Current in A through the film of each neuron at the bench's output bias, one after another."""
        return self._outputs.read(neurons)

    def release(self) -> None:
        """Tap and word lines back to 0 V."""
        self._outputs.sources.raise_to({self._tap.source: 0.0, self._guard.source: 0.0})


class ConnectedArray:
    """The array driven by grouped word lines, its bit lines ending in heaters, its taps open. A `ComputingArray`."""

    def __init__(
        self,
        route: Route,
        levels: Mapping[str, float],
        outputs: Outputs,
        router: Router,
        neurons: Sequence[int],
        bench: BenchFile,
        ledger: Ledger,
    ) -> None:
        """Sources of `route` are on at 0 V, every word line at ground; doses are booked in `ledger`."""
        self._ledger = ledger
        self._levels, self._outputs, self._router = dict(levels), outputs, router
        self._neurons, self._limits = tuple(neurons), BenchLimits(bench.limits)
        self._words = bench.lines(LineKind.WORD)
        self._feeds: dict[str, Feed] = {
            feed.row: feed for feed in route.feeds if not feed.is_ground and feed.role is Role.LEVEL
        }
        self._raised: list[str] = []

    def arrange(self, rows: Sequence[str]) -> None:
        """Put each word line on the matrix row named for it (one per word line), at 0 V; only what changes moves."""
        if len(rows) != len(self._words):
            raise RouteRefused(f"{len(rows)} rows for {len(self._words)} word lines: each line needs one")
        self.release()
        route = self._router.compute(dict(zip(self._words, rows, strict=True)), self._levels, self._neurons)
        self._outputs.connect(route.crosspoints)
        self._outputs.crosspoints = route.crosspoints

    def apply(self, levels: Mapping[str, float]) -> None:
        """Raise the named matrix rows to these V, in the order given.

        Raises LimitExceeded beyond the levels that the route was checked for.
        """
        for row, level in levels.items():
            largest = abs(self._levels.get(row, 0.0))
            if abs(level) > largest * (1.0 + 1e-9):
                raise LimitExceeded(
                    f"level of row {row} = {show(level, 'V')}, this route was checked for at most {show(largest, 'V')}"
                )
        highest = max((abs(level) for level in levels.values()), default=0.0)
        self._ledger.book_heaters(self._neurons, highest)
        wanted = {self._feeds[row].source: level for row, level in levels.items() if row in self._feeds}
        self._raised = [*wanted, *(terminal for terminal in self._raised if terminal not in wanted)]
        self._outputs.sources.raise_to(wanted)

    def read_outputs(self, neurons: Sequence[int]) -> list[float]:
        """Current in A through the film of each neuron at the bench's output bias, one after another."""
        return self._outputs.read(neurons)

    def release(self) -> None:
        """All inputs back to 0 V, last raised first: the heaters cool, which resets the neurons' hysteresis."""
        self._outputs.sources.raise_to(dict.fromkeys(reversed(self._raised), 0.0))
        self._raised = []
