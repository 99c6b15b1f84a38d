"""The lines and cells of a device under test, counted from 0."""

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple


class LineKind(Enum):
    """The three kinds of lines of the device under test."""

    WORD = "word"
    BIT = "bit"
    NEURON = "neuron"

    __hash__ = (
        object.__hash__
    )  # members are single objects: the hash of Enum, in Python, would be most of a look-up


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the device under test, counted from 0."""

    kind: LineKind
    index: int

    def __str__(self) -> str:
        """As people say it: `word 3`."""
        return f"{self.kind.value} {self.index}"


class Cell(NamedTuple):
    """One crosspoint of the array: word line and bit line, counted from 0."""

    word: int
    bit: int

    def __str__(self) -> str:
        """As people write it: `(3, 5)`."""
        return f"({self.word}, {self.bit})"
