"""What goes on probability paper: the sample of a value, censored devices included, with its fits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labctl.analysis.censored import Family, Fit, Sample, fit, why_no_fit
from labctl.report.wafer.measured import Series, named
from labctl.report.wafer.summary import never_formed
from labctl.report.wafer.units import Shown, shown

VALUES = ("forming_voltage", "programming_error", "pulses")


@dataclass(frozen=True)
class Sheet:
    """One value on paper.

    remarks: what was counted how, in sentences. fits: by family, none where `no_fit` tells why.
    """

    name: str
    title: str
    unit: Shown
    sample: Sample
    remarks: tuple[str, ...]
    fits: dict[Family, Fit]
    no_fit: str

    @property
    def counted(self) -> str:
        """`n = 420, 18 of them right-censored`."""
        beyond, below = self.sample.above.size, self.sample.below.size
        words = [f"n = {self.sample.count}"]
        words += [f"{beyond} right-censored"] if beyond else []
        words += [f"{below} left-censored"] if below else []
        return ", ".join(words)


def sheets(series: Sequence[Series]) -> list[Sheet]:
    """Forming voltage, programming error and pulses of every test that gave one."""
    return [_sheet(each, series) for each in named(series, *VALUES) if len(each.values)]


def _sheet(series: Series, others: Sequence[Series]) -> Sheet:
    values = series.sizes(series.values)
    above, remarks = _beyond(series, others)
    seen = values[~above]
    positive = seen[seen > 0.0]
    zeros = len(seen) - len(positive) if len(positive) else 0
    if zeros:
        remarks.append(
            f"{zeros} device{'s' * (zeros > 1)} at 0, which has no place on a logarithmic axis: counted as below "
            "the smallest other value (left-censored)."
        )
    absent = _absent(series, others) if len(positive) else 0
    bound = float(max(positive.max(), values[above].max(initial=0.0))) if len(positive) else 0.0
    if absent:
        remarks.append(
            f"{absent} cell{'s' * (absent > 1)} that never formed could not be programmed: counted as above the "
            "largest value (right-censored), so that the curve levels off at the part that has one."
        )
    if series.left_out:
        remarks.append(f"{series.left_out} entries of the file without a number are left out.")
    sample = Sample.of(
        positive,
        above=[*values[above], *[bound] * absent],
        below=[float(positive.min())] * zeros if zeros else [],
    )
    no_fit = why_no_fit(sample)
    fits = {} if no_fit else {family: fit(sample, family) for family in Family}
    title = f"{series.name}, test {series.test}, {series.subsite}"
    return Sheet(series.name, title, shown(series), sample, tuple(remarks), fits, no_fit)


def _beyond(series: Series, others: Sequence[Series]) -> tuple[np.ndarray, list[str]]:
    """Which entries are bounds that the true value lies above, and why."""
    above, remarks = series.censored.copy(), []
    if series.value == "forming_voltage" and above.any():
        count = int(above.sum())
        remarks.append(
            f"{count} cell{'s' * (count > 1)} never formed: known to lie above the highest voltage tried "
            "(right-censored)."
        )
    if series.value == "pulses":
        failed = _unverified(series, others) & ~above
        if failed.any():
            count = int(failed.sum())
            remarks.append(
                f"{count} cell{'s' * (count > 1)} not verified at their last pulse: known to need more pulses "
                "(right-censored)."
            )
        above |= failed
    return above, remarks


def _unverified(series: Series, others: Sequence[Series]) -> np.ndarray:
    """Which devices the same test did not bring to their target."""
    failed = {
        device
        for each in named(others, "verified")
        if (each.subsite, each.test) == (series.subsite, series.test)
        for device, flag in zip(each.devices, each.values, strict=True)
        if not flag
    }
    return np.array([device in failed for device in series.devices], dtype=np.bool_)


def _absent(series: Series, others: Sequence[Series]) -> int:
    """Cells of the subsite that never formed and have no number in the series."""
    if series.value == "forming_voltage":
        return 0
    return len(never_formed(others, series.subsite).difference(series.devices))
