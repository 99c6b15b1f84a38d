"""What the rows of a run say of cells, whatever their kind: one form for all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labctl.core.rows import Verdict
from labctl.gui.run_data import TableLike

Facts = NDArray[np.void]
"""Structured array of `FACT`: one element per thing that a row says of a cell."""


class Kind(IntEnum):
    """What was done to a cell before its conductance was found."""

    READ = 0
    CORRECTED = 1
    FORM = 2
    SET = 3
    RESET = 4

    @property
    def words(self) -> str:
        """As a list shows it."""
        return ("read", "read, corrected", "forming", "SET", "RESET")[self]


class Claim(IntEnum):
    """What a row says of how a cell stands."""

    KEEP = -1
    NONE = 0
    PROGRAMMED = 1
    FAILED = 2


class Counter(IntEnum):
    """Which rows count pulses together: they start at 0 whenever a cell is visited."""

    NONE = -1
    FORMING = 0
    WRITING = 1
    SINGLE = 2


FACT = np.dtype(
    [
        ("word", "i8"),
        ("bit", "i8"),
        ("time", "f8"),
        ("kind", "i1"),
        ("conductance", "f8"),
        ("apparent", "f8"),
        ("amplitude", "f8"),
        ("claim", "i1"),
        ("target", "f8"),
        ("verdict", "O"),
        ("pulses", "i8"),
        ("counter", "i1"),
        ("noted", "?"),
    ]
)
"""SI units. NaN conductance, apparent, target and empty verdict: the row does not say. pulses: see `Counter`.

noted: whether it belongs into the cell's history; a summary repeats what was noted before.
"""


def facts_of(name: str, table: TableLike, start: int) -> Facts | None:
    """What the rows of table `name` from row `start` say; None when it is no table of cells that is known here."""
    known = _KINDS.get(name)
    if known is None:
        return None
    needed, convert = known
    if not needed <= set(table.columns):
        return None
    names = needed | ({"bench_time", "limited"} & set(table.columns))
    return convert({each: np.asarray(table.columns[each])[start:] for each in names}, start)


def _blank(rows: Mapping[str, NDArray[Any]], start: int) -> Facts:
    count = len(rows["word"])
    facts = np.zeros(count, FACT)
    facts["word"], facts["bit"] = rows["word"], rows["bit"]
    facts["time"] = rows.get("bench_time", np.arange(start, start + count, dtype=float))
    for name in ("conductance", "apparent", "target"):
        facts[name] = np.nan
    facts["verdict"] = ""
    facts["claim"], facts["counter"] = Claim.KEEP, Counter.NONE
    return facts


def _measured(facts: Facts, rows: Mapping[str, NDArray[Any]], conductance: str, apparent: str) -> None:
    """Fill in what was read; a read at compliance tells no conductance."""
    limited = np.asarray(rows.get("limited", np.zeros(len(facts))), dtype=bool)
    facts["conductance"] = np.where(limited, np.nan, rows[conductance])
    if apparent:
        facts["apparent"] = np.where(limited, np.nan, rows[apparent])
    facts["noted"] = ~limited


def _forming(rows: Mapping[str, NDArray[Any]], start: int) -> Facts:
    facts = _blank(rows, start)
    _measured(facts, rows, "conductance", "conductance")
    facts["kind"], facts["counter"] = Kind.FORM, Counter.FORMING
    facts["pulses"], facts["amplitude"] = rows["pulses"], rows["amplitude"]
    facts["claim"] = Claim.NONE
    return facts


def _verify(rows: Mapping[str, NDArray[Any]], start: int) -> Facts:
    facts = _blank(rows, start)
    _measured(facts, rows, "conductance", "apparent")
    facts["kind"] = np.where(rows["amplitude"] < 0, Kind.RESET, Kind.SET)
    facts["counter"], facts["pulses"] = Counter.WRITING, rows["pulses"]
    facts["amplitude"] = rows["amplitude"]
    two_sided = rows["low"] > 0
    inside = (facts["conductance"] >= rows["low"]) & (facts["conductance"] <= rows["high"])
    facts["claim"] = np.where(two_sided & inside, Claim.PROGRAMMED, Claim.NONE)
    facts["target"] = np.where(two_sided, rows["target"], np.nan)
    return facts


def _read(rows: Mapping[str, NDArray[Any]], start: int) -> Facts:
    facts = _blank(rows, start)
    _measured(facts, rows, "apparent", "apparent")
    facts["kind"] = Kind.READ
    return facts


def _corrected(rows: Mapping[str, NDArray[Any]], start: int) -> Facts:
    facts = _blank(rows, start)
    _measured(facts, rows, "conductance", "")
    facts["kind"] = Kind.CORRECTED
    return facts


def _pulsed(rows: Mapping[str, NDArray[Any]], start: int) -> Facts:
    before, after = _blank(rows, start), _blank(rows, start)
    _measured(before, rows, "before", "before")
    _measured(after, rows, "after", "after")
    before["kind"] = Kind.READ
    after["kind"] = np.where(rows["amplitude"] < 0, Kind.RESET, Kind.SET)
    after["counter"], after["pulses"], after["amplitude"] = Counter.SINGLE, 1, rows["amplitude"]
    after["claim"] = Claim.NONE
    both = np.empty(2 * len(before), FACT)
    both[0::2], both[1::2] = before, after
    return both


def _loop(rows: Mapping[str, NDArray[Any]], start: int) -> Facts:
    facts = _blank(rows, start)
    _measured(facts, rows, "conductance", "conductance")
    pulsed = rows["amplitude"] != 0.0
    facts["kind"] = np.where(pulsed, np.where(rows["amplitude"] < 0, Kind.RESET, Kind.SET), Kind.READ)
    facts["counter"] = np.where(pulsed, Counter.SINGLE, Counter.NONE)
    facts["pulses"], facts["amplitude"] = pulsed, rows["amplitude"]
    facts["claim"] = np.where(pulsed, Claim.NONE, Claim.KEEP)
    return facts


def _ended(rows: Mapping[str, NDArray[Any]], start: int) -> Facts:
    facts = _blank(rows, start)
    facts["verdict"] = rows["verdict"]
    if "conductance" in rows:
        facts["conductance"] = rows["conductance"]
    if "target" in rows:
        facts["target"] = rows["target"]
    verdicts = rows["verdict"].astype(str)
    claim = np.full(len(facts), int(Claim.FAILED))
    claim[verdicts == Verdict.VERIFIED.value] = Claim.PROGRAMMED
    claim[np.isin(verdicts, _NO_CLAIM)] = Claim.NONE
    facts["claim"] = claim
    return facts


_NO_CLAIM = [verdict.value for verdict in (Verdict.FORMED, Verdict.ALREADY_FORMED, Verdict.NEVER_FORMED)]
"""Verdicts after which a cell is neither programmed nor failed."""
_CELL = {"word", "bit"}
_KINDS: Mapping[str, tuple[set[str], Callable[[Mapping[str, NDArray[Any]], int], Facts]]] = {
    "FormingRead": (_CELL | {"pulses", "amplitude", "conductance"}, _forming),
    "VerifyRead": (
        _CELL | {"pulses", "amplitude", "apparent", "conductance", "target", "low", "high"},
        _verify,
    ),
    "CellRead": (_CELL | {"apparent"}, _read),
    "CorrectedCell": (_CELL | {"conductance"}, _corrected),
    "CellPulsed": (_CELL | {"amplitude", "before", "after"}, _pulsed),
    "LoopPoint": (_CELL | {"amplitude", "conductance"}, _loop),
    "CellFormed": (_CELL | {"verdict"}, _ended),
    "CellProgrammed": (_CELL | {"verdict", "target", "conductance"}, _ended),
    "CellSummary": (_CELL | {"verdict", "target", "conductance"}, _ended),
}
"""Row kinds of the suite's procedures: the columns that are read, and what they say. Summaries last."""

ORDER = tuple(_KINDS)
"""Of two rows at the same time, the later kind has the last word."""
