"""The page on adding an instrument, followed to the letter: a package of a laboratory, its twin, a run on both."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from labctl.benchfile import load_bench
from labctl.core.errors import LabError
from labctl.instrumenttype import instrument_names, instrument_type
from labctl.record.reading import read_run
from labctl.sim.catalogue import virtual_names
from tests.faults.lab import small_bench

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "add_an_instrument.md").read_text(encoding="utf-8")
FILE = re.compile(r"^`(?P<name>[\w./]+)`:\n\n```\w+\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^labctl .*$", re.MULTILINE)


def finished(*words: str, cwd: Path, packages: Path) -> str:
    environment = {**os.environ, "PYTHONPATH": f"{packages}{os.pathsep}{ROOT}", "COLUMNS": "200"}
    done = subprocess.run(
        words, cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=110
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_page_is_followed_to_the_letter(tmp_path, monkeypatch):
    monkeypatch.setenv("LABCTL_SAMPLES", str(tmp_path / "samples"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    package, packages = tmp_path / "package", tmp_path / "installed"
    for found in FILE.finditer(PAGE):
        path = package / found["name"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(found["text"], encoding="utf-8")
    install = ("-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index")
    finished(
        sys.executable, *install, "--target", str(packages), str(package), cwd=tmp_path, packages=packages
    )
    bench = tmp_path / "bench.toml"
    text = small_bench(tmp_path).read_text(encoding="utf-8")
    bench.write_text(text.replace('stage = { driver = "lakeshore336" }', 'stage = { driver = "example_t1" }'))
    check, run = COMMAND.findall(PAGE)
    python = (sys.executable, "-m")
    checked = finished(*python, *check.split(), cwd=tmp_path, packages=packages)
    assert "EXAMPLE INSTRUMENTS,T1" in checked
    assert "All instruments are in order" in checked
    assert "finished: done" in finished(*python, *run.split(), cwd=tmp_path, packages=packages)
    (folder,) = (tmp_path / "runs").iterdir()
    record = read_run(folder)
    assert record.head["instruments"]["stage"]["driver"] == "example_t1"
    reached = record.tables["StageReading"].columns["temperature"][-1]
    assert reached == pytest.approx(313.0, abs=0.2)
    with pytest.raises(LabError, match="unknown driver 'example_t1' .*lakeshore336"):
        load_bench(bench)  # here the package is not installed


def test_every_driver_of_ours_is_found_under_its_name():
    assert set(instrument_names()) >= {"keithley2636b", "keithley707b", "lakeshore336", "velox"}
    assert all(instrument_type(name).name == name for name in instrument_names())


def test_every_twin_has_a_driver_of_its_name():
    assert set(virtual_names()) <= set(instrument_names())
