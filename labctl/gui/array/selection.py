"""Which cells are chosen, and which one is the current."""

from __future__ import annotations

from collections.abc import Iterable

from labctl.core.lines import Cell

UNDONE = 50
"""So many changes can be taken back."""


class Selection:
    """Changes by what a hand does with mouse and keys; pure, nothing is drawn here."""

    def __init__(self, words: int, bits: int) -> None:
        """Nothing is chosen."""
        self._shape = (words, bits)
        self.cells: frozenset[Cell] = frozenset()
        self.current: Cell | None = None
        self._anchor: Cell | None = None
        self._before: list[tuple[frozenset[Cell], Cell | None]] = []

    @property
    def ordered(self) -> tuple[Cell, ...]:
        """The chosen cells in the order of their lines."""
        return tuple(sorted(self.cells))

    def choose(self, cells: Iterable[Cell], current: Cell | None = None, *, add: bool = False) -> None:
        """Choose `cells`, beside those chosen before if `add`."""
        found = frozenset(cells)
        self._set(self.cells | found if add else found, current if current is not None else self.current)

    def click(self, cell: Cell, *, ctrl: bool = False, shift: bool = False) -> None:
        """A click: this cell alone; with ctrl add it or take it out; with shift all between the anchor and it."""
        if shift and self._anchor is not None:
            self.choose(self.between(self._anchor, cell), cell, add=ctrl)
            return
        self._anchor = cell
        chosen = self.cells ^ {cell} if ctrl else frozenset({cell})
        self._set(chosen, cell)

    def word(self, line: int, *, add: bool = False) -> None:
        """All cells of a word line; those already chosen are let go when `add` finds all of them chosen."""
        self._line((Cell(line, bit) for bit in range(self._shape[1])), add)

    def bit(self, line: int, *, add: bool = False) -> None:
        """The same for a bit line."""
        self._line((Cell(word, line) for word in range(self._shape[0])), add)

    def all(self) -> None:
        """Every cell."""
        self.choose(self.between(Cell(0, 0), Cell(self._shape[0] - 1, self._shape[1] - 1)))

    def move(self, words: int, bits: int, *, extend: bool = False) -> Cell:
        """Move the current cell by so many lines, staying inside the array; `extend` chooses all from the anchor."""
        if self.current is None:
            self.click(Cell(0, 0))
            return Cell(0, 0)
        word = min(max(self.current.word + words, 0), self._shape[0] - 1)
        bit = min(max(self.current.bit + bits, 0), self._shape[1] - 1)
        self.click(Cell(word, bit), shift=extend)
        return Cell(word, bit)

    def undo(self) -> bool:
        """Take the last change back; whether there was one."""
        if not self._before:
            return False
        self.cells, self.current = self._before.pop()
        self._anchor = self.current
        return True

    @staticmethod
    def between(one: Cell, other: Cell) -> list[Cell]:
        """All cells of the rectangle with these corners."""
        words = range(min(one.word, other.word), max(one.word, other.word) + 1)
        bits = range(min(one.bit, other.bit), max(one.bit, other.bit) + 1)
        return [Cell(word, bit) for word in words for bit in bits]

    def _line(self, cells: Iterable[Cell], add: bool) -> None:
        found = frozenset(cells)
        first = min(found)
        self._anchor = first
        if add and found <= self.cells:
            self._set(self.cells - found, first)
        else:
            self.choose(found, first, add=add)

    def _set(self, cells: frozenset[Cell], current: Cell | None) -> None:
        if (cells, current) == (self.cells, self.current):
            return
        self._before = [*self._before[-UNDONE + 1 :], (self.cells, self.current)]
        self.cells, self.current = cells, current
