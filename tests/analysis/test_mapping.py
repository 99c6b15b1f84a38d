"""Mapping against line resistance: transfer agrees with a plain solve, compensation makes it proportional."""

import numpy as np
import pytest

from labctl.analysis.mapping import Wires, compensate, transfer
from labctl.physics.crossbar import solve_lines

WIRES = Wires(segment=5.0, path=1.0, foot=250.0)


@pytest.fixture
def target():
    return np.random.default_rng(4).uniform(10e-6, 150e-6, (20, 5))


def test_transfer_is_what_a_driven_line_gives(target):
    found = transfer(target, WIRES)
    driven = np.zeros(20)
    driven[7] = 0.1
    forward = solve_lines(
        target, driven, np.zeros(5), segment_resistance=5.0, word_resistance=1.0, bit_resistance=250.0
    )
    np.testing.assert_allclose(found[7] * 0.1, forward.bit_current, rtol=1e-6)


def test_compensation_makes_transfer_proportional(target):
    before = transfer(target, WIRES) / target
    after = transfer(compensate(target, WIRES, 1e-6, 400e-6), WIRES) / target
    assert np.ptp(before) / np.mean(before) > 0.1
    assert np.ptp(after) / np.mean(after) < 1e-3


def test_without_line_resistance_nothing_is_to_be_done(target):
    ideal = Wires(segment=0.0, path=0.0, foot=0.0)
    np.testing.assert_allclose(compensate(target, ideal, 1e-6, 400e-6), target, rtol=1e-4)


def test_cells_stay_in_their_range(target):
    kept = compensate(target, WIRES, 10e-6, 150e-6)
    assert kept.min() >= 10e-6
    assert kept.max() <= 150e-6
