"""Target maps and weights whose files were cut, flipped or edited: read as what they say, or refused in a sentence."""

import io
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given

from labctl.benchfile import load_bench
from labctl.core.errors import LabError
from labctl.nn.layer import load_layer
from labctl.sim.workbench import Workbench
from procedures.target_map import HIGHEST, LOWEST, read_target
from tests.faults.lab import small_bench
from tests.mutations import mutated, thorough

MAP = np.array([[5e-5, 1e-4, 2.5e-5], [np.nan, 7.5e-5, 1.25e-4]])
KERNEL, BIAS = np.linspace(-1.0, 1.0, 54).reshape(2, 3, 3, 3), np.array([0.5, -0.25])
CSV = b"5E-05,1E-04,2.5E-05\nnan,7.5E-05,1.25E-04\n"


def saved(save, *arrays, **named) -> bytes:
    """What numpy would write."""
    file = io.BytesIO()
    save(file, *arrays, **named)
    return file.getvalue()


def outcome(read, data: bytes, ending: str):
    """What `read` finds in a file of `data`; None when it is refused, in one line that names the file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"mutated{ending}"
        path.write_bytes(data)
        try:
            return read(path)
        except LabError as error:
            refusal = str(error)
    assert f"mutated{ending}" in refusal
    assert "\n" not in refusal
    return None


def read_map(path):
    return read_target(str(path))


def assert_can_be_programmed(found) -> None:
    """Nothing that no cell can be programmed to comes out of a file."""
    assert found.ndim == 2
    known = found[~np.isnan(found)]
    assert ((known >= LOWEST) & (known <= HIGHEST)).all()


def test_the_files_are_read_as_they_are_before_anything_is_changed():
    np.testing.assert_array_equal(outcome(read_map, CSV, ".csv"), MAP)
    np.testing.assert_array_equal(outcome(read_map, saved(np.save, MAP), ".npy"), MAP)
    layer = outcome(load_layer, saved(np.savez, kernel=KERNEL, bias=BIAS), ".npz")
    np.testing.assert_array_equal(layer.kernel, KERNEL)


@thorough
@given(mutated(CSV))
def test_a_mutated_csv_map(data):
    found = outcome(read_map, data, ".csv")
    if found is not None:
        assert_can_be_programmed(found)


@thorough
@given(mutated(saved(np.save, MAP)))
def test_a_mutated_npy_map(data):
    found = outcome(read_map, data, ".npy")
    if found is not None:
        assert_can_be_programmed(found)


@thorough
@given(mutated(saved(np.savez, kernel=KERNEL, bias=BIAS)))
def test_mutated_weights_are_the_weights_or_refused(data):
    found = outcome(load_layer, data, ".npz")
    if found is not None:
        np.testing.assert_array_equal(found.kernel, KERNEL)
        np.testing.assert_array_equal(found.bias, BIAS)


@pytest.mark.parametrize("data", [b"PK\x03\x04 damaged", b"\x93NUMPY\x01\x00v\x00z'descr'", b""])
def test_a_damaged_virtual_sample_is_refused(tmp_path, data):
    bench = load_bench(small_bench(tmp_path))
    (tmp_path / "sample.npz").write_bytes(data)
    with pytest.raises(LabError, match="sample.npz cannot be read .*new-sample"):
        Workbench(bench)
