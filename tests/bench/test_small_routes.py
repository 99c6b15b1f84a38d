"""Routes on arrays of any shape down to one cell: each feed reaches a line; a line that is not wired is named."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labctl.bench.router import Router
from labctl.benchfile import load_bench
from labctl.core.errors import RouteRefused
from labctl.core.lines import Cell, LineKind
from labctl.core.route import Scheme
from tests.faults.lab import small_bench

SIDES = st.integers(1, 4)


def bench_of(words, bits):
    """A checked bench file of this shape."""
    with tempfile.TemporaryDirectory() as folder:
        return load_bench(small_bench(Path(folder), words=words, bits=bits))


@settings(max_examples=30, deadline=None, derandomize=True)
@given(words=SIDES, bits=SIDES, scheme=st.sampled_from([Scheme.HALF, Scheme.THIRD]), data=st.data())
def test_every_row_of_a_route_reaches_a_line_and_every_line_is_held(words, bits, scheme, data):
    cell = Cell(data.draw(st.integers(0, words - 1)), data.draw(st.integers(0, bits - 1)))
    bench = bench_of(words, bits)
    router = Router(bench)
    every = {*bench.lines(LineKind.WORD), *bench.lines(LineKind.BIT)}
    for route in (
        router.cell_read(cell, 0.1),
        router.cell_write(cell, 1.0, scheme, 50e-6),
        router.cell_form(cell, 1.8, scheme),
    ):
        held = [line for feed in route.feeds for line in feed.lines]
        assert all(feed.lines for feed in route.feeds)
        assert len(held) == len(every)
        assert set(held) == every
        assert route.floating == ()
        assert route.worst_case.shape == (words, bits)
        assert route.worst_case[cell] == pytest.approx(route.amplitude)


@pytest.mark.parametrize(("wired", "gone"), [("word 0-2", "word 3"), ("word 1-3", "word 0")])
def test_a_line_that_is_not_wired_is_named_before_anything_moves(tmp_path, wired, gone):
    path = small_bench(tmp_path, words=4, bits=2)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"1-4" = "word 0-3"', f'"1-3" = "{wired}"'), encoding="utf-8")
    router = Router(load_bench(path))
    with pytest.raises(RouteRefused, match=f"{gone} is not wired to any matrix column"):
        router.cell_form(Cell(1, 0), 1.8, Scheme.HALF)
