"""A damaged run.h5: never a traceback, never a hang, never a changed number; the journal stands in for it."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labctl.core.errors import RecordError
from labctl.core.rows import Picture
from labctl.record.hdf5 import FILE_NAME
from labctl.record.reading import Run, read_run
from tests.cli.command import Command
from tests.cli.conftest import labctl  # noqa: F401 - a fixture
from tests.record.rows import Reading, begun

ROWS = 40


def recorded(folder: Path) -> Path:
    record = begun(folder, 0.25)
    for number in range(ROWS):
        record.row(Reading(number, current=1e-6 * number, note=f"row {number}"))
    record.picture(Picture("conductance", np.arange(6.0).reshape(2, 3) * 1e-6, "S", ("word", "bit")))
    record.end({"outcome": "finished", "verdict": "done", "reason": ""})
    return folder


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recorded(tmp_path_factory.mktemp("whole") / "run")


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


def test_a_finished_file_is_sealed_and_read(whole):
    text = (whole / "run.h5.sha256").read_text()
    assert text.endswith("  run.h5\n")
    run = read_run(whole)
    assert run.damage == ""
    assert_right(run)


@settings(max_examples=60)
@given(kind=st.sampled_from(["flipped", "zeroed", "cut", "replaced", "other"]), seed=st.integers(0, 2**32))
def test_whatever_is_damaged_the_journal_stands_in_for_it(whole, tmp_path_factory, kind, seed):
    folder = tmp_path_factory.mktemp("harmed") / "run"
    shutil.copytree(whole, folder)
    data = (folder / FILE_NAME).read_bytes()
    changed = harmed(data, kind, seed)
    (folder / FILE_NAME).write_bytes(changed)
    run = read_run(folder)
    assert_right(run)
    assert bool(run.damage) == (changed != data)
    shutil.rmtree(folder.parent)


def test_commands_say_that_the_journal_stands_in_and_recover_mends_it(labctl: Command, tmp_path):  # noqa: F811
    folder = recorded(tmp_path / "run")
    path = folder / FILE_NAME
    path.write_bytes(harmed(path.read_bytes(), "flipped", 5))
    for words in (("show", folder), ("export", folder), ("diff", folder, folder)):
        answer = labctl(*words)
        assert answer.code == 0
        assert "run.h5 is damaged" in answer.err
        assert "All of this is read from the journal" in answer.err
    recovered = labctl("recover", folder)
    assert recovered.code == 0
    assert f"{ROWS} Reading" in recovered.out
    again = labctl("show", folder)
    assert again.err == ""
    assert_right(read_run(folder))


def test_a_damaged_file_without_its_journal_is_refused_in_a_sentence(labctl: Command, tmp_path):  # noqa: F811
    folder = recorded(tmp_path / "run")
    (folder / "journal.jsonl").unlink()
    assert_right(read_run(folder))
    path = folder / FILE_NAME
    path.write_bytes(harmed(path.read_bytes(), "zeroed", 1))
    answer = labctl("show", folder)
    assert answer.code == 2
    assert "There is no journal beside it." in answer.err
    assert len(answer.err.splitlines()) == 1


def test_both_damaged_is_one_sentence(tmp_path):
    folder = recorded(tmp_path / "run")
    for name in (FILE_NAME, "journal.jsonl"):
        path = folder / name
        path.write_bytes(harmed(path.read_bytes(), "other", 3))
    with pytest.raises(RecordError, match="Its journal cannot stand in for it"):
        read_run(folder)


def test_a_file_of_a_version_without_checksums_is_read_and_its_damage_met(tmp_path):
    folder = recorded(tmp_path / "run")
    (folder / "run.h5.sha256").unlink()
    assert_right(read_run(folder))
    path = folder / FILE_NAME
    path.write_bytes(b"\0" * 512 + path.read_bytes()[512:])
    run = read_run(folder)
    assert "cannot be read" in run.damage
    assert_right(run)


def test_numbers_of_a_file_that_is_too_large_to_be_packed_have_checksums(tmp_path, monkeypatch):
    monkeypatch.setattr("labctl.record.packing.LARGEST", 0)
    folder = recorded(tmp_path / "run")
    with h5py.File(folder / FILE_NAME) as file:
        assert file["tables/Reading/current"].fletcher32
