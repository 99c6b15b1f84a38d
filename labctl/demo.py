"""The demo: a virtual crossbar is formed and programmed to a picture, recorded and reported like any other run."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from labctl.benchfile import load_bench
from labctl.core.clock import WallClock
from labctl.record.catalogue import new_run_folder
from labctl.record.outcome import Outcome
from labctl.record.reading import read_run
from labctl.run.events import Ended, Observer

BENCH = "virtual_56x8"
STRIP = (180, 20, 334, 580)
"""Left, upper, right, lower edge of the strip of the photograph, pixels of 512 x 600."""
LOWEST, HIGHEST = 5e-6, 200e-6
"""S; what black and white become."""
SHORT_WORDS = 8
"""Word lines that the short demo programs."""


@dataclass(frozen=True)
class DemoResult:
    """How the demo ended, and what to tell about it."""

    ended: Ended
    folder: Path
    lines: tuple[str, ...]


def run_demo(out: Path, *, short: bool = False, observers: Iterable[Observer] = ()) -> DemoResult:
    """Run the demo into a run folder in `out`: record, sample of its own, `report.html`.

    short: program the cells of the first word lines only.

    Raises LabError before anything moved, for example when `out` cannot be written.
    """
    from labctl.run.session import run_on
    from procedures.crossbar_program import CrossbarProgram

    clock = WallClock()
    start = clock.now()
    array = load_bench(BENCH).array
    target = conductance_picture(array.word_lines, array.bit_lines)
    if short:
        target[SHORT_WORDS:] = np.nan
    with new_run_folder(out, "demo") as folder, _sample_in(folder / "sample"):
        plan = CrossbarProgram.of(target, folder / "target.npy")
        ended = run_on(BENCH, plan, folder, observers)
    lines = [f"Record:     {folder}"]
    if ended.outcome is Outcome.FINISHED:
        lines += _report(folder)
        lines.append(f"Whole demo: {clock.now() - start:.1f} s")
    return DemoResult(ended, folder, tuple(lines))


def conductance_picture(word_lines: int, bit_lines: int) -> NDArray[np.float64]:
    """A strip of the photograph in matplotlib's sample data, resampled to the array, as conductances in S.

    The photograph is the portrait of Grace M. Hopper by James S. Davis (1984), US Navy, public domain.
    """
    from matplotlib.cbook import get_sample_data
    from PIL import Image

    with Image.open(get_sample_data("grace_hopper.jpg", asfileobj=False)) as photograph:
        strip = photograph.convert("L").resize((bit_lines, word_lines), Image.Resampling.BOX, box=STRIP)
    grey = np.asarray(strip, dtype=np.float64)
    dark, light = np.percentile(grey, (2.0, 98.0))
    shade = np.clip((grey - dark) / (light - dark), 0.0, 1.0)
    return np.asarray(LOWEST + (HIGHEST - LOWEST) * shade, dtype=np.float64)


def _report(folder: Path) -> list[str]:
    from labctl.report.array import array_result
    from labctl.report.html import key_facts, write_array_report

    report = write_array_report(folder)
    run = read_run(folder)
    facts = key_facts(run, array_result(run))
    return [f"Report:     {report}", *(f"{fact.name.capitalize() + ':':17}{fact.value}" for fact in facts)]


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
