"""Feature maps of one image: every patch through the array and its neurons, a checkpoint after each."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labctl.core.quantity import option, quantity
from labctl.core.rows import Block, Experiment, Picture, Progress, Verdict
from labctl.core.views import ComputingArray, NeuronBench
from procedures.patches import InputRows, OutputReading, read_patch


@dataclass(frozen=True, eq=False, kw_only=True)
class FeatureMap:
    """Run the patches of one image (raster order) through the programmed array.

    word_levels: (patches, word lines of inputs) index of each line's input level.
    shape:       (rows, columns) of the image, rows * columns = patches.
    name:        name of the live picture that fills patch by patch.
    """

    title = "feature maps of one image: every patch through the array and its neurons"

    word_levels: NDArray[np.intp]
    inputs: InputRows
    shape: tuple[int, int] = option((0, 0))
    trim: float = quantity("V", 0.2, low=0.0, high=0.5, help="level of the bias word lines")
    neurons: tuple[int, ...] = option(tuple(range(8)))
    name: str = option("feature map")

    def run(self, bench: NeuronBench) -> Experiment:
        """Yield a block of OutputReading per patch and the picture as it fills; DONE."""
        with bench.connect_computing(self.inputs.largest(self.trim), self.neurons) as array:
            yield from self.on(array, bench.word_lines)
        return Verdict.DONE

    def on(self, array: ComputingArray, words: int) -> Generator[object, None, NDArray[np.float64]]:
        """The same on an array that is connected already; returns (neurons, rows, columns) A."""
        maps = np.full((len(self.neurons), len(self.word_levels)), np.nan)
        rows, columns = self.shape
        for patch, word_levels in enumerate(self.word_levels):
            currents = read_patch(array, self.inputs, word_levels, words, self.trim, self.neurons)
            maps[:, patch] = currents
            yield Block(
                OutputReading,
                {
                    "patch": np.full(len(currents), patch),
                    "neuron": np.array(self.neurons),
                    "current": np.array(currents),
                },
            )
            yield Progress(patch + 1, len(self.word_levels), self.name)
            if (patch + 1) % columns == 0:
                live = maps.reshape(len(self.neurons), rows, columns).copy()
                yield Picture(self.name, live, "A", ("neuron", "row", "column"))
        return maps.reshape(len(self.neurons), rows, columns)
