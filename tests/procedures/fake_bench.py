"""A small crossbar bench without instruments: deterministic cells in a real (dense nodal) network."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from labctl.core.lines import Cell, Line, LineKind
from labctl.core.route import GROUND, Feed, Purpose, Role, Route, Scheme
from labctl.core.rows import Block, Earlier, Picture, Progress
from labctl.core.views import CellReading
from labctl.record.columns import layout, stack
from tests.analysis.nodal import read_current

UNFORMED = 5e-9


@dataclass
class FakeCell:
    """Above a threshold ln G moves in proportion to the pulse; an unformed cell forms at its voltage."""

    conductance: float = UNFORMED
    forming_voltage: float = 1.2
    formed_conductance: float = 50e-6
    set_threshold: float = 0.52
    reset_threshold: float = 0.55
    rate: float = 5.0

    @property
    def formed(self) -> bool:
        return self.conductance > 10 * UNFORMED

    def pulse(self, amplitude: float) -> None:
        if not self.formed:
            if amplitude >= self.forming_voltage:
                self.conductance = self.formed_conductance
            return
        threshold = self.set_threshold if amplitude > 0 else self.reset_threshold
        change = self.rate * max(abs(amplitude) - threshold, 0.0)
        self.conductance *= float(np.exp(change if amplitude > 0 else -change))


@dataclass
class Pulse:
    """What reached a cell."""

    cell: Cell
    amplitude: float
    width: float
    route: Route


class FakeRouter:
    """Every request is granted; reads ground the unselected lines, writes hold them with a source."""

    def __init__(self, words: int, bits: int) -> None:
        self.shape = (words, bits)

    def cell_read(self, cell: Cell, voltage: float) -> Route:
        return self._route(Purpose.READ, cell, voltage, None, GROUND)

    def cell_write(self, cell: Cell, amplitude: float, scheme: Scheme, cell_current: float) -> Route:
        return self._route(Purpose.WRITE, cell, amplitude, scheme, "smu.b")

    def cell_form(self, cell: Cell, amplitude: float, scheme: Scheme) -> Route:
        return self._route(Purpose.FORM, cell, amplitude, scheme, "smu.b")

    def _route(
        self, purpose: Purpose, cell: Cell, amplitude: float, scheme: Scheme | None, bystanders: str
    ) -> Route:
        words, bits = self.shape
        others = [Line(LineKind.WORD, index) for index in range(words) if index != cell.word]
        others += [Line(LineKind.BIT, index) for index in range(bits) if index != cell.bit]
        held = Feed("G", bystanders, Role.BIAS, 0.5, amplitude / 2, 1e-3, tuple(others))
        worst = np.full(self.shape, amplitude / 2)
        return Route(purpose, amplitude, (held,), frozenset(), frozenset(), worst, cell=cell, scheme=scheme)


@dataclass
class FakeView:
    """One connected cell of a FakeBench."""

    bench: "FakeBench"
    route: Route
    cell: Cell

    def read(self, voltage: float) -> CellReading:
        bench = self.bench
        assert self.route in bench.connected, "a read after the route was let go"
        assert voltage <= self.route.amplitude
        bench.reads.append(self.cell)
        grounded = any(feed.is_ground for feed in self.route.feeds)
        current = voltage * read_current(
            bench.conductance(),
            *self.cell,
            segment=bench.segment_resistance,
            path=bench.path_resistance,
            common=bench.ground_resistance if grounded else 0.0,
        )
        current *= 1.0 + next(bench.noise)
        bench.highest[self.cell] = max(bench.highest.get(self.cell, 0.0), current / voltage)
        return CellReading(
            voltage=voltage, current=current, source_current=current, limited=self.cell in bench.limited
        )

    def has_conducted(self, above: float) -> bool:
        return self.bench.highest.get(self.cell, 0.0) >= above

    def pulse(self, amplitude: float, width: float) -> None:
        assert self.route in self.bench.connected, "a pulse after the route was let go"
        assert self.route.purpose in (Purpose.WRITE, Purpose.FORM)
        assert abs(amplitude) <= self.route.amplitude * (1 + 1e-12)
        self.bench.pulses.append(Pulse(self.cell, amplitude, width, self.route))
        self.bench.cells[self.cell].pulse(amplitude)


@dataclass
class FakeBench:
    """A CrossbarBench whose cells can be looked at."""

    word_lines: int = 4
    bit_lines: int = 3
    segment_resistance: float = 20.0
    path_resistance: float = 3.0
    ground_resistance: float = 1.0
    noise_sigma: float = 0.0
    cells: dict[Cell, FakeCell] = field(default_factory=dict)
    pulses: list[Pulse] = field(default_factory=list)
    reads: list[Cell] = field(default_factory=list)
    highest: dict[Cell, float] = field(default_factory=dict)
    limited: set[Cell] = field(default_factory=set)
    connected: list[Route] = field(default_factory=list)
    routes: list[Route] = field(default_factory=list)

    def __post_init__(self) -> None:
        for word in range(self.word_lines):
            for bit in range(self.bit_lines):
                self.cells.setdefault(Cell(word, bit), FakeCell())
        rng = np.random.default_rng(5)
        self.noise: Iterator[float] = iter(lambda: float(self.noise_sigma * rng.standard_normal()), None)
        self.router = FakeRouter(self.word_lines, self.bit_lines)

    def conductance(self) -> NDArray[np.float64]:
        shape = (self.word_lines, self.bit_lines)
        return np.array([self.cells[Cell(*index)].conductance for index in np.ndindex(shape)]).reshape(shape)

    def form(self, conductance: float) -> None:
        """Make every cell a formed one."""
        for cell in self.cells.values():
            cell.conductance = conductance

    def amplitudes(self, cell: Cell, purpose: Purpose) -> list[float]:
        """What pulses `cell` got in routes for `purpose`, V."""
        return [p.amplitude for p in self.pulses if p.cell == cell and p.route.purpose is purpose]

    @contextmanager
    def connect_cell(self, route: Route) -> Iterator[FakeView]:
        assert not self.connected, "one connected route at a time"
        assert route.cell is not None
        self.connected.append(route)
        self.routes.append(route)
        try:
            yield FakeView(self, route, route.cell)
        finally:
            self.connected.remove(route)


def complete(experiment):
    """Drain a procedure into what it yielded and its verdict."""
    rows = []
    while True:
        try:
            rows.append(next(experiment))
        except StopIteration as end:
            return rows, end.value


def of_kind(rows, kind):
    """The rows of one kind, in their order."""
    return [row for row in rows if isinstance(row, kind)]


def interrupted(experiment, rows=10**9, lost=0, until=None):
    """Run until `rows` rows are recorded, or one of the kind `until`, then end; what the record without the `lost` last
    of them holds."""
    recorded = []
    for item in experiment:
        if isinstance(item, Progress | Picture | Block):
            continue
        recorded.append(item)
        if len(recorded) == rows or type(item) is until:
            break
    experiment.close()
    return recorded_as(recorded[: len(recorded) - lost])


def recorded_as(items):
    """Rows, blocks and pictures as an interrupted run's record gives them back, times left out."""
    tables, pictures = {}, {}
    for item in items:
        if isinstance(item, Picture):
            pictures[item.name] = item
        elif isinstance(item, Block):
            tables.setdefault(item.kind, []).append(layout(item.kind).arrays(item))
        elif not isinstance(item, Progress):
            table = layout(type(item))
            tables.setdefault(type(item), []).append(stack(table.columns[2:], [table.values(item)]))
    columns = {
        kind.__name__: {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        for kind, parts in tables.items()
    }
    return Earlier(columns, pictures)
