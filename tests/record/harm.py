"""A recorded run, how its files are harmed, and what must be read of it all the same."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np

from labctl.core.rows import Picture
from labctl.record.reading import Run
from tests.record.rows import Reading, begun

ROWS = 40


def recorded(folder: Path) -> Path:
    record = begun(folder, 0.25)
    for number in range(ROWS):
        record.row(Reading(number, current=1e-6 * number, note=f"row {number}"))
    record.picture(Picture("conductance", np.arange(6.0).reshape(2, 3) * 1e-6, "S", ("word", "bit")))
    record.end({"outcome": "finished", "verdict": "done", "reason": ""})
    return folder


def assert_right(run: Run) -> None:
    """All that was recorded, to the last digit."""
    columns = run.tables["Reading"].columns
    assert columns["current"].tolist() == [1e-6 * number for number in range(ROWS)]
    assert list(columns["note"]) == [f"row {number}" for number in range(ROWS)]
    np.testing.assert_array_equal(run.pictures["conductance"].values, np.arange(6.0).reshape(2, 3) * 1e-6)
    assert run.outcome is not None
    assert run.outcome.value == "finished"


def harmed(data: bytes, kind: str, seed: int) -> bytes:
    chance, found = random.Random(seed), bytearray(data)
    place = chance.randrange(len(found))
    if kind == "flipped":
        for _ in range(8):
            found[chance.randrange(len(found))] ^= 1 << chance.randrange(8)
    elif kind == "zeroed":
        found[place : place + 64] = bytes(len(found[place : place + 64]))
    elif kind == "cut":
        del found[place:]
    elif kind == "replaced":
        found[place : place + 16] = chance.randbytes(16)
    else:
        found[:] = chance.randbytes(len(found))
    return bytes(found)
