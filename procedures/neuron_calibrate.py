"""Find the trim at which each neuron's knee stands where its filter wants it, from known patches alone."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labctl.core.quantity import option, quantity
from labctl.core.rows import Experiment, Picture, Progress, Verdict
from labctl.core.views import ComputingArray, NeuronBench
from procedures.patches import InputRows, read_patch


@dataclass(frozen=True, kw_only=True)
class TrimPoint:
    """How well one neuron agrees with its filter at one trim voltage."""

    neuron: int = quantity("1")
    trim: float = quantity("V")
    error: float = quantity("1", help="gain-fitted relative L2 over the known patches")
    gain: float = quantity("1/A", help="weighted sum per ampere of output, least squares")


@dataclass(frozen=True, kw_only=True)
class TrimChoice:
    """The trim that suits one neuron best, and its gain and dark current there."""

    neuron: int = quantity("1")
    trim: float = quantity("V")
    error: float = quantity("1")
    gain: float = quantity("1/A")
    dark_current: float = quantity("A", help="smallest output over the known patches")


@dataclass(frozen=True, eq=False, kw_only=True)
class NeuronCalibrate:
    """Run known patches at several trim voltages; per neuron the trim with the smallest gain-fitted error wins.

    word_levels: (patches, word lines of inputs) index of each line's input level.
    expected:    (patches, neurons) what the filter makes of each patch: weighted sum, bias, ReLU.
    """

    title = "find each neuron's trim and gain from known patches"

    word_levels: NDArray[np.intp]
    expected: NDArray[np.float64]
    inputs: InputRows
    trims: tuple[float, ...] = option((0.05, 0.1, 0.15, 0.2, 0.25, 0.3))
    neurons: tuple[int, ...] = option(tuple(range(8)))

    def run(self, bench: NeuronBench) -> Experiment:
        """Yield TrimPoint and TrimChoice rows; DONE."""
        with bench.connect_computing(self.inputs.largest(max(self.trims)), self.neurons) as array:
            yield from self.on(array, bench.word_lines)
        return Verdict.DONE

    def on(self, array: ComputingArray, words: int) -> Generator[object, None, list[TrimChoice]]:
        """The same on an array that is connected already; returns the choice of every neuron."""
        measured = np.empty((len(self.trims), len(self.word_levels), len(self.neurons)))
        errors = np.empty((len(self.trims), len(self.neurons)))
        for place, trim in enumerate(self.trims):
            for patch, word_levels in enumerate(self.word_levels):
                measured[place, patch] = read_patch(
                    array, self.inputs, word_levels, words, trim, self.neurons
                )
                done = place * len(self.word_levels) + patch + 1
                yield Progress(done, len(self.trims) * len(self.word_levels), "calibrating neurons")
            for column, neuron in enumerate(self.neurons):
                gain, error = fit_gain(measured[place, :, column], self.expected[:, column])
                errors[place, column] = error
                yield TrimPoint(neuron=neuron, trim=trim, error=error, gain=gain)
        yield Picture("calibration", measured, "A", ("trim", "patch", "neuron"))
        choices = []
        for column, neuron in enumerate(self.neurons):
            best = int(np.argmin(errors[:, column]))
            outputs = measured[best, :, column]
            gain, error = fit_gain(outputs, self.expected[:, column])
            choice = TrimChoice(
                neuron=neuron,
                trim=_lowest(np.array(self.trims), errors[:, column]),
                error=error,
                gain=gain,
                dark_current=float(outputs.min()),
            )
            choices.append(choice)
            yield choice
        return choices


def fit_gain(outputs: NDArray[np.float64], expected: NDArray[np.float64]) -> tuple[float, float]:
    """Gain (per A) that brings `outputs` above their smallest nearest to `expected`, and the relative L2 then left.

    An output that never rises has gain 0 and error 1; a filter that expects nothing has error NaN.
    """
    risen = outputs - outputs.min()
    norm, wanted = float(risen @ risen), float(np.linalg.norm(expected))
    if wanted == 0.0:
        return 0.0, float("nan")
    gain = float(risen @ expected) / norm if norm > 0.0 else 0.0
    return gain, float(np.linalg.norm(gain * risen - expected)) / wanted


def _lowest(trims: NDArray[np.float64], errors: NDArray[np.float64]) -> float:
    """Trim of the smallest error, refined by the parabola through it and its two neighbours."""
    best = int(np.argmin(errors))
    if best in (0, len(trims) - 1):
        return float(trims[best])
    a, b, _ = np.polyfit(trims[best - 1 : best + 2] - trims[best], errors[best - 1 : best + 2], 2)
    if a <= 0.0:
        return float(trims[best])
    return float(np.clip(trims[best] - b / (2.0 * a), trims[best - 1], trims[best + 1]))
