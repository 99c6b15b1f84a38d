"""A dry run: the same plan on a virtual twin of the bench, whose books say what would have happened."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import tomlkit
from numpy.typing import NDArray

from labctl.bench import Bench
from labctl.bench.books import Books, RunTotals
from labctl.bench.doses import Dose
from labctl.bench.ledger import ledger_path
from labctl.bench.lock import lock_path
from labctl.bench.relaybook import RelayBook, relay_book_path
from labctl.bench.sites import read_all_books
from labctl.benchfile import THIS_FILE, BenchFile, load_bench
from labctl.benchmodel import OPERATOR
from labctl.core.lines import Cell
from labctl.core.paths import devices_folder, relay_ledger, sample_file, sample_ledger
from labctl.core.route import Route
from labctl.core.views import CellView, ComputingArray, HeaterView
from labctl.record.reading import read_run
from labctl.run.events import Ended, Observer
from labctl.run.interrupts import Interrupts
from labctl.run.runner import Procedure, Runner

TWIN = f"{THIS_FILE}@labctl"
GENERIC = {"cells": "generic_ag_cbram", "neurons": "generic_vo2", "seed": 0}
"""The virtual sample of a bench whose file describes none."""


@dataclass(frozen=True)
class Rehearsal:
    """What a run would do, as far as a virtual bench can tell.

    is_copy:  a copy of the bench's virtual sample was measured; False: a new one, the real cells are not known.
    seconds:  s of the bench's clock. messages: to all instruments.
    rows:     by kind.
    totals:   pulses, reads, largest voltage, current and energy of the whole run; doses: those of each cell.
    selected, unselected: (word lines, bit lines) largest |V| that the routes let each cell see, V.
    heater_voltage: V, the largest at any heater's tap.
    closures: of each relay in this run, most first. wear: share of its rated life that the most worn relay then has.
    """

    ended: Ended
    file: BenchFile
    is_copy: bool
    seconds: float
    messages: int
    rows: Mapping[str, int]
    totals: RunTotals
    doses: Mapping[Cell, Dose]
    selected: NDArray[np.float64]
    unselected: NDArray[np.float64]
    heater_voltage: float
    closures: Mapping[str, int]
    wear: float


def rehearse(
    bench: str | Path,
    procedure: Procedure,
    observers: Iterable[Observer] = (),
    given: Mapping[str, str] | None = None,
    prepare: Callable[[Bench], None] = lambda bench: None,
) -> Rehearsal:
    """Run `procedure` on a virtual twin of the bench found by name or path, and throw twin and record away.

    The twin has the bench's wiring, limits and ledgers; no message goes to the bench itself, which may be in use.
    prepare: called with the twin before the procedure runs.

    Raises LabError when the bench file is wrong.
    """
    file = load_bench(bench)
    with (
        Interrupts() as interrupts,
        TemporaryDirectory(prefix="labctl-dry-run-") as name,
        _twin(file, Path(name)) as (twin, is_copy),
    ):
        run_folder = Path(name) / "run"
        run_folder.mkdir()
        with interrupts.let_through():
            opened = _WatchedBench(twin)
        with opened as watched:
            prepare(watched)
            before, start = watched.relay_book.closures(), watched.clock.now()
            ended = Runner(watched, observers, interrupts).run(procedure, run_folder, given)
            totals, doses = _booked(read_all_books(twin).values(), run_folder.name)
            return Rehearsal(
                ended=ended,
                file=file,
                is_copy=is_copy,
                seconds=watched.clock.now() - start,
                messages=watched.messages,
                rows={name: len(table) for name, table in read_run(run_folder).tables.items()},
                totals=totals,
                doses=doses,
                selected=watched.selected,
                unselected=watched.unselected,
                heater_voltage=watched.heater_voltage,
                closures=_since(before, watched.relay_book.closures()),
                wear=_wear(watched.relay_book),
            )


@contextmanager
def _twin(file: BenchFile, folder: Path) -> Iterator[tuple[BenchFile, bool]]:
    """The bench file of the twin in `folder`, and whether its sample is a copy; nothing of it is left behind."""
    sample = folder / "sample.npz"
    is_copy = file.simulated and file.virtual is not None
    if is_copy and file.virtual is not None and sample_file(file.virtual.sample).exists():
        shutil.copyfile(sample_file(file.virtual.sample), sample)
    for kept, copied in (
        (ledger_path(file), sample_ledger(sample)),
        (relay_book_path(file), relay_ledger(sample)),
    ):
        if kept.exists():
            shutil.copyfile(kept, copied)
    if is_copy and file.virtual is not None:
        devices = devices_folder(sample_file(file.virtual.sample).with_suffix(""))
        if devices.is_dir():
            shutil.copytree(devices, devices_folder(sample.with_suffix("")))
    text: Any = tomlkit.parse(file.text)
    text["visa"]["library"] = TWIN
    text["visa"].pop("simulated", None)
    if file.virtual is None:
        text["virtual"] = GENERIC
        _take_chuck(text)
    text["virtual"]["sample"] = sample.as_posix()
    path = folder / f"{file.source.stem}.toml"
    path.write_text(tomlkit.dumps(text), encoding="utf-8")
    twin = load_bench(path)
    try:
        yield twin, is_copy
    finally:
        for note in lock_path(twin).parent.glob(f"{lock_path(twin).stem}.*"):
            note.unlink(missing_ok=True)


def _take_chuck(text: Any) -> None:
    """A generic sample lies under no chuck: a person stands in for the bench's prober."""
    name = text.get("prober", {}).pop("instrument", None)
    if name is not None:
        text["prober"]["kind"] = OPERATOR
        text["instruments"].pop(name)
        text["visa"]["addresses"].pop(name)


class _WatchedBench(Bench):
    """A bench that remembers what each of its connections lets a cell see."""

    def __init__(self, file: BenchFile) -> None:
        """Open it, see `Bench`; nothing was connected yet."""
        super().__init__(file)
        shape = file.array.word_lines, file.array.bit_lines
        self.selected, self.unselected = np.zeros(shape), np.zeros(shape)
        self.heater_voltage = 0.0

    def connect_cell(self, route: Route) -> AbstractContextManager[CellView]:
        """See `Bench`."""
        others = route.worst_case.copy()
        if route.cell is not None:
            others[route.cell] = 0.0
            self.selected[route.cell] = max(self.selected[route.cell], float(route.worst_case[route.cell]))
        self.unselected = np.maximum(self.unselected, others)
        return super().connect_cell(route)

    def connect_heater(self, neuron: int, voltage: float) -> AbstractContextManager[HeaterView]:
        """See `Bench`."""
        self.heater_voltage = max(self.heater_voltage, abs(voltage))
        return super().connect_heater(neuron, voltage)

    def connect_computing(
        self, levels: Mapping[str, float], neurons: Sequence[int]
    ) -> AbstractContextManager[ComputingArray]:
        """See `Bench`; the word lines stand at the levels, the bit lines near 0 V."""
        highest = max((abs(level) for level in levels.values()), default=0.0)
        self.unselected = np.maximum(self.unselected, highest)
        return super().connect_computing(levels, neurons)


def _booked(all_books: Iterable[Books], label: str) -> tuple[RunTotals, Mapping[Cell, Dose]]:
    """Totals of the run `label` over all devices, and of the doses of each cell's place the largest."""
    totals, doses = RunTotals(label), dict[Cell, Dose]()
    for books in all_books:
        run = books.run
        if run.label != label:
            continue
        totals.pulses += run.pulses
        totals.reads += run.reads
        totals.see(run.voltage, run.current, run.energy)
        totals.heater_current = max(totals.heater_current, run.heater_current)
        totals.stage = max(totals.stage, run.stage)
        for cell, dose in books.in_run.items():
            if cell not in doses or dose.energy > doses[cell].energy:
                doses[cell] = dose
    return totals, doses


def _since(before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, int]:
    moved = {relay: times - before.get(relay, 0) for relay, times in after.items()}
    return dict(
        sorted(((relay, times) for relay, times in moved.items() if times), key=lambda item: -item[1])
    )


def _wear(book: RelayBook) -> float:
    return max((times / book.rated_life(relay) for relay, times in book.closures().items()), default=0.0)
