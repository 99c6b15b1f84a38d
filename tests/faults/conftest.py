"""How much of the fault tests runs: a sample by default, everything with --all-faults (`make faults`)."""

import pytest

SAMPLES = {False: 5, True: 20}
"""Samples on each of which ten runs are killed."""
WAFERS = {False: 1, True: 8}
"""Wafers that are killed twice."""
STRIDE = 23
"""Of the messages of a short run, every how many-th meets a fault in one test."""
OFFSETS = {False: 1, True: STRIDE}
"""Tests of each kind of fault, which together meet so many of the messages."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--all-faults", action="store_true", help="every fault instead of a sample of them")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    everything = metafunc.config.getoption("--all-faults", default=False)
    if "offset" in metafunc.fixturenames:
        metafunc.parametrize("offset", range(OFFSETS[everything]))
    if "wafer_seed" in metafunc.fixturenames:
        metafunc.parametrize("wafer_seed", range(WAFERS[everything]))
    if "sample_seed" in metafunc.fixturenames:
        metafunc.parametrize("sample_seed", range(SAMPLES[everything]))
