"""Statistics of values of which some are known only as a bound: a cell that never formed is right-censored.

Weibull and log-normal values are both of the form log(value) = log(scale) + spread z, with a z of the family's own:
on probability paper (log of the value against z) either lies on a straight line.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Floats = NDArray[np.float64]
CONFIDENCE = 0.95
RULE = "median rank (i - 0.3) / (n + 0.4), with ranks i after Johnson where values are censored"
"""How `plotting_positions` places a value, in words."""
_STEP = 1e-3
"""Of the parameters, for second derivatives of the likelihood."""


@dataclass(frozen=True, eq=False)
class Sample:
    """Values of one kind, one per device.

    seen: values that were measured. above: of the devices whose value lies above this one (right-censored). below: of
    those whose value lies below this one (left-censored); no measured value may be smaller than such a bound.
    """

    seen: Floats
    above: Floats
    below: Floats

    def __post_init__(self) -> None:
        """Refuse what is no number, and bounds from below among the measured values (ValueError)."""
        if not all(np.isfinite(each).all() for each in (self.seen, self.above, self.below)):
            raise ValueError("every value of a sample is a finite number")
        if self.below.size and self.seen.size and self.below.max() > self.seen.min():
            raise ValueError("a left-censored value has its bound among the measured values")

    @classmethod
    def of(cls, seen: ArrayLike, above: ArrayLike = (), below: ArrayLike = ()) -> Sample:
        """Make one of anything that becomes a one-dimensional array; raises ValueError as the sample does."""
        parts = (np.sort(np.asarray(each, dtype=np.float64).ravel()) for each in (seen, above, below))
        return cls(*parts)

    @property
    def count(self) -> int:
        """All devices, measured and censored."""
        return int(self.seen.size + self.above.size + self.below.size)

    @property
    def data(self) -> stats.CensoredData:
        """As scipy takes it."""
        return stats.CensoredData(uncensored=self.seen, left=self.below, right=self.above)


@dataclass(frozen=True, eq=False)
class Empirical:
    """Empirical distribution (Kaplan and Meier): `probability` of a value not above `values`, with its limits.

    The limits (log-log, pointwise) are NaN where they are undefined: at 0 and at 1.
    """

    values: Floats
    probability: Floats
    low: Floats
    high: Floats


class Family(Enum):
    """A distribution of positive values with a scale and a shape."""

    WEIBULL = "Weibull"
    LOG_NORMAL = "log-normal"

    def paper(self, probability: ArrayLike) -> Floats:
        """The ordinate of probability paper: z of each probability (0 < p < 1)."""
        return np.asarray(_STANDARD[self].ppf(np.asarray(probability, dtype=np.float64)), dtype=np.float64)


_STANDARD = {Family.WEIBULL: stats.gumbel_l, Family.LOG_NORMAL: stats.norm}


@dataclass(frozen=True, eq=False)
class Fit:
    """A distribution fitted by maximum likelihood, censored values included.

    scale:      Weibull: the 63.2 % value; log-normal: the median. In the unit of the values.
    spread:     of log(value). Weibull: 1 / shape; log-normal: sigma.
    covariance: (2, 2) of log(scale) and log(spread), from the curvature of the likelihood.
    log_likelihood: of the sample; of two families the larger one fits better.
    """

    family: Family
    scale: float
    spread: float
    covariance: Floats
    log_likelihood: float

    @property
    def shape(self) -> float:
        """As the family's users name it: the Weibull modulus, or sigma of log(value)."""
        return 1.0 / self.spread if self.family is Family.WEIBULL else self.spread

    def quantile(self, probability: ArrayLike) -> Floats:
        """The values below which these fractions of all devices lie."""
        return np.asarray(self.scale * np.exp(self.spread * self.family.paper(probability)))

    def limits(self, probability: ArrayLike, confidence: float = CONFIDENCE) -> tuple[Floats, Floats]:
        """Confidence limits of `quantile`, by normal approximation of its logarithm."""
        z = self.family.paper(probability)
        along = np.stack([np.ones_like(z), self.spread * z])
        error = np.sqrt(np.einsum("i...,ij,j...->...", along, self.covariance, along))
        factor = np.exp(_normal(confidence) * error)
        middle = self.quantile(probability)
        return middle / factor, middle * factor

    def scale_limits(self, confidence: float = CONFIDENCE) -> tuple[float, float]:
        """Confidence limits of `scale`."""
        factor = float(np.exp(_normal(confidence) * np.sqrt(self.covariance[0, 0])))
        return self.scale / factor, self.scale * factor

    def shape_limits(self, confidence: float = CONFIDENCE) -> tuple[float, float]:
        """Confidence limits of `shape`."""
        factor = float(np.exp(_normal(confidence) * np.sqrt(self.covariance[1, 1])))
        return self.shape / factor, self.shape * factor


def empirical(sample: Sample, confidence: float = CONFIDENCE) -> Empirical:
    """The empirical distribution of a sample with at least one measured value (else ValueError).

    A left-censored value counts at its bound: above that bound the distribution is the same.
    """
    if not sample.seen.size:
        raise ValueError("nothing was measured: there is no empirical distribution")
    seen = np.concatenate([sample.below, sample.seen])
    found = stats.ecdf(stats.CensoredData(uncensored=seen, right=sample.above)).cdf
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The confidence interval is undefined", RuntimeWarning)
        limits: Any = found.confidence_interval(confidence, method="log-log")
    return Empirical(
        np.asarray(found.quantiles, dtype=np.float64),
        np.asarray(found.probabilities, dtype=np.float64),
        np.asarray(limits.low.probabilities, dtype=np.float64),
        np.asarray(limits.high.probabilities, dtype=np.float64),
    )


def plotting_positions(sample: Sample) -> Floats:
    """Fraction at which each measured value, in ascending order, is drawn on probability paper; see `RULE`.

    A device censored from above takes part in the ranks until its bound and shares out its own rank among what
    follows (Johnson's adjusted ranks); one that is censored from below ranks before every measured value.
    """
    count = sample.count
    rank = float(sample.below.size)
    beyond = np.searchsorted(sample.above, sample.seen, side="left")
    left = count - sample.below.size - beyond - np.arange(sample.seen.size)
    positions = np.empty(sample.seen.size)
    for place, remaining in enumerate(left.tolist()):
        rank += (count + 1.0 - rank) / (1.0 + remaining)
        positions[place] = (rank - 0.3) / (count + 0.4)
    return positions


def why_no_fit(sample: Sample) -> str:
    """Why no distribution can be fitted to a sample; empty when one can."""
    positive = [each for each in (sample.seen, sample.above, sample.below) if each.size]
    if any(each.min() <= 0.0 for each in positive):
        return "a value is not positive"
    distinct = len(np.unique(sample.seen))
    if distinct < 3:
        return f"{distinct} different measured value{'' if distinct == 1 else 's'}, a fit wants at least 3"
    return ""


def fit(sample: Sample, family: Family) -> Fit:
    """Fit by maximum likelihood, the location kept at 0; raises ValueError where `why_no_fit` tells a reason."""
    reason = why_no_fit(sample)
    if reason:
        raise ValueError(f"no {family.value} fit: {reason}")
    spread, middle = _first_guess(sample, family)
    if family is Family.WEIBULL:
        shape, _, scale = stats.weibull_min.fit(sample.data, 1.0 / spread, floc=0.0, scale=np.exp(middle))
        spread = 1.0 / float(shape)
    else:
        shape, _, scale = stats.lognorm.fit(sample.data, spread, floc=0.0, scale=np.exp(middle))
        spread = float(shape)
    best = np.array([np.log(float(scale)), np.log(spread)])

    def cost(parameters: Floats) -> float:
        return _cost(sample, family, parameters)

    covariance = np.asarray(np.linalg.inv(_curvature(cost, best)), dtype=np.float64)
    jacobian = -float(np.sum(np.log(sample.seen)))  # from the density of log(value) to that of the value
    return Fit(family, float(scale), spread, covariance, jacobian - cost(best))


def _first_guess(sample: Sample, family: Family) -> tuple[float, float]:
    """Spread and log(scale) of the straight line through the plotted points."""
    z = family.paper(plotting_positions(sample))
    slope, offset = np.polyfit(z, np.log(sample.seen), 1)
    return max(float(slope), 1e-6), float(offset)


def _cost(sample: Sample, family: Family, parameters: Floats) -> float:
    """Minus the log-likelihood of log(value) at (log scale, log spread)."""
    spread = float(np.exp(parameters[1]))
    standard = _STANDARD[family]

    def z(values: Floats) -> Floats:
        return np.asarray((np.log(values) - parameters[0]) / spread, dtype=np.float64)

    total = np.sum(standard.logpdf(z(sample.seen)) - parameters[1])
    total += np.sum(standard.logsf(z(sample.above))) + np.sum(standard.logcdf(z(sample.below)))
    return -float(total)


def _curvature(cost: Callable[[Floats], float], at: Floats) -> Floats:
    """Second derivatives (2, 2) by central differences; the first parameter moves in units of the spread."""
    steps = np.diag([_STEP * float(np.exp(at[1])), _STEP])
    found = np.empty((2, 2))
    for i, j in np.ndindex(2, 2):
        corners = [cost(at + a * steps[i] + b * steps[j]) * a * b for a in (1, -1) for b in (1, -1)]
        found[i, j] = sum(corners) / (4.0 * steps[i, i] * steps[j, j])
    return found


def _normal(confidence: float) -> float:
    return float(stats.norm.ppf(0.5 + confidence / 2.0))
