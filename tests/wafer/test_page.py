"""The page about wafers runs as it is written, from an empty folder to the report, its run killed twice on the way."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from labctl.core.clock import WallClock
from labctl.record.outcome import Outcome
from labctl.record.reading import read_run
from labctl.wafer.measurands import VALUES
from labctl.wafer.planmodel import Bin, Grid, Limit, PlannedTest, Selection, StopRules, Subsite
from tests.cli.command import Command
from tests.cli.conftest import labctl

__all__ = ["labctl"]
PAGE = Path(__file__).parents[2] / "docs" / "wafer.md"
BLOCK = re.compile(r"^```(?P<kind>python|sh)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
KILLED = re.compile(r"timeout -s KILL \d+ labctl (?P<words>.*)")
MOMENTS = (("form", 1), ("program", 2))
"""A run is killed once this test of so many dies is under way."""


@pytest.fixture
def text() -> str:
    return PAGE.read_text(encoding="utf-8")


def under_way(out: Path, test: str) -> int:
    """On how many dies the test has begun."""
    begun = 0
    for journal in out.glob("dies/*/journal.jsonl"):
        said = journal.read_text(encoding="utf-8", errors="replace")
        begun += f'"{test}"' in "".join(line for line in said.splitlines() if '"TestBegin"' in line)
    return begun


def kill_on_the_way(words: list[str], out: Path, moment: tuple[str, int], folder: Path) -> None:
    """Start `labctl WORDS` in a process of its own and kill it at the moment."""
    wall, (test, dies) = WallClock(), moment
    with subprocess.Popen(
        [sys.executable, "-m", "labctl", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=folder,
        env=dict(os.environ),
    ) as process:
        while process.poll() is None and under_way(out, test) < dies:
            wall.wait(0.01)
        process.kill()
        said, _ = process.communicate()
    assert process.returncode == -9, said


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_page_runs(text: str, labctl: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    out, moments = tmp_path / "wafers" / "W1", list(MOMENTS)
    names: dict[str, object] = {"__name__": "wafer"}
    for block in BLOCK.finditer(text):
        if block["kind"] == "python":
            exec(compile(block["text"], str(PAGE), "exec"), names)
            continue
        for line in block["text"].splitlines():
            killed = KILLED.fullmatch(line)
            if killed is not None:
                kill_on_the_way(shlex.split(killed["words"]), out, moments.pop(0), tmp_path)
                continue
            answer = labctl(*shlex.split(line, comments=True)[1:])
            assert answer.code == 0, (line, answer.err)
    assert not moments, "the page kills the run twice"
    found = json.loads((out / "campaign.json").read_text(encoding="utf-8"))
    assert len(found["resumed"]) == 2
    bins = {(die["x"], die["y"]): die["bin_name"] for die in found["dies"]}
    assert bins[0, 3] == "no contact"
    assert bins[1, -4] == "neuron", "its heater is dead"
    assert bins[3, 1] == "forming", "one of its four cells is open"
    assert bins[0, 0] == bins[-4, 2] == "pass"
    for die in found["dies"]:
        assert read_run(out / die["folder"]).outcome is Outcome.FINISHED
    report = (out / "report.html").read_text(encoding="utf-8")
    assert "SIMULATED" in report
    assert "neuron" in report


def test_the_page_names_every_key_of_a_plan_and_every_value(text: str) -> None:
    for model in (Grid, Selection, StopRules, PlannedTest, Subsite, Bin, Limit):
        left_out = {"name", "unit", "tests"}  # written elsewhere in the table, or not written by hand
        for key in set(model.model_fields) - left_out:
            assert f"`{key}`" in text, key
    for procedure, values in VALUES.items():
        for name in (procedure, *values):
            assert f"`{name}`" in text, name
