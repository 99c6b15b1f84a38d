"""Crossbar read: the conductance of every cell, apparent and with the network's share taken off."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from labctl.core.errors import PlanError
from labctl.core.lines import Cell
from labctl.core.quantity import check, option, quantity
from labctl.core.rows import Experiment, Picture, Progress, Verdict
from labctl.core.views import CellReading, CrossbarBench
from procedures.reading import existing_cell, network_of, read_cell

AXES = ("word", "bit")


@dataclass(frozen=True, kw_only=True)
class CellRead:
    """One row of the record: one read of one cell."""

    word: int = quantity("1")
    bit: int = quantity("1")
    voltage: float = quantity("V")
    current: float = quantity("A", help="into the bit line's source, offset subtracted")
    source_current: float = quantity("A", help="out of the word line's source")
    apparent: float = quantity("S", help="current over voltage, not corrected for the network")
    limited: bool = option(False, help="a source was at its compliance: the cell could not be read")


@dataclass(frozen=True, kw_only=True)
class CorrectedCell:
    """One row of the record: the conductance of one cell, once all of them were read."""

    word: int = quantity("1")
    bit: int = quantity("1")
    conductance: float = quantity("S", help="network-corrected")


@dataclass(frozen=True, kw_only=True)
class Unreadable:
    """One row of the record: a cell that could not be read."""

    word: int = quantity("1")
    bit: int = quantity("1")
    reason: str = quantity("")


def rows_of(cell: Cell, reading: CellReading) -> Iterator[CellRead | Unreadable]:
    """What is recorded of one read."""
    yield CellRead(
        word=cell.word,
        bit=cell.bit,
        voltage=reading.voltage,
        current=reading.current,
        source_current=reading.source_current,
        apparent=reading.conductance,
        limited=reading.limited,
    )
    if reading.limited:
        yield Unreadable(word=cell.word, bit=cell.bit, reason="a source was at its compliance")


@dataclass(frozen=True, kw_only=True)
class CrossbarRead:
    """Read every cell of the array, or those of some lines; a partial read takes the other cells for open."""

    title: ClassVar[str] = "read the conductance of every cell"

    read_voltage: float = quantity("V", 0.1, low=0.01, high=0.3, help="of every read", limit="read_voltage")
    words: tuple[int, ...] = option((), help="word lines to read; none given = all")
    bits: tuple[int, ...] = option((), help="bit lines to read; none given = all")

    def __post_init__(self) -> None:
        """Refuse values out of range and lines named twice; raises PlanError."""
        check(self)
        for name in ("words", "bits"):
            lines = getattr(self, name)
            if len(set(lines)) < len(lines) or min(lines, default=0) < 0:
                raise PlanError(
                    f"CrossbarRead: {name} = {lines} must name each line once, counted from 0 upwards."
                )

    def run(self, bench: CrossbarBench) -> Experiment:
        """Yield CellRead rows, Unreadable rows, CorrectedCell rows and two pictures; DONE or PARTLY."""
        words = self.words or range(bench.word_lines)
        bits = self.bits or range(bench.bit_lines)
        cells = [existing_cell(bench, word, bit) for word in words for bit in bits]
        apparent = np.full((bench.word_lines, bench.bit_lines), np.nan)
        unreadable: list[Cell] = []
        network = None
        for done, cell in enumerate(cells):
            if cell.bit == cells[0].bit:
                yield Progress(done, len(cells), f"reading word line {cell.word}")
            reading, route = read_cell(bench, cell, self.read_voltage)
            network = network or network_of(bench, route)
            yield from rows_of(cell, reading)
            if reading.limited:
                unreadable.append(cell)
            else:
                apparent[cell] = reading.conductance
        assert network is not None, "a bench has at least one cell"
        corrected = network.corrected(apparent)
        for cell in cells:
            if np.isfinite(corrected[cell]):
                yield CorrectedCell(word=cell.word, bit=cell.bit, conductance=float(corrected[cell]))
        yield Picture("apparent conductance", apparent, "S", AXES)
        yield Picture("conductance", corrected, "S", AXES)
        named = ", ".join(str(cell) for cell in unreadable)
        yield Progress(
            len(cells),
            len(cells),
            f"could not read {named}" if unreadable else f"{len(cells)} cells read",
        )
        return Verdict.PARTLY if unreadable else Verdict.DONE
