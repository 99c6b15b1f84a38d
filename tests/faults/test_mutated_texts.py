"""Bench files, wafer plans and journals that were cut, flipped or edited: read as they are, or refused in words."""

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import given

from labctl.benchfile import BenchFile, load_bench
from labctl.core.errors import LabError
from labctl.core.paths import data_folder
from labctl.record.hdf5 import FILE_NAME
from labctl.record.reading import Run, read_run
from labctl.wafer.plan import WaferPlan, load_plan
from tests.faults.lab import small_bench
from tests.mutations import mutated, thorough
from tests.record.harm import ROWS, assert_right, recorded

PLAN = (data_folder() / "wafers" / "demo_5.toml").read_bytes()
BENCH = (data_folder() / "benches" / "virtual_56x8.toml").read_bytes()


def outcome(read, path: Path, data: bytes):
    """What `read` finds in `path` with `data` in it; None when it is refused in words that name the file."""
    path.write_bytes(data)
    try:
        return read(path)
    except LabError as error:
        refusal = str(error)
    assert path.stem in refusal
    assert "Traceback" not in refusal
    return None


@thorough
@given(mutated(BENCH))
def test_a_mutated_bench_file(tmp_path_factory, data):
    found = outcome(load_bench, tmp_path_factory.getbasetemp() / "mutated_bench.toml", data)
    if found is not None:
        assert isinstance(found, BenchFile)
        assert 0.01 <= found.limits.write_voltage <= 20.0
        assert all(line.index < 56 for line in found.columns)
        assert found.text == data.decode().replace("\r\n", "\n").removeprefix("\ufeff")


@thorough
@given(mutated(PLAN))
def test_a_mutated_wafer_plan(tmp_path_factory, data):
    found = outcome(load_plan, tmp_path_factory.getbasetemp() / "mutated_plan.toml", data)
    if found is not None:
        assert isinstance(found, WaferPlan)
        assert found.dies


@pytest.fixture(scope="module")
def killed(tmp_path_factory) -> Path:
    """A run of which only the journal is left."""
    folder = recorded(tmp_path_factory.mktemp("killed") / "run")
    (folder / FILE_NAME).unlink()
    return folder


def journal() -> bytes:
    """Of a run that was recorded to its end."""
    with tempfile.TemporaryDirectory() as folder:
        return (recorded(Path(folder) / "run") / "journal.jsonl").read_bytes()


@thorough
@given(mutated(journal()))
def test_a_mutated_journal(killed, tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("journal") / "run"
    shutil.copytree(killed, folder)
    found = outcome(lambda path: read_run(path.parent), folder / "journal.jsonl", data)
    shutil.rmtree(folder.parent)
    if found is not None:
        assert_true_as_far_as_it_goes(found)


def assert_true_as_far_as_it_goes(run: Run) -> None:
    """Rows from the first one on without a gap, each as it was recorded; whole where the run says that it ended."""
    if run.outcome is not None:
        assert_right(run)
        return
    for table in run.tables.values():
        current = table.columns["current"].tolist()
        assert len(current) <= ROWS
        assert current == [1e-6 * number for number in range(len(current))]
        assert list(table.columns["note"]) == [f"row {number}" for number in range(len(current))]


def test_a_small_bench_is_read_before_anything_is_changed(tmp_path):
    assert isinstance(load_bench(small_bench(tmp_path)), BenchFile)
