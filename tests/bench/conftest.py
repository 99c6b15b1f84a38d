"""A folder for samples of its own, and benches like the one with a wafer."""

import pytest

from labctl.benchfile import load_bench
from tests.bench.probing import BENCH


@pytest.fixture
def samples(tmp_path, monkeypatch):
    monkeypatch.setenv("LABCTL_SAMPLES", str(tmp_path / "samples"))


@pytest.fixture
def altered(tmp_path):
    """A bench file like virtual_wafer with pieces of its text replaced."""

    def write(*replacements, name="altered.toml"):
        text = load_bench(BENCH).text
        for old, new in replacements:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write
