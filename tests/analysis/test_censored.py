"""Distributions with censored values: known parameters and published ranks come back, ignoring censoring is wrong."""

from __future__ import annotations

import numpy as np
import pytest

from labctl.analysis.censored import Family, Sample, empirical, fit, plotting_positions, why_no_fit

SHAPE, SCALE = 12.0, 1.5
HIGHEST = 1.55
"""V; the ramp goes no higher, a third of the cells form above it."""


def drawn(family: Family, seed: int, count: int = 4000) -> np.ndarray:
    rng = np.random.default_rng(seed)
    if family is Family.WEIBULL:
        return SCALE * rng.weibull(SHAPE, count)
    return SCALE * np.exp(rng.normal(0.0, 1.0 / SHAPE, count))


def stopped_at(values: np.ndarray, highest: float) -> Sample:
    seen = values[values <= highest]
    return Sample.of(seen, above=np.full(len(values) - len(seen), highest))


@pytest.mark.parametrize("seed", range(3))
def test_weibull_parameters_come_back_although_a_quarter_is_censored(seed: int) -> None:
    sample = stopped_at(drawn(Family.WEIBULL, seed), HIGHEST)
    assert 0.2 < sample.above.size / sample.count < 0.3
    found = fit(sample, Family.WEIBULL)
    assert found.scale == pytest.approx(SCALE, rel=0.01)
    assert found.shape == pytest.approx(SHAPE, rel=0.05)


@pytest.mark.parametrize("seed", range(3))
def test_log_normal_parameters_come_back_although_a_third_is_censored(seed: int) -> None:
    sample = stopped_at(drawn(Family.LOG_NORMAL, seed), HIGHEST)
    assert 0.3 < sample.above.size / sample.count < 0.4
    found = fit(sample, Family.LOG_NORMAL)
    assert found.scale == pytest.approx(SCALE, rel=0.01)
    assert found.shape == pytest.approx(1.0 / SHAPE, rel=0.05)


def test_leaving_the_censored_cells_out_is_biased() -> None:
    sample = stopped_at(drawn(Family.WEIBULL, 1), HIGHEST)
    naive = fit(Sample.of(sample.seen), Family.WEIBULL)
    low, high = fit(sample, Family.WEIBULL).shape_limits()
    assert low < SHAPE < high
    assert naive.shape > 1.2 * SHAPE
    assert naive.scale_limits()[1] < SCALE
    true = SCALE * np.log(100.0) ** (1.0 / SHAPE)
    assert fit(sample, Family.WEIBULL).quantile(0.99) == pytest.approx(true, rel=0.01)
    assert naive.quantile(0.99) < 0.95 * true


def test_counts_of_which_some_are_zero_are_left_censored() -> None:
    true = np.exp(np.random.default_rng(3).normal(0.5, 1.0, 4000))
    sample = Sample.of(true[true >= 1.0], below=np.ones(int((true < 1.0).sum())))
    found = fit(sample, Family.LOG_NORMAL)
    assert found.scale == pytest.approx(np.exp(0.5), rel=0.05)
    assert found.shape == pytest.approx(1.0, rel=0.05)
    assert fit(Sample.of(sample.seen), Family.LOG_NORMAL).scale > 1.3 * np.exp(0.5)
    assert plotting_positions(sample)[0] == pytest.approx(sample.below.size / sample.count, abs=0.001)


@pytest.mark.parametrize("family", Family)
def test_limits_hold_the_truth_as_often_as_they_say(family: Family) -> None:
    inside = 0
    wanted = {Family.WEIBULL: SCALE * np.log(2.0) ** (1.0 / SHAPE), Family.LOG_NORMAL: SCALE}[family]
    for seed in range(40):
        low, high = fit(stopped_at(drawn(family, seed, 80), HIGHEST), family).limits([0.5])
        inside += int(low[0] <= wanted <= high[0])
    assert 35 <= inside <= 40


def test_errors_of_an_uncensored_log_normal_are_those_of_the_textbook() -> None:
    found = fit(Sample.of(drawn(Family.LOG_NORMAL, 7, 900)), Family.LOG_NORMAL)
    assert found.covariance[0, 0] == pytest.approx(found.spread**2 / 900, rel=0.01)
    assert found.covariance[1, 1] == pytest.approx(1.0 / 1800, rel=0.01)
    assert found.covariance[0, 1] == pytest.approx(0.0, abs=1e-6)


def test_the_family_that_the_values_come_from_fits_better() -> None:
    for family, other in ((Family.WEIBULL, Family.LOG_NORMAL), (Family.LOG_NORMAL, Family.WEIBULL)):
        sample = stopped_at(drawn(family, 5), HIGHEST)
        assert fit(sample, family).log_likelihood > fit(sample, other).log_likelihood


def test_ranks_are_johnsons() -> None:
    """The example of R. B. Abernethy, The New Weibull Handbook: suspensions at 10, 45 and 100."""
    sample = Sample.of([30, 49, 82, 90, 96], above=[10, 45, 100])
    np.testing.assert_allclose(
        plotting_positions(sample), [0.0982, 0.2545, 0.4107, 0.5670, 0.7232], atol=5e-5
    )


def test_ranks_without_censoring_are_median_ranks() -> None:
    np.testing.assert_allclose(plotting_positions(Sample.of([3.0, 1.0, 2.0])), (np.arange(1, 4) - 0.3) / 3.4)


def test_the_empirical_distribution_levels_off_at_the_part_that_formed() -> None:
    found = empirical(Sample.of([1.0, 1.1, 1.1, 1.3], above=[1.5, 1.5]))
    np.testing.assert_allclose(found.probability[[0, 1, 2]], [1 / 6, 3 / 6, 4 / 6])
    assert found.probability.max() == pytest.approx(4 / 6)
    assert (found.low[:3] < found.probability[:3]).all()
    assert (found.probability[:3] < found.high[:3]).all()


def test_a_value_censored_in_between_weighs_on_what_follows() -> None:
    """Kaplan and Meier by hand: 1 of 4 fails, one leaves, then 1 of 2."""
    found = empirical(Sample.of([1.0, 3.0, 4.0], above=[2.0]))
    where = np.searchsorted(found.values, [1.0, 3.0, 4.0])
    np.testing.assert_allclose(found.probability[where], [1 / 4, 1 - 3 / 4 / 2, 1.0])


@pytest.mark.parametrize(
    ("sample", "reason"),
    [
        (Sample.of([1.0, 1.0, 1.2], above=[1.5]), "2 different measured values"),
        (Sample.of([], above=[1.5]), "0 different measured values"),
        (Sample.of([-0.1, 0.2, 0.3]), "not positive"),
    ],
)
def test_what_cannot_be_fitted_says_why(sample: Sample, reason: str) -> None:
    assert reason in why_no_fit(sample)
    with pytest.raises(ValueError, match=reason):
        fit(sample, Family.WEIBULL)


def test_a_sample_refuses_what_it_cannot_rank() -> None:
    with pytest.raises(ValueError, match="finite"):
        Sample.of([1.0, float("nan")])
    with pytest.raises(ValueError, match="among the measured"):
        Sample.of([1.0, 3.0], below=[2.0])
    with pytest.raises(ValueError, match="nothing was measured"):
        empirical(Sample.of([], above=[1.0]))
