"""Thresholds and gains of the neurons in numbers, one line per test of a neuron."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labctl.report.wafer.campaign import Campaign
from labctl.report.wafer.measured import Series, named
from labctl.report.wafer.units import Shown, shown
from labctl.wafer.tests_on_die import StepOutcome

_ENDED = (StepOutcome.PASSED.value, StepOutcome.FAILED.value)
VALUES = ("threshold", "gain", "hysteresis")


@dataclass(frozen=True)
class NeuronLine:
    """One neuron over the wafer: dies it was measured on, those without a threshold, median and quartiles in words."""

    subsite: str
    test: str
    neuron: int
    measured: int
    without: int
    numbers: tuple[str, ...]


def neuron_units(series: Sequence[Series]) -> dict[str, Shown]:
    """How threshold, gain and hysteresis are shown, the same for every neuron."""
    return {each.value: shown(each) for each in reversed(named(series, *VALUES))}


def neuron_lines(campaign: Campaign, series: Sequence[Series]) -> list[NeuronLine]:
    """One line per test of a neuron and subsite, in the order of the plan."""
    found = []
    units = neuron_units(series)
    for name, subsite in campaign.plan.subsites.items():
        for test in subsite.tests:
            mine = [each for each in named(series, *VALUES) if (each.subsite, each.test) == (name, test.name)]
            for neuron in sorted({int(col) for each in mine for col in each.cols}):
                measured = _measured(campaign, name, test.name)
                numbers = {each.value: (each.values[each.cols == neuron], units[each.value]) for each in mine}
                known = len(numbers["threshold"][0]) if "threshold" in numbers else 0
                words = tuple(_spread(*numbers[value]) if value in numbers else "-" for value in VALUES)
                found.append(NeuronLine(name, test.name, neuron, measured, measured - known, words))
    return found


def _measured(campaign: Campaign, subsite: str, test: str) -> int:
    """Dies on which a test came to an end, good or bad."""
    return sum(
        each.name == test and each.outcome in _ENDED
        for die in campaign.dies
        for end in die.subsites
        if end.name == subsite
        for each in end.tests
    )


def _spread(values: np.ndarray, unit: Shown) -> str:
    if not len(values):
        return "-"
    low, middle, high = (float(each) for each in np.percentile(values, (25.0, 50.0, 75.0)))
    return f"{unit.text(middle)} ({unit.text(low)} to {unit.text(high)})"
