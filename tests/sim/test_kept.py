"""What was answered of a die is on disk: a program that is killed takes nothing back, also in the middle of a write."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from labctl.benchfile import load_bench, read_bench
from labctl.core.errors import LabError
from labctl.physics.die import Die
from labctl.physics.noise import Streams
from labctl.sim.kept import KeptDie
from labctl.sim.workbench import Workbench

KILLED = """
import os, sys
from labctl.bench import open_bench
from labctl.core.lines import Cell
from procedures.forming import Forming
with open_bench(sys.argv[1]) as bench:
    for row in Forming(word=2, bit=1).run(bench):
        pass
    os._exit(9)
"""


@pytest.fixture
def bench_file(tmp_path):
    text = load_bench("virtual_56x8").text
    sample = (tmp_path / "sample.npz").as_posix()
    path = tmp_path / "bench.toml"
    path.write_text(text.replace('sample = "virtual_56x8"', f'sample = "{sample}"'), encoding="utf-8")
    return path


@pytest.fixture
def make(bench_file):
    file = read_bench(bench_file.read_text(encoding="utf-8"), bench_file)

    def made():
        return Die.build(file.array, file.virtual.cells, file.virtual.neurons, Streams(1, "die 0"))

    return made


def test_a_bench_that_was_killed_finds_its_cells_as_they_were_answered(bench_file, tmp_path):
    ended = subprocess.run([sys.executable, "-c", KILLED, str(bench_file)], check=False)
    assert ended.returncode == 9
    bench = Workbench(read_bench(bench_file.read_text(encoding="utf-8"), bench_file))
    try:
        assert bench.die.cells.formed[2, 1]
        assert bench.die.cells.formed.sum() == 1
        assert bench.clock.now() > 0.01
        bench.save()
    finally:
        bench.close()
    assert not list(tmp_path.glob("sample.devices/*")), "once the sample is saved it is whole by itself"


def test_a_state_comes_back_and_the_newest_counts(make, tmp_path):
    kept = KeptDie(make(), tmp_path / "a" / "die.device")
    for number in range(1, 6):
        kept.die.cells.log_conductance[...] = number
        kept.lived = 10.0 * number
        kept.keep()
        again = KeptDie(make(), tmp_path / "a" / "die.device")
        assert again.lived == kept.lived
        np.testing.assert_array_equal(again.die.cells.log_conductance, number)


def test_after_a_torn_write_the_state_before_it_counts(make, tmp_path):
    path = tmp_path / "die.device"
    kept = KeptDie(make(), path)
    files = []
    for number in (1, 2, 3):
        kept.die.cells.log_conductance[...] = number
        kept.keep()
        files.append(path.read_bytes())
    before, after = files[-2:]
    places = [place for place in range(len(after)) if before[place : place + 1] != after[place : place + 1]]
    for cut in (places[0] + 1, places[len(places) // 2], places[-1]):
        path.write_bytes(after[:cut] + before[cut:])
        assert (KeptDie(make(), path).die.cells.log_conductance == 2).all()
    path.write_bytes(after)
    assert (KeptDie(make(), path).die.cells.log_conductance == 3).all()


def test_a_kill_in_the_very_first_write_leaves_the_die_as_it_was(make, tmp_path, monkeypatch):
    path = tmp_path / "die.device"
    write = Path.write_bytes

    def killed(file, data):
        write(file, data[: len(data) // 2])
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_bytes", killed)
    kept = KeptDie(make(), path)
    kept.die.cells.log_conductance[...] = 1.0
    with pytest.raises(KeyboardInterrupt):
        kept.keep()
    monkeypatch.undo()
    again = KeptDie(make(), path)
    np.testing.assert_array_equal(again.die.cells.log_conductance, make().cells.log_conductance)
    again.keep()
    assert KeptDie(make(), path).lived == again.lived


@pytest.mark.parametrize("spoiled", [b"", b"no device", b"\0" * 100_000])
def test_a_damaged_file_is_told(make, tmp_path, spoiled):
    path = tmp_path / "die.device"
    path.write_bytes(spoiled)
    with pytest.raises(LabError, match=r"cannot be read.*new-sample"):
        KeptDie(make(), path)
