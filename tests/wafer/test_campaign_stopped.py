"""A wafer stops by a rule, an error or a person, and is gone on with where it was left."""

from __future__ import annotations

import signal
from dataclasses import replace

import pandas as pd
import pytest

from labctl.benchfile import read_bench
from labctl.core.errors import PlanError, RecordError
from labctl.record.outcome import Outcome
from labctl.record.reading import read_run
from labctl.run.events import Acquired
from labctl.wafer.campaignfile import CampaignFile
from labctl.wafer.geometry import Die
from tests.wafer.campaigns import PATH, TEXT, campaign, die_of, go, plan_of, results, visited
from tests.wafer.fakes import FakeWaferBench, lost


def test_dies_without_contact_in_a_row_stop_the_wafer(tmp_path):
    bench = FakeWaferBench(heaters_of=dict.fromkeys([(1, 1), (1, 0), (0, 0)], 1e9))
    plan = plan_of(consecutive_no_contact=2)
    end = go(tmp_path, bench, plan)
    assert (end.outcome, end.finished) == (Outcome.STOPPED, 3)
    assert "touched none of the last 2 dies" in end.reason
    assert campaign(tmp_path)["stopped_because"] == end.reason
    assert campaign(tmp_path)["outcome"] == "stopped"
    bench.heaters_of.clear()
    end = go(tmp_path, bench, plan, resume=True)
    assert (end.outcome, end.finished) == (Outcome.FINISHED, 5), "somebody has looked: the rule counts anew"
    assert visited(bench) == PATH


def test_dies_that_fail_in_a_row_stop_the_wafer(tmp_path):
    end = go(tmp_path, FakeWaferBench(barren={*PATH[1:4]}), plan_of(consecutive_fails=3))
    assert (end.outcome, end.finished) == (Outcome.STOPPED, 4)
    assert "the last 3 dies failed" in end.reason


def test_a_die_that_passes_between_them_lets_the_wafer_go_on(tmp_path):
    bench = FakeWaferBench(barren={PATH[0], PATH[1], PATH[3], PATH[4]})
    assert go(tmp_path, bench, plan_of(consecutive_fails=3)).outcome is Outcome.FINISHED


def test_an_error_stops_the_wafer_and_its_die_is_gone_on_with(tmp_path):
    bench = FakeWaferBench(trouble={"die 1 0": lost("prober")})
    end = go(tmp_path, bench)
    assert (end.outcome, end.finished) == (Outcome.STOPPED, 2)
    assert "die (1, 0) met an error (prober does not answer.)" in end.reason
    entry = die_of(campaign(tmp_path), (1, 0))
    assert (entry["outcome"], entry["bin"], entry["reason"]) == ("failed", None, "prober does not answer.")
    bench.trouble.clear()
    end = go(tmp_path, bench, resume=True)
    assert (end.outcome, end.finished) == (Outcome.FINISHED, 5)
    assert visited(bench) == PATH
    assert read_run(tmp_path / entry["folder"]).seams


def test_errors_that_the_plan_permits_leave_a_die_to_a_later_start(tmp_path):
    bench = FakeWaferBench(trouble={"die 1 0": lost("prober")})
    end = go(tmp_path, bench, plan_of(errors=2))
    assert (end.outcome, end.finished) == (Outcome.FAILED, 4)
    assert "die (1, 0) is not finished: prober does not answer." in end.reason
    bench.trouble.clear()
    bench.moves.clear()
    assert go(tmp_path, bench, plan_of(errors=2), resume=True).outcome is Outcome.FINISHED
    assert visited(bench) == [Die(1, 0)]


def test_what_cannot_be_confirmed_to_be_safe_ends_the_wafer(tmp_path):
    bench = FakeWaferBench(unconfirmed=("smu1 could not be confirmed to be off.",))
    end = go(tmp_path, bench)
    assert end.outcome is Outcome.FAILED
    assert end.unconfirmed == ("smu1 could not be confirmed to be off.",)
    assert visited(bench) == PATH[:1]


def test_ctrl_c_ends_safe_and_the_wafer_is_gone_on_with(tmp_path):
    bench, rows = FakeWaferBench(), []

    def interrupting(event):
        if isinstance(event, Acquired):
            rows.append(event)
            if len(rows) == 30:
                signal.raise_signal(signal.SIGINT)

    end = go(tmp_path, bench, observers=[interrupting])
    assert (end.outcome, end.reason) == (Outcome.ABORTED, "Interrupted at the keyboard.")
    assert bench.moves[-1] == "safe"
    assert not bench.connected
    assert end.finished < 5
    assert campaign(tmp_path)["outcome"] == "aborted"
    end = go(tmp_path, bench, resume=True)
    assert (end.outcome, end.finished) == (Outcome.FINISHED, 5)
    whole = tmp_path / "whole"
    go(whole)
    numbers = ["die_x", "die_y", "subsite", "row", "col", "test", "cycle", "unit", "bin", "censored"]
    pd.testing.assert_frame_equal(results(tmp_path)[numbers], results(whole)[numbers])
    kept = lambda table: table[table.test.str.startswith("form.")].value.tolist()  # noqa: E731
    assert kept(results(tmp_path)) == kept(results(whole))


def test_a_die_whose_record_never_began_is_begun(tmp_path):
    file = CampaignFile.begin(tmp_path, plan_of(), FakeWaferBench().file)
    folder = file.folder(PATH[0])
    folder.mkdir()
    (folder / "bench.toml").write_text("half of it", encoding="utf-8")
    (folder / "journal.jsonl").write_text('{"line": "start", "for', encoding="utf-8")
    assert go(tmp_path, resume=True).outcome is Outcome.FINISHED


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"lot": "L2"}, "holds the campaign of lot 'L1', not of 'L2'"),
        ({"wafer": "W2"}, "holds the campaign of wafer 'W1', not of 'W2'"),
        ({"text": TEXT + "# changed\n"}, "of another text of the plan campaign"),
    ],
)
def test_another_wafer_is_not_gone_on_with(other, words, tmp_path):
    CampaignFile.begin(tmp_path, plan_of(), FakeWaferBench().file)
    before = (tmp_path / "campaign.json").read_bytes()
    with pytest.raises(PlanError, match=words):
        go(tmp_path, plan=replace(plan_of(), **other), resume=True)
    assert (tmp_path / "campaign.json").read_bytes() == before


def test_another_bench_does_not_go_on_with_it(tmp_path):
    bench = FakeWaferBench()
    CampaignFile.begin(tmp_path, plan_of(), read_bench(bench.file.text + "\n", bench.file.source))
    with pytest.raises(PlanError, match="whose file was another one then"):
        go(tmp_path, bench, resume=True)


def test_a_folder_that_holds_a_campaign_is_not_begun_again(tmp_path):
    go(tmp_path)
    with pytest.raises(PlanError, match="holds a campaign already: go on with it with --resume"):
        go(tmp_path)


def test_nothing_can_be_gone_on_with_where_nothing_was_begun(tmp_path):
    with pytest.raises(RecordError, match="holds no campaign"):
        go(tmp_path / "elsewhere", resume=True)
