"""Sorting into bins: the first limit that fails decides, none fails means pass."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labctl.core.quantity import show
from labctl.wafer.plan import WaferPlan
from labctl.wafer.planmodel import Bin, Limit, Statistic

Numbers = Mapping[str, Sequence[float]]
"""What a test measured: name of the value = its numbers in SI units, over all cells and repetitions."""


@dataclass(frozen=True)
class Sorted:
    """Where a die or a subsite goes and why; no bin: it was not tested to an end and counts in no yield."""

    bin: Bin | None
    reason: str = ""


def failing(plan: WaferPlan, subsite: str, test: str, found: Numbers) -> str:
    """Why this test does not pass, by the first of its limits that fails; empty when all are kept."""
    for limit in plan.limits:
        if limit.test == test and limit.subsite in (None, subsite):
            reason = broken(limit, found.get(limit.value, ()))
            if reason:
                return reason
    return ""


def sort_into_bin(
    plan: WaferPlan, found: Mapping[str, Mapping[str, Numbers]], no_contact: Sequence[str] = ()
) -> Sorted:
    """The bin of a die, or of one subsite when only that is given.

    found:      by subsite and test, what the tests that ran to their end have measured.
    no_contact: subsites on which the probes did not touch.
    """
    if no_contact and plan.no_contact_bin is not None:
        return Sorted(plan.no_contact_bin, f"the probes do not touch {', '.join(no_contact)}")
    for limit in plan.limits:
        for subsite, tests in found.items():
            if limit.subsite in (None, subsite) and limit.test in tests:
                reason = broken(limit, tests[limit.test].get(limit.value, ()))
                if reason:
                    return Sorted(plan.bin(limit.bin), f"{subsite}: {reason}")
    left_out = [
        f"{subsite}.{test.name}"
        for subsite, tests in found.items()
        for test in plan.subsites[subsite].tests
        if test.name not in tests
    ]
    if left_out or not found:
        return Sorted(None, f"not tested: {', '.join(left_out) or 'nothing'}")
    return Sorted(plan.pass_bin)


def broken(limit: Limit, numbers: Sequence[float]) -> str:
    """How `numbers` break the limit, in words; empty when they keep it. None at all, and NaN, break it."""
    name = f"{limit.test}.{limit.value}"
    values = np.asarray(numbers, dtype=np.float64)
    if not values.size:
        return f"{name} was not found"
    if np.isnan(values).any():
        return f"{name} is no number {int(np.isnan(values).sum())} of {values.size} times"
    judged = values if limit.statistic is Statistic.EACH else np.array([_STATISTICS[limit.statistic](values)])
    low = -np.inf if limit.low is None else limit.low
    high = np.inf if limit.high is None else limit.high
    wrong = judged[(judged < low) | (judged > high)]
    if not wrong.size:
        return ""
    if limit.statistic is Statistic.EACH:
        what = f"{name} of {wrong.size} out of {values.size}, first {show(float(wrong[0]), limit.unit)}"
    else:
        what = f"{limit.statistic.value} of {name} = {show(float(wrong[0]), limit.unit)}"
    return f"{what}, allowed {allowed(limit)}"


def allowed(limit: Limit) -> str:
    """The range of a limit in words, with its unit."""
    if limit.high is None:
        return f"at least {show(limit.low, limit.unit)}"
    if limit.low is None:
        return f"at most {show(limit.high, limit.unit)}"
    return f"{show(limit.low, limit.unit)} to {show(limit.high, limit.unit)}"


_STATISTICS: Mapping[Statistic, Callable[[NDArray[np.float64]], Any]] = {
    Statistic.MEAN: np.mean,
    Statistic.MEDIAN: np.median,
    Statistic.MIN: np.min,
    Statistic.MAX: np.max,
}
