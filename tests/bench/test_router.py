"""Routes: what is connected to what, and every refusal in words."""

import dataclasses

import numpy as np
import pytest

from labctl.bench import checks
from labctl.bench.router import Router
from labctl.benchfile import load_bench
from labctl.core.errors import LimitExceeded, RouteRefused, UnsupportedByBench
from labctl.core.lines import Cell, Line, LineKind
from labctl.core.route import Crosspoint, Role, Scheme
from tests.bench.benches import BITS, WORDS, small_bench

CELL = Cell(3, 1)


@pytest.fixture
def bench():
    return small_bench()


@pytest.fixture
def router(bench):
    return Router(bench)


def jobs(route):
    """Row -> (role, fraction, number of lines)."""
    return {feed.row: (feed.role, round(feed.fraction, 4), len(feed.lines)) for feed in route.feeds}


def test_a_read_drives_senses_and_grounds_the_rest(router):
    route = router.cell_read(CELL, 0.1)
    assert jobs(route) == {
        "B": (Role.DRIVE, 1.0, 1),
        "C": (Role.SENSE, 0.0, 1),
        "G": (Role.LEVEL, 0.0, WORDS + BITS - 2),
    }
    assert {Crosspoint("B", 4), Crosspoint("C", 7), Crosspoint("G", 1)} <= route.crosspoints
    assert len(route.crosspoints) == WORDS + BITS
    assert not route.heaters
    assert not route.floating


def test_half_scheme_biases_every_unselected_line(router):
    route = router.cell_write(CELL, -1.2, Scheme.HALF, 100e-6)
    assert jobs(route) == {
        "A": (Role.BIAS, 0.5, WORDS + BITS - 2),
        "B": (Role.DRIVE, 1.0, 1),
        "C": (Role.SENSE, 0.0, 1),
    }
    assert route.amplitude == 1.2
    assert route.worst_case[CELL] == pytest.approx(1.2)
    route.worst_case[CELL] = 0.0
    assert route.worst_case.max() == pytest.approx(0.6)


def test_third_scheme_needs_two_bias_levels(router):
    route = router.cell_write(CELL, 1.2, Scheme.THIRD, 100e-6)
    assert jobs(route) == {
        "A": (Role.BIAS, 0.3333, WORDS - 1),
        "D": (Role.BIAS, 0.6667, BITS - 1),
        "B": (Role.DRIVE, 1.0, 1),
        "C": (Role.SENSE, 0.0, 1),
    }
    route.worst_case[CELL] = 0.0
    assert route.worst_case.max() == pytest.approx(0.4)


def test_forming_goes_through_the_series_resistor(router):
    route = router.cell_form(CELL, 1.8, Scheme.HALF)
    drive = route.feed(Role.DRIVE)
    assert (drive.row, drive.source, drive.series_ohm) == ("H", "smu3.b", 20e3)
    assert drive.compliance == pytest.approx(1.25 * 1.8 / 20e3)
    assert route.feed(Role.BIAS).row == "E"


def test_compliance_is_cell_current_plus_half_select_current(bench):
    route = Router(bench, programmed_conductance=40e-6).cell_write(CELL, 1.0, Scheme.HALF, 100e-6)
    half = 0.5 * 40e-6
    assert route.feed(Role.DRIVE).compliance == pytest.approx(1.25 * (100e-6 + (BITS - 1) * half))
    assert route.feed(Role.SENSE).compliance == pytest.approx(1.25 * (100e-6 + (WORDS - 1) * half))
    assert route.feed(Role.BIAS).compliance == pytest.approx(1.25 * (WORDS - 1 + BITS - 1) * half)


def test_a_smaller_compliance_ratio_takes_the_margin_away():
    router = Router(small_bench(limits={"compliance_ratio": "1.1"}))
    with pytest.raises(LimitExceeded, match="1.1 times"):
        router.cell_write(CELL, 1.0, Scheme.HALF, 100e-6)


def test_a_write_that_bystanders_starve_is_refused():
    router = Router(load_bench("virtual_56x8"), programmed_conductance=200e-6)
    with pytest.raises(
        LimitExceeded, match="smu1.a on row A must be allowed = 6.2 mA, this bench permits 5 mA"
    ):
        router.cell_write(CELL, 1.0, Scheme.HALF, 100e-6)


def test_floating_lines_are_refused_in_writes(router):
    with pytest.raises(RouteRefused, match="write with V/2 or V/3"):
        router.cell_write(CELL, 1.0, Scheme.FLOAT, 100e-6)
    with pytest.raises(RouteRefused, match="write with V/2 or V/3"):
        router.cell_form(CELL, 1.0, Scheme.FLOAT)


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda r: r.cell_read(CELL, 0.31), "read voltage = 310 mV, this bench permits 300 mV"),
        (
            lambda r: r.cell_write(CELL, 2.1, Scheme.HALF, 1e-4),
            "across the cell = 2.1 V, this bench permits 2 V",
        ),
        (lambda r: r.cell_write(CELL, 1.95, Scheme.HALF, 1e-4), "half_select_voltage"),
        (lambda r: r.heater(1, 0.2), "bit line 1 with its heater connected = 200 mV"),
        (lambda r: r.heater(1, 0.149), "heater 1 = 596 uA, this bench permits 500 uA"),
        (lambda r: r.compute({}, {"A": 0.4}, [0]), "read voltage = 400 mV"),
    ],
)
def test_levels_beyond_the_limits_are_refused(router, ask, words):
    with pytest.raises(LimitExceeded, match=words):
        ask(router)


def test_a_cell_that_the_array_lacks_is_refused(router):
    with pytest.raises(RouteRefused, match="word lines 0 to 4 and bit lines 0 to 2"):
        router.cell_read(Cell(5, 0), 0.1)


def test_a_route_needs_an_amplitude(router):
    with pytest.raises(RouteRefused, match="above 0 V"):
        router.cell_read(CELL, 0.0)


def test_a_line_without_a_wire_is_refused():
    columns = dict(enumerate([f"word {n}" for n in range(4)], 1))
    columns |= {6: "bit 0", 7: "bit 1", 8: "bit 2"}
    with pytest.raises(RouteRefused, match="word 4 is not wired"):
        Router(small_bench(columns, neurons=False)).cell_read(Cell(0, 0), 0.1)


def test_forming_without_a_resistor_is_refused():
    router = Router(small_bench(rows={"F": "smu3.b through 1 kohm", "H": "smu3.b"}))
    with pytest.raises(RouteRefused, match="no series resistor"):
        router.cell_form(CELL, 1.0, Scheme.HALF)


def test_a_bench_without_neurons_says_so():
    router = Router(small_bench(neurons=False))
    with pytest.raises(UnsupportedByBench, match="no neurons"):
        router.heater(0, 0.05)


def test_one_heater_is_driven_alone_and_guarded(router):
    route = router.heater(1, 0.095)
    assert route.heaters == {1}
    assert jobs(route) == {
        "A": (Role.LEVEL, 1.0, WORDS),
        "C": (Role.DRIVE, 1.0, 1),
        "F": (Role.OUTPUT, 0.0, 0),
    }
    assert route.floating == (Line(LineKind.BIT, 0), Line(LineKind.BIT, 2))


def test_computing_groups_word_lines_and_leaves_the_taps_open(router, bench):
    words = bench.lines(LineKind.WORD)
    rows = dict(zip(words, "ABCGE", strict=True))
    route = router.compute(rows, {"A": -0.1, "B": 0.1, "C": 0.2, "D": 0.3, "E": 0.15}, [0, 2])
    assert route.heaters == {0, 2}
    assert route.floating == tuple(bench.lines(LineKind.BIT))
    assert {row for row, _ in route.crosspoints} == set("ABCGE")
    assert route.feed(Role.OUTPUT).lines == ()
    assert router.output(2) == Crosspoint("F", 11)


def test_a_bit_line_cannot_carry_an_input(router):
    with pytest.raises(RouteRefused, match="bit 0 cannot carry an input level"):
        router.compute({Line(LineKind.BIT, 0): "A"}, {"A": 0.1}, [0])


class TestChecks:
    """A sound route, spoilt in one place, must be refused whoever made it."""

    @pytest.fixture
    def route(self, router):
        return router.cell_write(CELL, 1.0, Scheme.HALF, 100e-6)

    def refused(self, route, bench, words, error=RouteRefused, **changes):
        with pytest.raises(error, match=words):
            checks.check(dataclasses.replace(route, **changes), bench)

    def test_two_sources_on_one_line(self, route, bench):
        joined = route.crosspoints | {Crosspoint("D", 4)}
        self.refused(route, bench, "word 3 .* joins two sources", crosspoints=joined)

    def test_a_source_to_ground(self, route, bench):
        joined = route.crosspoints | {Crosspoint("G", 4)}
        self.refused(route, bench, "word 3 .* joins a source to ground", crosspoints=joined)

    def test_a_relay_without_a_part(self, route, bench):
        self.refused(
            route,
            bench,
            "row A and column 20 has no part",
            crosspoints=route.crosspoints | {Crosspoint("A", 20)},
        )

    def test_a_relay_that_is_missing(self, route, bench):
        self.refused(route, bench, "row A and column 1", crosspoints=route.crosspoints - {Crosspoint("A", 1)})

    def test_a_heater_under_a_write_voltage(self, route, bench):
        self.refused(
            route, bench, "heater 1 would stay connected during a write of 1 V", heaters=frozenset({1})
        )

    def test_lines_left_floating(self, route, bench):
        feeds = tuple(
            dataclasses.replace(feed, lines=feed.lines[1:]) if feed.role is Role.BIAS else feed
            for feed in route.feeds
        )
        kept = route.crosspoints - {Crosspoint("A", 1)}
        self.refused(route, bench, "word 0 would float during a write", feeds=feeds, crosspoints=kept)

    def test_a_source_with_two_jobs(self, route, bench):
        extra = dataclasses.replace(
            route.feed(Role.DRIVE), row="H", source="smu3.b", series_ohm=20e3, lines=()
        )
        other = dataclasses.replace(extra, row="F", series_ohm=0.0)
        self.refused(
            route, bench, "smu3.b would have to feed row H and row F", feeds=(*route.feeds, extra, other)
        )

    def test_a_row_that_is_wired_otherwise(self, route, bench):
        feeds = tuple(dataclasses.replace(feed, source="smu3.a") for feed in route.feeds)
        self.refused(route, bench, "is not wired to smu3.a", feeds=feeds)

    def test_a_source_without_compliance(self, route, bench):
        feeds = tuple(dataclasses.replace(feed, compliance=0.0) for feed in route.feeds)
        self.refused(route, bench, "no compliance", feeds=feeds)

    def test_a_compliance_beyond_the_bench(self, route, bench):
        feeds = tuple(dataclasses.replace(feed, compliance=0.1) for feed in route.feeds)
        self.refused(route, bench, "this bench permits 2 mA", LimitExceeded, feeds=feeds)

    def test_a_worst_case_beyond_half_select(self, route, bench):
        worst = np.where(route.worst_case < 0.9, 1.0, route.worst_case)
        self.refused(route, bench, "unselected cell .0, 0.", LimitExceeded, worst_case=worst)
