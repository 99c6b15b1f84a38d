"""What the record says of the neurons: transfer curves, and how they were calibrated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labctl.record.reading import Run, Table
from labctl.report.parts import between, cut, last_time, steps_back

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Curve:
    """Transfer curve of one neuron: (points, 2) A, heater and output current; a fit is NaN where there is no knee."""

    neuron: int
    up: Floats
    down: Floats
    threshold: float
    gain: float
    hysteresis: float
    dark_current: float


@dataclass(frozen=True, eq=False)
class Calibration:
    """One calibration: per neuron the error (trims, neurons) at each trim (trims,) V, and what was chosen.

    trim: V of the smallest error. error: gain-fitted relative L2 over the known patches at the best trim.
    gain: weighted sum per ampere.
    """

    neurons: tuple[int, ...]
    trims: Floats
    errors: Floats
    trim: Floats
    error: Floats
    gain: Floats


def curves(run: Run) -> tuple[Curve, ...]:
    """The last transfer curve of every neuron that has one."""
    points, fits = run.tables.get("TransferPoint"), run.tables.get("TransferFit")
    if points is None:
        return ()
    neurons = np.unique(points.columns["neuron"])
    return tuple(_curve(int(neuron), points, fits) for neuron in neurons)


def calibrations(run: Run) -> tuple[Calibration, ...]:
    """Every calibration of the run in order."""
    choices, points = run.tables.get("TrimChoice"), run.tables.get("TrimPoint")
    if choices is None or points is None:
        return ()
    found, since = [], -np.inf
    for chosen in cut(choices, steps_back(choices.columns["neuron"])):
        until = last_time(chosen)
        tried = between(points, since, until)
        since = until
        if tried is not None and len(tried):
            found.append(_calibration(chosen, tried))
    return tuple(found)


def _curve(neuron: int, points: Table, fits: Table | None) -> Curve:
    columns = points.columns
    mine = np.flatnonzero(columns["neuron"] == neuron)
    branch = columns["branch"][mine].astype(str)
    starts = np.flatnonzero((branch == "up") & (np.roll(branch, 1) != "up"))
    mine, branch = mine[starts[-1] :], branch[starts[-1] :]
    currents = np.stack([columns["heater_current"][mine], columns["output_current"][mine]], axis=1)
    fitted = {name: float("nan") for name in ("threshold", "gain", "hysteresis", "dark_current")}
    if fits is not None:
        rows = np.flatnonzero(fits.columns["neuron"] == neuron)
        if len(rows):
            fitted = {name: float(fits.columns[name][rows[-1]]) for name in fitted}
    return Curve(neuron, currents[branch == "up"], currents[branch == "down"], **fitted)


def _calibration(chosen: Table, tried: Table) -> Calibration:
    neurons = tuple(int(neuron) for neuron in chosen.columns["neuron"])
    shape = (-1, len(neurons))
    return Calibration(
        neurons=neurons,
        trims=tried.columns["trim"].reshape(shape)[:, 0],
        errors=tried.columns["error"].reshape(shape),
        trim=chosen.columns["trim"],
        error=chosen.columns["error"],
        gain=chosen.columns["gain"],
    )
