"""What goes on probability paper: the sample of a value, censored devices included, with its fits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labctl.analysis.censored import Family, Fit, Sample, fit, why_no_fit
from labctl.report.wafer.measured import Series, named
from labctl.report.wafer.summary import never_formed
from labctl.report.wafer.units import Shown, shown
from labctl.wafer.geometry import Die

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
    never = set() if series.value == "forming_voltage" else _never_formed(series, others)
    formed = np.array([device not in never for device in series.devices], dtype=np.bool_)
    values = series.sizes(series.values)
    above, remarks = _above(series, others, formed)
    below, why_below = _below(series, others, values, formed & ~above)
    seen = values[formed & ~above & ~below]
    remarks += why_below
    if never and seen.size:
        remarks.append(
            f"{_cells(len(never))} never formed: counted as above the largest value of the others (right-censored), so "
            "that the curve levels off at the part that formed."
        )
    before = _conducted_before(series, others) if series.value == "forming_voltage" else 0
    if before:
        remarks.append(
            f"{_cells(before)} conducted before the first pulse: without a forming voltage, not counted here."
        )
    if series.left_out:
        remarks.append(f"Entries of the file without a number, left out: {series.left_out}.")
    bounds = values[above].tolist()
    lowest: list[float] = []
    if seen.size:
        bounds += [float(values[formed].max())] * len(never)
        lowest = [float(seen.min()) if value <= 0.0 else float(value) for value in values[below]]
    sample = Sample.of(seen, above=bounds, below=lowest)
    no_fit = why_no_fit(sample)
    fits = {} if no_fit else {family: fit(sample, family) for family in Family}
    title = f"{series.name}, test {series.test}, {series.subsite}"
    return Sheet(series.name, title, shown(series), sample, tuple(remarks), fits, no_fit)


def _above(series: Series, others: Sequence[Series], of_these: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Which entries of these are bounds that the true value lies above, and why."""
    above, remarks = series.censored & of_these, []
    if series.value == "forming_voltage" and above.any():
        remarks.append(
            f"{_cells(int(above.sum()))} never formed: known to lie above the highest voltage tried (right-censored)."
        )
    if series.value == "pulses":
        failed = _flagged(series, others, "verified", 0.0) & of_these & ~above
        if failed.any():
            remarks.append(
                f"{_cells(int(failed.sum()))} not verified at their last pulse: known to need more pulses "
                "(right-censored)."
            )
        above |= failed
    return above, remarks


def _below(
    series: Series, others: Sequence[Series], values: np.ndarray, of_these: np.ndarray
) -> tuple[np.ndarray, list[str]]:
    """Which entries of these are bounds that the true value does not lie above, and why."""
    zero = (values <= 0.0) & of_these
    remarks = []
    if zero.any():
        remarks.append(
            f"{_cells(int(zero.sum()))} at 0, which has no place on a logarithmic axis: counted as below the smallest "
            "other value (left-censored)."
        )
    first = np.zeros_like(zero)
    if series.value == "forming_voltage":
        first = _flagged(series, others, "forming_pulses", 1.0) & of_these & ~zero
        rest = values[of_these & ~zero & ~first]
        first &= values <= rest.min(initial=np.inf)
    if first.any():
        remarks.append(
            f"{_cells(int(first.sum()))} formed at the first pulse: known to lie at or below it (left-censored)."
        )
    return zero | first, remarks


def _flagged(series: Series, others: Sequence[Series], value: str, flag: float) -> np.ndarray:
    """Which devices have `flag` as another value of the same test."""
    found = {
        device
        for each in named(others, value)
        if (each.subsite, each.test) == (series.subsite, series.test)
        for device, number in zip(each.devices, each.values, strict=True)
        if number == flag
    }
    return np.array([device in found for device in series.devices], dtype=np.bool_)


def _cells(count: int) -> str:
    return f"{count} cell{'' if count == 1 else 's'}"


def _never_formed(series: Series, others: Sequence[Series]) -> set[tuple[Die, tuple[int, int]]]:
    """Cells that never formed on the dies that the series is about, whether something was measured on them or not."""
    dies = set(series.dies)
    return {(die, cell) for die, cell in never_formed(others, series.subsite) if die in dies}


def _conducted_before(series: Series, others: Sequence[Series]) -> int:
    """Cells that the same test found formed and gave no forming voltage."""
    known = set(series.devices)
    return sum(
        device not in known
        for each in named(others, "formed")
        if (each.subsite, each.test) == (series.subsite, series.test)
        for device, flag in zip(each.devices, each.values, strict=True)
        if flag
    )
