"""The wafer's report says what the files say, whichever way the wafer is drawn."""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import re
from collections import Counter
from html import unescape
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from PIL import Image

from labctl.analysis.censored import Family, fit
from labctl.core.errors import RecordError
from labctl.report.wafer import write_wafer_report
from labctl.report.wafer.bin_figures import bin_map
from labctl.report.wafer.box_figures import boxes
from labctl.report.wafer.campaign import read_campaign
from labctl.report.wafer.measured import all_series, named, read_results, together
from labctl.report.wafer.neurons import neuron_lines
from labctl.report.wafer.page import Results, results
from labctl.report.wafer.paper import sheets
from labctl.report.wafer.placing import State, marks
from labctl.report.wafer.records import stories, transfer_curves
from labctl.report.wafer.value_figures import colour_scale, die_numbers, value_maps
from labctl.wafer.geometry import Die
from tests.report.campaigning import BROKEN, HIGHEST, NO_CONTACT, START, plan_of, write_campaign


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wafer")
    write_campaign(folder, plan_of())
    return folder


@pytest.fixture(scope="module")
def found(folder: Path) -> Results:
    return results(folder)


@pytest.fixture(scope="module")
def page(folder: Path) -> str:
    return write_wafer_report(folder).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "results.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def text_of(page: str) -> str:
    plain = re.sub(r"<[^>]*>", " ", re.sub(r"base64,[A-Za-z0-9+/=]+", "", page))
    return re.sub(r"\s+", " ", unescape(plain))


def of_test(rows: list[dict[str, str]], test: str) -> dict[tuple[str, ...], float]:
    keys = ("die_x", "die_y", "row", "col")
    return {tuple(row[key] for key in keys): float(row["value"]) for row in rows if row["test"] == test}


def test_the_yield_of_dies_is_that_of_the_file(page: str, folder: Path, rows: list[dict[str, str]]) -> None:
    bins = {(row["die_x"], row["die_y"]): row["bin"] for row in rows if row["bin"]}
    good = sum(each == "1" for each in bins.values())
    assert 0 < good < len(bins)
    said = text_of(page)
    assert f"yield, pass / (pass + fail) {good} of {len(bins)} = {100 * good / len(bins):.1f} %" in said
    assert f"dies tested {len(bins)} of {len(plan_of().dies)} planned" in said
    for number, count in Counter(bins.values()).items():
        name, quality = {"1": ("pass", "pass"), "3": ("forming", "fail"), "9": ("no contact", "fail")}[number]
        assert f" {number} {name} {quality} {count} " in said


def test_forming_and_switching_yields_are_apart_and_those_of_the_file(
    page: str, rows: list[dict[str, str]]
) -> None:
    formed, verified = of_test(rows, "form.formed"), of_test(rows, "program.verified")
    said = text_of(page)
    for name, values in (
        ("forming (test form, array)", formed), ("switching (test program, array)", verified),
    ):  # fmt: skip
        good = int(sum(values.values()))
        assert 0 < good < len(values)
        assert f"{name} {good} of {len(values)} = {100 * good / len(values):.1f} %" in said


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


def test_every_die_has_its_line_in_the_order_of_testing(page: str, folder: Path) -> None:
    campaign = read_campaign(folder)
    table = page[page.index("<h2>Dies</h2>") : page.index("<h2>Plan and limits</h2>")]
    names = re.findall(r'<tr><td class="whole">(\(-?\d+, -?\d+\))</td><td class="whole">([^<]*)</td>', table)
    expected = [
        (str(die.die), "-" if die.bin is None else f"{die.bin} {die.bin_name} ({die.quality})")
        for die in campaign.dies
    ]
    assert names == expected


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


def test_cells_that_conducted_before_are_told_apart(folder: Path, tmp_path: Path) -> None:
    lines = (folder / "results.csv").read_text().splitlines()
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


def test_counts_of_a_sheet_are_on_the_page(page: str, found: Results) -> None:
    said = text_of(page)
    for sheet in found.sheets:
        assert sheet.counted in said
        assert all(remark in said for remark in sheet.remarks)
    assert "median rank (i - 0.3) / (n + 0.4)" in said


def drawn_names(axes: Axes) -> dict[tuple[int, int], tuple[str, str]]:
    """Texts in the dies by their place in whole mm: name, bin."""
    found = {}
    for text in axes.texts:
        name, _, below = text.get_text().partition("\n")
        if re.fullmatch(r"-?\d+,-?\d+", name):
            x, y = text.get_position()
            found[round(float(x)), round(float(y))] = (name, below)
    return found


@pytest.mark.parametrize("notch", [270, 0])
@pytest.mark.parametrize(
    ("x_to", "y_to"), [("right", "up"), ("left", "up"), ("right", "down"), ("left", "down")]
)
def test_turning_the_picture_never_renames_a_die(tmp_path: Path, notch: int, x_to: str, y_to: str) -> None:
    plan = plan_of(notch=notch, x_to=x_to, y_to=y_to)
    write_campaign(tmp_path, plan, records=False)
    campaign = read_campaign(tmp_path)
    bins = {end.die: end.bin for end in campaign.dies}
    axes = bin_map(campaign).axes[0]
    drawn = drawn_names(axes)
    signs = (1 if x_to == "right" else -1, 1 if y_to == "up" else -1)
    assert len(drawn) == sum(mark.state is not State.ABSENT for mark in marks(campaign))
    for (x, y), (name, below) in drawn.items():
        die = Die(*(int(each) for each in name.split(",")))
        assert (x, y) == (signs[0] * die.x * 10, signs[1] * die.y * 8)
        assert below == ("" if bins.get(die) is None else f"bin {bins[die]}")
    for ticks, labels, sign, pitch in (
        (axes.get_xticks(), axes.get_xticklabels(), signs[0], 10),
        (axes.get_yticks(), axes.get_yticklabels(), signs[1], 8),
    ):
        for place, label in zip(ticks, labels, strict=True):
            assert sign * int(label.get_text()) * pitch == pytest.approx(place)
    assert axes.get_xlabel() == ("die x  →" if x_to == "right" else "←  die x")
    assert axes.get_ylabel() == ("die y  →" if y_to == "up" else "←  die y")
    (word,) = (text for text in axes.texts if text.get_text() == "notch")
    assert word.xy == pytest.approx((50.0, 0.0) if notch == 0 else (0.0, -50.0), abs=1e-9)


def test_the_numbers_on_a_turned_map_stand_at_their_dies(tmp_path: Path) -> None:
    write_campaign(tmp_path, plan_of(x_to="left", y_to="down"), records=False)
    found = results(tmp_path)
    (voltage,) = named(found.series, "forming_voltage")
    axes = value_maps(found.campaign, [voltage]).axes[0]
    written = {text.get_position(): text.get_text() for text in axes.texts}
    for die, number in die_numbers(voltage).items():
        assert written[die.x * -10.0, die.y * -8.0] == f"{number:.2f}"


def test_what_became_of_a_die_is_told_by_its_state(found: Results) -> None:
    states = {mark.die: mark.state for mark in marks(found.campaign)}
    plan = found.campaign.plan
    assert states[NO_CONTACT] is State.TESTED
    assert states[BROKEN] is State.UNSORTED
    assert [states[die] for die in plan.dies[-2:]] == [State.WAITING] * 2
    assert states[Die(1, 1)] is State.SKIPPED
    assert states[Die(4, 4)] is State.ABSENT
    assert Counter(states.values())[State.TESTED] == len(plan.dies) - 3
    texts = [text.get_text() for text in bin_map(found.campaign).axes[0].get_legend().get_texts()]
    assert any(text == f"{State.WAITING.value} (2)" for text in texts)


def test_colours_span_the_dies_but_not_an_outlier() -> None:
    ordinary = np.linspace(1.0, 2.0, 40)
    scale, extend = colour_scale(np.append(ordinary, 900.0), is_share=False)
    assert scale.norm.vmax == pytest.approx(2.0)
    assert extend == "both"
    few, extend = colour_scale(np.array([1.0, 5.0]), is_share=False)
    assert (few.norm.vmin, few.norm.vmax, extend) == (1.0, 5.0, "neither")
    wide, _ = colour_scale(np.geomspace(1e3, 1e7, 40), is_share=False)
    assert type(wide.norm).__name__ == "LogNorm"
    shares, _ = colour_scale(np.full(12, 100.0), is_share=True)
    assert (shares.norm.vmin, shares.norm.vmax) == (0.0, 100.0)


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


def test_boxes_stand_in_the_order_of_testing_with_their_counts(found: Results) -> None:
    (voltage,) = named(found.series, "forming_voltage")
    (axes,) = boxes(found.campaign, voltage).axes
    labels = [label.get_text().split("\n") for label in axes.get_xticklabels()]
    order = [end.die for end in found.campaign.dies if end.die in set(voltage.dies)]
    assert [name for name, _ in labels] == [f"{die.x},{die.y}" for die in order]
    assert [int(count) for _, count in labels] == [int(voltage.on(die).sum()) for die in order]
    marked = sum(int(text.get_text()) for text in axes.texts)
    assert marked == int(voltage.censored.sum())


def test_failures_and_raw_files_are_listed(page: str, folder: Path) -> None:
    said = text_of(page)
    for words in (
        "smu1 does not answer.", "array contact failed contact breaks a limit of the plan (-1, 0) 1",
        "Planned and not tested (2)", "the operator stopped it",
        "contact.contact each that has the test min at least 1 9", "labctl 0.6, numpy 2.4",
        "by anna", "Wafer W7, lot L1", "seed 17",
    ):  # fmt: skip
        assert words in said
    for name in ("campaign.json", "results.csv", "dies/x0000_y0000/run.h5"):
        checksum = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        assert f"{name} {(folder / name).stat().st_size} {checksum}" in said


def test_the_page_is_alone_and_every_figure_is_marked(page: str, tmp_path: Path) -> None:
    text = re.sub(r"base64,[A-Za-z0-9+/=]+", "", page)
    assert not re.search(r"https?://|<script|<link|@import|url\(", text)
    images = re.findall(r"base64,([A-Za-z0-9+/=]+)", page)
    assert len(images) == len(re.findall(r"<img", page)) >= 14
    for number, image in enumerate(images):
        path = tmp_path / f"{number}.png"
        path.write_bytes(base64.b64decode(image))
        with Image.open(path) as picture:
            corner = picture.convert("RGB").crop((picture.width - 260, 0, picture.width, 60))
            reds = [colour for _, colour in corner.getcolors(100_000) or () if colour == (213, 94, 0)]
            assert reds, f"figure {number} is not marked"
            assert len(picture.convert("P").getcolors() or ()) > 10


def test_a_campaign_that_only_began_has_a_report(tmp_path: Path) -> None:
    plan = plan_of()
    write_campaign(tmp_path, plan, leave=len(plan.dies))
    (tmp_path / "results.csv").unlink()
    path = tmp_path / "campaign.json"
    path.write_text(
        json.dumps(json.loads(path.read_text()) | {"ended": None, "outcome": None, "simulated": False})
    )
    said = text_of(write_wafer_report(tmp_path).read_text(encoding="utf-8"))
    assert "SIMULATED" not in said
    assert "without an end" in said
    assert "No die was sorted into a bin." in said
    assert f"Planned and not tested ({len(plan.dies)})" in said


def test_of_several_cycles_the_last_one_counts(folder: Path, tmp_path: Path) -> None:
    text = (folder / "results.csv").read_text(encoding="utf-8")
    last = text.splitlines()[-1].split(",")
    later = ["2" if place == 8 else "7.5" if place == 9 else part for place, part in enumerate(last)]
    (tmp_path / "results.csv").write_text(text + ",".join(later) + "\n", encoding="utf-8")
    test, _, value = last[7].partition(".")
    (series,) = (
        each for each in all_series(read_results(tmp_path)) if (each.test, each.value) == (test, value)
    )
    (before,) = (
        each for each in all_series(read_results(folder)) if (each.test, each.value) == (test, value)
    )
    assert len(series.values) == len(before.values)
    assert (series.values == 7.5).sum() == 1


def test_folders_that_hold_no_campaign_are_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="holds no campaign"):
        write_wafer_report(tmp_path)
    path = tmp_path / "campaign.json"
    path.write_text("{")
    with pytest.raises(RecordError, match="cannot be read"):
        write_wafer_report(tmp_path)
    path.write_text('{"format": "other-2"}')
    with pytest.raises(RecordError, match="'other-2'.* reads 'labctl-campaign-1'"):
        write_wafer_report(tmp_path)
    path.write_text('{"format": "labctl-campaign-1"}')
    with pytest.raises(RecordError, match="KeyError"):
        write_wafer_report(tmp_path)


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
    folder: Path, tmp_path: Path, old: str, new: str, words: str
) -> None:
    text = (folder / "results.csv").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "results.csv").write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(RecordError, match=re.escape(words)):
        all_series(read_results(tmp_path))
