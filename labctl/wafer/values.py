"""Numbers out of rows: what each procedure's rows say of cells, heaters and neurons."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from labctl.core.quantity import specs
from labctl.core.rows import Verdict
from labctl.record.columns import layout
from labctl.wafer.measurands import plain_name, unit_of
from procedures.forming import FormingRamp

Rows = Mapping[str, Sequence[Mapping[str, Any]]]
"""Rows by kind, each as values by column; verdicts as texts, as a record has them."""
NONE = -1
"""Row or column of what is no cell."""
CONDUCTS = frozenset({Verdict.FORMED.value, Verdict.ALREADY_FORMED.value})


class Measured(NamedTuple):
    """One number: word line and bit line it belongs to (a neuron has only a bit line), name, value, unit.

    censored: not reached, the true one lies beyond this one.
    """

    row: int
    col: int
    name: str
    value: float
    unit: str
    censored: bool = False


class _Number(NamedTuple):
    row: int
    col: int
    name: str
    value: float
    censored: bool = False


def values_of(name: str, procedure: object, rows: Rows, last: Any = None) -> list[Measured]:
    """The values that the procedure called `name` gives by `rows`; of two of one cell and name the later one counts.

    procedure: the plan of it.
    last:      its last row; procedures without values of their own give every numeric column of it.
    """
    known = _VALUES.get(plain_name(name))
    if known is None:
        return [] if last is None else list(_columns(last))
    found: dict[tuple[int, int, str], Measured] = {}
    for number in known(procedure, rows):
        key = number.row, number.col, number.name
        found.pop(key, None)
        unit = unit_of(name, number.name)
        assert unit is not None  # every procedure here is in the table of units
        found[key] = Measured(*key, number.value, unit, number.censored)
    return list(found.values())


def _contact(procedure: object, rows: Rows) -> Iterator[_Number]:
    for row in rows.get("ContactRead", ()):
        neuron = int(row["neuron"])
        yield _Number(NONE, neuron, "contact_resistance", float(row["resistance"]))
        yield _Number(NONE, neuron, "contact", float(row["contact"]))


def _forming(procedure: object, rows: Rows) -> Iterator[_Number]:
    for row in rows.get("CellFormed", ()):
        yield from _formed(procedure, row, int(row["pulses"]), str(row["verdict"]))


def _forming_one(procedure: object, rows: Rows) -> Iterator[_Number]:
    """One cell: a read that conducts ends the ramp, at the pulse before it or one that went out unread."""
    assert isinstance(procedure, FormingRamp)
    reads = rows.get("FormingRead", ())
    if not reads:
        return
    row = reads[-1]
    pulses, conducts = int(row["pulses"]), float(row["conductance"]) >= procedure.formed_above
    unread = len(reads) > 1 and conducts and pulses > 0 and int(reads[-2]["pulses"]) == pulses
    verdict = Verdict.NOT_FORMED
    if conducts:
        verdict = Verdict.FORMED if pulses + unread else Verdict.ALREADY_FORMED
    yield from _formed(procedure, row, pulses + unread, verdict.value)


def _formed(procedure: object, row: Mapping[str, Any], pulses: int, verdict: str) -> Iterator[_Number]:
    """A cell that conducted before has no forming voltage; one that never formed has a bound of it."""
    assert isinstance(procedure, FormingRamp)
    cell, conducts = (int(row["word"]), int(row["bit"])), verdict in CONDUCTS
    if pulses:
        yield _Number(*cell, "forming_voltage", procedure.amplitude_of(pulses), not conducts)
        yield _Number(*cell, "forming_pulses", float(pulses), not conducts)
    yield _Number(*cell, "formed", float(conducts))


def _programmed(procedure: object, rows: Rows) -> Iterator[_Number]:
    for row in rows.get("CellProgrammed", ()):
        yield from _verified(row, str(row["verdict"]) == Verdict.VERIFIED.value, int(row["pulses"]))


def _array_programmed(procedure: object, rows: Rows) -> Iterator[_Number]:
    """A cell that never formed was not programmed: of it forming and conductance are told."""
    for row in rows.get("CellSummary", ()):
        yield from _formed(procedure, row, int(row["forming_pulses"]), str(row["forming"]))
        if str(row["forming"]) in CONDUCTS:
            yield from _verified(row, str(row["verdict"]) == Verdict.VERIFIED.value, int(row["pulses"]))
        else:
            yield _Number(int(row["word"]), int(row["bit"]), "conductance", float(row["conductance"]))


def _programmed_one(procedure: object, rows: Rows) -> Iterator[_Number]:
    """One cell: verified when its last two reads lay inside the window after the same pulse."""
    reads = rows.get("VerifyRead", ())
    if not reads:
        return
    numbers = [int(row["pulses"]) for row in reads]
    pulses = sum(now > 0 and now != before for now, before in zip(numbers, [0, *numbers], strict=False))
    inside = [row["low"] <= row["conductance"] <= row["high"] and not row["limited"] for row in reads[-2:]]
    yield from _verified(reads[-1], len(inside) == 2 and all(inside), pulses)


def _verified(row: Mapping[str, Any], verified: bool, pulses: int) -> Iterator[_Number]:
    cell, conductance = (int(row["word"]), int(row["bit"])), float(row["conductance"])
    yield _Number(*cell, "programming_error", abs(conductance / float(row["target"]) - 1.0))
    yield _Number(*cell, "conductance", conductance)
    yield _Number(*cell, "verified", float(verified))
    yield _Number(*cell, "pulses", float(pulses))


def _cells_read(procedure: object, rows: Rows) -> Iterator[_Number]:
    for row in rows.get("CellRead", ()):
        if not row["limited"]:
            yield from _read(row, float(row["apparent"]))


def _array_read(procedure: object, rows: Rows) -> Iterator[_Number]:
    for row in rows.get("CorrectedCell", ()):
        yield from _read(row, float(row["conductance"]))


def _read(row: Mapping[str, Any], conductance: float) -> Iterator[_Number]:
    cell = int(row["word"]), int(row["bit"])
    yield _Number(*cell, "conductance", conductance)
    yield _Number(*cell, "resistance", 1.0 / conductance if conductance else math.inf)


def _transfer(procedure: object, rows: Rows) -> Iterator[_Number]:
    for row in rows.get("TransferFit", ()):
        for name in ("threshold", "gain", "hysteresis"):
            yield _Number(NONE, int(row["neuron"]), name, float(row[name]))


def _columns(last: Any) -> Iterator[Measured]:
    kind: type = type(last)
    table = layout(kind)
    values = dict(zip((column.name for column in table.columns[2:]), table.values(last), strict=True))
    row, col = (int(values.get(name, NONE)) for name in ("word", "bit"))
    units = {spec.name: spec.unit for spec in specs(kind)}
    for name, value in values.items():
        if name not in ("word", "bit") and isinstance(value, int | float) and not isinstance(value, bool):
            yield Measured(row, col, name, float(value), units.get(name, ""))


_VALUES: Mapping[str, Callable[[object, Rows], Iterator[_Number]]] = {
    "contact_check": _contact,
    "forming": _forming_one,
    "cells_form": _forming,
    "program_verify": _programmed_one,
    "cells_program": _programmed,
    "crossbar_program": _array_programmed,
    "cells_read": _cells_read,
    "crossbar_read": _array_read,
    "neuron_transfer": _transfer,
}
