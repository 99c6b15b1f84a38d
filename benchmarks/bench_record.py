"""Rows per second into files: our record in blocks, row by row and with units on the disk, beside peers in one run.

`python -m benchmarks.bench_record`. QCoDeS needs other versions of libraries than ours: it is measured when it can be
imported, or by the interpreter of an environment of its own, `--qcodes /path/to/python` (pip install qcodes there).
"""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

import h5py
import numpy as np

from benchmarks import qcodes_rows
from benchmarks.timing import table
from labctl.core.clock import WallClock
from labctl.core.quantity import quantity
from labctl.core.rows import Block
from labctl.record.recorder import Recorder

BLOCK = 1000
SECONDS = 1.0
"""s that each of them is measured."""
UNIT = 20
"""Rows of one unit: a cell that is programmed."""


@dataclass(frozen=True)
class Reading:
    """Four numbers; our record adds the time of the bench and of the wall."""

    voltage: float = quantity("V")
    current: float = quantity("A")
    conductance: float = quantity("S")
    temperature: float = quantity("K")


NAMES = ("voltage", "current", "conductance", "temperature")
ROW = Reading(0.1, 1.234567e-6, 1.234567e-5, 296.15)
COLUMNS = {name: np.random.default_rng(1).random(BLOCK) for name in NAMES}


@dataclass(frozen=True)
class Result:
    """How fast, and what is left after kill -9 and after a power cut."""

    what: str
    rows: float
    kept: str


def main(qcodes_python: str = "") -> None:
    """Print the table; `qcodes_python` is an interpreter that has QCoDeS, if ours has not."""
    found: list[Result] = []
    for measure in (
        ours_in_blocks,
        ours_by_row,
        ours_by_unit,
        h5py_in_blocks,
        h5py_by_row,
        pymeasure_csv,
        lambda folder: qcodes(folder, qcodes_python),
    ):
        with TemporaryDirectory() as folder:
            result = measure(Path(folder))
        if result is not None:
            found.append(result)
    blocks, rows = found[0].rows, found[1].rows
    lines = [
        (each.what, f"{each.rows:,.0f}", f"{each.rows / blocks:.3g}", f"{each.rows / rows:.3g}", each.kept)
        for each in found
    ]
    note = f"blocks of {BLOCK} rows, units of {UNIT}; our rates include closing journal and HDF5 file"
    if not qcodes_python and importlib.util.find_spec("qcodes") is None:
        note += "; QCoDeS is not installed here, --qcodes names a Python that has it"
    header = ("what", "rows/s", "of our blocks", "of our rows", "kept after kill -9")
    table("Rows of four numbers into a file", header, lines, note)


def ours_in_blocks(folder: Path) -> Result:
    """`Recorder.block`."""
    record = Recorder(folder, {}, WallClock())
    block = Block(Reading, COLUMNS)
    rate = _rate(lambda: record.block(block), lambda: record.end({"outcome": "finished"}))
    return Result("labctl, blocks", BLOCK * rate, "every block")


def ours_by_row(folder: Path) -> Result:
    """`Recorder.row`."""
    record = Recorder(folder, {}, WallClock())

    def many() -> None:
        for _ in range(BLOCK):
            record.row(ROW)

    rate = _rate(many, lambda: record.end({"outcome": "finished"}))
    return Result("labctl, row by row", BLOCK * rate, "every row")


def ours_by_unit(folder: Path) -> Result:
    """Rows, and each unit waited for until it is on the disk; a run does not wait, see `Recorder.unit_end`."""
    record = Recorder(folder, {}, WallClock())

    def unit() -> None:
        for _ in range(UNIT):
            record.row(ROW)
        record.sync()

    rate = _rate(unit, lambda: record.end({"outcome": "finished"}))
    return Result(f"labctl, fsync per unit ({rate:.0f} units/s)", UNIT * rate, "and after a power cut")


def h5py_in_blocks(folder: Path) -> Result:
    """One data set of four columns, flushed after each block."""
    with h5py.File(folder / "plain.h5", "w") as file:
        data, values = _plain(file), np.column_stack([COLUMNS[name] for name in NAMES])
        rate = _rate(lambda: _append(file, data, values))
    return Result("plain h5py, blocks, flush", BLOCK * rate, "every block")


def h5py_by_row(folder: Path) -> Result:
    """The same, flushed after each row."""
    with h5py.File(folder / "plain.h5", "w") as file:
        data, values = _plain(file), np.array([[getattr(ROW, name) for name in NAMES]])
        rate = _rate(lambda: _append(file, data, values))
    return Result("plain h5py, row by row, flush", rate, "every row")


def pymeasure_csv(folder: Path) -> Result:
    """PyMeasure's own `Recorder`, called for each row as its worker does."""
    from pymeasure.experiment import Procedure, Results
    from pymeasure.experiment.listeners import Recorder as PymeasureRecorder

    class Measurement(Procedure):  # type: ignore[misc]  # PyMeasure ships no types
        DATA_COLUMNS: ClassVar[list[str]] = list(NAMES)

    results = Results(Measurement(), str(folder / "results.csv"))
    recorder = PymeasureRecorder(results, Queue())
    recorder.start()
    values = {name: getattr(ROW, name) for name in NAMES}

    def many() -> None:
        for _ in range(BLOCK):
            recorder.handle(values)

    rate = _rate(many, recorder.stop)
    return Result("PyMeasure CSV, row by row", BLOCK * rate, "every row")


def qcodes(folder: Path, python: str) -> Result | None:
    """QCoDeS's `Measurement` with its own settings, in an interpreter of its own; None when there is none."""
    if not python and importlib.util.find_spec("qcodes") is None:
        return None
    command = [python or sys.executable, str(qcodes_rows.__file__), str(folder), str(SECONDS)]
    told = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=folder).stdout
    return Result("QCoDeS, row by row", float(told.split()[-1]), "what is older than 5 s")


def _plain(file: Any) -> Any:
    width = len(NAMES)
    return file.create_dataset("rows", (0, width), "f8", maxshape=(None, width), chunks=(1024, width))


def _append(file: Any, data: Any, values: Any) -> None:
    start = len(data)
    data.resize(start + len(values), axis=0)
    data[start:] = values
    file.flush()


def _rate(work: Callable[[], object], end: Callable[[], object] = lambda: None) -> float:
    """Calls per second over `SECONDS`, the end that must follow them included."""
    work()
    calls, start = 0, time.perf_counter()
    while time.perf_counter() - start < SECONDS:
        work()
        calls += 1
    end()
    return calls / (time.perf_counter() - start)


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--qcodes", default="", metavar="PYTHON", help="an interpreter that has QCoDeS")
    main(options.parse_args().qcodes)
