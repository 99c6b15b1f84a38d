"""Network correction and weights on arrays of any shape down to one cell, against independent solutions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labctl.analysis.correction import ReadNetwork
from labctl.analysis.mapping import Wires, compensate, transfer
from labctl.core.lines import Cell
from tests.analysis.nodal import apparent_map

SIDES = st.integers(1, 4)
usual = settings(max_examples=40, deadline=None, derandomize=True)


@usual
@given(words=SIDES, bits=SIDES, seed=st.integers(0, 1000), common=st.sampled_from([0.0, 5.0]))
def test_the_correction_undoes_the_network_at_every_shape(words, bits, seed, common):
    exponent = np.random.default_rng(seed).uniform(np.log(5e-6), np.log(200e-6), (words, bits))
    true = np.exp(exponent)
    apparent = apparent_map(true, segment=20.0, path=3.0, common=common)
    found = ReadNetwork(words, bits, 20.0, 3.0, common).corrected(apparent)
    np.testing.assert_allclose(found, true, rtol=1e-4)


def test_one_cell_is_in_series_with_its_two_lines():
    correction = ReadNetwork(1, 1, 20.0, 3.0).correction(np.full((1, 1), np.nan), Cell(0, 0))
    assert correction.leak == pytest.approx(0.0, abs=1e-15)
    assert correction.resistance == pytest.approx(2 * 23.0, rel=1e-5)


def test_the_weight_of_one_cell_is_that_of_its_series_path():
    wires = Wires(segment=20.0, path=3.0, foot=250.0)
    found = transfer(np.full((1, 1), 1e-4), wires)
    assert found[0, 0] == pytest.approx(1.0 / (1e4 + 23.0 + 270.0), rel=1e-9)


@usual
@given(words=SIDES, bits=SIDES, seed=st.integers(0, 1000))
def test_compensated_targets_weigh_in_proportion_at_every_shape(words, bits, seed):
    target = np.random.default_rng(seed).uniform(20e-6, 150e-6, (words, bits))
    wires = Wires(segment=20.0, path=3.0, foot=250.0)
    weighed = transfer(compensate(target, wires, 1e-6, 1e-3), wires)
    np.testing.assert_allclose(weighed / weighed.sum(), target / target.sum(), rtol=1e-4)
