"""Cells that somebody chose: how a plan names them, which are refused."""

from collections.abc import Iterator, Mapping
from typing import Any

from labctl.core.errors import PlanError
from labctl.core.lines import Cell
from labctl.core.quantity import quantity
from labctl.core.rows import Earlier, Progress
from labctl.core.views import CrossbarBench
from procedures.reading import existing_cell


def chosen_cells(help: str) -> Any:  # noqa: A002 - the word every form and command line uses
    """Declare a field for the cells that a plan works on, in this order; it must be given."""
    return quantity("", help=f"{help}: word,bit as in 3,5 or 3,0-7, parted by spaces")


def refuse_no_cells(plan: object, cells: tuple[Cell, ...]) -> None:
    """Raise PlanError when a plan names no cell, one twice or one below 0; no cell never means all."""
    name = type(plan).__name__
    if not cells:
        raise PlanError(f"{name}: no cell was chosen; give cells, for example 3,5 or 3,0-7.")
    for place, cell in enumerate(cells):
        if min(cell) < 0:
            raise PlanError(f"{name}: there is no cell {Cell(*cell)}; lines are counted from 0 upwards.")
        if cell in cells[:place]:
            raise PlanError(f"{name}: cell {Cell(*cell)} is named twice; each is visited once.")


def visit(bench: CrossbarBench, cells: tuple[Cell, ...], doing: str) -> Iterator[tuple[Cell, Progress]]:
    """Each cell with the progress to tell before it is connected: `doing` "reading" gives "reading cell (3, 5)".

    Raises PlanError before the first one when the array lacks any of them.
    """
    found = [existing_cell(bench, *cell) for cell in cells]
    for done, cell in enumerate(found):
        yield cell, Progress(done, len(found), f"{doing} cell {cell}")


def earlier_rows(earlier: Earlier, table: str) -> Iterator[tuple[Cell, Mapping[str, Any]]]:
    """The rows of one kind that an interrupted run had recorded, in their order, each with its cell."""
    columns = earlier.tables.get(table, {})
    for values in zip(*columns.values(), strict=True):
        row = dict(zip(columns, values, strict=True))
        yield Cell(int(row["word"]), int(row["bit"])), row


def ended(cells: tuple[Cell, ...], failed: list[Cell], good: str, bad: str) -> Progress:
    """The end of the progress: "8 cells read", or "could not read (3, 5)" from good "read" and bad "could not read"."""
    count = f"{len(cells)} cell{'s' if len(cells) > 1 else ''}"
    named = ", ".join(str(cell) for cell in failed)
    return Progress(len(cells), len(cells), f"{bad} {named}" if failed else f"{count} {good}")
