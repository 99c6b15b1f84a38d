"""An earlier run as a row of a list: what it tells, and what its order goes by."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import Any

from labctl.core.moments import in_words, instant
from labctl.gui.runs.words import lasted, standing
from labctl.record.catalogue import Summary

KILLED, RUNNING, FINISHED, DAMAGED = "killed", "running", "finished", "damaged"


class Column(IntEnum):
    """From left to right."""

    STARTED = 0
    PROCEDURE = 1
    BENCH = 2
    OUTCOME = 3
    TOOK = 4
    DATA = 5


TITLES = ("Started", "Procedure", "Bench", "Outcome", "Took", "Data")


@dataclass(frozen=True)
class Listed:
    """A run in the list; `outcome` is one word: how it ended, "killed", "running", or "damaged"."""

    summary: Summary
    outcome: str

    @property
    def folder(self) -> str:
        """Its run folder."""
        return str(self.summary.folder)

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """What stands in each column."""
        summary, outcome = self.summary, standing(self.outcome)
        return (
            in_words(summary.started),
            summary.procedure,
            summary.bench,
            f"{outcome}: {summary.verdict}" if summary.verdict else outcome,
            lasted(summary.seconds),
            "" if summary.is_damaged else "SIMULATED" if summary.simulated else "measured",
        )

    @cached_property
    def told(self) -> str:
        """All that a filter looks at, in small letters."""
        return " ".join((*self.texts, self.summary.folder.name)).casefold()

    def order(self, column: Column) -> Any:
        """What the order of rows by this column goes by."""
        if column is Column.STARTED:
            return instant(self.summary.started), self.summary.folder.name
        if column is Column.TOOK:
            return -1.0 if self.summary.seconds is None else self.summary.seconds
        return self.texts[column].casefold()
