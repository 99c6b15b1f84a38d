"""The lines and cells of a device under test, counted from 0."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from itertools import groupby
from typing import NamedTuple

from labctl.core.errors import PlanError


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


MOST_CELLS = MOST_INDICES = 1 << 16
"""A list of more is a slip of the finger."""


def read_indices(text: str) -> tuple[int, ...]:
    """Lines, or other things counted from 0, out of text: `0-3,5` or `0-3 5`, in the order of the text.

    Raises PlanError for text that is no such list, and when one is named twice.
    """
    found: dict[int, None] = {}
    for part in re.split(r"\s*,\s*|\s+", text.strip()):
        match = re.fullmatch(r"([0-9]{1,9})(?:-([0-9]{1,9}))?", part)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, -1)
        if not first <= last < first + MOST_INDICES:
            raise PlanError(f"'{text}' is no list: write for example 0-15, or 0-3,5")
        for index in range(first, last + 1):
            if index in found:
                raise PlanError(f"'{text}' names {index} twice")
            found[index] = None
    return tuple(found)


def show_indices(indices: Iterable[int]) -> str:
    """Indices as `read_indices` reads them, neighbours as a range: `0-3, 5`."""
    parts = []
    for _, run in groupby(enumerate(indices), key=lambda item: item[1] - item[0]):
        ends = [index for _, index in run]
        parts.append(f"{ends[0]}" if len(ends) == 1 else f"{ends[0]}-{ends[-1]}")
    return ", ".join(parts)


def read_cells(text: str) -> tuple[Cell, ...]:
    """Cells out of text: `3,5 4,0-7` is one cell and eight of word line 4; each named once, in the order of the text.

    Raises PlanError for text that is no such list.
    """
    found: dict[Cell, None] = {}
    for part in text.replace(";", " ").replace("(", " ").replace(")", " ").replace(", ", ",").split():
        words, comma, bits = part.partition(",")
        if not comma:
            raise PlanError(f"'{part}' is no cell: write word,bit, for example 3,5 or 3,0-7")
        rows, columns = _indices(words, part), _indices(bits, part)
        if len(found) + len(rows) * len(columns) > MOST_CELLS:
            raise PlanError(f"'{part}' names more cells than any array has ({MOST_CELLS})")
        found |= {Cell(word, bit): None for word in rows for bit in columns}
    return tuple(found)


def show_cells(cells: Iterable[Cell]) -> str:
    """Cells as `read_cells` reads them, neighbours on a word line as a range, in the order of the lines."""
    parts = []
    for word, row in groupby(sorted(cells), key=lambda cell: cell.word):
        parts += [f"{word},{bits}" for bits in show_indices(cell.bit for cell in row).split(", ")]
    return " ".join(parts)


def _indices(text: str, part: str) -> range:
    match = re.fullmatch(r"([0-9]{1,9})(?:-([0-9]{1,9}))?", text)
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, -1)
    if last < first:
        raise PlanError(f"'{part}' is no cell: write word,bit, for example 3,5 or 3,0-7")
    return range(first, last + 1)
