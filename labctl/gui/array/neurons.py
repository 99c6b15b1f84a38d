"""What is known of every neuron at the foot of its bit line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from labctl.core.quantity import show
from labctl.gui.run_data import RunLike

Floats = NDArray[np.float64]


class NeuronState:
    """Arrays of shape (neurons,): threshold in A at the heater, gain, latest output in A; NaN = unknown."""

    def __init__(self, neurons: int) -> None:
        """Nothing is known."""
        self.threshold: Floats = np.full(neurons, np.nan)
        self.gain: Floats = np.full(neurons, np.nan)
        self.output: Floats = np.full(neurons, np.nan)
        self._rows: dict[tuple[Path, str], int] = {}

    def __len__(self) -> int:
        """Number of neurons."""
        return len(self.output)

    def take_run(self, run: RunLike) -> bool:
        """Take what `run` has more than when it was taken last; whether there was anything."""
        fits = self._take(run, "TransferFit", {"threshold": self.threshold, "gain": self.gain})
        points = self._take(run, "TransferPoint", {"output_current": self.output})
        return self._take(run, "OutputReading", {"current": self.output}) or fits or points

    def _take(self, run: RunLike, name: str, wanted: dict[str, Floats]) -> bool:
        table, key = run.tables.get(name), (run.folder, name)
        start = self._rows.get(key, 0)
        if table is None or len(table) <= start or not {"neuron", *wanted} <= set(table.columns):
            return False
        self._rows[key] = len(table)
        neuron = np.asarray(table.columns["neuron"])[start:].astype(np.intp)
        inside = (neuron >= 0) & (neuron < len(self))
        for column, into in wanted.items():
            into[neuron[inside]] = np.asarray(table.columns[column])[start:][inside]
        return True

    def sentence(self, neuron: int) -> str:
        """All that is known of one, with units."""
        parts = []
        for what, value, unit in (
            ("threshold", self.threshold[neuron], "A"),
            ("gain", self.gain[neuron], "1"),
            ("output", self.output[neuron], "A"),
        ):
            if np.isfinite(value):
                parts.append(f"{what} {short(float(value), unit)}")
        return f"Neuron {neuron}: " + (", ".join(parts) or "nothing measured yet")


def short(value: float, unit: str) -> str:
    """Three digits and the SI prefix: `48.2 uS`; a dash where nothing is known."""
    return show(float(f"{value:.3g}"), unit) if np.isfinite(value) else "–"
