"""The software twin is a cross-correlation with zero padding; the coding keeps columns equal."""

import numpy as np
import pytest
from scipy.signal import correlate2d

from labctl.core.errors import PlanError, UnsupportedByBench
from labctl.nn.coding import Coding, plan_columns
from labctl.nn.fidelity import compare
from labctl.nn.layer import ConvolutionLayer, edge_filters


def random_layer(filters=4, seed=1):
    rng = np.random.default_rng(seed)
    return ConvolutionLayer(rng.normal(size=(filters, 3, 3, 3)), rng.normal(size=filters))


def test_patches_times_weights_is_cross_correlation():
    layer = random_layer()
    image = np.random.default_rng(2).normal(size=(3, 7, 9))
    maps = layer.respond(layer.patches(image, np.zeros(3)))
    for index in range(layer.filters):
        exact = layer.bias[index] + sum(
            correlate2d(image[channel], layer.kernel[index, channel], mode="same") for channel in range(3)
        )
        np.testing.assert_allclose(maps[:, index].reshape(7, 9), np.maximum(exact, 0.0), atol=1e-12)


def test_padding_is_the_given_input_value():
    layer = random_layer()
    image = np.ones((3, 4, 4))
    framed = layer.patches(image, np.array([5.0, 6.0, 7.0]))
    corner = framed[0].reshape(3, 3, 3)
    assert list(corner[:, 0, 0]) == [5.0, 6.0, 7.0]
    assert np.all(corner[:, 1:, 1:] == 1.0)


def test_edge_filters_answer_edges_and_not_flat_colour():
    layer = edge_filters()
    flat = np.full((3, 5, 5), 0.5)
    inside = layer.respond(layer.patches(flat, np.full(3, 0.5)))
    assert np.max(inside) < 1e-12
    step = np.zeros((3, 5, 6))
    step[:, :, 3:] = 1.0
    assert layer.respond(layer.patches(step, np.zeros(3)))[14, 0] == pytest.approx(1.0)


def test_levels_and_words_of_an_input():
    coding = Coding()
    steps = coding.quantise(np.array([-1.0, -0.3, 0.0, 0.2, 1.0]))
    assert list(steps) == [0, 1, 2, 2, 4]
    words = coding.word_levels(steps)
    assert list(words) == [0, 4, 1, 3, 2, 2, 2, 2, 4, 0]
    np.testing.assert_allclose(coding.voltages, [-0.1, 0.0, 0.1, 0.2, 0.3], atol=1e-15)
    assert coding.rows_of_levels("ABCD", "G") == {0: "A", 1: "G", 2: "B", 3: "C", 4: "D"}


def test_what_cannot_be_coded_is_refused():
    with pytest.raises(ValueError, match="inputs reach 1.5"):
        Coding().quantise(np.array([1.5]))
    with pytest.raises(UnsupportedByBench, match="choose fewer levels"):
        Coding(levels=7).rows_of_levels("ABCD", "G")
    with pytest.raises(UnsupportedByBench, match="this array has 56 x 8"):
        plan_columns(np.zeros((9, 27)), Coding(), 56, 8)
    with pytest.raises(PlanError, match="odd number"):
        Coding(levels=4)


def test_columns_are_equalised_and_hold_the_weights():
    coding = Coding()
    weights = random_layer(filters=8, seed=5).weights()
    plan = plan_columns(weights, coding, 56, 8)
    pairs = plan.target[:54]
    np.testing.assert_allclose(pairs.sum(axis=0), coding.column_sum, rtol=1e-12)
    np.testing.assert_allclose(
        (pairs[0::2] - pairs[1::2]).T, weights * plan.siemens_per_weight[:, None], atol=1e-18
    )
    assert plan.target.min() >= coding.low
    assert plan.target.max() <= coding.high * (1 + 1e-12)
    assert plan.bias_words == (54, 55)


def test_gain_fitted_error_is_the_cosine_in_another_dress():
    rng = np.random.default_rng(8)
    software = np.maximum(rng.normal(size=(6, 7)), 0.0)
    measured = 3e-6 * (software + 0.1 * rng.normal(size=(6, 7)))
    found = compare(measured, software)
    assert found.relative_l2 == pytest.approx(np.sqrt(1 - found.cosine**2), rel=1e-9)
    assert found.gain == pytest.approx(1 / 3e-6, rel=0.05)
    assert np.isnan(compare(measured, np.zeros((6, 7))).cosine)
    assert compare(np.zeros((6, 7)), software).relative_l2 == 1.0
