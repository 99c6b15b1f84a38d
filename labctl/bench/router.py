"""Plans routes: which relay, which source, which level, at what worst case. Pure; nothing moves here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from labctl.bench import checks
from labctl.bench.limits import BenchLimits
from labctl.bench.potentials import approach, passing, worst_case
from labctl.benchfile import BenchFile
from labctl.benchmodel import Neurons
from labctl.core.errors import RouteRefused, UnsupportedByBench
from labctl.core.lines import Cell, Line, LineKind
from labctl.core.route import GROUND, Crosspoint, Feed, Purpose, Role, Route, Scheme

MARGIN = 1.25
"""Compliance over the current that must flow: what is computed is an estimate."""
LARGEST_READ_CONDUCTANCE = 1e-3
"""S; a cell that conducts better than this is read as a short, its source at its limit. Generic, assumed."""
PROGRAMMED_CONDUCTANCE = 100e-6
"""S; mean over the brightest line of a programmed array, for half-select currents. Generic, assumed."""
LOW_CONDUCTANCE = 5e-6
"""S; mean while cells are being formed: unformed, or RESET to the low state. Generic, assumed."""


class Router:
    """Routes of one bench. A `RoutePlanner`."""

    def __init__(
        self,
        bench: BenchFile,
        *,
        programmed_conductance: float = PROGRAMMED_CONDUCTANCE,
        low_conductance: float = LOW_CONDUCTANCE,
    ) -> None:
        """Plan on `bench`; half-select currents follow from the mean conductances in S that are given."""
        self._bench = bench
        self._limits = BenchLimits(bench.limits)
        self._programmed, self._low = programmed_conductance, low_conductance
        self._shape = (bench.array.word_lines, bench.array.bit_lines)

    def cell_read(self, cell: Cell, voltage: float) -> Route:
        """Selected word line driven, selected bit line sensed, every other line at ground."""
        self._limits.read(voltage)
        word, bit, words, bits = self._split(cell)
        roles = self._bench.roles
        feeds = [
            self._feed(roles.drive, Role.DRIVE, 1.0, (word,)),
            self._feed(roles.sense, Role.SENSE, 0.0, (bit,)),
            self._feed(self.ground_row, Role.LEVEL, 0.0, (*words, *bits)),
        ]
        own = abs(voltage) * LARGEST_READ_CONDUCTANCE
        return self._route(Purpose.READ, abs(voltage), feeds, own, self._programmed, cell=cell)

    def cell_write(self, cell: Cell, amplitude: float, scheme: Scheme, cell_current: float) -> Route:
        """Direct write at up to |amplitude| V; `cell_current` A is what the cell itself may take."""
        roles = self._bench.roles
        feeds = self._write_feeds(cell, scheme, roles.drive, roles.bias)
        return self._route(
            Purpose.WRITE, abs(amplitude), feeds, cell_current, self._programmed, cell=cell, scheme=scheme
        )

    def cell_form(self, cell: Cell, amplitude: float, scheme: Scheme) -> Route:
        """Forming through the series resistor at up to `amplitude` V."""
        roles = self._bench.roles
        if roles.forming is None or roles.forming_bias is None:
            raise UnsupportedByBench(
                "this bench names no rows for forming (roles.forming, roles.forming_bias)"
            )
        series = self._bench.row(roles.forming).series
        if not series:
            raise RouteRefused(
                f"row {roles.forming} has no series resistor: nothing would limit the current when a cell forms"
            )
        feeds = self._write_feeds(cell, scheme, roles.forming, roles.forming_bias)
        return self._route(
            Purpose.FORM,
            abs(amplitude),
            feeds,
            abs(amplitude) / series,
            self._low,
            cell=cell,
            scheme=scheme,
        )

    def heater(self, neuron: int, voltage: float) -> Route:
        """One heater driven through its bit line's tap, all word lines guarded at the same potential."""
        self._limits.heater_line(voltage, neuron)
        roles, neurons = self._bench.roles, self._neurons()
        tap = Line(LineKind.BIT, neuron)
        feeds = [
            self._feed(roles.bias, Role.LEVEL, 1.0, tuple(self._bench.lines(LineKind.WORD))),
            self._feed(roles.sense, Role.DRIVE, 1.0, (tap,)),
            self._output_feed(),
        ]
        own = abs(voltage) / neurons.heater_resistance
        return self._route(
            Purpose.NEURON, abs(voltage), feeds, own, self._programmed, heaters=frozenset({neuron})
        )

    def compute(
        self, assignment: Mapping[Line, str], levels: Mapping[str, float], neurons: Iterable[int]
    ) -> Route:
        """Word lines grouped on rows by `assignment`, each row at up to its level in V, heaters of `neurons` connected.

        Taps stay open: a source there, even off, would shunt the heater.
        """
        amplitude = max((abs(level) for level in levels.values()), default=0.0)
        self._limits.read(amplitude)
        rows: dict[str, list[Line]] = {row: [] for row in levels}
        for line, row in assignment.items():
            if line.kind is not LineKind.WORD:
                raise RouteRefused(
                    f"{line} cannot carry an input level: only word lines do while the array computes"
                )
            rows.setdefault(row, []).append(line)
        feeds = []
        for row, lines in rows.items():
            level = levels.get(row, 0.0)
            fraction = level / amplitude if amplitude else 0.0
            feeds.append(
                self._feed(row, Role.LEVEL, fraction, tuple(sorted(lines, key=lambda each: each.index)))
            )
        feeds.append(self._output_feed())
        return self._route(
            Purpose.COMPUTE, amplitude, feeds, 0.0, self._programmed, heaters=frozenset(neurons)
        )

    def proof(
        self,
        rows: Mapping[str, Sequence[Line]],
        driven: Mapping[str, float],
        voltage: float,
        current: float,
        heaters: Iterable[int] = (),
    ) -> Route:
        """Lines on rows to see where wires lead: rows `driven` at a fraction of `voltage` V, others at 0 V.

        No source passes more than `current` A. A line may be on one source's row and on the ground row at once. As it
        is not known yet where wires lead, every cell counts as one that sees the whole voltage.
        """
        feeds = []
        for row in dict.fromkeys([*rows, *driven]):
            feed = self._feed(row, Role.PROBE, driven.get(row, 0.0), tuple(rows.get(row, ())))
            level = abs(feed.fraction) * voltage
            feeds.append(feed if feed.is_ground else replace(feed, level=level, compliance=current))
        route = Route(
            purpose=Purpose.PROOF,
            amplitude=voltage,
            feeds=tuple(feeds),
            crosspoints=self._crosspoints(feeds),
            heaters=frozenset(heaters),
            worst_case=np.full(self._shape, voltage),
            floating=self._floating(feeds),
        )
        checks.check(route, self._bench)
        return route

    def output(self, neuron: int) -> Crosspoint:
        """The relay that joins the output row and `neuron`; RouteRefused when the line is not wired."""
        line = Line(LineKind.NEURON, neuron)
        crosspoint = self._bench.crosspoint(self._output_feed().row, line)
        if crosspoint is None:
            raise RouteRefused(f"{line} is not wired to any matrix column of this bench")
        return crosspoint

    def _split(self, cell: Cell) -> tuple[Line, Line, list[Line], list[Line]]:
        word, bit = Line(LineKind.WORD, cell.word), Line(LineKind.BIT, cell.bit)
        words, bits = self._bench.lines(LineKind.WORD), self._bench.lines(LineKind.BIT)
        if word not in words or bit not in bits:
            raise RouteRefused(
                f"there is no cell {cell}: the array has word lines 0 to {len(words) - 1} and bit lines 0 to "
                f"{len(bits) - 1}"
            )
        return word, bit, [each for each in words if each != word], [each for each in bits if each != bit]

    def _write_feeds(self, cell: Cell, scheme: Scheme, drive_row: str, bias_row: str) -> list[Feed]:
        word, bit, words, bits = self._split(cell)
        drive = self._feed(drive_row, Role.DRIVE, 1.0, (word,))
        sense = self._feed(self._bench.roles.sense, Role.SENSE, 0.0, (bit,))
        if scheme is Scheme.HALF:
            return [self._feed(bias_row, Role.BIAS, 0.5, (*words, *bits)), drive, sense]
        if scheme is Scheme.THIRD:
            high_row = self._bench.roles.bias_high
            if high_row is None:
                raise UnsupportedByBench("this bench names no row for 2V/3 (roles.bias_high): write with V/2")
            return [
                self._feed(bias_row, Role.BIAS, 1 / 3, tuple(words)),
                self._feed(high_row, Role.BIAS, 2 / 3, tuple(bits)),
                drive,
                sense,
            ]
        raise RouteRefused(
            "floating lines do not protect the cells beside the selected one, which would see nearly the whole "
            "amplitude: write with V/2 or V/3"
        )

    def _feed(self, row: str, role: Role, fraction: float, lines: Sequence[Line]) -> Feed:
        if row not in self._bench.wiring.rows:
            raise UnsupportedByBench(f"matrix row {row} has nothing wired to it on this bench")
        wire = self._bench.row(row)
        return Feed(row, wire.terminal, role, fraction, 0.0, 0.0, tuple(lines), wire.series)

    def _output_feed(self) -> Feed:
        self._neurons()
        row = self._bench.roles.output
        if row is None:
            raise UnsupportedByBench("this bench names no row for neuron outputs (roles.output)")
        return self._feed(row, Role.OUTPUT, 0.0, ())

    @property
    def ground_row(self) -> str:
        """Matrix row of the star ground; UnsupportedByBench when none is wired to it."""
        for letter, wire in self._bench.wiring.rows.items():
            if wire.terminal == GROUND:
                return letter
        raise UnsupportedByBench("no matrix row of this bench is wired to ground")

    def _neurons(self) -> Neurons:
        if self._bench.neurons is None:
            raise UnsupportedByBench("this bench has no neurons (section [neurons])")
        return self._bench.neurons

    def _route(
        self,
        purpose: Purpose,
        amplitude: float,
        feeds: Sequence[Feed],
        own: float,
        conductance: float,
        *,
        cell: Cell | None = None,
        scheme: Scheme | None = None,
        heaters: frozenset[int] = frozenset(),
    ) -> Route:
        """Fill in levels, compliances, relays and the worst case, then check all of it."""
        if not amplitude > 0.0:
            raise RouteRefused(f"a {purpose.value} route needs an amplitude above 0 V")
        feeds = [feed for feed in feeds if feed.lines or not (feed.is_ground or feed.role is Role.BIAS)]
        worst = worst_case(self._shape, feeds, approach(feeds), amplitude)
        others = worst.copy()
        if cell is not None:
            others[cell] = 0.0
        complete = [
            feed
            if feed.is_ground
            else self._limited(feed, amplitude, own, passing(others, feed.lines, conductance))
            for feed in feeds
        ]
        route = Route(
            purpose=purpose,
            amplitude=amplitude,
            feeds=tuple(complete),
            crosspoints=self._crosspoints(feeds),
            heaters=heaters,
            worst_case=worst,
            floating=self._floating(feeds),
            cell=cell,
            scheme=scheme,
        )
        checks.check(route, self._bench)
        return route

    def _crosspoints(self, feeds: Iterable[Feed]) -> frozenset[Crosspoint]:
        """The relays that join each feed and its lines; RouteRefused when a line is not wired."""
        found = set()
        for feed in feeds:
            for line in feed.lines:
                crosspoint = self._bench.crosspoint(feed.row, line)
                if crosspoint is None:
                    raise RouteRefused(f"{line} is not wired to any matrix column of this bench")
                found.add(crosspoint)
        return frozenset(found)

    def _floating(self, feeds: Iterable[Feed]) -> tuple[Line, ...]:
        """Word and bit lines that no feed holds."""
        held = {line for feed in feeds for line in feed.lines}
        kinds = (LineKind.WORD, LineKind.BIT)
        return tuple(line for kind in kinds for line in self._bench.lines(kind) if line not in held)

    def _limited(self, feed: Feed, amplitude: float, own: float, bystanders: float) -> Feed:
        """`feed` with the level and the compliance that it needs.

        own:        A that the selected cell (or heater) itself may take. bystanders: A that half-selected
        cells on the feed's lines take, from their mean conductance.

        A source that holds bystanders must be able to: at its limit it would let them see more than their
        share. So what must flow is refused beyond the bench's limit, and the margin above it is cut there.
        """
        level = abs(feed.fraction) * amplitude
        if feed.role is Role.OUTPUT:
            level = self._neurons().output_bias
            must_flow = level * LARGEST_READ_CONDUCTANCE
        elif (
            feed.role is Role.LEVEL
        ):  # what flows depends on the cells and on levels that change: the bench's limit rules
            return replace(feed, level=level, compliance=self._bench.limits.compliance)
        elif feed.series_ohm:
            must_flow = own
        else:
            must_flow = bystanders + (own if feed.role in (Role.DRIVE, Role.SENSE) else 0.0)
        if feed.role is Role.DRIVE:
            level = max(level, self._bench.limits.read_voltage)
        where = f"{feed.source} on row {feed.row}"
        self._limits.compliance(must_flow, where)
        compliance = min(must_flow * MARGIN, self._bench.limits.compliance)
        self._limits.ratio(compliance, must_flow, where)
        return replace(feed, level=level, compliance=compliance)
