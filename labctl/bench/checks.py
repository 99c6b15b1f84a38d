"""What no route may do. Each check looks at wires and levels alone, and refuses in words."""

from __future__ import annotations

import numpy as np

from labctl.bench.limits import BenchLimits
from labctl.bench.potentials import approach, worst_case
from labctl.benchfile import BenchFile
from labctl.core.errors import RouteRefused
from labctl.core.lines import Cell, Line, LineKind
from labctl.core.quantity import show
from labctl.core.route import GROUND, Purpose, Role, Route

WRITES = (Purpose.WRITE, Purpose.FORM)
PROOF_VOLTAGE = 10e-3
PROOF_CURRENT = 100e-6
"""V and A of any source while wires are proven: a relay may move at this voltage, and no cell switches at it."""


def check(route: Route, bench: BenchFile) -> None:
    """All checks; RouteRefused or LimitExceeded at the first that fails."""
    one_row_per_line(route, bench)
    one_use_per_source(route, bench)
    relays_match_feeds(route, bench)
    heaters_stay_cool(route, bench)
    proof_is_harmless(route)
    nothing_floats_in_a_write(route, bench)
    selected_cell_is_driven(route)
    worst_case_is_no_less(route, bench)
    cells_within_limits(route, bench)
    sources_within_limits(route, bench)


def one_row_per_line(route: Route, bench: BenchFile) -> None:
    """No line on two rows: that would join two sources, or a source and ground.

    A proof of the wiring may join one source and ground, at the little that it is allowed: that is how it sees the row.
    """
    line_at = {column: line for line, column in bench.columns.items()}
    taken: dict[int, str] = {}
    for row, column in sorted(route.crosspoints):
        other = taken.setdefault(column, row)
        if other == row:
            continue
        line = line_at.get(column, f"column {column}")
        ends = [bench.row(each).terminal if each in bench.wiring.rows else "nothing" for each in (other, row)]
        if route.purpose is Purpose.PROOF and ends.count(GROUND) == 1:
            taken[column] = (
                row if ends[0] == GROUND else other
            )  # a second source on this line is still refused
            continue
        what = "a source to ground" if GROUND in ends else "two sources"
        raise RouteRefused(
            f"{line} would be connected to rows {other} ({ends[0]}) and {row} ({ends[1]}): that joins {what}"
        )


def one_use_per_source(route: Route, bench: BenchFile) -> None:
    """No source with two jobs, no row fed by something else than what is wired to it."""
    rows: dict[str, str] = {}
    for feed in route.feeds:
        wire = bench.wiring.rows.get(feed.row)
        if wire is None or wire.terminal != feed.source or wire.series != feed.series_ohm:
            raise RouteRefused(f"row {feed.row} is not wired to {feed.source} in the bench file")
        if feed.is_ground and feed.fraction:
            raise RouteRefused(f"row {feed.row} is the star ground and cannot stand at a level")
        other = rows.setdefault(feed.source, feed.row)
        if other != feed.row and not feed.is_ground:
            raise RouteRefused(f"{feed.source} would have to feed row {other} and row {feed.row} at once")
    if len({feed.row for feed in route.feeds}) != len(route.feeds):
        raise RouteRefused("a matrix row would have two jobs at once")


def relays_match_feeds(route: Route, bench: BenchFile) -> None:
    """Every line that a feed names is wired and its relay closed, and no relay closes that no feed names."""
    wanted = set()
    for feed in route.feeds:
        for line in feed.lines:
            crosspoint = bench.crosspoint(feed.row, line)
            if crosspoint is None:
                raise RouteRefused(f"{line} is not wired to any matrix column of this bench")
            wanted.add(crosspoint)
    for row, column in sorted(route.crosspoints ^ wanted):
        raise RouteRefused(
            f"the relay of row {row} and column {column} has no part in this route, or is missing"
        )


def heaters_stay_cool(route: Route, bench: BenchFile) -> None:
    """A heater is connected only where no write voltage can reach its bit line."""
    limits = BenchLimits(bench.limits)
    for heater in sorted(route.heaters):
        if route.purpose not in (Purpose.NEURON, Purpose.COMPUTE, Purpose.PROOF):
            raise RouteRefused(
                f"heater {heater} would stay connected during a {route.purpose.value} of "
                f"{show(route.amplitude, 'V')}: isolate it first, it would burn or falsify the reading"
            )
        if heater not in bench.relays:
            raise RouteRefused(f"heater {heater} has no isolation relay on this bench")
        for feed in route.feeds:
            if Line(LineKind.BIT, heater) in feed.lines:
                voltage = abs(feed.fraction * route.amplitude)
                limits.heater_line(voltage, heater)
                if bench.neurons is not None:
                    limits.heater(voltage / bench.neurons.heater_resistance, heater)


def proof_is_harmless(route: Route) -> None:
    """A proof of the wiring stays at levels that nothing could notice, wherever its wires really lead."""
    if route.purpose is not Purpose.PROOF:
        return
    for feed in route.feeds:
        if not (abs(feed.level) <= PROOF_VOLTAGE and feed.compliance <= PROOF_CURRENT):
            raise RouteRefused(
                f"{feed.source} on row {feed.row} would stand at up to {show(feed.level, 'V')} and "
                f"{show(feed.compliance, 'A')}: wires are proven with at most {show(PROOF_VOLTAGE, 'V')} and "
                f"{show(PROOF_CURRENT, 'A')}"
            )


def nothing_floats_in_a_write(route: Route, bench: BenchFile) -> None:
    """In a write every word and bit line is held; `floating` names what is not, in every route."""
    held = {line for feed in route.feeds for line in feed.lines}
    loose = [line for kind in (LineKind.WORD, LineKind.BIT) for line in bench.lines(kind) if line not in held]
    if route.purpose in WRITES and loose:
        raise RouteRefused(
            f"{loose[0]} would float during a {route.purpose.value}: cells beside the selected one would see nearly "
            "the whole amplitude (hold unselected lines at V/2 or V/3)"
        )
    if frozenset(loose) != frozenset(route.floating):
        raise RouteRefused("the route does not say which lines it leaves floating")


def selected_cell_is_driven(route: Route) -> None:
    """The cell that a write is booked on is the one between the driven and the sensed line."""
    if route.purpose not in WRITES or route.cell is None:
        return
    driven = {line for feed in route.feeds if feed.role is Role.DRIVE for line in feed.lines}
    sensed = {line for feed in route.feeds if feed.role is Role.SENSE for line in feed.lines}
    word, bit = Line(LineKind.WORD, route.cell.word), Line(LineKind.BIT, route.cell.bit)
    if driven != {word} or sensed != {bit}:
        named = " and ".join(str(line) for line in sorted(driven | sensed, key=str)) or "no line"
        raise RouteRefused(f"a write of cell {route.cell} would drive and sense {named}")


def worst_case_is_no_less(route: Route, bench: BenchFile) -> None:
    """No cell sees more than the route says: found again from the levels of its feeds."""
    shape = (bench.array.word_lines, bench.array.bit_lines)
    true = worst_case(shape, route.feeds, approach(route.feeds), route.amplitude)
    beyond = true - route.worst_case * (1.0 + 1e-9)
    if beyond.max() > 1e-12:
        cell = Cell(*(int(index) for index in np.unravel_index(int(beyond.argmax()), shape)))
        raise RouteRefused(
            f"cell {cell} would see {show(float(true[cell]), 'V')}, the route says at most "
            f"{show(float(route.worst_case[cell]), 'V')}"
        )


def cells_within_limits(route: Route, bench: BenchFile) -> None:
    """The selected cell within the write limit, every other within the half-select limit, a read within its own."""
    limits = BenchLimits(bench.limits)
    if route.purpose not in WRITES:
        limits.read(route.amplitude)
        limits.half_select(float(route.worst_case.max()), "cells")
        return
    if route.cell is None:
        raise RouteRefused("a write needs one selected cell")
    limits.write(float(route.worst_case[route.cell]))
    others = route.worst_case.copy()
    others[route.cell] = 0.0
    worst = Cell(*(int(index) for index in np.unravel_index(int(others.argmax()), others.shape)))
    limits.half_select(float(others[worst]), f"cell {worst}")


def sources_within_limits(route: Route, bench: BenchFile) -> None:
    """No source beyond the bench's compliance limit or the level that the route is for; every source has a limit."""
    limits = BenchLimits(bench.limits)
    for feed in route.feeds:
        if feed.is_ground:
            continue
        if not feed.compliance > 0.0:
            raise RouteRefused(f"{feed.source} on row {feed.row} would have no compliance")
        limits.compliance(feed.compliance, f"{feed.source} on row {feed.row}")
        if feed.role is Role.OUTPUT:
            continue
        if abs(feed.fraction * route.amplitude) > feed.level * (1.0 + 1e-9):
            raise RouteRefused(
                f"{feed.source} on row {feed.row} would exceed the level that it is prepared for"
            )
