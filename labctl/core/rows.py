"""What a procedure yields: rows, blocks of rows, pictures, progress. The only seam between experiment and engine."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Block:
    """Many rows of one kind at once: equal-length columns, one per field of `kind` (a row dataclass)."""

    kind: type
    columns: Mapping[str, NDArray[Any]]

    def __post_init__(self) -> None:
        """Refuse columns of unequal length: no row may be half there."""
        lengths = {name: len(column) for name, column in self.columns.items()}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"columns of unequal length: {lengths}")


@dataclass(frozen=True, eq=False)
class Picture:
    """N-dimensional data with a name: a conductance map, a feature map. A later one of the same name replaces it."""

    name: str
    values: NDArray[np.float64]
    unit: str
    axes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Progress:
    """How far the procedure is: `done` of `total` units, and what it does now."""

    done: int
    total: int
    doing: str = ""


@dataclass(frozen=True, eq=False)
class Earlier:
    """What an interrupted run had recorded, for a procedure that can go on with it.

    tables: columns by row kind, in the order in which they were measured. pictures: the last one of each name.
    """

    tables: Mapping[str, Mapping[str, NDArray[Any]]]
    pictures: Mapping[str, Picture]


Yielded = object
"""A row is any frozen dataclass of quantities; Block, Picture and Progress are yielded beside rows."""

Experiment = Generator[Yielded, None, Enum]
"""What `procedure.run(bench)` gives: yields as above, returns its verdict."""


class Verdict(Enum):
    """How a procedure ended. A device that fails is a verdict, not an exception."""

    DONE = "done"
    VERIFIED = "verified"
    FORMED = "formed"
    ALREADY_FORMED = "already formed"
    NOT_FORMED = "not formed at the highest voltage"
    NEVER_FORMED = "never formed: it must be formed first"
    OUT_OF_RANGE = "pulse amplitude limit reached"
    OUT_OF_PULSES = "pulse budget spent"
    NOT_SETTLED = "the stage did not settle in time"
    NO_THRESHOLD = "no threshold below the highest current"
    PARTLY = "some cells failed"
    NO_CONTACT = "the probes do not touch"
