"""The ledger as tables: most stressed cells, bit lines, heaters, runs and relays first."""

from __future__ import annotations

import numpy as np
from rich.console import Console

from labctl.bench.books import Books
from labctl.bench.doses import Dose
from labctl.bench.relaybook import RelayBook
from labctl.benchmodel import Limits
from labctl.cli.terminal import columns
from labctl.core.lines import Cell
from labctl.core.quantity import show


def print_books(console: Console, books: Books, limits: Limits, most: int) -> None:
    """The `most` stressed cells, then bit lines, heaters and the latest runs."""
    shared, energies = books.half_selected(), np.nan_to_num(books.half_select_energy())

    def stress(cell: Cell) -> float:
        dose = books.of(cell)
        shares = (
            (float(dose.pulses), limits.cell_pulses),
            (dose.energy + float(energies[cell]), limits.cell_energy),
            (float(shared[cell]), limits.half_select_pulses),
        )
        return max((spent / limit if limit else float(spent > 0.0)) for spent, limit in shares)

    touched = {*books.cells, *(Cell(int(word), int(bit)) for word, bit in np.argwhere(shared))}
    if not touched:
        console.print("No cell has taken anything yet.")
        return
    cells = columns(
        "cell",
        "pulses",
        "beside others",
        "reads",
        "highest",
        "current",
        "energy",
        "beside",
        "spent",
    )
    for cell in sorted(touched, key=lambda each: (-stress(each), each))[:most]:
        dose, bins = books.of(cell), books.half_select_bins(cell)
        highest = max([dose.voltage, *(abs(voltage) for voltage in bins)])
        cells.add_row(
            str(cell),
            str(dose.pulses),
            str(shared[cell]),
            str(dose.reads),
            show(highest, "V"),
            show(dose.current, "A"),
            show(dose.energy, "J"),
            show(float(energies[cell]), "J"),
            f"{stress(cell):.2g}",
        )
    console.print(cells)
    _print_bit_lines(console, books)
    if books.heaters:
        heaters = columns("heater", "times driven", "highest", "current")
        for neuron, dose in sorted(books.heaters.items()):
            current = show(dose.current, "A") if dose.current else "not measured"
            heaters.add_row(str(neuron), str(dose.pulses), show(dose.voltage, "V"), current)
        console.print(heaters)
    if books.stage:
        console.print(f"The stage was set to {show(books.stage, 'K')} at most.")
    runs = columns("run", "began", "pulses", "reads", "highest", "current", "energy")
    for run in [*books.past, books.run][-5:]:
        label = run.label or "without a record"
        largest = (show(run.voltage, "V"), show(run.current, "A"), show(run.energy, "J"))
        runs.add_row(label, run.began, str(run.pulses), str(run.reads), *largest)
    console.print(runs)


def print_relays(console: Console, book: RelayBook, most: int) -> None:
    """The `most` worn relays, then the warnings."""
    relays = columns("relay", "closures", "of its rated life")
    for relay, times in list(book.closures().items())[:most]:
        relays.add_row(relay, str(times), f"{times / book.rated_life(relay):.2%}")
    console.print(relays)
    for warning in book.warnings():
        console.print(warning, markup=False, style="yellow", soft_wrap=True)


def _print_bit_lines(console: Console, books: Books) -> None:
    lines: dict[int, Dose] = {}
    for cell, dose in books.cells.items():
        line = lines.setdefault(cell.bit, Dose())
        line.pulses += dose.pulses
        line.reads += dose.reads
        line.see(dose.voltage, dose.current, dose.energy)
    table = columns("bit line", "pulses", "reads", "highest", "current", "energy")
    for bit, dose in sorted(lines.items()):
        table.add_row(str(bit), str(dose.pulses), str(dose.reads), *_extremes(dose))
    console.print(table)


def _extremes(dose: Dose) -> tuple[str, str, str]:
    return show(dose.voltage, "V"), show(dose.current, "A"), show(dose.energy, "J")
