"""What is known of every cell of an array, from the bench's books and from the rows of runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labctl.core.lines import Cell
from labctl.core.moments import instant
from labctl.core.rows import Picture
from labctl.gui.array.facts import ORDER, Claim, Counter, Facts, Kind, facts_of
from labctl.gui.array.history import History, Seen
from labctl.gui.run_data import RunLike

FORMED_ABOVE = 1e-6
"""S; what a cell that ever conducted has reached, where a run does not say."""
SAME = 1e-2
"""Relative difference below which the books repeat a read that a run has corrected for the network."""

Floats = NDArray[np.float64]


class CellState(Enum):
    """How a cell stands, in words."""

    UNKNOWN = "unknown"
    NOT_FORMED = "not formed"
    FORMED = "formed"
    PROGRAMMED = "programmed"
    FAILED = "failed"


_STATES = np.array(list(CellState), dtype=object)


@dataclass
class _Taken:
    """How much of one run was taken. counts: whether its pulses are not in the books yet."""

    counts: bool
    rows: dict[str, int] = field(default_factory=dict)
    pictures: dict[str, Picture] = field(default_factory=dict)


class ArrayState:
    """Arrays of shape (words, bits).

    conductance: S, network-corrected where a run corrected it; NaN = unknown.
    pulses:      write and forming pulses in the cell's life; -1 = unknown.
    target:      S, NaN = none. verdict: text of the last one, empty = none yet.
    """

    def __init__(self, words: int, bits: int, now: Callable[[], float] = time.time) -> None:
        """Nothing is known. now: s since 1970, for the moment at which the books are taken."""
        self.words, self.bits = words, bits
        shape = (words, bits)
        self.conductance: Floats = np.full(shape, np.nan)
        self.target: Floats = np.full(shape, np.nan)
        self.pulses: NDArray[np.int64] = np.full(shape, -1, dtype=np.int64)
        self.verdict: NDArray[Any] = np.full(shape, "", dtype=object)
        self._apparent: Floats = np.full(shape, np.nan)
        self._conducted = np.zeros(shape, dtype=bool)
        self._seen = np.zeros(shape, dtype=bool)
        self._claim = np.zeros(shape, dtype=np.int8)
        self._counted = np.zeros((len(Counter) - 1, words * bits), dtype=np.int64)
        self._history = History()
        self._taken: dict[Path, _Taken] = {}
        self._latest: Path | None = None
        self._books_at = -inf
        self._now = now

    @property
    def codes(self) -> NDArray[np.int8]:
        """(words, bits) places of each cell's state in `CellState`."""
        found = self._seen.astype(np.int8)
        found[self._conducted] = 2
        claimed = self._claim > 0
        found[claimed] = self._claim[claimed] + 2
        return found

    @property
    def states(self) -> NDArray[Any]:
        """(words, bits) of CellState."""
        return _STATES[self.codes]

    def state(self, cell: Cell) -> CellState:
        """Of one cell."""
        if self._claim[cell] > 0:
            return CellState.PROGRAMMED if self._claim[cell] == Claim.PROGRAMMED else CellState.FAILED
        if self._conducted[cell]:
            return CellState.FORMED
        return CellState.NOT_FORMED if self._seen[cell] else CellState.UNKNOWN

    def history(self, cell: Cell) -> list[Seen]:
        """What has been seen of `cell`, in order; of long runs the last part."""
        return self._history.of(cell.word * self.bits + cell.bit)

    def take_books(self, message: Mapping[str, Any]) -> None:
        """Take the books of the bench: `conductance` S or None, `pulses`, `conducted`, each a list per word line.

        Raises ValueError when they are of another shape.
        """
        conductance = np.array(
            [[np.nan if each is None else each for each in row] for row in message["conductance"]],
            dtype=float,
        )
        pulses = np.array(message["pulses"], dtype=np.int64)
        conducted = np.array(message["conducted"], dtype=bool)
        for found in (conductance, pulses, conducted):
            if found.shape != (self.words, self.bits):
                raise ValueError(
                    f"The books are of {' x '.join(map(str, found.shape))} cells, the array has "
                    f"{self.words} x {self.bits}."
                )
        known = np.isfinite(conductance)
        repeats = known & np.isclose(conductance, np.abs(self._apparent), rtol=SAME, atol=0.0)
        new = known & ~(repeats & np.isfinite(self.conductance))
        self.conductance[new] = conductance[new]
        self._apparent[known] = conductance[known]
        self._seen |= known
        self._conducted |= conducted
        self.pulses[:] = pulses
        self._books_at = self._now()
        for taken in self._taken.values():  # what comes of these yet is in the books already
            taken.counts = False

    def take_run(self, run: RunLike) -> bool:
        """Take what `run` has more than when it was taken last; whether there was anything.

        Its pulses are added to those of the books, unless it had begun before these were taken: they hold them.
        """
        taken = self._taken.get(run.folder)
        if taken is None:
            taken = self._taken[run.folder] = _Taken(self._is_later(run))
        if run.folder != self._latest:
            self._latest = run.folder
            self._counted[:] = 0
        is_new = self._take_pictures(run, taken)
        batch = self._new_facts(run, taken)
        if batch:
            facts = np.concatenate(batch)
            self._apply(facts[np.argsort(facts["time"], kind="stable")], _formed_above(run), taken.counts)
        return is_new or bool(batch)

    def _is_later(self, run: RunLike) -> bool:
        """Whether the books were taken before `run` began, so that its pulses come on top of them."""
        if self._books_at == -inf or "started" not in run.head:
            return run.outcome is None or self._books_at == -inf
        return instant(str(run.head["started"])) >= self._books_at

    def _new_facts(self, run: RunLike, taken: _Taken) -> list[Facts]:
        batch = []
        for name in ORDER:
            table = run.tables.get(name)
            start = taken.rows.get(name, 0)
            if table is None or len(table) <= start:
                continue
            taken.rows[name] = len(table)
            facts = facts_of(name, table, start)
            if facts is None:
                continue
            inside = (facts["word"] >= 0) & (facts["word"] < self.words)
            inside &= (facts["bit"] >= 0) & (facts["bit"] < self.bits)
            if inside.any():
                batch.append(facts[inside])
        return batch

    def _take_pictures(self, run: RunLike, taken: _Taken) -> bool:
        is_new = False
        for name, into in (("target conductance", self.target), ("conductance", self.conductance)):
            picture = run.pictures.get(name)
            if picture is None or picture is taken.pictures.get(name):
                continue
            taken.pictures[name] = picture
            if picture.values.shape != into.shape:
                continue
            known = np.isfinite(picture.values)
            into[known] = picture.values[known]
            is_new = True
            if into is self.conductance:
                self._see(known, picture.values, _formed_above(run))
        return is_new

    def _see(self, known: NDArray[np.bool_], values: Floats, formed_above: float) -> None:
        self._seen |= known
        self._conducted |= known & (np.nan_to_num(values) >= formed_above)

    def _apply(self, facts: Facts, formed_above: float, counts: bool) -> None:
        """Take facts in the order of their times; of two on one cell the later holds."""
        flat = facts["word"] * self.bits + facts["bit"]
        self._count(facts, flat, counts)
        for name, into in (
            ("conductance", self.conductance),
            ("apparent", self._apparent),
            ("target", self.target),
        ):
            told = np.isfinite(facts[name])
            into.ravel()[flat[told]] = facts[name][told]
        told = np.isfinite(facts["conductance"])
        seen = flat[told]
        self._seen.ravel()[seen] = True
        self._conducted.ravel()[seen[facts["conductance"][told] >= formed_above]] = True
        told = facts["claim"] != Claim.KEEP
        self._claim.ravel()[flat[told]] = facts["claim"][told]
        told = facts["verdict"] != ""
        self.verdict.ravel()[flat[told]] = facts["verdict"][told]
        noted = facts["noted"]
        self._history.add(flat[noted], facts[noted])

    def _count(self, facts: Facts, flat: NDArray[np.intp], counts: bool) -> None:
        """Add the pulses that `facts` tell of; a row after no further pulse is a read."""
        pulses = self.pulses.ravel()
        told = np.isfinite(facts["conductance"])
        pulses[flat[told & (pulses[flat] < 0)]] = 0
        for counter in (Counter.FORMING, Counter.WRITING, Counter.SINGLE):
            places = np.flatnonzero(facts["counter"] == counter)
            if not len(places):
                continue
            if counter is Counter.SINGLE:
                given = np.ones(len(places), dtype=np.int64)
            else:
                given = self._given(self._counted[counter], flat[places], facts["pulses"][places])
            reads = places[given == 0]
            facts["kind"][reads] = Kind.READ
            facts["amplitude"][reads] = 0.0
            if counts:
                np.add.at(pulses, flat[places], given)

    @staticmethod
    def _given(
        last: NDArray[np.int64], flat: NDArray[np.intp], count: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """How many pulses each row is further than the row before it on the same cell; `last` is kept up."""
        order = np.argsort(flat, kind="stable")
        cells, counts = flat[order], count[order]
        first = np.r_[True, cells[1:] != cells[:-1]]
        before = np.where(first, last[cells], np.r_[0, counts[:-1]])
        given = np.empty_like(counts)
        given[order] = np.where(counts >= before, counts - before, counts)
        last[flat] = count
        return given


def _formed_above(run: RunLike) -> float:
    applied = run.parameters.get("formed_above", {}).get("applied")
    return float(applied) if isinstance(applied, int | float) else FORMED_ABOVE
