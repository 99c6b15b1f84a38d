"""Yields: which part of what was tested is good, how sure that is, and how many went into each bin."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from scipy import stats

K = TypeVar("K", bound=Hashable)
CONFIDENCE = 0.95
PASS, FAIL = "pass", "fail"
"""Qualities that a yield counts; anything else (not tested, skipped, undefined) is left out of it."""


@dataclass(frozen=True)
class Share:
    """So many good ones `of` so many tested."""

    good: int
    of: int

    def __post_init__(self) -> None:
        """Refuse more good ones than there are (ValueError)."""
        if not 0 <= self.good <= self.of:
            raise ValueError(f"{self.good} good ones of {self.of}")

    @property
    def value(self) -> float:
        """The yield, 0 to 1; NaN when nothing was tested."""
        return self.good / self.of if self.of else float("nan")

    def interval(self, confidence: float = CONFIDENCE) -> tuple[float, float]:
        """Wilson's score interval of the yield; (NaN, NaN) when nothing was tested.

        It takes the tested ones for independent of one another.
        """
        if not self.of:
            return float("nan"), float("nan")
        found = stats.binomtest(self.good, self.of).proportion_ci(confidence, method="wilson")
        return float(found.low), float(found.high)


@dataclass(frozen=True)
class BinCount:
    """One bin: how many are in it, and which part of all lie in it or in a larger one."""

    number: int
    name: str
    quality: str
    count: int
    cumulative: float


def quality_yield(qualities: Iterable[str]) -> Share:
    """Pass / (pass + fail); every other quality is left out."""
    counts = Counter(qualities)
    return Share(counts[PASS], counts[PASS] + counts[FAIL])


def flag_yield(flags: Iterable[float]) -> Share:
    """The part of flags (1 good, 0 bad) that are 1; raises ValueError when one is neither."""
    values = [float(flag) for flag in flags]
    odd = [value for value in values if value not in (0.0, 1.0)]
    if odd:
        raise ValueError(f"a flag is 0 or 1, not {odd[0]:g}")
    return Share(int(sum(values)), len(values))


def flag_yields(keys: Sequence[K], flags: Sequence[float]) -> dict[K, Share]:
    """`flag_yield` of each key, in the order in which the keys come first."""
    parts: dict[K, list[float]] = {}
    for key, flag in zip(keys, flags, strict=True):
        parts.setdefault(key, []).append(flag)
    return {key: flag_yield(part) for key, part in parts.items()}


def bin_counts(bins: Iterable[tuple[int, str, str]]) -> tuple[BinCount, ...]:
    """Count (number, name, quality) of every tested die: the largest bin first, equal ones by number."""
    counts = Counter(bins)
    whole = counts.total()
    ordered = sorted(counts.items(), key=lambda each: (-each[1], each[0][0]))
    found, so_far = [], 0
    for (number, name, quality), count in ordered:
        so_far += count
        found.append(BinCount(number, name, quality, count, so_far / whole))
    return tuple(found)
