"""Whatever is asked and however the bench is wired: no route joins sources, shorts one, floats a write or overdrives.

The judge below shares no code with the router: it walks the closed relays as a current would.
"""

import dataclasses

import numpy as np
import pytest
from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st

from labctl.bench import checks
from labctl.bench.router import Router
from labctl.core.errors import LabError, RouteRefused
from labctl.core.lines import Cell, Line, LineKind
from labctl.core.route import Crosspoint, Purpose, Role, Scheme
from tests.bench.benches import BITS, WORDS, small_bench

LINES = [f"word {n}" for n in range(WORDS)] + [f"bit {n}" for n in range(BITS)]
LINES += [f"neuron {n}" for n in range(BITS)]

wirings = st.permutations(range(1, 25)).map(lambda columns: dict(zip(columns, LINES, strict=False)))
cells = st.builds(Cell, st.integers(0, WORDS - 1), st.integers(0, BITS - 1))
usual = settings(max_examples=80, deadline=None, derandomize=True)


def upto(largest):
    """Voltages of both signs, a few of them beyond `largest`."""
    return st.floats(0.01, 1.1).flatmap(lambda share: st.sampled_from([share * largest, -share * largest]))


@st.composite
def rows(draw):
    """The source channels on other rows than usual; pairs of one instrument stay pairs."""
    found = {}
    for frame, pair in zip(draw(st.permutations(["smu1", "smu2", "smu3"])), ("AB", "CD", "EF"), strict=True):
        for row, channel in zip(pair, draw(st.permutations("ab")), strict=True):
            found[row] = f"{frame}.{channel}"
    return found | {"H": f"{found['F']} through {draw(st.sampled_from(['1 kohm', '20 kohm']))}"}


@st.composite
def benches(draw):
    """A bench whose rows and columns are wired at random, now and then with a wire missing."""
    columns = draw(wirings)
    if draw(st.integers(0, 4)) == 0:
        del columns[draw(st.sampled_from(sorted(columns)))]
    return small_bench(columns, draw(rows()))


@st.composite
def requests(draw):
    """(bench, route) for a random request that was granted."""
    bench = draw(benches())
    router, cell, scheme = Router(bench), draw(cells), draw(st.sampled_from([Scheme.HALF, Scheme.THIRD]))
    levels = st.dictionaries(st.sampled_from("ABCDE"), upto(0.3), min_size=1)
    kind = draw(st.sampled_from(Purpose))
    try:
        if kind is Purpose.READ:
            route = router.cell_read(cell, draw(upto(0.3)))
        elif kind is Purpose.WRITE:
            route = router.cell_write(cell, draw(upto(2.0)), scheme, draw(st.floats(1e-6, 1e-3)))
        elif kind is Purpose.FORM:
            route = router.cell_form(cell, draw(upto(1.9)), scheme)
        elif kind is Purpose.NEURON:
            route = router.heater(cell.bit, draw(upto(0.13)))
        else:
            rows = {line: draw(st.sampled_from("ABCDEG")) for line in bench.lines(LineKind.WORD)}
            route = router.compute(rows, draw(levels), {cell.bit})
    except LabError:
        reject()
    return bench, route


def islands(bench, crosspoints):
    """Terminals joined with one another by closed relays, as a current would find them."""
    groups = {}
    for column in {column for _, column in crosspoints}:
        rows = {row for row, each in crosspoints if each == column}
        merged = set(rows)
        for key in [key for key, group in groups.items() if group & merged]:
            merged |= groups.pop(key)
        groups[column] = merged
    return [{bench.row(row).terminal for row in group} for group in groups.values()]


def potentials(route):
    """Volts of every held line at the top of the approach."""
    return {line: feed.fraction * route.amplitude for feed in route.feeds for line in feed.lines}


@usual
@given(requests())
def test_no_route_joins_two_sources_or_a_source_and_ground(request):
    bench, route = request
    assert all(len(terminals) == 1 for terminals in islands(bench, route.crosspoints))


@usual
@given(requests())
def test_every_closed_relay_leads_to_a_line_that_its_feed_names(request):
    bench, route = request
    line_at = {column: line for line, column in bench.columns.items()}
    closed = {(row, line_at[column]) for row, column in route.crosspoints}
    assert closed == {(feed.row, line) for feed in route.feeds for line in feed.lines}


@usual
@given(requests())
def test_a_write_holds_every_line_and_connects_no_heater(request):
    bench, route = request
    assume(route.purpose in (Purpose.WRITE, Purpose.FORM))
    everything = set(bench.lines(LineKind.WORD)) | set(bench.lines(LineKind.BIT))
    assert set(potentials(route)) == everything
    assert not route.heaters


@usual
@given(requests())
def test_unselected_cells_see_no_more_than_their_share(request):
    bench, route = request
    assume(route.purpose in (Purpose.WRITE, Purpose.FORM))
    share = {Scheme.HALF: 0.5, Scheme.THIRD: 1 / 3}[route.scheme] * route.amplitude
    volts = potentials(route)
    for word in range(WORDS):
        for bit in range(BITS):
            across = abs(volts[Line(LineKind.WORD, word)] - volts[Line(LineKind.BIT, bit)])
            assert across <= route.worst_case[word, bit] + 1e-12
            if Cell(word, bit) == route.cell:
                assert across == pytest.approx(route.amplitude)
                assert across <= bench.limits.write_voltage * (1 + 1e-6)
            else:
                assert route.worst_case[word, bit] <= share + 1e-9
                assert across <= bench.limits.half_select_voltage * (1 + 1e-6)


@usual
@given(requests())
def test_no_source_exceeds_the_limits(request):
    bench, route = request
    for feed in route.feeds:
        if feed.is_ground:
            assert feed.fraction == 0.0
            continue
        assert 0.0 < feed.compliance <= bench.limits.compliance * (1 + 1e-6)
        assert abs(feed.fraction) * route.amplitude <= feed.level * (1 + 1e-6)
    if route.purpose not in (Purpose.WRITE, Purpose.FORM):
        assert route.amplitude <= bench.limits.read_voltage * (1 + 1e-6)
    for heater in route.heaters:
        held = potentials(route).get(Line(LineKind.BIT, heater), 0.0)
        assert abs(held) <= bench.limits.heater_line_voltage * (1 + 1e-6)
        assert abs(held) / bench.neurons.heater_resistance <= bench.limits.heater_current * (1 + 1e-6)


@usual
@given(requests(), st.sampled_from("ABCDEFGH"), st.integers(1, 24))
def test_no_relay_can_be_added_to_a_route(request, row, column):
    bench, route = request
    extra = Crosspoint(row, column)
    assume(extra not in route.crosspoints)
    with pytest.raises(RouteRefused):
        checks.check(dataclasses.replace(route, crosspoints=route.crosspoints | {extra}), bench)


@usual
@given(requests(), st.data())
def test_no_relay_can_be_left_out_of_a_route(request, data):
    bench, route = request
    assume(route.crosspoints)
    missing = data.draw(st.sampled_from(sorted(route.crosspoints)))
    with pytest.raises(RouteRefused):
        checks.check(dataclasses.replace(route, crosspoints=route.crosspoints - {missing}), bench)


@usual
@given(requests(), st.integers(0, BITS - 1))
def test_no_heater_can_be_added_to_a_cell_route(request, heater):
    bench, route = request
    assume(route.cell is not None)
    with pytest.raises(RouteRefused):
        checks.check(dataclasses.replace(route, heaters=frozenset({heater})), bench)


def test_the_judge_sees_a_joint():
    bench = small_bench()
    assert islands(bench, {Crosspoint("A", 1), Crosspoint("B", 1)}) == [{"smu1.a", "smu1.b"}]
    joined = {Crosspoint("A", 1), Crosspoint("B", 2), Crosspoint("A", 3), Crosspoint("B", 3)}
    assert {"smu1.a", "smu1.b"} in islands(bench, joined)


def test_every_kind_of_request_is_granted_somewhere():
    router = Router(small_bench())
    granted = [
        router.cell_read(Cell(0, 0), 0.1),
        router.cell_write(Cell(0, 0), 1.0, Scheme.THIRD, 1e-4),
        router.cell_form(Cell(0, 0), 1.0, Scheme.HALF),
        router.heater(0, 0.09),
        router.compute({Line(LineKind.WORD, 0): "A"}, {"A": 0.1}, {0}),
        router.proof({"B": [Line(LineKind.WORD, 0)]}, {"B": 1.0}, 5e-3, 1e-5, {0}),
    ]
    assert {route.purpose for route in granted} == set(Purpose)
    assert all(np.isfinite(route.worst_case).all() for route in granted)
    assert all(route.feed(Role.OUTPUT).compliance for route in granted[3:5])
