"""Where on a widget the cells, headers and neurons of an array lie."""

from __future__ import annotations

from dataclasses import dataclass

from labctl.core.lines import Cell, Line, LineKind

LARGEST_RATIO = 2.2
"""Of a cell's longer side to its shorter one."""
TALL = 2.0
"""An array with more than so many times as many word lines as bit lines is turned: word lines run along x."""


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels."""

    x: float
    y: float
    width: float
    height: float

    def holds(self, x: float, y: float) -> bool:
        """Whether a point lies inside."""
        return self.x <= x < self.x + self.width and self.y <= y < self.y + self.height


@dataclass(frozen=True)
class Geometry:
    """An array of words x bits inside width x height pixels.

    turned: word lines are counted along x, bit lines downwards; otherwise bit lines along x, word lines downwards.
    head:   px of the numbered header above the cells; side: px of the one left of them.
    foot:   px for neurons, at the right of a turned array, else below it.
    """

    words: int
    bits: int
    width: float
    height: float
    head: float
    side: float
    foot: float

    @property
    def turned(self) -> bool:
        """Whether word lines run along x."""
        return self.words > TALL * self.bits

    @property
    def along_x(self) -> int:
        """Lines counted along x."""
        return self.words if self.turned else self.bits

    @property
    def along_y(self) -> int:
        """Lines counted downwards."""
        return self.bits if self.turned else self.words

    @property
    def cell(self) -> tuple[float, float]:
        """Width and height of a cell in pixels, nearly square where there is room for it."""
        width = (self.width - self.side - (self.foot if self.turned else 0.0)) / self.along_x
        height = (self.height - self.head - (0.0 if self.turned else self.foot)) / self.along_y
        width, height = max(width, 1.0), max(height, 1.0)
        return min(width, LARGEST_RATIO * height), min(height, LARGEST_RATIO * width)

    @property
    def map(self) -> Box:
        """All cells."""
        width, height = self.cell
        return Box(self.side, self.head, width * self.along_x, height * self.along_y)

    def box(self, cell: Cell) -> Box:
        """One cell."""
        width, height = self.cell
        x, y = (cell.word, cell.bit) if self.turned else (cell.bit, cell.word)
        return Box(self.side + x * width, self.head + y * height, width, height)

    def neuron(self, index: int) -> Box:
        """The place of the neuron at the foot of a bit line."""
        area, (width, height) = self.map, self.cell
        if self.turned:
            return Box(area.x + area.width, area.y + index * height, self.foot, height)
        return Box(area.x + index * width, area.y + area.height, width, self.foot)

    def cell_at(self, x: float, y: float, *, nearest: bool = False) -> Cell | None:
        """The cell at a point; outside the map None, or the nearest one."""
        area, (width, height) = self.map, self.cell
        if not nearest and not area.holds(x, y):
            return None
        column = min(max(int((x - area.x) // width), 0), self.along_x - 1)
        row = min(max(int((y - area.y) // height), 0), self.along_y - 1)
        return Cell(column, row) if self.turned else Cell(row, column)

    def line_at(self, x: float, y: float) -> Line | None:
        """The line whose header is at a point; a neuron's where there is one; None elsewhere."""
        area = self.map
        if area.x <= x < area.x + area.width and y < area.y:
            column = int((x - area.x) // self.cell[0])
            return Line(LineKind.WORD if self.turned else LineKind.BIT, min(column, self.along_x - 1))
        if area.y <= y < area.y + area.height and x < area.x:
            row = int((y - area.y) // self.cell[1])
            return Line(LineKind.BIT if self.turned else LineKind.WORD, min(row, self.along_y - 1))
        if self.foot:
            for index in range(self.bits):
                if self.neuron(index).holds(x, y):
                    return Line(LineKind.NEURON, index)
        return None
