"""The limits ledger: what a sample has taken, what each source may therefore still do, what is written down of it."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from labctl.bench.books import Books
from labctl.bench.doses import (
    READ_TIME,
    SHARES,
    SHORTEST_PULSE,
    Dose,
    current_into,
    largest_energy,
    pulse_energy,
)
from labctl.bench.ledgerfile import LedgerFile, Store, read_lines
from labctl.bench.limits import ROUNDING, BenchLimits
from labctl.benchfile import BenchFile
from labctl.core.errors import LimitExceeded, RouteRefused
from labctl.core.lines import Cell
from labctl.core.names import kept_path, namesake
from labctl.core.paths import LEDGER, SAMPLE, sample_file, sample_ledger, samples_folder
from labctl.core.quantity import show
from labctl.core.route import Feed, Purpose, Role, Route

NOTHING = Dose()
WRITES = (Purpose.WRITE, Purpose.FORM)


@dataclass(frozen=True)
class Allowance:
    """The largest level (V) and compliance (A) that a source may have in one route."""

    source: str
    level: float
    compliance: float


@dataclass(frozen=True)
class Ceiling:
    """The largest amplitude of a route, in V, and how to say why a larger one is refused."""

    amplitude: float
    reason: Callable[[], str]


class Ledger:
    """Permits and books. A pulse is in the file before it goes out: a program that is killed forgets none."""

    def __init__(self, bench: BenchFile, store: Store, books: Books, is_new: bool = True) -> None:
        """The ledger of the sample on `bench`: `books` are the sum of what `store` has kept so far."""
        self._limits, self._store, self._books = bench.limits, store, books
        self._is_new, self._label, self._begun = is_new, "", False
        self._last_pulse: tuple[Cell, float, float, float, float, float] | None = None

    @property
    def books(self) -> Books:
        """What was booked so far, this run's and all earlier ones'."""
        return self._books

    def begin_run(self, label: str) -> None:
        """What is booked from here on belongs to the run `label`; the same label as last time goes on with that run."""
        self._label = label
        self._begun = bool(label) and self._books.run.label == label

    def has_conducted(self, cell: Cell, above: float) -> bool:
        """Whether any read in the life of `cell` found it at `above` S or better, however low it is now."""
        return self._books.of(cell).highest >= above

    # Permission ---------------------------------------------------------------------------------------------

    def permit(self, route: Route) -> list[Allowance]:
        """The largest level and compliance of every source of `route`, by the limits and by what was spent.

        Raises LimitExceeded, naming device, spent, limit and remedy, when the route needs more.
        """
        ceiling = min(self._ceilings(route), key=lambda each: each.amplitude)
        if not route.amplitude <= ceiling.amplitude * (1.0 + ROUNDING):
            raise LimitExceeded(ceiling.reason())
        allowed = []
        for feed in route.feeds:
            if feed.is_ground:
                continue
            allowance = self._allowance(feed, ceiling.amplitude)
            if not feed.level <= allowance.level * (1.0 + ROUNDING):
                raise LimitExceeded(
                    f"level of {feed.source} = {show(feed.level, 'V')}, this route permits "
                    f"{show(allowance.level, 'V')}: plan it for less"
                )
            BenchLimits(self._limits).compliance(feed.compliance, f"{feed.source} on row {feed.row}")
            allowed.append(allowance)
        return allowed

    def _allowance(self, feed: Feed, amplitude: float) -> Allowance:
        level = abs(feed.fraction) * amplitude
        if feed.role in (Role.DRIVE, Role.OUTPUT):
            level = max(level, self._limits.read_voltage)
        return Allowance(feed.source, level, self._limits.compliance)

    def _ceilings(self, route: Route) -> Iterator[Ceiling]:
        """Every reason for which the amplitude of `route` is bounded."""
        limits, shares, cell = self._limits, route.worst_case / route.amplitude, route.cell
        if route.purpose not in WRITES:
            yield self._static(limits.read_voltage, "a read", "read_voltage", 1.0, route)
            return
        if cell is None or route.scheme is None:
            raise RouteRefused("a write needs one selected cell, and a scheme that holds the others")
        yield self._static(limits.write_voltage, f"cell {cell}", "write_voltage", float(shares[cell]), route)
        others = shares.copy()
        others[cell] = 0.0
        yield self._static(
            limits.half_select_voltage,
            "an unselected cell",
            "half_select_voltage",
            float(others.max()),
            route,
        )
        refused = self._out_of_pulses(cell) or self._worn_bystander(cell, route.scheme.value)
        if refused:
            yield Ceiling(0.0, lambda: refused)
        yield self._energy_ceiling(cell, route)

    def _static(self, limit: float, what: str, key: str, share: float, route: Route) -> Ceiling:
        """The amplitude at which something that sees `share` of it reaches `limit` V."""
        return Ceiling(
            limit / share if share > 0.0 else math.inf,
            lambda: (
                f"{what} would see more than {show(limit, 'V')} (limits.{key}) in a {route.purpose.value} of "
                f"{show(route.amplitude, 'V')}: plan it for less"
            ),
        )

    def _energy_ceiling(self, cell: Cell, route: Route) -> Ceiling:
        """The amplitude at which a pulse of the shortest width could still not exceed the energy that is left."""
        limits, life, run = self._limits, self._books.of(cell), self._run_of(cell)
        beside = self._books.half_select_energy_of(cell)
        left = max(min(limits.cell_energy - life.energy - beside, limits.run_energy - run.energy), 0.0)
        drive, current = route.feed(Role.DRIVE), route.feed(Role.SENSE).compliance
        largest = left / (SHORTEST_PULSE * current)
        if drive.series_ohm > 0.0:
            largest = max(largest, math.sqrt(left * 4.0 * drive.series_ohm / SHORTEST_PULSE))
        return Ceiling(
            largest,
            lambda: (
                f"cell {cell} has {show(left, 'J')} left of the energy that limits.cell_energy and limits.run_energy "
                f"permit: not enough for a pulse of {show(route.amplitude, 'V')}; it can still be read, choose another "
                "cell"
            ),
        )

    def _out_of_pulses(self, cell: Cell) -> str:
        """Why `cell` may not be given one pulse more; empty when it may."""
        limits, life, run = self._limits, self._books.of(cell), self._run_of(cell)
        if life.pulses + 1 > limits.cell_pulses:
            return (
                f"cell {cell} has taken {life.pulses} pulses, this bench permits {limits.cell_pulses:.12g} "
                "(limits.cell_pulses): it can still be read; choose another cell, or raise the limit if the device "
                "allows it"
            )
        if run.pulses + 1 > limits.run_pulses:
            return (
                f"cell {cell} has taken {run.pulses} pulses in this run, this bench permits {limits.run_pulses:.12g} "
                "(limits.run_pulses): look at the cell before you start another run"
            )
        return ""

    def _out_of_energy(self, cell: Cell, energy: float) -> str:
        """Why `cell` may not be given `energy` J more; empty when it may."""
        limits = self._limits
        for dose, limit, key, where in (
            (self._books.of(cell), limits.cell_energy, "cell_energy", ""),
            (self._run_of(cell), limits.run_energy, "run_energy", " in this run"),
        ):
            if dose.energy + energy > limit * (1.0 + ROUNDING):
                return (
                    f"cell {cell} has taken {show(dose.energy, 'J')}{where} and the next pulse could add "
                    f"{show(energy, 'J')}, this bench permits {show(limit, 'J')} (limits.{key}): pulse shorter or "
                    "lower, or choose another cell"
                )
        return ""

    def _run_of(self, cell: Cell) -> Dose:
        """What `cell` has taken in the present run."""
        return self._books.in_run.get(cell, NOTHING) if self._begun else NOTHING

    def _worn_bystander(self, cell: Cell, scheme: str) -> str:
        """Why no further pulse may be shared with the cells beside `cell`; empty when it may."""
        limit = self._limits.half_select_pulses
        if self._books.pulses + 1 <= limit:  # no cell can have seen more than all
            return ""
        seen = self._books.half_selected()
        row, column, neither = SHARES[scheme]
        beside = np.full(seen.shape, neither > 0.0)
        beside[cell.word, :], beside[:, cell.bit] = row > 0.0, column > 0.0
        beside[cell] = False
        seen[~beside] = -1
        worst = Cell(*(int(index) for index in np.unravel_index(int(seen.argmax()), seen.shape)))
        if seen[worst] + 1 <= limit:
            return ""
        return (
            f"cell {worst} beside the selected one has seen its share of {seen[worst]} pulses, this bench permits "
            f"{limit:.12g} (limits.half_select_pulses): write cells that share no line with it, or raise the limit"
        )

    # Booking ------------------------------------------------------------------------------------------------

    def book_pulse(
        self, cell: Cell, amplitude: float, width: float, scheme: str, series: float, compliance: float
    ) -> None:
        """Book a pulse that is about to go out; its energy follows from the current of the last read.

        compliance: A; what the cell can draw at most. Raises LimitExceeded, and nothing is booked, when the
        pulse could exceed what is left of the cell's budget.
        """
        ceiling = largest_energy(amplitude, width, series, compliance)
        refused = (
            self._out_of_pulses(cell)
            or self._out_of_energy(cell, ceiling)
            or self._worn_bystander(cell, scheme)
        )
        if refused:
            raise LimitExceeded(refused)
        known = self._books.of(cell).conductance
        if math.isnan(known):
            energy, current, known = ceiling, compliance, math.inf
        else:
            energy = min(pulse_energy(known, known, amplitude, width, series), ceiling)
            current = min(current_into(known, amplitude, series), compliance)
        self._append(
            f'["p",{cell.word},{cell.bit},{float(amplitude)!r},{float(width)!r},{float(energy)!r},{float(current)!r},'
            f'"{scheme}"]\n'
        )
        self._books.pulse(cell, amplitude, width, energy, current, scheme)
        self._last_pulse = cell, amplitude, width, series, compliance, known

    def book_read(
        self, cell: Cell, voltage: float, current: float, compliance: float, drop: float = 0.0
    ) -> None:
        """Book a read; when it finds the cell better conducting than before a pulse, that pulse took more energy.

        drop: V of `voltage` that a series resistor took. A current that could not be measured is booked as the
        whole compliance (A), and finds no conductance.
        """
        flowed = min(abs(current), compliance) if not math.isnan(current) else compliance
        energy = abs(voltage) * flowed * READ_TIME
        across = voltage - drop
        found = current / across if math.isfinite(current) and across else 0.0
        self._append(
            f'["r",{cell.word},{cell.bit},{float(voltage)!r},{float(flowed)!r},{float(energy)!r},{float(found)!r}]\n'
        )
        self._books.read(cell, voltage, flowed, energy, found)
        last, self._last_pulse = self._last_pulse, None
        if last is None or last[0] != cell:
            return
        _, amplitude, width, series, limit, before = last
        after = self._books.of(cell).conductance
        if not after > before:
            return
        ceiling = largest_energy(amplitude, width, series, limit)
        most = min(pulse_energy(before, after, amplitude, width, series), ceiling)
        extra = most - min(pulse_energy(before, before, amplitude, width, series), ceiling)
        peak = min(current_into(after, amplitude, series), limit)
        self._append(f'["e",{cell.word},{cell.bit},{float(max(extra, 0.0))!r},{float(peak)!r}]\n')
        self._books.correct(cell, max(extra, 0.0), peak)

    def book_heaters(self, neurons: Sequence[int], voltage: float) -> None:
        """Book heaters at the feet of an array driven at up to `voltage` V; nothing measures their currents."""
        self._append(f'["a",{float(voltage)!r},{list(neurons)}]\n')
        self._books.heat_all(voltage, neurons)

    def book_heater(self, neuron: int, voltage: float, current: float) -> None:
        """Book a heater driven alone; LimitExceeded when the measured `current` is above its limit."""
        flowed = current if math.isfinite(current) else math.copysign(self._limits.compliance, current)
        self._append(f'["h",{neuron},{float(voltage)!r},{float(flowed)!r}]\n')
        self._books.heat(neuron, voltage, flowed)
        BenchLimits(self._limits).heater(flowed, neuron)

    def book_stage(self, kelvin: float) -> None:
        """Book a setpoint of the stage."""
        self._append(f'["k",{float(kelvin)!r}]\n')
        self._books.warm(kelvin)

    def _append(self, line: str) -> None:
        if not self._begun:
            began = datetime.now(UTC).isoformat(timespec="seconds")
            head = self._books.header() if self._is_new else ""
            self._store.append(f"{head}{json.dumps(['run', self._label, began])}\n")
            self._books.begin(self._label, began)
            self._is_new, self._begun = False, True
        self._store.append(line)


def ledger_path(bench: BenchFile) -> Path:
    """Where the ledger of the sample on `bench` lies: beside a virtual sample, else by the sample's name."""
    if bench.simulated and bench.virtual is not None:
        return sample_ledger(sample_file(bench.virtual.sample))
    name = bench.name if bench.sample is None else bench.sample.name
    return kept_path(samples_folder(), name, LEDGER)


def namesakes(bench: BenchFile) -> list[str]:
    """A sentence when the sample on `bench` was found under another spelling of its name."""
    if bench.simulated and bench.virtual is not None:
        name = bench.virtual.sample
        found = "" if name.lower().endswith(SAMPLE) else namesake(sample_file(name), name, SAMPLE)
    else:
        name = bench.name if bench.sample is None else bench.sample.name
        found = namesake(ledger_path(bench), name, LEDGER)
    return [found] if found else []


@contextmanager
def open_ledger(bench: BenchFile, path: Path | None = None) -> Iterator[Ledger]:
    """The ledger of the sample on `bench`, or the one at `path`, held as its only writer.

    Raises LabError when another program writes it, or when it is damaged or that of another array.
    """
    file = LedgerFile(path or ledger_path(bench))
    try:
        books = _added_up(bench, file.lines())
        is_new = file.is_empty
        if file.is_long:
            file.rewrite(books.lines())
        yield Ledger(bench, file, books, is_new)
    finally:
        file.close()


def read_books(bench: BenchFile, path: Path | None = None) -> Books:
    """What the sample on `bench` has taken so far, or the ledger at `path`, read beside a program that may write it."""
    return _added_up(bench, read_lines(path or ledger_path(bench)))


def _added_up(bench: BenchFile, lines: Iterable[list[Any]]) -> Books:
    books = Books((bench.array.word_lines, bench.array.bit_lines))
    books.replay(lines)
    return books
