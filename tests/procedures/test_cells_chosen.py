"""A choice of cells: what is refused is the same for all four procedures that take one."""

import pytest

from labctl.core.errors import PlanError
from labctl.core.lines import Cell
from labctl.core.quantity import make, specs, write
from labctl.core.rows import Progress
from procedures.catalogue import find
from tests.procedures.fake_bench import FakeBench, complete, of_kind

NEEDED = {
    "cells_read": {},
    "cells_form": {},
    "cells_pulse": {"amplitude": "600m"},
    "cells_program": {"target": "40u"},
}
each = pytest.mark.parametrize("name", NEEDED)


def plan(name, cells, **settings):
    return make(find(name), {**NEEDED[name], "cells": cells, **settings})


@pytest.fixture
def bench():
    bench = FakeBench()
    bench.form(20e-6)
    return bench


@each
def test_cells_are_read_from_text_and_written_as_they_are_read(name):
    made = plan(name, "3,1 1,0-2")
    assert made.cells == (Cell(3, 1), Cell(1, 0), Cell(1, 1), Cell(1, 2))
    (spec,) = [spec for spec in specs(type(made)) if spec.name == "cells"]
    assert spec.required
    assert write(made.cells, spec.unit) == "1,0-2 3,1"


@each
@pytest.mark.parametrize("text", ["", "  "])
def test_no_cell_is_refused_and_never_means_all(name, text):
    with pytest.raises(PlanError, match=r"no cell was chosen; give cells, for example 3,5 or 3,0-7\."):
        plan(name, text)


@each
def test_cells_must_be_given(name):
    with pytest.raises(PlanError, match="cells must be given"):
        make(find(name), NEEDED[name])


@each
def test_a_cell_named_twice_or_below_0_is_refused(name):
    made = plan(name, "1,1")
    settings = {spec.name: getattr(made, spec.name) for spec in specs(type(made))}
    with pytest.raises(PlanError, match=r"cell \(1, 1\) is named twice"):
        type(made)(**settings | {"cells": (Cell(1, 1), Cell(0, 0), Cell(1, 1))})
    with pytest.raises(PlanError, match=r"no cell \(-2, 1\); lines are counted from 0"):
        type(made)(**settings | {"cells": (Cell(-2, 1),)})


@each
def test_a_cell_that_the_array_lacks_is_refused_before_anything_is_connected(name, bench):
    with pytest.raises(PlanError, match=r"no cell \(4, 0\).*word lines 0 to 3"):
        complete(plan(name, "0,0 4,0").run(bench))
    assert bench.routes == []


@each
def test_only_chosen_cells_are_pulsed_in_their_order(name, bench):
    complete(plan(name, "3,1 1,0").run(bench))
    pulsed = list(dict.fromkeys(pulse.cell for pulse in bench.pulses))
    assert pulsed == ([Cell(3, 1), Cell(1, 0)] if name in ("cells_pulse", "cells_program") else [])


@each
def test_between_cells_nothing_is_connected_when_the_progress_is_told(name, bench):
    told = []
    experiment = plan(name, "3,1 1,0").run(bench)
    for row in experiment:
        if isinstance(row, Progress):
            assert not bench.connected
            told.append((row.done, row.total))
    assert told == [(0, 2), (1, 2), (2, 2)]


@each
def test_closing_in_the_middle_lets_the_cell_go(name, bench):
    experiment = plan(name, "3,1 1,0").run(bench)
    next(experiment)
    next(experiment)
    experiment.close()
    assert not bench.connected


@each
def test_progress_names_the_cell(name, bench):
    rows, _ = complete(plan(name, "3,1 1,0").run(bench))
    assert "cell (3, 1)" in of_kind(rows, Progress)[0].doing
    assert of_kind(rows, Progress)[-1].doing.startswith("2 cells ")
