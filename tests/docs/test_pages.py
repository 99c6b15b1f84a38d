"""Every page of the documentation runs: its Python as one program, its labctl commands as a user would type them."""

import re
import shlex
import sys
from pathlib import Path

import pytest

from labctl import cli

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```(?P<kind>python|sh)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
ELSEWHERE = {
    "add_an_instrument.md": "has its own test, which installs the package",
    "feature_maps.md": "has its own test, with a tiny layer and picture",
    "wafer.md": "has its own test, which kills the run twice",
}


def command(line, monkeypatch):
    monkeypatch.setattr(sys, "argv", shlex.split(line, comments=True))
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert not ended.value.code, f"`{line}` ended with {ended.value.code}"


def latest(folder):
    return max(Path(folder).iterdir(), key=lambda path: path.name)


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page.name not in ELSEWHERE], ids=lambda page: page.name
)
def test_a_page_runs(page, tmp_path, monkeypatch):
    monkeypatch.setenv("LABCTL_SAMPLES", str(tmp_path / "samples"))
    monkeypatch.chdir(tmp_path)
    names = {"__name__": page.stem}
    blocks = list(BLOCK.finditer(page.read_text(encoding="utf-8")))
    assert blocks, "a page without anything to run"
    for block in blocks:
        if block["kind"] == "python":
            exec(compile(block["text"], str(page), "exec"), names)
            continue
        for line in block["text"].splitlines():
            line = line.replace(".venv/bin/", "", 1)
            if "<run folder>" in line:
                line = line.replace("runs/<run folder>", latest("runs").as_posix())
            if line.startswith("labctl featuremap "):
                continue  # as said in ELSEWHERE
            if line.startswith("labctl "):
                command(line, monkeypatch)
