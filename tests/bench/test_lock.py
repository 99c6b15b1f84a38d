"""One bench, one owner: a second start is told who, one after a crash what was left."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from labctl.bench import open_bench
from labctl.bench.lock import Owner, hold, lock_path
from labctl.benchfile import load_bench
from labctl.core.errors import LabError, LinkLost
from labctl.testing import virtual_lab

KILLED = """
import os, sys
from pathlib import Path
from labctl.bench import open_bench
bench = open_bench(sys.argv[1])
bench.mark_run(Path(sys.argv[2]))
os._exit(9)
"""


@pytest.fixture
def bench_file(tmp_path, monkeypatch):
    monkeypatch.setenv("LABCTL_SAMPLES", str(tmp_path / "samples"))
    return virtual_lab(tmp_path).bench_file


def left_behind(bench_file, run):
    """A program that holds the bench and is killed."""
    killed = subprocess.run([sys.executable, "-c", KILLED, bench_file, run], check=False, timeout=60)
    assert killed.returncode == 9


def test_a_second_start_is_told_who_holds_the_bench_and_what_it_records(bench_file, tmp_path):
    with open_bench(bench_file) as bench:
        bench.mark_run(tmp_path / "run")
        with pytest.raises(
            LabError, match=f"in use by .*process {os.getpid()} started 20.*, since 20.*records .*run: wait"
        ):
            open_bench(bench_file)
    with open_bench(bench_file) as bench:
        assert bench.warnings() == []


def test_what_a_killed_owner_left_is_told_once_and_then_forgotten(bench_file, tmp_path):
    left_behind(bench_file, tmp_path / "run")
    with open_bench(bench_file) as bench:
        (told,) = bench.warnings()
        assert "did not end as it should" in told
        assert told.endswith(f"labctl run --resume {tmp_path / 'run'}")
    with open_bench(bench_file) as bench:
        assert bench.warnings() == []


def test_an_opening_that_fails_leaves_the_mark_for_the_next(bench_file, tmp_path, monkeypatch):
    left_behind(bench_file, tmp_path / "run")

    def silent(*_):
        raise LinkLost("smu1 is silent.")

    with monkeypatch.context() as broken:
        broken.setattr("labctl.bench.station.identity_of", silent)
        with pytest.raises(LinkLost):
            open_bench(bench_file)
    with open_bench(bench_file) as bench:
        assert len(bench.warnings()) == 1


def test_the_same_addresses_are_the_same_bench_whatever_its_file_is_called(bench_file, tmp_path):
    text = bench_file.read_text(encoding="utf-8").replace("@labctl", "@py")
    files = []
    for name in ("one", "two"):
        (tmp_path / f"{name}.toml").write_text(text.replace("virtual_56x8", name), encoding="utf-8")
        files.append(load_bench(tmp_path / f"{name}.toml"))
    assert lock_path(files[0]) == lock_path(files[1])
    with hold(files[0]), pytest.raises(LabError, match="in use"), hold(files[1]):
        pytest.fail("it must not be held twice")


def test_words_that_cannot_be_read_do_not_keep_anybody_from_the_bench(bench_file):
    words = lock_path(load_bench(bench_file)).with_suffix(".json")
    words.parent.mkdir(parents=True)
    words.write_text('{"bench": ', encoding="utf-8")
    with open_bench(bench_file) as bench:
        assert bench.warnings() == []
    assert Owner("b", "anna", "lab3", 4711, "2026-11-23T21:50:02+01:00").__str__().startswith("anna on lab3")


def test_a_die_that_did_not_end_is_gone_on_with_by_its_wafer(bench_file, tmp_path):
    die = tmp_path / "W1" / "dies" / "x000_y001"
    die.mkdir(parents=True)
    (tmp_path / "W1" / "campaign.json").touch()
    left_behind(bench_file, die)
    with open_bench(bench_file) as bench:
        (told,) = bench.warnings()
    assert told.endswith(f"labctl wafer run PLAN --out {tmp_path / 'W1'} --resume")
