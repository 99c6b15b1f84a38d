"""Files that the tests of a plan read: every die is tested with those that the campaign was begun with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from labctl.benchfile import load_bench
from labctl.catalogue import find
from labctl.core.errors import LabError, PlanError
from labctl.core.quantity import make
from labctl.wafer.campaign import run_wafer
from labctl.wafer.inputs import keep_files, kept_files
from labctl.wafer.plan import WaferPlan, read_plan
from procedures.target_map import read_target
from tests.wafer.plans import PLAN, SOURCE


def plan_reading(path: Path) -> WaferPlan:
    test = '[[subsites.array.tests]]\nname = "program"\nprocedure = "crossbar_program"\n'
    return read_plan(f'{PLAN}\n{test}settings = {{ target = "{path.as_posix()}" }}\n', SOURCE)


def target_of(plan: WaferPlan) -> np.ndarray:
    (test,) = (test for subsite in plan.subsites.values() for test in subsite.tests if test.name == "program")
    return read_target(make(find(test.procedure), test.settings).target)


def test_a_map_edited_between_two_dies_or_before_a_resume_changes_nothing(tmp_path):
    path = tmp_path / "map.csv"
    path.write_text("5e-5\n")
    plan = plan_reading(path)
    kept, noted = keep_files(plan, find, tmp_path / "out")
    path.write_text("9e-5\n")
    assert target_of(kept).tolist() == [[5e-5]]
    assert kept.text == plan.text
    again, said = kept_files(plan, find, tmp_path / "out", noted)
    assert target_of(again).tolist() == [[5e-5]]
    assert said == [f"{path} was changed since the run began; the run goes on with its kept copy."]


def test_a_campaign_that_kept_no_copy_is_not_gone_on_with(tmp_path):
    path = tmp_path / "map.csv"
    path.write_text("5e-5\n")
    with pytest.raises(PlanError, match="does not say which file it read"):
        kept_files(plan_reading(path), find, tmp_path / "out", {})


def test_a_campaign_whose_map_is_gone_goes_on_with_its_copy(tmp_path, monkeypatch):
    def not_now(_name):
        raise LabError("the bench would be opened here")

    bench, path, out = load_bench("virtual_wafer"), tmp_path / "map.csv", tmp_path / "out"
    target = np.full((bench.array.word_lines, bench.array.bit_lines), np.nan)
    target[:4, :2] = 5e-5
    np.savetxt(path, target, delimiter=",")
    monkeypatch.setattr("labctl.wafer.campaign.open_bench", not_now)
    plan = plan_reading(path)
    with pytest.raises(LabError, match="would be opened here"):
        run_wafer(plan, "virtual_wafer", out)
    path.unlink()
    with pytest.raises(LabError, match="would be opened here"):
        run_wafer(plan, "virtual_wafer", out, resume=True)
    with pytest.raises(LabError, match="map.csv"):
        run_wafer(plan, "virtual_wafer", tmp_path / "another")
