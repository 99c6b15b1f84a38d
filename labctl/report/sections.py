"""The sections of a report: which there are is told by what the record holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from labctl.core.errors import RecordError
from labctl.core.lines import Cell
from labctl.record.reading import Run
from labctl.report import array_figures, map_figures, neuron_figures
from labctl.report.array import ArrayResult, array_results
from labctl.report.facts import Fact, error_statistics
from labctl.report.maps import MapsResult, maps_result
from labctl.report.neurons import Calibration, Curve, calibrations, curves

MOST_FIGURES = 12
"""Figures of maps in one report; the file has them all."""


@dataclass(frozen=True, eq=False)
class ArraySection:
    """One programmed array; figures in base64 by name, only `maps` where the details are left out."""

    template = "array.html.j2"
    title: str
    figures: dict[str, str]
    statistics: list[Fact]
    failed: dict[Cell, str]


@dataclass(frozen=True, eq=False)
class CalibratedNeuron:
    """One line of the table of calibrations; `common`: error once all neurons share one trim."""

    filter: int
    neuron: int
    trim: float
    error: float
    common: float
    gain: float


@dataclass(frozen=True, eq=False)
class NeuronSection:
    """Transfer curves and calibration."""

    template = "neurons.html.j2"
    figures: dict[str, str]
    curves: tuple[Curve, ...]
    calibrated: list[CalibratedNeuron]


@dataclass(frozen=True, eq=False)
class MapsSection:
    """Feature maps; `rows`: image, filter and four numbers in words."""

    template = "maps.html.j2"
    figures: list[str]
    left_out: int
    median: str
    median_exact: str
    rows: list[tuple[str, ...]]
    empty: list[tuple[str, int]]


@dataclass(frozen=True, eq=False)
class Results:
    """All that a report tells of a run."""

    arrays: tuple[ArrayResult, ...]
    maps: MapsResult | None
    curves: tuple[Curve, ...]
    calibrations: tuple[Calibration, ...]

    @property
    def groups(self) -> list[tuple[int, ...]]:
        """Numbers of the filters that were in the array together, in order."""
        if self.maps is None or not self.calibrations:
            return []
        size, filters = len(self.calibrations[0].neurons), self.maps.filters
        return [filters[first : first + size] for first in range(0, len(filters), size)]


def results(run: Run) -> Results:
    """Read everything out of a record that a report knows to show.

    Raises RecordError when there is nothing of it.
    """
    arrays = array_results(run) if "CellSummary" in run.tables else ()
    found = Results(arrays, maps_result(run), curves(run), calibrations(run))
    if not (found.arrays or found.curves or found.calibrations):
        raise RecordError(f"{run.folder} holds no complete array programming: there is nothing to report.")
    return found


def sections(run: Run, found: Results) -> list[ArraySection | NeuronSection | MapsSection]:
    """Maps first, for they are what the rest was made for; then the order of the work."""
    parts: list[ArraySection | NeuronSection | MapsSection] = []
    if found.maps is not None:
        parts.append(_maps(found.maps, found.groups, run.simulated))
    groups, before = found.groups, len(found.arrays) - len(found.groups)
    for number, array in enumerate(found.arrays):
        title = "Picture" if groups else "Array"
        if number >= before >= 0 and groups:
            title = _named(groups[number - before])
        parts.append(_array(title, array, run.simulated, detailed=number == 0))
    if found.curves or found.calibrations:
        parts.append(_neurons(found, run.simulated))
    return parts


def _array(title: str, array: ArrayResult, simulated: bool, detailed: bool) -> ArraySection:
    figures = {"maps": array_figures.maps(array, simulated)}
    if detailed:
        figures["staircases"] = array_figures.staircases(array.stories, simulated)
        figures["counts"] = array_figures.counts(array, simulated)
    return ArraySection(title, figures, error_statistics(array), array.failed)


def _neurons(found: Results, simulated: bool) -> NeuronSection:
    figures = {}
    if found.curves:
        figures["transfer"] = neuron_figures.transfer(found.curves, simulated)
    sweeps = [each for each in found.calibrations if len(each.trims) > 1]
    groups = found.groups or [each.neurons for each in sweeps]
    labelled = list(zip(sweeps, groups, strict=False))[:MOST_FIGURES]
    if labelled:
        figures["calibration"] = neuron_figures.calibration(labelled, simulated)
    lines = [
        CalibratedNeuron(
            filter=number,
            neuron=sweep.neurons[column],
            trim=float(sweep.trim[column]),
            error=float(sweep.error[column]),
            common=float(common.error[column]),
            gain=float(common.gain[column]),
        )
        for sweep, common, group in zip(
            found.calibrations[::2], found.calibrations[1::2], groups, strict=False
        )
        for column, number in enumerate(group)
    ]
    return NeuronSection(figures, found.curves, lines)


def _maps(maps: MapsResult, groups: list[tuple[int, ...]], simulated: bool) -> MapsSection:
    places = [[maps.filters.index(number) for number in group] for group in groups]
    wanted = [(image, columns) for image in range(len(maps.names)) for columns in places]
    shown = wanted[:MOST_FIGURES]
    rows = [
        (
            maps.names[image], str(number),
            *(_number(each[image, column]) for each in (maps.l2, maps.cosine, maps.l2_exact, maps.cosine_exact)),
        )
        for image in range(len(maps.names))
        for column, number in enumerate(maps.filters)
    ]  # fmt: skip
    return MapsSection(
        figures=[map_figures.beside(maps, image, columns, simulated) for image, columns in shown],
        left_out=len(wanted) - len(shown),
        median=median(maps.l2),
        median_exact=median(maps.l2_exact),
        rows=rows,
        empty=maps.empty,
    )


def median(values: Any) -> str:
    """Median of those that are numbers, in words."""
    known = values[np.isfinite(values)]
    return f"{np.median(known):.3f}" if known.size else "none"


def _number(value: float) -> str:
    return f"{value:.3f}" if np.isfinite(value) else "all zero"


def _named(filters: tuple[int, ...]) -> str:
    """`Filter 3`, `Filters 0 to 7`, `Filters 0, 3, 5`."""
    if len(filters) == 1:
        return f"Filter {filters[0]}"
    if filters == tuple(range(filters[0], filters[-1] + 1)):
        return f"Filters {filters[0]} to {filters[-1]}"
    return f"Filters {', '.join(str(number) for number in filters)}"
