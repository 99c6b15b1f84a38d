"""Rows and blocks of one kind on their way from the journal to columns, in their order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labctl.record.columns import Column, empty, stack


class Waiting:
    """Collects rows and blocks; `take` gives them as columns."""

    def __init__(self, columns: tuple[Column, ...]) -> None:
        """For a table with these columns."""
        self.columns = columns
        self._rows: list[list[Any]] = []
        self._pieces: list[Mapping[str, NDArray[Any]]] = []
        self._in_pieces = 0

    def __len__(self) -> int:
        """Rows that wait."""
        return self._in_pieces + len(self._rows)

    def add_row(self, values: list[Any]) -> None:
        """One row, its values in the order of the columns."""
        self._rows.append(values)

    def add_block(self, columns: Mapping[str, NDArray[Any]]) -> None:
        """Many rows as equal-length columns."""
        self._put_together()
        length = len(columns[self.columns[0].name])
        if length:
            self._pieces.append(columns)
            self._in_pieces += length

    def take(self) -> Mapping[str, NDArray[Any]]:
        """All that waits as one array per column; nothing waits afterwards."""
        self._put_together()
        pieces, self._pieces, self._in_pieces = self._pieces, [], 0
        if not pieces:
            return empty(self.columns)
        if len(pieces) == 1:
            return pieces[0]
        return {each.name: np.concatenate([piece[each.name] for piece in pieces]) for each in self.columns}

    def _put_together(self) -> None:
        rows, self._rows = self._rows, []
        if rows:
            self._pieces.append(stack(self.columns, rows))
            self._in_pieces += len(rows)
