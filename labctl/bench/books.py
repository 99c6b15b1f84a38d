"""What a ledger's lines add up to: doses of cells and heaters, of the present run and of their lives."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labctl.bench.doses import SHARES, Bin, Dose
from labctl.core.errors import LabError
from labctl.core.lines import Cell

FORMAT = "labctl-ledger-1"
RUNS_KEPT = 200
"""Totals of so many past runs are kept when a ledger is written anew."""


@dataclass
class RunTotals:
    """One run, added up over all its devices. SI units; heater current and stage temperature are the largest."""

    label: str = ""
    began: str = ""
    pulses: int = 0
    reads: int = 0
    voltage: float = 0.0
    current: float = 0.0
    energy: float = 0.0
    heater_current: float = 0.0
    stage: float = 0.0

    def see(self, voltage: float, current: float, energy: float) -> None:
        """Take a share of energy, remember the largest voltage and current."""
        self.energy += energy
        self.voltage = max(self.voltage, abs(voltage))
        self.current = max(self.current, abs(current))


@dataclass
class Books:
    """The sum of all lines so far. Each method is one kind of line, booked now or replayed from the file."""

    shape: tuple[int, int]
    cells: dict[Cell, Dose] = field(default_factory=dict)
    in_run: dict[Cell, Dose] = field(default_factory=dict)
    heaters: dict[int, Dose] = field(default_factory=dict)
    run: RunTotals = field(default_factory=RunTotals)
    past: list[RunTotals] = field(default_factory=list)
    stage: float = 0.0
    pulses: int = 0

    def __post_init__(self) -> None:
        """No pulses of any scheme yet."""
        self._selected = {scheme: np.zeros(self.shape, dtype=np.int64) for scheme in SHARES}
        self._squares = {scheme: np.zeros(self.shape) for scheme in SHARES}  # V^2 s

    # Kinds of lines -----------------------------------------------------------------------------------------

    def begin(self, label: str, began: str) -> None:
        """A run begins: what was the present one is past."""
        if self.run.began:
            self.past.append(self.run)
        self.run = RunTotals(label, began)
        self.in_run = {}

    def pulse(
        self, cell: Cell, amplitude: float, width: float, energy: float, current: float, scheme: str
    ) -> None:
        """One pulse on a selected cell."""
        counted = Bin.of(scheme, amplitude)
        for dose in self._doses(cell):
            dose.pulses += 1
            dose.bins[counted] = dose.bins.get(counted, 0) + 1
            dose.see(amplitude, current, energy)
        self._selected[scheme][cell] += 1
        self._squares[scheme][cell] += amplitude * amplitude * width
        self.pulses += 1
        self.run.pulses += 1
        self.run.see(amplitude, current, energy)

    def correct(self, cell: Cell, energy: float, current: float) -> None:
        """What the read after a pulse adds to its estimate."""
        for dose in self._doses(cell):
            dose.see(0.0, current, energy)
        self.run.see(0.0, current, energy)

    def read(
        self, cell: Cell, voltage: float, current: float, energy: float, found: float | None = None
    ) -> None:
        """One read of a cell, which `found` it to be of so many S; None where an older ledger does not say."""
        known = abs(current / voltage) if voltage else math.nan
        found = known if found is None else found
        for dose in self._doses(cell):
            dose.reads += 1
            dose.conductance = known
            dose.highest = max(dose.highest, found)
            dose.see(voltage, current, energy)
        self.run.reads += 1
        self.run.see(voltage, current, energy)

    def heat(self, neuron: int, voltage: float, current: float) -> None:
        """A heater was driven through its tap; `current` is what was measured."""
        dose = self.heaters.setdefault(neuron, Dose())
        dose.pulses += 1
        dose.see(voltage, current, 0.0)
        self.run.heater_current = max(self.run.heater_current, abs(current))

    def heat_all(self, voltage: float, neurons: Iterable[int]) -> None:
        """Heaters at the feet of a computing array, whose inputs stood at up to `voltage`."""
        for neuron in neurons:
            self.heat(neuron, voltage, 0.0)

    def warm(self, kelvin: float) -> None:
        """The stage was set to a temperature."""
        self.stage = max(self.stage, kelvin)
        self.run.stage = max(self.run.stage, kelvin)

    def _doses(self, cell: Cell) -> tuple[Dose, Dose]:
        life, run = self.cells.get(cell), self.in_run.get(cell)
        if life is None:
            life = self.cells[cell] = Dose()
        if run is None:
            run = self.in_run[cell] = Dose()
        return life, run

    # What follows from them ---------------------------------------------------------------------------------

    def of(self, cell: Cell) -> Dose:
        """What `cell` has taken in its life as the selected one."""
        return self.cells.get(cell, Dose())

    def conductances(self) -> NDArray[np.float64]:
        """(M, N) S of each cell at its last read, apparent; NaN where it was never read."""
        found = np.full(self.shape, np.nan)
        for cell, dose in tuple(self.cells.items()):
            found[cell] = dose.conductance
        return found

    def half_selected(self) -> NDArray[np.int64]:
        """(M, N) how many pulses each cell has seen a share of, selected for none of them."""
        seen = np.zeros(self.shape, dtype=np.int64)
        for scheme, counts in self._selected.items():
            row, column, neither = (share > 0.0 for share in SHARES[scheme])
            seen += _beside(counts, row, column, neither)
        return seen

    def half_select_energy(self) -> NDArray[np.float64]:
        """(M, N) J that each cell took as a bystander, at its conductance of the last read; NaN where never read."""
        squares = np.zeros(self.shape)
        for scheme, done in self._squares.items():
            row, column, neither = (share**2 for share in SHARES[scheme])
            squares += _beside(done, row, column, neither)
        conductance = np.full(self.shape, math.nan)
        for cell, dose in self.cells.items():
            conductance[cell] = dose.conductance
        return np.where(squares > 0.0, conductance * squares, 0.0)

    def half_select_energy_of(self, cell: Cell) -> float:
        """That of one cell, in J; 0 where never read."""
        squares = 0.0
        for scheme, done in self._squares.items():
            row, column, neither = (share**2 for share in SHARES[scheme])
            own = float(done[cell])
            words, bits = float(done[cell.word].sum()) - own, float(done[:, cell.bit].sum()) - own
            squares += row * words + column * bits
            if neither:
                squares += neither * (float(done.sum()) - words - bits - own)
        conductance = self.of(cell).conductance
        return 0.0 if math.isnan(conductance) else conductance * squares

    def half_select_bins(self, cell: Cell) -> dict[float, int]:
        """How many shares of about which V (a bin's middle, signed) `cell` has seen of pulses on others."""
        seen: dict[float, int] = {}
        for other, dose in self.cells.items():
            if other == cell:
                continue
            place = 0 if other.word == cell.word else 1 if other.bit == cell.bit else 2
            for each, count in dose.bins.items():
                share = SHARES[each.scheme][place] * each.amplitude
                if share:
                    seen[share] = seen.get(share, 0) + count
        return dict(sorted(seen.items()))

    # To and from a file -------------------------------------------------------------------------------------

    def replay(self, lines: Iterable[list[Any]]) -> None:
        """Add up `lines`; LabError when they are of another format or another array."""
        for line in lines:
            try:
                self._apply(*line)
            except (TypeError, ValueError, KeyError, IndexError) as error:
                raise LabError(f"The ledger holds a line {line} that means nothing: {error}.") from None

    def _apply(self, kind: str, *rest: Any) -> None:
        match kind:
            case "p":
                word, bit, *pulse = rest
                self.pulse(Cell(word, bit), *pulse)
            case "r":
                word, bit, *read = rest
                self.read(Cell(word, bit), *read)
            case "e":
                word, bit, energy, current = rest
                self.correct(Cell(word, bit), energy, current)
            case "h":
                self.heat(*rest)
            case "a":
                self.heat_all(*rest)
            case "k":
                self.warm(*rest)
            case "run":
                self.begin(*rest)
            case "ledger":
                self._recognise(*rest)
            case "cell":
                self._restore_cell(*rest)
            case "squares":
                scheme, word, values = rest
                self._squares[scheme][word] = values
            case "so far":
                self.in_run[Cell(*rest[:2])] = _restored(*rest[2:])
            case "heater":
                neuron, times, voltage, current = rest
                self.heaters[neuron] = Dose(pulses=times, voltage=voltage, current=current)
            case "stage":
                (self.stage,) = rest
            case "ran":
                self.past.append(RunTotals(**rest[0]))
            case "running":
                self.run = RunTotals(**rest[0])
            case _:
                raise ValueError(f"unknown kind {kind}")

    def _recognise(self, version: str, words: int, bits: int) -> None:
        if version != FORMAT:
            raise LabError(f"The ledger is of format '{version}', this version of labctl writes '{FORMAT}'.")
        if (words, bits) != self.shape:
            raise LabError(
                f"The ledger is that of a sample of {words} x {bits} cells, the bench file describes "
                f"{self.shape[0]} x {self.shape[1]}: give this sample a name of its own ([sample] name)."
            )

    def _restore_cell(self, word: int, bit: int, *numbers: Any) -> None:
        cell = Cell(word, bit)
        dose = self.cells[cell] = _restored(*numbers)
        for each, count in dose.bins.items():
            self._selected[each.scheme][cell] += count
        self.pulses += dose.pulses

    def lines(self) -> Iterator[str]:
        """The same books in as few lines as they need."""
        yield self.header()
        for kind, doses in (("cell", self.cells), ("so far", self.in_run)):
            for cell, dose in sorted(doses.items()):
                yield _line(kind, *cell, *_numbers(dose))
        for scheme, squares in self._squares.items():
            for word in np.flatnonzero(squares.any(axis=1)):
                yield _line("squares", scheme, int(word), squares[word].tolist())
        for neuron, dose in sorted(self.heaters.items()):
            yield _line("heater", neuron, dose.pulses, dose.voltage, dose.current)
        yield _line("stage", self.stage)
        for past in self.past[-RUNS_KEPT:]:
            yield _line("ran", asdict(past))
        if self.run.began:
            yield _line("running", asdict(self.run))

    def header(self) -> str:
        """The first line of a ledger."""
        return _line("ledger", FORMAT, *self.shape)


def _beside(own: NDArray[Any], row: float, column: float, neither: float) -> NDArray[Any]:
    """What cells see of what others were given: shares of the same word line, of the same bit line, of the rest."""
    words, bits = own.sum(axis=1, keepdims=True) - own, own.sum(axis=0, keepdims=True) - own
    seen: NDArray[Any] = row * words + column * bits + neither * (own.sum() - words - bits - own)
    return seen


def _line(*values: Any) -> str:
    return json.dumps(values, allow_nan=False) + "\n"


def _numbers(dose: Dose) -> list[Any]:
    known = None if math.isnan(dose.conductance) else dose.conductance
    bins = [[each.scheme, each.number, count] for each, count in dose.bins.items()]
    return [dose.pulses, dose.reads, dose.voltage, dose.current, dose.energy, known, bins, dose.highest]


def _restored(
    pulses: int,
    reads: int,
    voltage: float,
    current: float,
    energy: float,
    conductance: float | None,
    bins: list[tuple[str, int, int]],
    highest: float | None = None,
) -> Dose:
    """A dose from its numbers; an older ledger keeps no `highest`, its last read is all that is known of it."""
    counted = {Bin(scheme, number): count for scheme, number, count in bins}
    known = math.nan if conductance is None else conductance
    best = (conductance or 0.0) if highest is None else highest
    return Dose(pulses, reads, voltage, current, energy, known, counted, best)
