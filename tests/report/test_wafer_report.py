"""The wafer's report says on one page what the files say."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections import Counter
from html import unescape
from pathlib import Path

import pytest
from PIL import Image

from labctl.core.errors import RecordError
from labctl.report.wafer import write_wafer_report
from labctl.report.wafer.campaign import read_campaign
from labctl.report.wafer.page import Results
from tests.report.campaigning import of_test, plan_of, write_campaign


@pytest.fixture(scope="module")
def page(wafer: Path) -> str:
    return write_wafer_report(wafer).read_text(encoding="utf-8")


def text_of(page: str) -> str:
    plain = re.sub(r"<[^>]*>", " ", re.sub(r"base64,[A-Za-z0-9+/=]+", "", page))
    return re.sub(r"\s+", " ", unescape(plain))


def test_the_yield_of_dies_is_that_of_the_file(page: str, wafer: Path, rows: list[dict[str, str]]) -> None:
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


def test_every_die_has_its_line_in_the_order_of_testing(page: str, wafer: Path) -> None:
    campaign = read_campaign(wafer)
    table = page[page.index("<h2>Dies</h2>") : page.index("<h2>Plan and limits</h2>")]
    names = re.findall(r'<tr><td class="whole">(\(-?\d+, -?\d+\))</td><td class="whole">([^<]*)</td>', table)
    expected = [
        (str(die.die), "-" if die.bin is None else f"{die.bin} {die.bin_name} ({die.quality})")
        for die in campaign.dies
    ]
    assert names == expected


def test_counts_of_a_sheet_are_on_the_page(page: str, found: Results) -> None:
    said = text_of(page)
    for sheet in found.sheets:
        assert sheet.counted in said
        assert all(remark in said for remark in sheet.remarks)
    assert "median rank (i - 0.3) / (n + 0.4)" in said


def test_failures_and_raw_files_are_listed(page: str, wafer: Path) -> None:
    said = text_of(page)
    for words in (
        "smu1 does not answer.", "array contact failed contact breaks a limit of the plan (-1, 0) 1",
        "Planned and not tested (2)", "the operator stopped it",
        "contact.contact each that has the test min at least 1 9", "labctl 0.6, numpy 2.4",
        "by anna", "Wafer W7, lot L1", "seed 17",
    ):  # fmt: skip
        assert words in said
    for name in ("campaign.json", "results.csv", "dies/x0000_y0000/run.h5"):
        checksum = hashlib.sha256((wafer / name).read_bytes()).hexdigest()
        assert f"{name} {(wafer / name).stat().st_size} {checksum}" in said


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
