"""What the wafer's report knows of devices: medians, bounds where a device never got there, stories, neurons."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from labctl.analysis.censored import Family, fit
from labctl.core.errors import RecordError
from labctl.report.wafer.measured import all_series, named, read_results, together
from labctl.report.wafer.neurons import neuron_lines
from labctl.report.wafer.page import Results, results
from labctl.report.wafer.paper import sheets
from labctl.report.wafer.records import stories, transfer_curves
from labctl.report.wafer.value_figures import die_numbers
from labctl.wafer.geometry import Die
from tests.report.campaigning import HIGHEST, START, of_test, plan_of, write_campaign


def test_a_cell_that_never_formed_is_no_failure_of_programming(found: Results, tmp_path: Path) -> None:
    write_campaign(tmp_path, plan_of(), records=False)
    path = tmp_path / "results.csv"
    lines = path.read_text().splitlines()
    dies = {str(die.x) + "," + str(die.y) for die in named(found.series, "verified")[0].dies}
    victim = next(
        line for line in lines
        if ",form.formed," in line and ",0.0,1," in line and ",".join(line.split(",")[2:4]) in dies
    )  # fmt: skip
    lines.append(victim.replace("form.formed", "program.verified"))
    lines.append(victim.replace("form.formed,1,0.0", "program.programming_error,1,0.99"))
    path.write_text("\n".join(lines) + "\n")
    tried = results(tmp_path)
    before, after = (
        next(each.share for each in one.yields if each.name.startswith("switching")) for one in (found, tried)
    )
    assert before == after
    (untried,) = (each for each in found.sheets if each.name == "|programming error|")
    (sheet,) = (each for each in tried.sheets if each.name == "|programming error|")
    assert sheet.sample.seen.tolist() == untried.sample.seen.tolist()
    assert sheet.sample.above.tolist() == untried.sample.above.tolist()
    assert (sheet.sample.above == sheet.sample.seen.max()).all()


def test_medians_of_dies_are_those_of_the_file(found: Results, rows: list[dict[str, str]]) -> None:
    (voltage,) = named(found.series, "forming_voltage")
    numbers = die_numbers(voltage)
    assert len(numbers) > 10
    for die, number in numbers.items():
        mine = [
            float(row["value"])
            for row in rows
            if row["test"] == "form.forming_voltage" and row["censored"] == "0"
            and (int(row["die_x"]), int(row["die_y"])) == die
        ]  # fmt: skip
        assert number == pytest.approx(float(np.median(mine)))


def test_cells_that_never_formed_are_censored_and_the_truth_comes_back(
    found: Results, rows: list[dict[str, str]]
) -> None:
    (sheet,) = (each for each in found.sheets if each.name == "forming voltage")
    never = sum(value == 0.0 for value in of_test(rows, "form.formed").values())
    first = sum(value == 1.0 for value in of_test(rows, "form.forming_pulses").values())
    assert sheet.sample.above.tolist() == [HIGHEST] * never
    assert sheet.sample.below.tolist() == [START] * first
    assert first > 5
    assert sheet.sample.count == len(of_test(rows, "form.forming_voltage"))
    assert sheet.fits[Family.WEIBULL].scale == pytest.approx(1.6, rel=0.03)
    assert f"{never} cells never formed" in sheet.remarks[0]
    assert f"{first} cells formed at the first pulse" in sheet.remarks[1]


def test_cells_that_conducted_before_are_told_apart(wafer: Path, tmp_path: Path) -> None:
    lines = (wafer / "results.csv").read_text().splitlines()
    formed = next(line for line in lines if ",form.formed,1,1.0," in line)
    (voltage,) = (
        line
        for line in lines
        if line.startswith(formed.partition("form.formed")[0] + "form.forming_voltage,")
    )
    lines.remove(voltage)
    (tmp_path / "results.csv").write_text("\n".join(lines) + "\n")
    sheet = sheets(all_series(read_results(tmp_path)))[0]
    assert sheet.remarks[-1].startswith("1 cell conducted before the first pulse")


def test_pulses_of_cells_that_were_not_verified_are_bounds(
    found: Results, rows: list[dict[str, str]]
) -> None:
    pulses, verified = of_test(rows, "program.pulses"), of_test(rows, "program.verified")
    (sheet,) = (each for each in found.sheets if each.name == "pulses")
    programmed = {key[:2] for key in pulses}
    formed = of_test(rows, "form.formed")
    never = sum(value == 0.0 and key[:2] in programmed for key, value in formed.items())
    assert 0 < never < sum(value == 0.0 for value in formed.values())
    spent = sorted(pulses[key] for key, flag in verified.items() if not flag)
    zeros = sum(pulses[key] == 0.0 and flag for key, flag in verified.items())
    assert sheet.sample.count == len(pulses) + never
    assert sorted(sheet.sample.above.tolist()) == sorted(spent + [max(pulses.values())] * never)
    assert sheet.sample.below.size == zeros > 0
    assert fit(sheet.sample, Family.LOG_NORMAL).scale == pytest.approx(np.exp(2.0), rel=0.1)


def test_the_stories_are_those_of_the_records(found: Results) -> None:
    told = stories(found.campaign, found.series)
    (pulses,) = named(found.series, "pulses")
    by_device = dict(zip(pulses.devices, pulses.values, strict=True))
    assert [story.name.split(",")[0] for story in told] == ["easy", "typical", "not verified"]
    for story in told:
        x, y = (int(each) for each in re.findall(r"-?\d+", story.name))
        assert len(story.conductance) == by_device[Die(x, y), story.cell] + 1
        assert story.target == 5e-5
    assert [story.verified for story in told] == [True, True, False]


def test_neurons_are_counted_with_those_that_have_no_threshold(found: Results) -> None:
    lines = neuron_lines(found.campaign, found.series)
    assert [(line.test, line.neuron) for line in lines] == [("transfer0", 0), ("transfer1", 1)]
    (joined,) = named(together(found.series), "threshold")
    assert sum(line.measured - line.without for line in lines) == len(joined.values)
    assert sum(line.without for line in lines) > 0
    curves = transfer_curves(found.campaign)
    assert {curve.neuron for some in curves.values() for curve in some} == {0, 1}


def test_of_several_cycles_the_last_one_counts(wafer: Path, tmp_path: Path) -> None:
    text = (wafer / "results.csv").read_text(encoding="utf-8")
    last = text.splitlines()[-1].split(",")
    later = ["2" if place == 8 else "7.5" if place == 9 else part for place, part in enumerate(last)]
    (tmp_path / "results.csv").write_text(text + ",".join(later) + "\n", encoding="utf-8")
    test, _, value = last[7].partition(".")
    (series,) = (
        each for each in all_series(read_results(tmp_path)) if (each.test, each.value) == (test, value)
    )
    (before,) = (each for each in all_series(read_results(wafer)) if (each.test, each.value) == (test, value))
    assert len(series.values) == len(before.values)
    assert (series.values == 7.5).sum() == 1


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("censored", "beyond", "lacks the column censored"),
        ("form.formed", "formed", "'formed' must be TEST.VALUE"),
        ("form.formed,1,1.0", "form.formed,1,0.5", "says good (1) or bad (0)"),
        ("2026-11-20T10:00:00Z,1", "2026-11-20T10:00:00Z,maybe", "not 'maybe'"),
    ],
)
def test_results_that_cannot_be_understood_are_refused_in_words(
    wafer: Path, tmp_path: Path, old: str, new: str, words: str
) -> None:
    text = (wafer / "results.csv").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "results.csv").write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(RecordError, match=re.escape(words)):
        all_series(read_results(tmp_path))
