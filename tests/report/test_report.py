"""The report: everything in one file, nothing from the network, nothing that could be run."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from labctl.core.errors import RecordError
from labctl.core.lines import Cell
from labctl.demo import HIGHEST, LOWEST, conductance_picture
from labctl.record.reading import read_run
from labctl.report.array import array_results
from labctl.report.html import write_report


@pytest.fixture(scope="module")
def page(programmed: Path) -> str:
    path, _ = write_report(programmed)
    return path.read_text(encoding="utf-8")


def test_the_numbers_are_those_of_the_record(programmed: Path) -> None:
    (result,) = array_results(read_run(programmed))
    assert int(result.wanted.sum()) == 448
    assert int(result.verified.sum()) == 447
    assert result.failed == {Cell(40, 5): "pulse budget spent"}
    assert result.error[40, 5] == pytest.approx(1.0, abs=0.2)
    assert np.nanmedian(np.abs(result.error)) < 0.03
    assert 1.0 < np.nanmin(result.forming_voltage) <= np.nanmax(result.forming_voltage) <= 1.25
    assert [story.name for story in result.stories] == ["easy", "typical", "not verified"]
    for story in result.stories:
        assert len(story.conductance) == len(story.amplitude) > 3
        assert story.low < story.target < story.high


@pytest.mark.parametrize(
    "words",
    [
        "SIMULATED", "cells verified", "447 of 448", "448 of 448", "target and programmed map", "bus messages",
        "bench time", "wall time", "forming voltage", "pulses per cell", "pulse budget spent", "Cell(40, 5)|(40, 5)",
        "smu3.b through 20000 ohm", "isolation relays", "sha256", "GPIB0::16::INSTR", "numpy", "generic, assumed",
    ],
)  # fmt: skip
def test_the_report_holds_what_a_lab_looks_for(page: str, words: str) -> None:
    assert any(each in page for each in words.split("|"))


def test_it_needs_nothing_from_outside(page: str) -> None:
    text = re.sub(r"base64,[A-Za-z0-9+/=]+", "", page)
    assert not re.search(r"https?://|//[a-z]+\.|<script|<link|@import|url\(", text)


def test_texts_from_outside_are_text(page: str) -> None:
    assert "2636B &lt;1&gt;" in page
    assert "a &amp; b" in page


def test_the_figures_show_something(page: str, tmp_path: Path) -> None:
    images = re.findall(r"base64,([A-Za-z0-9+/=]+)", page)
    assert len(images) == 3
    for number, image in enumerate(images):
        path = tmp_path / f"{number}.png"
        path.write_bytes(base64.b64decode(image))
        with Image.open(path) as picture:
            assert picture.width > 1000
            assert len(picture.convert("P").getcolors() or ()) > 10


def test_a_run_without_cells_is_refused(programmed: Path, tmp_path: Path) -> None:
    lines = (programmed / "journal.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "journal.jsonl").write_text("".join(lines[:5]))
    with pytest.raises(RecordError, match="nothing to report"):
        write_report(tmp_path)


def test_the_picture_uses_the_whole_range() -> None:
    picture = conductance_picture(56, 8)
    assert picture.shape == (56, 8)
    assert picture.min() == pytest.approx(LOWEST)
    assert picture.max() == pytest.approx(HIGHEST)
    assert len(np.unique(picture)) > 100
