"""A wafer is tested die by die: one record for each, one table of all."""

from __future__ import annotations

import pytest

from labctl.core.errors import LimitExceeded, PlanError
from labctl.record.outcome import Outcome
from labctl.record.reading import read_run
from labctl.wafer.campaign import run_wafer
from labctl.wafer.campaignfile import CampaignFile
from labctl.wafer.results import COLUMNS
from tests.wafer.campaigns import PATH, TEXT, Told, campaign, die_of, go, plan_of, results, visited
from tests.wafer.fakes import FakeWaferBench


def test_every_die_is_tested_in_the_order_of_the_path_and_has_a_record_of_its_own(tmp_path):
    bench, told = FakeWaferBench(), Told()
    end = go(tmp_path, bench, told=told)
    assert (end.outcome, end.finished, end.of, end.unconfirmed) == (Outcome.FINISHED, 5, 5, ())
    assert visited(bench) == PATH
    assert told.dies == [(die, number, 5) for number, die in enumerate(PATH, start=1)]
    found = campaign(tmp_path)
    assert found["format"] == "labctl-campaign-1"
    assert (found["lot"], found["wafer"], found["outcome"]) == ("L1", "W1", "finished")
    assert found["simulated"] is True
    assert found["plan"]["text"] == TEXT
    assert found["plan"]["sha256"] == plan_of().sha256
    assert found["seed"] == bench.file.virtual.seed
    assert found["ended"] >= found["started"] != ""
    for die in PATH:
        entry = die_of(found, die)
        assert (entry["bin"], entry["bin_name"], entry["quality"]) == (1, "pass", "pass")
        run = read_run(tmp_path / entry["folder"])
        assert run.outcome is Outcome.FINISHED
        assert (run.parameters["die_x"]["applied"], run.parameters["die_y"]["applied"]) == die
        (subsite,) = entry["subsites"]
        assert [test["outcome"] for test in subsite["tests"]] == ["passed"] * 3
        assert subsite["bin"] == 1


def test_between_two_dies_the_bench_is_safe_and_the_probes_are_off(tmp_path):
    bench = FakeWaferBench()
    go(tmp_path, bench)
    moves = bench.moves
    for place, move in enumerate(moves):
        if move.startswith("die") and place:
            assert moves[place - 2 : place] == ["separate", "safe"]
    assert moves[-2:] == ["separate", "safe"]


def test_the_table_of_results_is_tidy(tmp_path):
    go(tmp_path)
    table = results(tmp_path)
    assert tuple(table.columns) == COLUMNS
    assert list(dict.fromkeys(zip(table.die_x, table.die_y, strict=True))) == PATH
    assert set(table.lot) == {"L1"}
    assert set(table.bin) == {1}
    formed = table[table.test == "form.formed"]
    assert len(formed) == 2 * len(PATH)
    assert set(zip(formed.row, formed.col, strict=True)) == {(0, 0), (1, 2)}
    assert set(table[table.test == "contact.contact_resistance"].unit) == {"ohm"}
    voltage = table[table.test == "form.forming_voltage"]
    assert voltage.value.tolist() == pytest.approx([1.2] * 10)
    assert voltage.time_utc.str.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00").all()


def test_dies_go_into_bins_and_unformed_cells_are_censored(tmp_path):
    bench = FakeWaferBench(barren={(1, 1)}, heaters_of={(0, 0): 1e9})
    assert go(tmp_path, bench).outcome is Outcome.FINISHED
    found = campaign(tmp_path)
    assert {(each["x"], each["y"]): each["bin"] for each in found["dies"]} == {
        **dict.fromkeys(PATH, 1),
        (1, 1): 3,
        (0, 0): 9,
    }
    assert "mean of form.formed = 0" in die_of(found, (1, 1))["reason"]
    outcomes = [test["outcome"] for test in die_of(found, (0, 0))["subsites"][0]["tests"]]
    assert outcomes == ["failed", "skipped", "skipped"]
    table = results(tmp_path)
    barren = table[(table.die_x == 1) & (table.die_y == 1) & (table.test == "form.forming_voltage")]
    assert barren.censored.tolist() == [1, 1]
    assert barren.value.tolist() == pytest.approx([1.8, 1.8])
    assert set(table[(table.die_x == 0) & (table.die_y == 0)].test) == {
        "contact.contact",
        "contact.contact_resistance",
    }


def test_a_cell_that_may_take_no_more_fails_no_wafer(tmp_path, monkeypatch):
    def refused(*_):
        raise LimitExceeded("cell (0, 0) has taken all its pulses.")
        yield

    monkeypatch.setattr("procedures.cells_form.CellsForm.run", refused)
    assert go(tmp_path, plan=plan_of(errors=1)).outcome is Outcome.FINISHED
    entry = die_of(campaign(tmp_path), PATH[0])
    assert entry["bin"] == 3, "a test that came to no verdict breaks its limits"
    assert entry["subsites"][0]["tests"][1]["reason"] == "cell (0, 0) has taken all its pulses."


def test_the_table_is_the_same_when_it_is_built_anew(tmp_path):
    go(tmp_path)
    before = (tmp_path / "results.csv").read_bytes(), campaign(tmp_path)["dies"]
    (tmp_path / "results.csv").unlink()
    CampaignFile.go_on(tmp_path, plan_of(), FakeWaferBench().file)
    assert ((tmp_path / "results.csv").read_bytes(), campaign(tmp_path)["dies"]) == before


def test_a_plan_that_does_not_fit_the_bench_leaves_no_folder(tmp_path):
    with pytest.raises(PlanError, match="has no prober"):
        run_wafer(plan_of(), "virtual_56x8", tmp_path / "out")
    assert not (tmp_path / "out").exists()
