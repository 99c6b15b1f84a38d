"""A wafer is tested die by die: one record for each, stop rules, and going on where it was left."""

from __future__ import annotations

import json
import signal
from dataclasses import replace

import pandas as pd
import pytest

from labctl.benchfile import read_bench
from labctl.core.errors import LimitExceeded, PlanError, RecordError
from labctl.record.outcome import Outcome
from labctl.record.reading import read_run
from labctl.run.events import Acquired
from labctl.run.interrupts import Interrupts
from labctl.wafer.campaign import Campaign, run_wafer
from labctl.wafer.campaignfile import CampaignFile
from labctl.wafer.geometry import Die
from labctl.wafer.plan import read_plan
from labctl.wafer.results import COLUMNS
from labctl.wafer.sequence import BoundPlan
from procedures import catalogue
from tests.faults.lab import small_bench
from tests.wafer.fakes import FakeWaferBench, lost
from tests.wafer.plans import SOURCE

TEXT = """
format = "labctl-wafer-1"
name = "campaign"
lot = "L1"
wafer = "W1"
[geometry]
diameter = "100 mm"
die_size = ["8 mm", "8 mm"]
[dies]
only = [[0, 1], [1, 1], [0, 0], [1, 0], [-2, -1]]
[subsites.array]
words = "0-3"
bits = "0-2"
[[subsites.array.tests]]
name = "contact"
procedure = "contact_check"
[[subsites.array.tests]]
name = "form"
procedure = "cells_form"
settings = { cells = "0,0 1,2" }
if_passed = ["contact"]
[[subsites.array.tests]]
name = "program"
procedure = "cells_program"
settings = { cells = "0,0 1,2", target = "60u" }
if_passed = ["form"]
[[bins]]
number = 1
name = "pass"
quality = "pass"
[[bins]]
number = 3
name = "forming"
quality = "fail"
[[bins]]
number = 4
name = "programming"
quality = "fail"
[[bins]]
number = 9
name = "no contact"
quality = "fail"
[[limits]]
test = "form"
value = "formed"
statistic = "mean"
low = 0.6
bin = 3
[[limits]]
test = "program"
value = "verified"
statistic = "mean"
low = 0.6
bin = 4
"""
PATH = [Die(0, 1), Die(1, 1), Die(1, 0), Die(0, 0), Die(-2, -1)]
"""The dies of the plan in the order of the serpentine."""


def plan_of(text=TEXT, **stop):
    rules = "".join(f"{name} = {count}\n" for name, count in stop.items())
    return read_plan(f"{text}[stop]\n{rules}" if rules else text, SOURCE)


class Told:
    """What is told at the end of each die."""

    def __init__(self):
        self.dies = []

    def __call__(self, report, finished, of):
        self.dies.append((report.die, finished, of))


def go(out, bench=None, plan=None, *, resume=False, observers=(), told=None):
    """Test the wafer on a bench without instruments; how it ended."""
    bench, plan = bench or FakeWaferBench(), plan or plan_of()
    start = CampaignFile.go_on if resume else CampaignFile.begin
    file = start(out, plan, bench.file)
    with Interrupts() as interrupts:
        return Campaign(
            file, BoundPlan(plan, catalogue.find), bench, observers, interrupts, told or Told()
        ).test_all()


def campaign(out):
    return json.loads((out / "campaign.json").read_text(encoding="utf-8"))


def results(out):
    return pd.read_csv(out / "results.csv")


def die_of(found, die):
    (entry,) = [each for each in found["dies"] if (each["x"], each["y"]) == die]
    return entry


def visited(bench):
    return [Die(*map(int, move.split()[1:])) for move in bench.moves if move.startswith("die")]


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


def test_a_cell_that_may_take_no_more_fails_no_wafer(tmp_path, monkeypatch):
    def refused(*_):
        raise LimitExceeded("cell (0, 0) has taken all its pulses.")
        yield

    monkeypatch.setattr("procedures.cells_form.CellsForm.run", refused)
    assert go(tmp_path, plan=plan_of(errors=1)).outcome is Outcome.FINISHED
    entry = die_of(campaign(tmp_path), PATH[0])
    assert entry["bin"] == 3, "a test that came to no verdict breaks its limits"
    assert entry["subsites"][0]["tests"][1]["reason"] == "cell (0, 0) has taken all its pulses."


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


def test_the_table_is_the_same_when_it_is_built_anew(tmp_path):
    go(tmp_path)
    before = (tmp_path / "results.csv").read_bytes(), campaign(tmp_path)["dies"]
    (tmp_path / "results.csv").unlink()
    CampaignFile.go_on(tmp_path, plan_of(), FakeWaferBench().file)
    assert ((tmp_path / "results.csv").read_bytes(), campaign(tmp_path)["dies"]) == before


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


def test_a_plan_that_does_not_fit_the_bench_leaves_no_folder(tmp_path):
    with pytest.raises(PlanError, match="has no prober"):
        run_wafer(plan_of(), "virtual_56x8", tmp_path / "out")
    assert not (tmp_path / "out").exists()
