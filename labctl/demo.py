"""The demo: a virtual crossbar is programmed to a picture, then computes; recorded and reported like any other run."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from labctl.benchfile import load_bench
from labctl.core.clock import WallClock
from labctl.core.errors import PlanError
from labctl.core.rows import Experiment, Progress, Verdict
from labctl.core.views import NeuronBench
from labctl.nn.card import load_card
from labctl.nn.featuremaps import FeatureMaps
from labctl.nn.images import NamedImage
from labctl.nn.layer import ConvolutionLayer, edge_filters
from labctl.record.catalogue import new_run_folder
from labctl.record.outcome import Outcome
from labctl.record.reading import read_run
from labctl.report.facts import Fact
from labctl.run.events import Ended, Observer
from procedures.crossbar_program import CrossbarProgram

BENCH = "virtual_56x8"
STRIP = (180, 20, 334, 580)
"""Left, upper, right, lower edge of the strip of the photograph, pixels of 512 x 600."""
SQUARE = (0, 0, 512, 512)
"""The square of the photograph that becomes feature maps."""
LOWEST, HIGHEST = 5e-6, 200e-6
"""S; what black and white become."""
SIDE = 32
"""Pixels along a side of the photograph when it is put through the array."""
SHORT_WORDS, SHORT_SIDE, SHORT_FILTERS, SHORT_PATCHES = 8, 8, 2, 12
"""The short demo: word lines of the strip, pixels along a side, filters, patches that neurons are calibrated with."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Demo:
    """Both halves of the suite's main job on one array."""

    title: ClassVar[str] = "form the array, program it to a picture, then compute feature maps with it"

    picture: CrossbarProgram
    maps: FeatureMaps

    def run(self, bench: NeuronBench) -> Experiment:
        """Yield everything that the two halves yield; DONE when both are."""
        first = yield from _named("picture", self.picture.run(bench))
        second = yield from _named("feature maps", self.maps.run(bench))
        return Verdict.DONE if first is second is Verdict.DONE else Verdict.PARTLY


@dataclass(frozen=True)
class DemoResult:
    """How the demo ended, and what to tell about it."""

    ended: Ended
    folder: Path
    lines: tuple[str, ...]


def run_demo(
    out: Path, *, short: bool = False, picture: Path | None = None, observers: Iterable[Observer] = ()
) -> DemoResult:
    """Run the demo into a run folder in `out`: record, sample of its own, `feature_maps.npz`, `report.html`.

    short: a corner of the picture, fewer filters, a small image. picture: where to write one wide picture (PNG) too.

    Raises LabError before anything moved, for example when `out` cannot be written.
    """
    from labctl.report.html import write_overview
    from labctl.run.session import run_on

    if picture is not None and not picture.parent.is_dir():
        raise PlanError(f"--picture {picture}: there is no folder {picture.parent}.")
    clock = WallClock()
    start = clock.now()
    with new_run_folder(out, "demo") as folder, _sample_in(folder / "sample"):
        ended = run_on(BENCH, demo_plan(folder, short=short), folder, observers)
    told = [Fact("record", str(folder))]
    if ended.outcome is Outcome.FINISHED:
        told += finish(folder)
        if picture is not None:
            write_overview(folder, picture)
            told.append(Fact("picture", str(picture)))
        told.append(Fact("whole demo", f"{clock.now() - start:.1f} s"))
    return DemoResult(ended, folder, aligned(told))


def demo_plan(folder: Path, *, short: bool = False) -> Demo:
    """The plan of the demo; its conductance maps are written into `folder`."""
    array = load_bench(BENCH).array
    target = conductance_picture(array.word_lines, array.bit_lines)
    maps = FeatureMaps(
        layer=edge_filters(),
        card=load_card("centred_rgb"),
        images=(NamedImage("photograph", square_photograph(SIDE)),),
        work=folder,
    )
    if short:
        target[SHORT_WORDS:] = np.nan
        layer = maps.layer
        maps = replace(
            maps,
            layer=ConvolutionLayer(layer.kernel[:SHORT_FILTERS], layer.bias[:SHORT_FILTERS]),
            images=(NamedImage("photograph", square_photograph(SHORT_SIDE)),),
            calibration_patches=SHORT_PATCHES,
        )
    return Demo(picture=CrossbarProgram.of(target, folder / "target.npy"), maps=maps)


def conductance_picture(word_lines: int, bit_lines: int) -> NDArray[np.float64]:
    """A strip of the photograph in matplotlib's sample data, resampled to the array, as conductances in S."""
    with _photograph() as photograph:
        strip = photograph.convert("L").resize((bit_lines, word_lines), _average(), box=STRIP)
    grey = np.asarray(strip, dtype=np.float64)
    dark, light = np.percentile(grey, (2.0, 98.0))
    shade = np.clip((grey - dark) / (light - dark), 0.0, 1.0)
    return np.asarray(LOWEST + (HIGHEST - LOWEST) * shade, dtype=np.float64)


def square_photograph(side: int) -> NDArray[np.uint8]:
    """The square of the same photograph, (side, side, 3) red, green and blue."""
    with _photograph() as photograph:
        return np.asarray(
            photograph.convert("RGB").resize((side, side), _average(), box=SQUARE), dtype=np.uint8
        )


def finish(folder: Path) -> list[Fact]:
    """Write `feature_maps.npz` and `report.html` beside a record with maps; what to tell of them.

    Raises RecordError when the run failed or ended before its first maps.
    """
    from labctl.report.html import write_report
    from labctl.report.maps import write_maps_file

    maps = write_maps_file(read_run(folder))
    report, facts = write_report(folder)
    return [Fact("maps", str(maps)), Fact("report", str(report)), *facts]


def aligned(facts: Sequence[Fact]) -> tuple[str, ...]:
    """One line per fact, values one below the other."""
    width = max(len(fact.name) for fact in facts) + 2
    return tuple(f"{fact.name[0].upper()}{fact.name[1:] + ':':{width - 1}}{fact.value}" for fact in facts)


def _named(part: str, experiment: Experiment) -> Generator[object, None, Any]:
    """Yield what `experiment` yields, its progress under the name of the part."""
    with closing(experiment):
        while True:
            try:
                item = next(experiment)
            except StopIteration as end:
                return end.value
            yield replace(item, doing=f"{part}: {item.doing}") if isinstance(item, Progress) else item


@contextmanager
def _photograph() -> Iterator[Any]:
    """The portrait of Grace M. Hopper by James S. Davis (1984), US Navy, public domain."""
    from matplotlib.cbook import get_sample_data
    from PIL import Image

    with Image.open(get_sample_data("grace_hopper.jpg", asfileobj=False)) as photograph:
        yield photograph


def _average() -> Any:
    from PIL.Image import Resampling

    return Resampling.BOX


@contextmanager
def _sample_in(folder: Path) -> Iterator[None]:
    """Let the virtual sample be a fresh one in `folder`, so that the user's own is left alone."""
    before = os.environ.get("LABCTL_SAMPLES")
    os.environ["LABCTL_SAMPLES"] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ["LABCTL_SAMPLES"]
        else:
            os.environ["LABCTL_SAMPLES"] = before
