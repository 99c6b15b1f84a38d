"""The whole job: filters into the array eight at a time, neurons calibrated, images through; beside software's maps."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from labctl.analysis.mapping import Wires, compensate
from labctl.core.errors import InstrumentError, PlanError
from labctl.core.lines import show_indices
from labctl.core.quantity import check, input_file, option, quantity, show
from labctl.core.rows import Experiment, Picture, Verdict
from labctl.core.views import NeuronBench
from labctl.nn.calibration_patches import natural_patches
from labctl.nn.card import ModelCard
from labctl.nn.coding import Coding, ColumnPlan, plan_columns
from labctl.nn.fidelity import compare
from labctl.nn.images import NamedImage
from labctl.nn.layer import ConvolutionLayer
from procedures.crossbar_program import CrossbarProgram
from procedures.feature_map import FeatureMap
from procedures.neuron_calibrate import NeuronCalibrate, TrimChoice
from procedures.neuron_transfer import NeuronTransfer
from procedures.patches import InputRows
from procedures.phases import Phases
from procedures.stage_settle import StageSettle

Array = NDArray[np.float64]
AXES = ("image", "filter", "row", "column")
IMAGES, MEASURED, SOFTWARE, QUANTISED = "images", "measured", "software", "software_quantised"
"""Names of the pictures in the record: what was shown, and the maps."""
TRIM_RANGE = (0.01, 0.3)
"""V; lowest and highest level of the bias word lines."""
LOWEST_CELL, HIGHEST_CELL = 2e-6, 300e-6
"""S; what the mapping against line resistance may ask of a cell."""


@dataclass(frozen=True, kw_only=True)
class MapAgreement:
    """One row of the record per image and filter."""

    image: str = option("")
    filter: int = quantity("1")
    neuron: int = quantity("1")
    l2_quantised: float = quantity("1", help="gain-fitted relative L2 to software with the inputs as coded")
    cosine_quantised: float = quantity("1")
    l2_software: float = quantity("1", help="gain-fitted relative L2 to exact software")
    cosine_software: float = quantity("1")
    rms: float = quantity("1", help="root mean square of the software map over the sum of |weights|")


@dataclass(frozen=True, eq=False, kw_only=True)
class MapSettings:
    """What can be set of a run of feature maps, apart from the coding, by numbers alone."""

    stage_temperature: float = quantity("K", 313.0, low=250.0, high=400.0, limit="stage_temperature")
    trim: float = quantity(
        "V", 0.2, low=TRIM_RANGE[0], high=TRIM_RANGE[1], help="common level of the bias word lines"
    )
    trims: tuple[float, ...] = quantity(
        "V", (0.06, 0.1, 0.14, 0.18, 0.22, 0.26, 0.3), help="levels at which neurons are calibrated"
    )
    calibration_patches: int = quantity("1", 40, low=8, high=1000)
    calibration_seed: int = quantity("1", 1, low=0)
    tolerance: float = quantity("1", 0.05, low=0.005, high=0.5, help="verify window of programming")
    transfer: bool = option(True, help="measure every neuron's transfer curve")

    def __post_init__(self) -> None:
        """Refuse values out of range."""
        check(self)
        low, high = TRIM_RANGE
        if not self.trims or not all(low <= trim <= high for trim in self.trims):
            told = ", ".join(show(trim, "V") for trim in self.trims) or "none"
            raise PlanError(f"trims = {told}, allowed {show(low, 'V')} to {show(high, 'V')}")


@dataclass(frozen=True, eq=False, kw_only=True)
class FeatureMaps(MapSettings):
    """Feature maps of images through a layer on an array with neurons.

    work: a folder that exists, where the conductance targets of each group of filters are kept.
    filters: the numbers that the layer's filters go by in the record; empty: 0, 1, ...
    sources: files that layer, card and images were read from, which the record keeps.
    """

    title: ClassVar[str] = (
        "feature maps of images: program the filters, calibrate the neurons, run every patch"
    )

    layer: ConvolutionLayer
    card: ModelCard
    images: tuple[NamedImage, ...]
    work: Path
    coding: Coding = field(default_factory=Coding)
    filters: tuple[int, ...] = option(())
    sources: tuple[str, ...] = input_file(Path, (), help="files that layer, card and images were read from")

    def __post_init__(self) -> None:
        """Refuse values out of range, and kernels that no patch of a calibration fits."""
        super().__post_init__()
        size = self.layer.kernel.shape[2:]
        if size != (3, 3):
            raise PlanError(f"The kernel is {size[0]} x {size[1]}; filters of 3 x 3 pixels can be run.")

    def run(self, bench: NeuronBench) -> Experiment:
        """Yield everything the parts yield, MapAgreement rows and the maps as pictures; DONE or PARTLY.

        Pictures `measured`, `software`, `software_quantised`: (images, filters, rows, columns), in units of the layer's
        weighted sum; `images`: (images, rows, columns, colour), pixels. Raises PlanError or UnsupportedByBench before
        anything moves when the layer does not fit.
        """
        groups = [_Group(self, bench, filters) for filters in self._groups(bench.bit_lines)]
        shown = np.stack([image.pixels for image in self.images])
        yield Picture(IMAGES, shown.astype(np.float64), "1", ("image", "row", "column", "colour"))
        rows, columns = self.images[0].pixels.shape[:2]
        shape = (len(self.images), self.layer.filters, rows, columns)
        measured, software, quantised = (np.full(shape, np.nan) for _ in range(3))
        verdict = Verdict.DONE
        whole = Phases(sum(work.steps for work in groups))
        for work in groups:
            group = work.filters
            found = yield from work.run(whole)
            measured[:, group] = found.measured
            if found.verdict is not Verdict.DONE:
                verdict = found.verdict
            for number, image in enumerate(self.images):
                exact = self.layer.respond(self._patches(image)).T[group]
                coded = self.layer.respond(self._coded(self.steps(image))).T[group]
                software[number, group] = exact.reshape(len(group), rows, columns)
                quantised[number, group] = coded.reshape(len(group), rows, columns)
            for name, maps in (
                (MEASURED, measured),
                (SOFTWARE, software),
                (QUANTISED, quantised),
            ):
                yield Picture(name, maps.copy(), "1", AXES)
            yield from self._agreement(group, measured, software, quantised)
        return verdict

    def _groups(self, size: int) -> Iterator[list[int]]:
        for first in range(0, self.layer.filters, size):
            yield list(range(first, min(first + size, self.layer.filters)))

    def _patches(self, image: NamedImage) -> Array:
        """Network inputs of every patch; outside the image stands 0, the mean pixel."""
        return self.layer.patches(self.card.prepare(image.pixels), np.zeros(3))

    def steps(self, image: NamedImage) -> NDArray[np.intp]:
        """(patches, inputs) level index of every input of every patch."""
        return self.coding.quantise(self._patches(image) / self.card.span)

    def _coded(self, steps: NDArray[np.intp]) -> Array:
        """Network inputs as the word lines really carry them."""
        return self.coding.inputs[steps] * self.card.span

    def _agreement(
        self, group: list[int], measured: Array, software: Array, quantised: Array
    ) -> Iterator[MapAgreement]:
        weight_sums = np.abs(self.layer.weights()).sum(axis=1) * self.card.span
        for number, image in enumerate(self.images):
            for neuron, index in enumerate(group):
                coded = compare(measured[number, index], quantised[number, index])
                exact = compare(measured[number, index], software[number, index])
                rms = float(np.sqrt(np.mean(software[number, index] ** 2)))
                yield MapAgreement(
                    image=image.name,
                    filter=self.filters[index] if self.filters else index,
                    neuron=neuron,
                    l2_quantised=coded.relative_l2,
                    cosine_quantised=coded.cosine,
                    l2_software=exact.relative_l2,
                    cosine_software=exact.cosine,
                    rms=rms / weight_sums[index] if weight_sums[index] else float("nan"),
                )


@dataclass(frozen=True, eq=False)
class _Found:
    """Maps of one group (images, filters of the group, rows, columns) and how its programming ended."""

    measured: Array
    verdict: Verdict


class _Group:
    """One filling of the array: as many filters as it has bit lines."""

    def __init__(self, job: FeatureMaps, bench: NeuronBench, filters: list[int]) -> None:
        self.job, self.bench, self.filters = job, bench, filters
        self.neurons = tuple(range(len(filters)))
        coding = job.coding
        self.layer = ConvolutionLayer(job.layer.kernel[filters], job.layer.bias[filters])
        self.plan: ColumnPlan = plan_columns(self.layer.weights(), coding, bench.word_lines, bench.bit_lines)
        row_of = coding.rows_of_levels(bench.level_rows, bench.ground_row)
        self.inputs = InputRows(
            voltages=tuple(float(volts) for volts in coding.voltages),
            rows=tuple(row_of[level] for level in range(coding.levels)),
            ground_row=bench.ground_row,
            trim_row=bench.trim_row,
            bias_words=self.plan.bias_words,
        )
        self._known: Path | None = None

    @property
    def steps(self) -> int:
        """Steps of progress of all phases of this group."""
        return sum(self._steps("filters", "stage", "transfer", "first look", "bias", "second look", "images"))

    def _steps(self, *phases: str) -> list[int]:
        """Steps of progress of each of these phases: cells, readings and patches count alike."""
        neurons, patches = len(self.neurons), self.job.calibration_patches
        rows, columns = self.job.images[0].pixels.shape[:2]
        steps = {
            "filters": 3 * self.bench.word_lines * neurons,
            "stage": 10,
            "transfer": 2 * NeuronTransfer(neuron=0).points * neurons if self.job.transfer else 0,
            "first look": len(self.job.trims) * patches,
            "bias": 3 * len(self.plan.bias_words) * neurons,
            "second look": patches,
            "images": len(self.job.images) * rows * columns,
        }
        return [steps[phase] for phase in phases]

    def run(self, whole: Phases) -> Generator[object, None, _Found]:
        (filters, stage, transfer, look, bias_cells, again, images) = self._steps(
            "filters", "stage", "transfer", "first look", "bias", "second look", "images"
        )
        program = self._program("filters", self._targets(self.plan.target))
        verdict = yield from whole.count(filters, program, self._of("filters"))
        settle = StageSettle(temperature=self.job.stage_temperature).run(self.bench)
        settled = yield from whole.count(stage, settle)
        if settled is not Verdict.DONE:
            raise InstrumentError(
                f"The stage did not settle at {self.job.stage_temperature:g} K; look at its controller and heater."
            )
        if self.job.transfer:
            for neuron in self.neurons:
                curve = NeuronTransfer(neuron=neuron).run(self.bench)
                yield from whole.count(transfer // len(self.neurons), curve)
        choices = yield from whole.count(look, self._calibrate(self.job.trims), self._of("neurons"))
        program = self._program("bias", self._bias_targets(choices))
        bias = yield from whole.count(bias_cells, program, self._of("bias cells"))
        choices = yield from whole.count(again, self._calibrate((self.job.trim,)), self._of("neurons"))
        measured = yield from self._images(choices, whole, images // len(self.job.images))
        failed = Verdict.PARTLY in (verdict, bias)
        return _Found(measured, Verdict.PARTLY if failed else Verdict.DONE)

    def _of(self, what: str) -> str:
        """`filters 0-7` or `neurons of filters 0-7`, as progress says them."""
        group = f"filters {show_indices(self.filters)}"
        return group if what == "filters" else f"{what} of {group}"

    def _targets(self, wanted: Array) -> Array:
        """Conductances that weigh as `wanted` does without line resistance; unused columns are left alone."""
        used = np.asarray(self.neurons)
        wires = Wires(
            segment=self.bench.segment_resistance,
            path=self.bench.path_resistance,
            foot=self.bench.heater_resistance,
        )
        filled = np.where(np.isnan(wanted), self.job.coding.low, wanted)
        targets = np.full(wanted.shape, np.nan)
        targets[:, used] = compensate(filled, wires, LOWEST_CELL, HIGHEST_CELL)[:, used]
        return targets

    def _bias_targets(self, choices: list[TrimChoice]) -> Array:
        """Bias cells with which every neuron has its own best trim at the common trim voltage; others left alone."""
        wanted = self.plan.target.copy()
        for choice in choices:
            bias = self.job.coding.bias_cell * choice.trim / self.job.trim
            wanted[list(self.plan.bias_words), choice.neuron] = bias
        targets = self._targets(wanted)
        left_alone = np.full(targets.shape, np.nan)
        words = list(self.plan.bias_words)
        left_alone[words] = targets[words]
        return left_alone

    def _program(self, name: str, targets: Array) -> Generator[object, None, Verdict]:
        """Program the cells that have a target; what was measured of the others in an earlier pass is known."""
        file = self.job.work / f"target_{name}_{self.filters[0]:03d}.npy"
        settings: dict[str, Any] = {"tolerance": self.job.tolerance, "known": str(self._known or "")}
        with closing(CrossbarProgram.of(targets, file, **settings).run(self.bench)) as experiment:
            while True:
                try:
                    item = next(experiment)
                except StopIteration as end:
                    return Verdict(end.value)
                if isinstance(item, Picture) and item.name == "conductance":
                    self._remember(item.values)
                yield item

    def _remember(self, measured: Array) -> None:
        """Keep a map as `known` for the next pass; cells read as less than any cell can be count as the least."""
        if not np.isnan(measured).all():
            self._known = self.job.work / f"measured_{self.filters[0]:03d}.npy"
            np.save(self._known, np.maximum(measured, LOWEST_CELL))

    def _calibrate(self, trims: tuple[float, ...]) -> Generator[object, None, list[TrimChoice]]:
        patches = natural_patches(self.job.calibration_patches, self.job.calibration_seed, self.job.card)
        steps = self.job.coding.quantise(patches / self.job.card.span)
        coded = self.job.coding.inputs[steps] * self.job.card.span
        calibrate = NeuronCalibrate(
            word_levels=self.job.coding.word_levels(steps),
            expected=self.layer.respond(coded),
            inputs=self.inputs,
            trims=trims,
            neurons=self.neurons,
        )
        with self.bench.connect_computing(self.inputs.largest(max(trims)), self.neurons) as array:
            return (yield from calibrate.on(array, self.bench.word_lines))

    def _images(self, choices: list[TrimChoice], whole: Phases, steps: int) -> Generator[object, None, Array]:
        gains = np.array([choice.gain for choice in choices])[:, None, None]
        dark = np.array([choice.dark_current for choice in choices])[:, None, None]
        maps = []
        with self.bench.connect_computing(self.inputs.largest(self.job.trim), self.neurons) as array:
            for image in self.job.images:
                rows, columns = image.pixels.shape[:2]
                step = FeatureMap(
                    word_levels=self.job.coding.word_levels(self.job.steps(image)),
                    inputs=self.inputs,
                    shape=(rows, columns),
                    trim=self.job.trim,
                    neurons=self.neurons,
                    name=f"output current, {image.name}, filters from {self.filters[0]}",
                )
                currents = yield from whole.count(steps, step.on(array, self.bench.word_lines))
                maps.append((currents - dark) * gains)
        return np.stack(maps)
