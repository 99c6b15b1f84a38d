"""What the record of a die tells of its tests: rows at their beginning and end, the values that came of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, ClassVar, NamedTuple

from numpy.typing import NDArray

from labctl.core.quantity import option, quantity
from labctl.core.rows import Earlier, Picture

Columns = Mapping[str, NDArray[Any]]
Tables = Mapping[str, Columns]


class StepOutcome(Enum):
    """How a test ended."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    ERROR = "error"


class Step(NamedTuple):
    """One run of one test of one subsite; cycles are counted from 1."""

    subsite: str
    test: str
    cycle: int

    def __str__(self) -> str:
        """As people say it: `array, test form`, from the second cycle on with its number."""
        return f"{self.subsite}, test {self.test}" + (f", cycle {self.cycle}" if self.cycle > 1 else "")

    def names(self, picture: str) -> str:
        """What a picture of this test is called in the record of the die."""
        return f"{self.subsite}.{self.test}.{self.cycle}.{picture}"


@dataclass(frozen=True, kw_only=True)
class Touchdown:
    """One row of the record each time the probes touch a subsite; the place is the chuck's, as it was ordered."""

    subsite: str = quantity("")
    x: int = quantity("1", help="the prober's x of the die")
    y: int = quantity("1", help="the prober's y of the die")
    dx: float = quantity("m", help="from the die's reference point")
    dy: float = quantity("m", help="from the die's reference point")


@dataclass(frozen=True, kw_only=True)
class TestBegin:
    """One row of the record where a test begins: the rows of other kinds that follow are those of its procedure."""

    __test__: ClassVar[bool] = False  # no test of pytest

    subsite: str = quantity("")
    test: str = quantity("")
    cycle: int = quantity("1", help="counted from 1")
    procedure: str = quantity("")
    before: str = quantity("", help="JSON: rows that the record held by then, by their kind")


@dataclass(frozen=True, kw_only=True)
class TestEnd:
    """One row of the record where a test ends, or is left out."""

    __test__: ClassVar[bool] = False

    subsite: str = quantity("")
    test: str = quantity("")
    cycle: int = quantity("1", help="counted from 1")
    outcome: StepOutcome = option(StepOutcome.PASSED)
    verdict: str = quantity("", help="of the procedure; empty when it did not come to one")
    reason: str = quantity("", help="why it did not pass; empty when it did")


@dataclass(frozen=True, kw_only=True)
class Value:
    """One row of the record per number that a test gave. row, col: word and bit line; -1 where there is none."""

    subsite: str = quantity("")
    row: int = quantity("1")
    col: int = quantity("1", help="bit line, or neuron")
    test: str = quantity("")
    cycle: int = quantity("1", help="counted from 1")
    name: str = quantity("")
    value: float = quantity("", help="in the unit beside it")
    unit: str = quantity("")
    censored: bool = option(False, help="not reached: the value lies beyond this one")
    time_utc: str = quantity("", help="when the test ended, ISO 8601")


OF_THE_DIE = frozenset(kind.__name__ for kind in (Touchdown, TestBegin, TestEnd, Value))
"""Kinds of rows that are the die's own; all others are those of the procedures."""


@dataclass(frozen=True)
class DieStanding:
    """Where the tests of a die stand, by its rows so far.

    ended: of every test that passed, failed or was skipped; one that met an error has not ended. begun: rows that the
    record held, by kind, when a test began for the first time. verdicts: as in the TestEnd rows.
    """

    ended: Mapping[Step, StepOutcome] = field(default_factory=dict)
    reasons: Mapping[Step, str] = field(default_factory=dict)
    verdicts: Mapping[Step, str] = field(default_factory=dict)
    errors: Mapping[Step, str] = field(default_factory=dict)
    begun: Mapping[Step, Mapping[str, int]] = field(default_factory=dict)

    @classmethod
    def of(cls, tables: Tables) -> DieStanding:
        """Read the rows of a die."""
        ended: dict[Step, StepOutcome] = {}
        reasons: dict[Step, str] = {}
        verdicts: dict[Step, str] = {}
        errors: dict[Step, str] = {}
        begun: dict[Step, Mapping[str, int]] = {}
        for row in rows_of(tables.get(TestBegin.__name__, {})):
            begun.setdefault(_step(row), json.loads(row["before"]))
        for row in rows_of(tables.get(TestEnd.__name__, {})):
            step, outcome = _step(row), StepOutcome(row["outcome"])
            verdicts[step] = str(row["verdict"])
            if outcome is StepOutcome.ERROR:
                errors[step] = str(row["reason"])
            else:
                ended[step], reasons[step] = outcome, str(row["reason"])
                errors.pop(step, None)
        return cls(ended, reasons, verdicts, errors, begun)


def rows_of(columns: Columns) -> list[dict[str, Any]]:
    """The rows of a table, each as values by column."""
    names = list(columns)
    return [dict(zip(names, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def earlier_of(step: Step, begun: Mapping[str, int], earlier: Earlier) -> Earlier:
    """What an interrupted die had recorded of a test: rows from its beginning on, pictures by their own names."""
    tables = {
        kind: {name: column[begun.get(kind, 0) :] for name, column in columns.items()}
        for kind, columns in earlier.tables.items()
        if kind not in OF_THE_DIE
    }
    prefix = step.names("")
    pictures = {
        name.removeprefix(prefix): Picture(name.removeprefix(prefix), each.values, each.unit, each.axes)
        for name, each in earlier.pictures.items()
        if name.startswith(prefix)
    }
    return Earlier({kind: columns for kind, columns in tables.items() if _length(columns)}, pictures)


def lengths(tables: Tables) -> dict[str, int]:
    """Rows of each kind, those of the die itself left out."""
    return {kind: _length(columns) for kind, columns in tables.items() if kind not in OF_THE_DIE}


def _length(columns: Columns) -> int:
    return len(next(iter(columns.values()), ()))


def _step(row: Mapping[str, Any]) -> Step:
    return Step(str(row["subsite"]), str(row["test"]), int(row["cycle"]))
