"""A working day of the virtual bench: program-verify steps and patches per second, everything between plan and row.

`python -m benchmarks.bench_programming`
"""

from __future__ import annotations

import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.timing import readable, table
from labctl.bench.station import Bench, open_bench
from labctl.benchfile import load_bench
from labctl.sim.workbench import Workbench
from labctl.testing import virtual_lab
from procedures.feature_map import FeatureMap
from procedures.patches import InputRows
from procedures.program_verify import ProgramVerify, VerifyRead

CELLS = 24
PATCHES = 50
TRIM = 0.2


def main() -> None:
    """Print the table."""
    with TemporaryDirectory() as folder:
        file = virtual_lab(Path(folder)).bench_file
        form(file)
        with open_bench(file) as bench:
            programming(bench, 1), patches(bench, 1)  # compiled code is loaded, tables are filled
            rows = [programming(bench, CELLS), patches(bench, PATCHES)]
    table(
        "The virtual bench at work",
        ("what", "time", "per second", "messages", "bench time"),
        rows,
        "56 x 8 cells with read noise, all formed; a step is a pulse, a read and its verdict; a patch is 56 word lines "
        "arranged and driven, 8 neuron outputs read; values for one of them",
    )


def form(file: Path) -> None:
    """Give the bench a sample whose cells are all formed and conduct 5 to 100 uS."""
    workbench = Workbench(load_bench(file))
    cells = workbench.die.cells
    random = np.random.default_rng(1)
    cells.formed[:] = True
    cells.log_conductance[:] = np.log(random.uniform(5e-6, 100e-6, cells.shape))
    cells.renew()
    workbench.close()


def programming(bench: Bench, cells: int) -> tuple[str, ...]:
    """Bring some cells to random conductances."""
    random = np.random.default_rng(2)
    watch, steps = Watch(bench), 0
    for _ in range(cells):
        plan = ProgramVerify(
            word=int(random.integers(bench.word_lines)),
            bit=int(random.integers(bench.bit_lines)),
            target=float(random.uniform(10e-6, 150e-6)),
            corrected=False,
        )
        steps += sum(isinstance(each, VerifyRead) for each in plan.run(bench))
    return watch.row("program-verify step", steps)


def patches(bench: Bench, count: int) -> tuple[str, ...]:
    """Show random patches to the array."""
    random = np.random.default_rng(3)
    inputs = InputRows(
        voltages=(0.0, 0.05, 0.1, 0.15, 0.2),
        rows=(bench.ground_row, *bench.level_rows),
        ground_row=bench.ground_row,
        trim_row=bench.trim_row,
        bias_words=(bench.word_lines - 1,),
    )
    levels = random.integers(len(inputs.rows), size=(count, bench.word_lines - 1))
    plan = FeatureMap(word_levels=levels, inputs=inputs, shape=(1, count), trim=TRIM)
    watch = Watch(bench)
    for _ in plan.run(bench):
        pass
    return watch.row("patch", count)


class Watch:
    """Counts what passes from its making on: the computer's seconds, messages, the bench's seconds."""

    def __init__(self, bench: Bench) -> None:
        """Start."""
        self._bench = bench
        self._start = self._now()

    def _now(self) -> tuple[float, int, float]:
        return time.perf_counter(), self._bench.messages, self._bench.clock.now()

    def row(self, what: str, count: int) -> tuple[str, ...]:
        """A row of the table for `count` things done."""
        seconds, messages, bench_time = (
            (now - then) / count for now, then in zip(self._now(), self._start, strict=True)
        )
        return what, readable(seconds), f"{1.0 / seconds:.0f}", f"{messages:.1f}", readable(bench_time)


if __name__ == "__main__":
    main()
