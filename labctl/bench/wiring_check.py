"""Proves the wiring of a bench: row by row, column by column, line by line, with a few millivolts."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from labctl.bench.checks import PROOF_CURRENT
from labctl.bench.probing import Look, WireProbe
from labctl.bench.wiring_proof import Finding, Outcome
from labctl.benchfile import BenchFile
from labctl.core.lines import Line, LineKind, show_indices
from labctl.core.quantity import show
from labctl.core.route import GROUND

WEAK_CURRENT = 1e-6
LOOK_CURRENT = 10e-6
"""A of compliance: weak where only a film or nothing is expected, so that the measuring range is small."""
FAINT = 0.2e-6
"""S; less than this at the look's voltage is not told from offsets and noise of the sources."""
FAINT_FILM = 20e-9
"""S; the same in the measuring range of the weak current."""
TOUCHING = 500.0
"""ohm between two lines, or from a line to ground, that are taken for a short."""
CONTACTS = 20.0
"""ohm beyond what the bench file says that relay contacts and leads may have."""
SERIES_SHARE = 0.1
HEATER_RATIO = 2.0
"""A series resistor may be off by this share, a heater by this factor."""
ALIKE = math.log(1.4)
"""Two profiles of conductances are one line's when they differ by less, mean of the logarithm."""


class WiringCheck:
    """One look at all wires. Whatever stands in the bench file is a belief until something was seen that needs it."""

    def __init__(
        self,
        file: BenchFile,
        probe: WireProbe,
        remembered: NDArray[np.float64],
        tell: Callable[[str], None] = lambda what: None,
    ) -> None:
        """Of the bench `file`; `remembered`: (M, N) S of the cells as last read, NaN where unknown."""
        self._file, self._look, self._remembered, self._tell = file, probe.look, remembered, tell
        self._lines = sorted(file.columns, key=lambda line: file.columns[line])
        self._ground = next((row for row, wire in file.wiring.rows.items() if wire.terminal == GROUND), "")
        self._drive = self._second = ""

    def findings(self) -> Iterator[Finding]:
        """What was found, in the order in which one thing needs the one before; nothing stays connected between."""
        if not self._ground:
            yield _inconclusive(
                "ground", "no matrix row is wired to ground: without it nothing closes a loop"
            )
            return
        seen, found = self._rows()
        yield from found
        if len(seen) < 2:
            yield _inconclusive(
                "lines", "fewer than two sources are proven: nothing can be said of the lines"
            )
            return
        self._drive, self._second = self._choose(seen)
        yield from self._columns()
        yield from self._heaters()
        yield from self._films()
        yield from self._shorts()
        yield from self._cells()

    # Rows: source - row - any column - ground row ---------------------------------------------------------------------

    def _rows(self) -> tuple[list[str], list[Finding]]:
        """Rows without series resistor whose own source was seen, and what was found of all rows."""
        rows = [row for row in self._file.wiring.rows if row != self._ground]
        looks = {}
        for row in rows:
            self._tell(f"row {row}")
            looks[row] = self._loop(row)
        if not any(each.conductance > FAINT for each in looks.values()):
            text = "no source sees the ground through it: its wire is open, or no relay of it closes"
            return [], [_fault(f"row {self._ground}", text)]
        found = [self._row(row, look) for row, look in looks.items()]
        proven = {each.subject for each in found if each.outcome is Outcome.PROVEN}
        direct = [row for row in rows if f"row {row}" in proven and not self._file.row(row).series]
        return direct, found

    def _row(self, row: str, look: Look) -> Finding:
        wire, subject = self._file.row(row), f"row {row}"
        expected = wire.series + self._file.wiring.ground_resistance + 2.0 * self._file.wiring.path_resistance
        if look.conductance <= FAINT:
            there = self._who_is_on(row)
            return _fault(
                subject,
                f"{wire.terminal} does not see the ground through it, {there} does: exchanged"
                if there
                else f"neither {wire.terminal} nor another source sees the ground through it: its wire is open",
            )
        if abs(look.resistance - expected) > SERIES_SHARE * wire.series + CONTACTS:
            return _fault(
                subject,
                f"{show(look.resistance, 'ohm')} between {wire.terminal} and ground, not {show(expected, 'ohm')} "
                f"(series {show(wire.series, 'ohm')})",
            )
        return _proven(subject, f"{wire.terminal} is there, {show(look.resistance, 'ohm')} to ground")

    def _loop(self, row: str, line: Line | None = None, weak: bool = False) -> Look:
        lines = (line or self._lines[0],)
        current = WEAK_CURRENT if weak else LOOK_CURRENT
        return self._look({row: lines, self._ground: lines}, {row: 1.0}, current=current)

    def _who_is_on(self, row: str) -> str:
        """The terminal that sees the ground through `row` in the place of the believed one; empty when none does."""
        lines, own = self._lines[:1], self._file.row(row).terminal
        for other, wire in self._file.wiring.rows.items():
            if other in (row, self._ground) or wire.terminal == own or wire.series:
                continue
            look = self._look(
                {row: lines, self._ground: lines},
                {other: 1.0, row: 0.0},
                current=LOOK_CURRENT,
                first=wire.terminal,
            )
            if look.conductance > FAINT:
                return wire.terminal
        return ""

    def _choose(self, seen: Sequence[str]) -> tuple[str, str]:
        """The two rows to look with: those of the drive and the sense role where they are proven."""
        roles = self._file.roles
        order = sorted(seen, key=lambda row: (row != roles.drive, row != roles.sense))
        return order[0], order[1]

    # Columns: row - column - ground row -------------------------------------------------------------------------------

    def _columns(self) -> Iterator[Finding]:
        """Whether the relays of the drive row and of the ground row meet on each column; lines without are given up."""
        lost = []
        for line in self._lines:
            self._tell(f"column {self._file.columns[line]}")
            if self._loop(self._drive, line).resistance > TOUCHING:
                lost.append(line)
                yield _fault(
                    f"column {self._file.columns[line]} ({line})",
                    f"the relays of rows {self._drive} and {self._ground} do not both close on it",
                )
        self._lines = [line for line in self._lines if line not in lost]
        columns = show_indices(self._file.columns[line] for line in self._lines)
        if columns:
            yield _proven(
                f"columns {columns}", f"the relays of rows {self._drive} and {self._ground} close on them"
            )

    # Bit lines: line - heater - ground --------------------------------------------------------------------------------

    def _heaters(self) -> Iterator[Finding]:
        """A bit line is known by the heater at its foot: it leads to ground if its relay is closed and only then."""
        if self._file.neurons is None or not self._file.relays:
            return
        good = []
        for line in self._of(LineKind.BIT):
            if line.index not in self._file.relays:
                continue
            self._tell(f"heater {line.index}")
            finding = self._heater(line, self._file.neurons.heater_resistance)
            if finding.outcome is Outcome.PROVEN:
                good.append(line.index)
            else:
                yield finding
        if good:
            yield _proven(
                f"bit {show_indices(good)}",
                "each leads to the heater of its number, by its own isolation relay alone",
            )
        if len(good) > 1:
            yield _inconclusive(
                f"bit {show_indices(good)}",
                "two bit lines that are exchanged together with their heaters' relays would look the same, "
                "unless their cells tell them apart",
            )

    def _heater(self, line: Line, nominal: float) -> Finding:
        number, subject = line.index, str(line)
        alone, own = self._guarded(line), self._guarded(line, number)
        if alone.resistance < 20.0 * nominal:
            what = (
                f"heater {number} is connected though its isolation relay is open"
                if _near(alone.resistance, nominal)
                else "it touches ground"
            )
            return _fault(subject, f"{show(alone.resistance, 'ohm')} to ground with every relay open: {what}")
        if _near(own.resistance, nominal):
            return _proven(subject, "")
        if own.resistance < 20.0 * nominal:
            return _fault(
                subject,
                f"its heater has {show(own.resistance, 'ohm')}, the bench file says {show(nominal, 'ohm')}",
            )
        for other in self._file.relays:
            if other != number and _near(self._guarded(line, other).resistance, nominal):
                return _fault(
                    subject,
                    f"leads to ground by the relay of heater {other}, not by its own: the wires of bit {number} and "
                    f"bit {other}, or of the two relays, are exchanged",
                )
        others = [each for each in self._lines if each.kind is not LineKind.BIT]
        for each in others:
            look = self._look(
                {self._drive: (each,)}, {self._drive: 1.0}, current=PROOF_CURRENT, heaters={number}
            )
            if _near(look.resistance, nominal):
                return _fault(
                    subject,
                    f"its heater is found on column {self._file.columns[each]}, which the bench file gives to {each}",
                )
        return _fault(subject, "its heater is not seen: the line, the relay or the heater is open")

    def _guarded(self, line: Line, *heaters: int) -> Look:
        """What leads from `line` to ground: every other line of the array stands at the same voltage."""
        others = [each for each in self._lines if each != line and each.kind is not LineKind.NEURON]
        if heaters:  # a bit line beside it may lead to the heater that is connected now
            others = [each for each in others if each.kind is LineKind.WORD]
        rows = {self._drive: (line,), self._second: others}
        return self._look(
            rows,
            {self._second: 1.0, self._drive: 1.0},
            current=PROOF_CURRENT,
            heaters=heaters,
            first=self._file.row(self._drive).terminal,
        )

    # Neuron outputs: line - film - ground -----------------------------------------------------------------------------

    def _films(self) -> Iterator[Finding]:
        """A neuron's output is known to lead to a film that conducts a little; which film it is shows no cold film."""
        seen, dark = {}, []
        for line in self._of(LineKind.NEURON):
            self._tell(f"{line}")
            look = self._look({self._drive: (line,)}, {self._drive: 1.0}, current=WEAK_CURRENT)
            if look.resistance < TOUCHING:
                yield _fault(str(line), f"{show(look.resistance, 'ohm')} to ground: it touches ground")
            elif look.conductance > FAINT_FILM:
                seen[line.index] = look.resistance
            else:
                dark.append(line.index)
        if seen:
            low, high = show(min(seen.values()), "ohm"), show(max(seen.values()), "ohm")
            names = f"neuron {show_indices(seen)}"
            yield _proven(names, f"each leads to a film, {low} to {high} to ground")
            yield _inconclusive(
                names, "which output belongs to which neuron shows only a warm one: run neuron_transfer"
            )
        above = show(1.0 / FAINT_FILM, "ohm")
        for number in dark if seen else ():
            yield _fault(
                f"neuron {number}", f"more than {above} to ground, unlike the others: its line is open"
            )
        if dark and not seen:
            yield _inconclusive(
                f"neuron {show_indices(dark)}", f"more than {above} to ground: open lines, or cold films"
            )

    # Lines that touch -------------------------------------------------------------------------------------------------

    def _shorts(self) -> Iterator[Finding]:
        """Each line against its neighbours by number and by column, all others at ground so that no cell takes part."""
        clean = True
        for line, other in self._neighbours():
            self._tell(f"{line} and {other}")
            rest = [each for each in self._lines if each not in (line, other)]
            rows = {self._drive: (line,), self._second: (other,), self._ground: rest}
            look = self._look(rows, {self._drive: 1.0, self._second: 0.0}, current=LOOK_CURRENT)
            passed = look.transferred(self._file.row(self._second).terminal)
            if passed * TOUCHING > 1.0:
                clean = False
                yield _fault(f"{line} and {other}", f"touch: {show(1.0 / passed, 'ohm')} between them")
        for line in self._of(LineKind.WORD):
            self._tell(f"{line} and ground")
            look = self._guarded(line)
            if look.resistance < TOUCHING:
                clean = False
                yield _fault(str(line), f"{show(look.resistance, 'ohm')} to ground: it touches ground")
        if clean:
            yield _proven(
                "neighbours", "no line touches the next one by number or by column, none touches ground"
            )

    def _neighbours(self) -> list[tuple[Line, Line]]:
        pairs = dict.fromkeys(pairwise(self._lines))
        for kind in LineKind:
            pairs |= dict.fromkeys(pairwise(sorted(self._of(kind), key=lambda line: line.index)))
        of_cells = {LineKind.WORD, LineKind.BIT}  # a word and a bit line that touch are seen as a cell
        return [pair for pair in pairs if {each.kind for each in pair} != of_cells]

    # Word lines: line - cells - bit line ------------------------------------------------------------------------------

    def _cells(self) -> Iterator[Finding]:
        """Lines that only cells lead to: seen where cells conduct, told apart where their conductances are known."""
        words, bits = self._of(LineKind.WORD), self._of(LineKind.BIT)
        found = np.full(self._remembered.shape, np.nan)
        dark = []
        for word in words:
            self._tell(f"cells of {word}")
            rest = [each for each in self._lines if each != word]
            look = self._look(
                {self._drive: (word,), self._ground: rest}, {self._drive: 1.0}, current=LOOK_CURRENT
            )
            if look.conductance <= FAINT:
                found[word.index, [bit.index for bit in bits]] = 0.0
                dark.append(word)
                continue
            for bit in bits:
                found[word.index, bit.index] = conductance = self._cell(word, bit)
                if conductance * TOUCHING > 1.0:
                    yield _fault(
                        f"{word} and {bit}",
                        f"{show(1.0 / conductance, 'ohm')} between them: they touch, or their cell is a short",
                    )
        yield from self._dark(dark)
        lit = [word for word in words if word not in dark]
        if lit:
            yield _proven(
                f"word {show_indices(line.index for line in lit)}", "each leads to cells that conduct"
            )
            yield from _told_apart("word", [line.index for line in lit], found, self._remembered)
            columns = [bit.index for bit in bits if np.nanmax(found[:, bit.index], initial=0.0) > FAINT]
            yield from _told_apart("bit", columns, found.T, self._remembered.T)

    def _cell(self, word: Line, bit: Line) -> float:
        """S of the cell between `word` and `bit`, every other line at ground."""
        rest = [each for each in self._lines if each not in (word, bit)]
        rows = {self._drive: (word,), self._second: (bit,), self._ground: rest}
        look = self._look(rows, {self._drive: 1.0, self._second: 0.0}, current=LOOK_CURRENT)
        return max(look.transferred(self._file.row(self._second).terminal), 0.0)

    def _dark(self, lines: Sequence[Line]) -> Iterator[Finding]:
        """Word lines on which nothing conducts: open where their cells are known to, else not told."""
        unknown = []
        for line in lines:
            known = self._remembered[line.index]
            if np.nanmax(known, initial=0.0) > 5.0 * FAINT:
                yield _fault(
                    str(line),
                    f"its cells conducted up to {show(float(np.nanmax(known)), 'S')} when last read, and none "
                    "does now: the line is open",
                )
            else:
                unknown.append(line.index)
        if unknown:
            yield _inconclusive(
                f"word {show_indices(unknown)}",
                f"their cells conduct less than {show(FAINT, 'S')}, as unformed ones do: whether the wires reach them, "
                "and in which order, can be told once cells are formed and read",
            )

    def _of(self, kind: LineKind) -> list[Line]:
        return [line for line in self._lines if line.kind is kind]


def _told_apart(
    kind: str, lines: Sequence[int], found: NDArray[np.float64], known: NDArray[np.float64]
) -> Iterator[Finding]:
    """Whether each of `lines` (rows of `found`) has the conductances that are `known` of it, and of no other line."""
    told: list[int] = []
    unsure: list[int] = []
    for line in lines:
        apart = {other: _distance(found[line], known[other]) for other in range(len(known))}
        own = apart.pop(line)
        twins = [other for other, distance in apart.items() if distance < ALIKE]
        if own < ALIKE:
            (unsure if twins else told).append(line)
        elif twins and not math.isnan(own):
            most = min(twins, key=lambda other: apart[other])
            yield _fault(
                f"{kind} {line}",
                f"its cells conduct as those of {kind} {most} did when last read: the two wires are exchanged",
            )
        else:
            unsure.append(line)
    if told:
        yield _proven(
            f"{kind} {show_indices(told)}", "their cells conduct as last read, and as those of no other line"
        )
    if unsure:
        yield _inconclusive(
            f"{kind} {show_indices(unsure)}",
            "could be exchanged among each other: their cells were never read, have changed since, or are alike",
        )


def _distance(found: NDArray[np.float64], known: NDArray[np.float64]) -> float:
    """Mean |ln(found / known)| over the cells that are known and of which one of the two conducts; NaN without any."""
    both = np.isfinite(found) & np.isfinite(known)
    both &= np.maximum(np.where(both, found, 0.0), np.where(both, known, 0.0)) > 5.0 * FAINT
    if not both.any():
        return math.nan
    ratio = np.log(np.maximum(found[both], FAINT) / np.maximum(known[both], FAINT))
    return float(np.mean(np.abs(ratio)))


def _near(resistance: float, nominal: float) -> bool:
    return nominal / HEATER_RATIO <= resistance <= nominal * HEATER_RATIO


def _proven(subject: str, text: str) -> Finding:
    return Finding(subject, Outcome.PROVEN, text)


def _fault(subject: str, text: str) -> Finding:
    return Finding(subject, Outcome.FAULT, text)


def _inconclusive(subject: str, text: str) -> Finding:
    return Finding(subject, Outcome.INCONCLUSIVE, text)
