"""`labctl wafer` at the command line: what it prints, its exit codes, bad plans refused before anything moves."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from labctl.benchfile import load_bench
from labctl.catalogue import find
from labctl.core.paths import data_folder
from labctl.wafer.fit import load_for
from labctl.wafer.plan import load_plan
from tests.cli.command import Command
from tests.cli.conftest import labctl
from tests.wafer.plans import CORNER, changed, small_plan

__all__ = ["labctl"]
DEMOS = sorted(path.stem for path in (data_folder() / "wafers").glob("*.toml"))
PLAIN = CORNER.replace("[geometry]", 'lot = "L1"\nwafer = "W1"\nbench = "virtual_wafer"\n[geometry]')


@pytest.fixture
def corner(tmp_path: Path) -> Path:
    path = tmp_path / "corner.toml"
    path.write_text(PLAIN)
    return path


@pytest.mark.parametrize("name", DEMOS)
def test_plans_that_travel_fit_the_bench_they_name_and_its_wafer(name: str) -> None:
    plan, bench = load_for(name, "", find)
    assert plan.name == name
    assert plan.description
    assert bench.virtual is not None
    wafer = bench.virtual.wafer
    assert wafer is not None
    assert plan.geometry.diameter == wafer.diameter
    assert plan.geometry.die_size == wafer.die_size
    assert plan.geometry.reference_offset == wafer.reference_offset
    offsets = {name: subsite.offset for name, subsite in wafer.subsites.items()}
    for name, subsite in plan.subsites.items():
        assert subsite.offset == offsets[name]
        assert subsite.kind.value == wafer.subsites[name].kind


def test_plans_are_listed_with_their_dies(labctl: Command) -> None:
    answer = labctl("wafer", "plans")
    assert answer.code == 0
    rows = [line.split()[:3] for line in answer.out.splitlines()[1:]]
    assert [row[0] for row in rows] == DEMOS
    assert ["demo_5", "5", "virtual_wafer"] in rows
    assert ["demo_20", "20", "virtual_wafer"] in rows


def test_the_map_shows_the_path_the_skipped_dies_and_the_notch(labctl: Command, tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(changed(("only = [[0, 0], [3, -2]]", 'select = "every 2nd"\nskip = [[1, 1]]')))
    answer = labctl("wafer", "map", path)
    assert answer.code == 0
    lines = answer.out.splitlines()
    assert lines[0] == "small: wafer of 100 mm, 71 dies of 8 mm x 10 mm, 36 of them tested"
    columns = next(line for line in lines if line.strip().startswith("x  -5")).split()
    assert columns == ["x", *map(str, range(-5, 6))]
    rows = {line.split()[0]: line.split()[1:] for line in lines if re.match(r" +-?\d+ ", line)}
    assert list(rows) == [str(y) for y in range(4, -5, -1)], "y grows upwards"
    assert rows["4"] == ["1", "-", "2"]
    assert rows["3"] == ["-", "5", "-", "4", "-", "3", "-"], "the path turns at the end of a row"
    assert rows["1"][6] == "x"
    assert lines[-1].strip() == "^ notch"
    header = next(line for line in lines if line.split() == columns)
    assert lines[-1].index("^") == header.index(" 0 ") + 1, "under the middle column"


def test_turning_the_picture_keeps_names_and_order(labctl: Command, tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(changed(("only = [[0, 0], [3, -2]]", "only = [[0, 0], [3, -2], [5, 0]]")))
    upright, turned = (labctl("wafer", "map", path, "--turn", turn).out.splitlines() for turn in (0, 90))
    places = {}
    for lines in (upright, turned):
        at = next(place for place, line in enumerate(lines) if re.fullmatch(r" +[xy]( +-?\d+)+", line))
        across = lines[at].split()
        found = {}
        for line in lines[at + 2 :]:
            if match := re.match(r" +(-?\d+) ", line):
                for number in re.finditer(r"(?<![\d-])\d+", line[match.end() :]):
                    end = match.end() + number.end()
                    column = len(lines[at][:end].split()) - 1
                    found[number[0]] = (match[1], across[column], across[0])
        places[lines[at].split()[0]] = found
    assert places["x"] == {"1": ("0", "0", "x"), "2": ("0", "5", "x"), "3": ("-2", "3", "x")}
    assert {name: (a, b) for name, (a, b, _) in places["y"].items()} == {
        "1": ("0", "0"),
        "2": ("5", "0"),
        "3": ("3", "-2"),
    }
    assert turned[-1] == "notch: right"
    assert labctl("wafer", "map", path, "--turn", "180").out.count("v notch") == 1
    refused = labctl("wafer", "map", path, "--turn", "45")
    assert refused.code == 2
    assert "90, 180 or 270 degrees" in refused.err


def test_a_bad_plan_is_refused_with_all_its_mistakes_and_nothing_is_left(
    labctl: Command, tmp_path: Path
) -> None:
    path, out = tmp_path / "plan.toml", tmp_path / "out"
    bad = PLAIN.replace("[-4, 2]]", "[0, 0], [40, 2]]").replace('words = "0-15"', 'words = "0-16"')
    path.write_text(bad.replace('name = "no contact"', 'name = "pass"'))
    for more in (("--out", out), ("--dry-run",), ("--out", out, "--resume")):
        answer = labctl("wafer", "run", path, *more)
        assert answer.code == 2
        for sentence in (
            "5 mistakes",
            "die (0, 0) is named twice",
            "die (40, 2) is outside the wafer",
            "the bench virtual_wafer has no word 16, it has word 0 to 15",
            "two bins are called 'pass'",
            "none is called 'no contact'",
        ):
            assert answer.err.count(sentence) == 1, answer.err
        assert "Traceback" not in answer.err
    assert not out.exists()
    assert not list(tmp_path.glob("samples/*.npz"))


def test_words_that_do_not_go_together_are_refused(labctl: Command, corner: Path, tmp_path: Path) -> None:
    for words, sentence in (
        ((corner,), "needs --out"),
        ((corner, "--out", tmp_path / "out", "--resume", "--dry-run"), "choose one of them"),
        ((corner, "--bench", "virtual_56x8", "--dry-run"), "the bench virtual_56x8 has no prober"),
        ((corner, "--bench", "nowhere", "--dry-run"), "There is no bench 'nowhere'"),
        (("nothing", "--dry-run"), "There is no wafer plan 'nothing'; these travel with labctl: demo_100"),
        ((corner, "--out", tmp_path / "out", "--resume"), "holds no campaign"),
    ):
        answer = labctl("wafer", "run", *words)
        assert answer.code == 2, answer
        assert sentence in answer.err
    assert labctl("wafer", "report", tmp_path / "out").code == 2


def test_a_dry_run_says_what_would_happen(labctl: Command, corner: Path, tmp_path: Path) -> None:
    answer = labctl("wafer", "run", corner, "--dry-run")
    assert answer.code == 0, answer.err
    for words in (
        "nothing moves on the bench",
        "4, 2 on each die",
        "at most 96, 48 on each die",
        "relay closures",
        "a die,",
        "array, form",
        "1.8 V",
        "600 mV",
        "This bench permits 2 V across a cell",
        "die (0, 0), rehearsed on a copy of this wafer",
    ):
        assert words in answer.out, words
    assert not (tmp_path / "samples").exists() or not list((tmp_path / "samples").glob("*.devices/*"))


@pytest.mark.timeout(300)
def test_a_wafer_is_run_gone_on_with_and_reported(labctl: Command, corner: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    identity = ("--lot", "L2", "--wafer", "7", "--operator", "anna")
    answer = labctl("wafer", "run", corner, "--out", out, *identity, "--no-report")
    assert answer.code == 0, answer.err
    told = re.findall(r"^(\d) of 2  die \((.*)\): bin 1 pass, ", answer.out, re.MULTILINE)
    assert told == [("1", "-4, 2"), ("2", "0, 0")]
    assert "finished: 2 of 2 dies. 2 in bin 1 pass; yield 2 of 2 tested" in answer.out
    assert f"labctl wafer report {out}" in answer.out
    found = json.loads((out / "campaign.json").read_text())
    assert (found["lot"], found["wafer"], found["operator"]) == ("L2", "7", "anna")
    assert not (out / "report.html").exists()

    again = labctl("wafer", "run", corner, "--out", out, *identity)
    assert again.code == 2
    assert "holds a campaign already" in again.err
    other = labctl("wafer", "run", corner, "--out", out, "--lot", "L2", "--wafer", "8", "--resume")
    assert other.code == 2
    assert "holds the campaign of wafer '7', not of '8'" in other.err
    reported = labctl("wafer", "run", corner, "--out", out, *identity, "--resume")
    assert reported.code == 0, reported.err
    assert f"Report: {out / 'report.html'}" in reported.out
    assert "SIMULATED" in (out / "report.html").read_text(encoding="utf-8")


@pytest.mark.timeout(300)
def test_a_person_moves_the_wafer_when_the_bench_says_so(
    labctl: Command, corner: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = load_bench("virtual_56x8").text + '[prober]\nkind = "operator"\n'
    path = tmp_path / "by_hand.toml"
    path.write_text(bench.replace('sample = "virtual_56x8"', f'sample = "{(tmp_path / "s.npz").as_posix()}"'))
    said: list[str] = []
    monkeypatch.setattr("typer.prompt", lambda text, **_: said.append(text))
    only = PLAIN.replace("[[0, 0], [-4, 2]]", "[[-4, 2]]").replace('"2 mm", "0 mm"', '"2 mm", "-50 um"')
    corner.write_text(only)
    answer = labctl("wafer", "run", corner, "--bench", path, "--out", tmp_path / "out", "--no-report")
    assert answer.code == 0, answer.err
    assert [text.strip() for text in said] == [
        "Separate the probes from the wafer, then press Enter.",
        "Move to the reference point of die (-4, 2), then press Enter.",
        "Move to x 2 mm, y -50 um from the reference point of die (-4, 2) (cell), then press Enter.",
        "Make contact on die (-4, 2), cell, then press Enter.",
        "Separate the probes from the wafer, then press Enter.",
        "Move to the reference point of die (-4, 2), then press Enter.",
        "Move to the reference point of die (-4, 2) (array), then press Enter.",
        "Make contact on die (-4, 2), array, then press Enter.",
        "Separate the probes from the wafer, then press Enter.",
    ]


def test_a_plan_by_path_and_the_same_one_by_name_are_one() -> None:
    assert load_plan("demo_5").sha256 == load_plan(data_folder() / "wafers" / "demo_5.toml").sha256
    assert small_plan().source.is_absolute()
