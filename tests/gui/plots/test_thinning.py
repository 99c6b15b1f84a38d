"""Thinned curves look like the curves they were made from."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from labctl.gui.plots.thinning import ALL, BREAK, RECENT, Scales, Thinning, Window

LINEAR = Scales()


def noise(count: int) -> np.ndarray:
    return np.random.default_rng(1).normal(size=count)


def followed(x: np.ndarray, y: np.ndarray, scales: Scales = LINEAR) -> Thinning:
    found = Thinning()
    found.start(x, y, scales)
    return found


def test_every_sample_of_a_short_curve_is_drawn():
    chosen = followed(np.arange(ALL), noise(ALL)).chosen(None)
    np.testing.assert_array_equal(chosen, np.arange(ALL))


@pytest.mark.parametrize("count", [ALL + 1, 50_000, 1_000_003])
def test_a_long_curve_keeps_its_outline_with_few_samples(count):
    x, y = np.arange(count), noise(count)
    y[count // 3] = 1000.0  # one spike
    chosen = followed(x, y).chosen(None)
    assert len(chosen) < 15_000
    assert count // 3 in chosen
    assert {0, count - 1} <= set(chosen.tolist())
    drawn = chosen[chosen != BREAK]
    np.testing.assert_array_equal(drawn, np.sort(drawn))
    pixel = 1000 * x // count
    for sign in (1, -1):  # the upper edge and the lower one, told to within two pixels
        edge, of_drawn = (np.full(1000, -np.inf) for _ in range(2))
        np.maximum.at(edge, pixel, sign * y)
        np.maximum.at(of_drawn, pixel[drawn], sign * y[drawn])
        near = np.lib.stride_tricks.sliding_window_view(np.pad(of_drawn, 2, constant_values=-np.inf), 5)
        assert np.all(near.max(axis=1) >= edge)
    assert y[drawn].max() == y.max()
    assert y[drawn].min() == y.min()


def test_a_loop_keeps_its_corners():
    angle = np.linspace(0, 40 * np.pi, 400_000)
    x, y = np.cos(angle) ** 3, np.sin(angle) ** 3
    chosen = followed(x, y).chosen(None)
    for values in (x, y):
        assert values[chosen].min() == pytest.approx(-1.0, abs=1e-6)
        assert values[chosen].max() == pytest.approx(1.0, abs=1e-6)
    assert len(chosen) < 15_000


def test_the_latest_samples_are_all_drawn():
    chosen = followed(np.arange(100_000), noise(100_000)).chosen(None)
    np.testing.assert_array_equal(chosen[-RECENT:], np.arange(100_000 - RECENT, 100_000))


@pytest.mark.parametrize("scales", [LINEAR, Scales(log_y=True)])
def test_a_curve_that_grew_is_drawn_as_one_that_was_there_at_once(scales):
    x, y = np.linspace(0, 1, 60_000), noise(60_000)
    grown = Thinning()
    grown.start(x[:100], y[:100], scales)
    for end in (5_000, 9_000, 9_001, 30_000, 60_000):
        grown.extend(x[:end], y[:end])
    np.testing.assert_array_equal(grown.chosen(None), followed(x, y, scales).chosen(None))


def test_zooming_in_shows_every_sample_there():
    x, y = np.arange(1_000_000), noise(1_000_000)
    chosen = followed(x, y).chosen(Window(500_000, 500_300, -10, 10))
    assert set(range(500_000, 500_301)) <= set(chosen.tolist())
    assert len(chosen) < 300 + 2 * 64 + 2 * RECENT


def test_what_lies_outside_the_window_is_left_out_and_not_bridged():
    angle = np.linspace(0, 2 * np.pi * 500, 500_000)
    x, y = np.cos(angle), np.sin(angle)
    window = Window(0.9, 1.1, -0.1, 0.1)
    chosen = followed(x, y).chosen(window)
    older = chosen[chosen < 500_000 - 2 * RECENT]
    lengths = [np.hypot(x[a] - x[b], y[a] - y[b]) for a, b in pairwise(older) if BREAK not in (a, b)]
    assert (older == BREAK).sum() >= 490
    assert max(lengths) < 0.5  # no line across the loop
    passes = {int(place + 500) // 1000 for place in older if place != BREAK and x[place] > 0.9}
    assert passes >= set(range(495))  # every loop is seen where it crosses the window


def test_a_gap_stays_a_gap():
    x, y = np.arange(100_000, dtype=float), noise(100_000)
    y[40_000] = np.nan
    assert 40_000 in followed(x, y).chosen(None)


def test_a_logarithmic_axis_shows_magnitudes_and_has_no_place_for_zero():
    found = Scales(log_y=True).y(np.array([1e-6, -1e-6, 0.0, np.nan]))
    np.testing.assert_allclose(found, [-6.0, -6.0, np.nan, np.nan])
