"""The sample file: what outlives the program, owned by one program at a time, never another bench's."""

import numpy as np
import pytest

from labctl.benchfile import load_bench, read_bench
from labctl.core.errors import LabError
from labctl.sim.sample import SampleFile


@pytest.fixture
def bench_file(tmp_path):
    good = load_bench("virtual_56x8")
    sample = (tmp_path / "sample.npz").as_posix()
    return read_bench(
        good.text.replace('sample = "virtual_56x8"', f'sample = "{sample}"'), tmp_path / "b.toml"
    )


def test_a_new_sample_is_empty_and_a_kept_one_comes_back(bench_file):
    held = SampleFile(bench_file)
    sample = held.load()
    assert not sample.die
    sample.clock, sample.stage = 12.5, 313.0
    sample.closures["A3"] = 7
    sample.events["smu1/current"] = 99
    sample.die["log_conductance"] = np.arange(6.0).reshape(2, 3)
    held.save(sample)
    held.release()
    again = SampleFile(bench_file)
    found = again.load()
    again.release()
    assert (found.clock, found.stage, found.closures, found.events) == (
        12.5,
        313.0,
        {"A3": 7},
        {"smu1/current": 99},
    )
    np.testing.assert_array_equal(found.die["log_conductance"], sample.die["log_conductance"])


def test_one_program_at_a_time(bench_file):
    held = SampleFile(bench_file)
    with pytest.raises(LabError, match="in use by another program"):
        SampleFile(bench_file)
    held.release()
    SampleFile(bench_file).release()


def test_another_bench_file_cannot_use_it(bench_file, tmp_path):
    held = SampleFile(bench_file)
    held.save(held.load())
    held.release()
    other = read_bench(bench_file.text.replace("seed = 20231", "seed = 1"), tmp_path / "other.toml")
    second = SampleFile(other)
    with pytest.raises(LabError, match="seed 20231 -> 1.*new-sample"):
        second.load()
    second.release()


def test_a_damaged_sample_is_told(bench_file):
    held = SampleFile(bench_file)
    held.path.write_bytes(b"no sample")
    with pytest.raises(LabError, match=r"cannot be read.*new-sample"):
        held.load()
    held.release()


def test_a_failed_write_leaves_the_old_sample(bench_file, monkeypatch):
    held = SampleFile(bench_file)
    sample = held.load()
    sample.clock = 1.0
    held.save(sample)
    sample.clock = 2.0

    def full_disk(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full_disk)
    with pytest.raises(OSError, match="No space"):
        held.save(sample)
    assert held.load().clock == 1.0
    held.release()
