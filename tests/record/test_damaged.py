"""A damaged run.h5: never a traceback, never a hang, never a changed number; the journal stands in for it."""

from __future__ import annotations

import shutil
from pathlib import Path

import h5py
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labctl.core.errors import RecordError
from labctl.record.hdf5 import FILE_NAME
from labctl.record.reading import read_run
from tests.record.harm import assert_right, harmed, recorded


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recorded(tmp_path_factory.mktemp("whole") / "run")


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
