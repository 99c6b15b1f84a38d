"""The map of a plan's dies as text: the order of the path, what is left out, where the notch is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from labctl.wafer.geometry import Die, Turned
from labctl.wafer.plan import WaferPlan

NOT_TESTED, SKIPPED = "-", "x"
LEGEND = f"numbers: order of the path, {NOT_TESTED} not selected, {SKIPPED} skipped by hand"
_SIDES = {0: "right", 90: "top", 180: "left", 270: "bottom"}


def draw(plan: WaferPlan, turn: int = 0) -> list[str]:
    """The lines of the map, turned counter-clockwise by `turn` degrees; the dies keep their coordinates.

    Raises ValueError when `turn` is no multiple of 90.
    """
    view = plan.geometry.turned(turn)
    places = _grid(view)
    marks = _marks(plan)
    width = max(len(mark) for mark in marks.values())
    across, down = ("x", "y") if turn % 180 == 0 else ("y", "x")
    columns, rows = _numbers(places, view)
    width = max(width, *(len(number) for number in columns.values())) + 1
    margin = max(len(number) for number in rows.values()) + 2
    table = [f"{across:>{margin}} " + "".join(f"{columns[column]:>{width}}" for column in sorted(columns))]
    table.append(f"{down:>{margin}}")
    for row in sorted(rows):
        cells = (marks.get(places.get((column, row), None), "") for column in sorted(columns))  # type: ignore[arg-type]  # no die, no mark
        table.append(f"{rows[row]:>{margin}} " + "".join(f"{cell:>{width}}" for cell in cells).rstrip())
    return list(_with_notch(table, view.notch, margin + width * ((len(columns) + 1) // 2)))


def _grid(view: Turned) -> Mapping[tuple[int, int], Die]:
    """Dies by column (from the left) and row (from the top) of the drawn map."""
    width, height = view.geometry.die_size if view.degrees % 180 == 0 else view.geometry.die_size[::-1]
    found = {}
    first: tuple[float, float] | None = None
    for die in view.geometry.all_dies():
        x, y = view.centre(die)
        first = first or (x, y)
        found[round((x - first[0]) / width), -round((y - first[1]) / height)] = die
    return found


def _marks(plan: WaferPlan) -> dict[Die, str]:
    marks = dict.fromkeys(plan.geometry.all_dies(), NOT_TESTED)
    marks |= dict.fromkeys(plan.selection.skip, SKIPPED)
    return marks | {die: str(number) for number, die in enumerate(plan.dies, start=1)}


def _numbers(places: Mapping[tuple[int, int], Die], view: Turned) -> tuple[dict[int, str], dict[int, str]]:
    """The prober's number of each column and of each row."""
    is_upright = view.degrees % 180 == 0
    columns = {column: str(die.x if is_upright else die.y) for (column, _), die in places.items()}
    rows = {row: str(die.y if is_upright else die.x) for (_, row), die in places.items()}
    return columns, rows


def _with_notch(table: list[str], notch: float, middle: int) -> Iterator[str]:
    side = _SIDES.get(round(notch) if notch == round(notch) else -1)
    if side == "top":
        yield " " * middle + "v notch"
        yield ""
    yield from table
    if side == "bottom":
        yield ""
        yield " " * middle + "^ notch"
    elif side != "top":
        yield ""
        yield f"notch: {side or f'{notch:g} degrees counter-clockwise from the right'}"
