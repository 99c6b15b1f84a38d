"""What an array run amounts to, from its rows."""

import numpy as np
import pytest

from labctl.analysis.summary import Spread, array_programming, visits, window_hits
from labctl.core.lines import Cell
from labctl.core.rows import Verdict


@pytest.fixture
def summary():
    return {
        "word": np.array([0, 0, 1, 1]),
        "bit": np.array([0, 1, 0, 1]),
        "forming": np.array(
            ["formed", "already formed", "not formed at the highest voltage", "formed"], dtype=object
        ),
        "verdict": np.array(
            ["verified", "verified", "not formed at the highest voltage", "pulse budget spent"], dtype=object
        ),
        "forming_pulses": np.array([4, 0, 20, 6]),
        "pulses": np.array([8, 10, 0, 100]),
        "target": np.array([1e-5, 2e-5, 1e-5, 1e-5]),
        "conductance": np.array([1.03e-5, 1.92e-5, 4e-9, 2e-5]),
    }


def test_cells_pulses_and_errors_are_summed_up(summary):
    found = array_programming(summary)
    assert (found.cells, found.formed, found.verified) == (4, 3, 2)
    assert found.verified_share == 0.5
    assert found.forming_pulses.median == 5, "only cells that were formed in this run"
    assert found.pulses.count == 3
    assert found.pulses.largest == 100
    assert found.rms_error == pytest.approx(np.sqrt((0.03**2 + 0.04**2) / 2))
    assert found.verdicts[Verdict.VERIFIED.value] == 2
    assert found.failed == (Cell(1, 0), Cell(1, 1))


def test_verdicts_may_also_be_the_enums_of_live_rows(summary):
    texts = {verdict.value: verdict for verdict in Verdict}
    summary["verdict"] = np.array([texts[text] for text in summary["verdict"]], dtype=object)
    assert array_programming(summary).verified == 2


def test_no_cells_give_nan_and_no_warning(summary):
    found = array_programming({name: column[:0] for name, column in summary.items()})
    assert found.cells == 0
    assert np.isnan(found.verified_share)
    assert np.isnan(found.rms_error)
    assert Spread.of([np.nan]).count == 0


def test_a_map_is_compared_with_its_target():
    target = np.array([[1e-5, np.nan], [1e-5, 1e-5]])
    hits = window_hits(np.array([[1.04e-5, 5e-5], [np.nan, 1.2e-5]]), target, 0.05)
    assert (hits.cells, hits.inside) == (3, 1)
    assert hits.rate == pytest.approx(1 / 3)
    assert hits.error.largest == pytest.approx(0.2)


def test_rows_are_split_into_visits_to_cells():
    rows = [  # word, bit, pulses, amplitude, target
        (0, 0, 0, 0.0, 1e-5),
        (0, 0, 1, 0.5, 1e-5),
        (0, 0, 1, 0.5, 1e-5),
        (0, 1, 0, 0.0, 1e-5),
        (0, 1, 0, 0.0, 2e-5),
        (0, 1, 1, -0.5, 2e-5),
        (0, 1, 0, 0.0, 2e-5),
    ]
    columns = dict(zip(("word", "bit", "pulses", "amplitude", "target"), np.array(rows).T, strict=True))
    columns |= {"low": columns["target"] * 0.95, "high": columns["target"] * 1.05}
    columns["conductance"] = np.arange(7.0)
    found = visits(columns)
    assert [visit.cell for visit in found] == [Cell(0, 0), Cell(0, 1), Cell(0, 1), Cell(0, 1)]
    assert [len(visit.pulses) for visit in found] == [3, 1, 2, 1]
    assert found[2].amplitude.tolist() == [0.0, -0.5]
    assert found[2].low == pytest.approx(1.9e-5)
    assert visits({name: column[:0] for name, column in columns.items()}) == []
