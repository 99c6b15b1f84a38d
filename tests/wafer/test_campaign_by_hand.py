"""A person moves the wafer and is told what to do."""

from __future__ import annotations

import pytest

from labctl.core.errors import PlanError
from labctl.record.outcome import Outcome
from labctl.wafer.campaign import run_wafer
from tests.faults.lab import small_bench
from tests.wafer.campaigns import TEXT, plan_of, results


@pytest.fixture
def guided(tmp_path, monkeypatch):
    """A virtual bench whose wafer is moved by a person: the one small array is under the probes whatever is said."""
    monkeypatch.setenv("LABCTL_SAMPLES", str(tmp_path / "samples"))
    path = small_bench(tmp_path)
    path.write_text(path.read_text(encoding="utf-8") + '[prober]\nkind = "operator"\n', encoding="utf-8")
    return path


GUIDED = TEXT.replace('bits = "0-2"', 'bits = "0,1"').replace("1,2", "1,1").replace("[1, 1], [0, 0], ", "")


def test_a_person_who_moves_the_wafer_is_told_what_to_do(guided, tmp_path):
    asked = []
    end = run_wafer(plan_of(GUIDED), guided, tmp_path / "out", ask=asked.append)
    assert (end.outcome, end.finished) == (Outcome.FINISHED, 3), end.reason
    assert asked[:4] == [
        "Separate the probes from the wafer, then press Enter.",
        "Move to the reference point of die (0, 1), then press Enter.",
        "Move to the reference point of die (0, 1) (array), then press Enter.",
        "Make contact on die (0, 1), array, then press Enter.",
    ]
    assert sum(sentence.startswith("Make contact") for sentence in asked) == 3
    assert asked[-1] == "Separate the probes from the wafer, then press Enter."
    assert results(tmp_path / "out").test.nunique() == 9


def test_a_person_who_gives_up_leaves_a_wafer_that_can_be_gone_on_with(guided, tmp_path):
    asked = []

    def tired(sentence):
        asked.append(sentence)
        if sentence.startswith("Make contact on die (1, 0)"):
            raise KeyboardInterrupt

    end = run_wafer(plan_of(GUIDED), guided, tmp_path / "out", ask=tired)
    assert (end.outcome, end.finished, end.unconfirmed) == (Outcome.ABORTED, 1, ())
    end = run_wafer(plan_of(GUIDED), guided, tmp_path / "out", ask=asked.append, resume=True)
    assert (end.outcome, end.finished) == (Outcome.FINISHED, 3)


def test_a_wafer_that_a_person_must_move_is_not_tested_where_nobody_can_be_asked(guided, tmp_path):
    with pytest.raises(PlanError, match="nobody is asked here"):
        run_wafer(plan_of(GUIDED), guided, tmp_path / "out")
    assert not (tmp_path / "out").exists()
