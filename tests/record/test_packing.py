"""The HDF5 file of a short run has no spare room, and holds what the grown one held."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from labctl.core.rows import Picture
from labctl.record import hdf5, packing
from labctl.record.packing import pack
from tests.record.rows import Reading, begun, sweep


@pytest.fixture
def grown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of rows of numbers, texts, arrays and ragged arrays, and a picture, as it was written."""
    monkeypatch.setattr(hdf5, "pack", lambda path: None)
    record = begun(tmp_path)
    for number in range(5):
        record.row(sweep(number))
        record.row(Reading(number=number))
    record.picture(Picture("cube", np.arange(24.0).reshape(2, 3, 4), "S", ("die", "word", "bit")))
    record.end({"outcome": "finished"})
    return tmp_path / "run.h5"


def told(item: Any) -> Any:
    """Everything that a reader can find in a group or dataset, in its order."""
    attributes = {
        name: (item.attrs.get_id(name).dtype, np.asarray(value).tolist())
        for name, value in item.attrs.items()
    }
    if isinstance(item, h5py.Group):
        return attributes, [(name, told(item[name])) for name in item]
    values = item[()]
    plain = [np.asarray(each).tolist() for each in values] if item.shape else values
    return attributes, item.dtype, item.shape, repr(plain)


def test_a_packed_file_is_small_and_tells_the_same(grown: Path) -> None:
    size = grown.stat().st_size
    with h5py.File(grown) as file:
        before = told(file)
    pack(grown)
    with h5py.File(grown) as file:
        assert told(file) == before
    assert grown.stat().st_size < 0.4 * size
    assert sorted(path.name for path in grown.parent.glob("run.*")) == ["run.h5", "run.h5.sha256"]


def test_runs_are_packed_at_their_end(tmp_path: Path) -> None:
    record = begun(tmp_path)
    record.row(Reading(number=1))
    record.end({"outcome": "finished"})
    with h5py.File(tmp_path / "run.h5") as file:
        assert file["tables/Reading/number"].chunks is None


def test_a_large_file_is_left_as_it_is(grown: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = grown.read_bytes()
    monkeypatch.setattr(packing, "LARGEST", len(before) - 1)
    pack(grown)
    assert grown.read_bytes() == before


def test_a_disk_without_room_for_the_copy_keeps_the_file(
    grown: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = grown.read_bytes()

    def full(*given: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(packing.os, "fsync", full)
    pack(grown)
    assert grown.read_bytes() == before
    assert sorted(path.name for path in grown.parent.glob("run.*")) == ["run.h5", "run.h5.sha256"]


def test_a_file_that_cannot_be_read_back_ends_no_run(grown: Path) -> None:
    grown.write_bytes(b"locked, or no HDF5")
    pack(grown)
    assert grown.read_bytes() == b"locked, or no HDF5"
