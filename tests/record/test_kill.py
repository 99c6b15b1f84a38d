"""The program is killed at random moments: the file opens, nothing older than a second is missing, nothing is lost."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from labctl.core.clock import WallClock
from labctl.record.reading import read_run
from labctl.record.replay import recover

WRITER = """
import sys
from pathlib import Path
import numpy as np
from labctl.core.clock import WallClock
from labctl.core.rows import Block, Picture
from labctl.record import follower
from labctl.record.recorder import Recorder
from tests.record.rows import Reading, sweep
follower.FOLLOW_EVERY = float(sys.argv[2])
folder, clock, number = Path(sys.argv[1]), WallClock(), 0
folder.mkdir()
record = Recorder(folder, {"procedure": "none"}, clock)
print("begun", flush=True)
while True:
    for _ in range(20):
        record.row(Reading(number))
        number += 1
    numbers = np.arange(number, number + 30)
    record.block(Block(Reading, {"number": numbers, "current": numbers * 1e-6, "note": ["n"] * 30}))
    number += 30
    record.row(sweep(number % 7))
    record.picture(Picture("map", np.full((4, 4), float(number)), "S"))
    record.unit_end()
    print(number, flush=True)
"""
FOLLOW_EVERY = 0.1
"""s instead of a second, so that each kill is soon."""


@pytest.mark.parametrize("kill", range(20))
def test_a_kill_loses_nothing(kill: int, tmp_path: Path) -> None:
    moments, clock = random.Random(kill), WallClock()
    folder = tmp_path / "run"
    command = [sys.executable, "-c", WRITER, str(folder), str(FOLLOW_EVERY)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "begun\n"
        clock.wait(moments.uniform(0.0, 0.5))
        writer.kill()
        said = [int(line) for line in writer.stdout.read().splitlines() if line]
    last = said[-1] if said else 0

    killed = read_run(folder)
    assert killed.outcome is None
    numbers = killed.tables["Reading"].columns["number"] if killed.tables else np.empty(0)
    assert list(numbers) == list(range(len(numbers)))
    assert len(numbers) >= last, "a row that record.row() had returned for is lost"

    with h5py.File(folder / "run.h5.part") as file:
        in_part = _valid_rows(file)
    assert in_part == list(range(len(in_part)))
    if len(numbers):
        age = killed.tables["Reading"].columns["wall_time"]
        missing = age[-1] - age[len(in_part)] if len(in_part) < len(age) else 0.0
        assert missing <= 10 * FOLLOW_EVERY, "HDF5 lags more than a second (ten times what was asked for)"

    recover(folder)
    whole = read_run(folder)
    assert (folder / "run.h5").exists()
    assert not (folder / "run.h5.part").exists()
    assert whole.outcome is None
    assert {name: len(table) for name, table in whole.tables.items()} == {
        name: len(table) for name, table in killed.tables.items()
    }
    if whole.tables:
        np.testing.assert_array_equal(whole.tables["Reading"].columns["number"], numbers)


def _valid_rows(file: h5py.File) -> list[int]:
    if "Reading" not in file["tables"]:
        return []
    table = file["tables/Reading"]
    return [int(each) for each in table["number"][: table.attrs["rows_valid"]]]
