"""A bench with a prober and a wafer of plain dies, without instruments: what reaches a device can be looked at."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from labctl.benchfile import BenchFile, load_bench
from labctl.core.capabilities import DiePosition
from labctl.core.errors import LabError, LimitExceeded
from labctl.core.lines import Cell
from tests.procedures.fake_bench import FakeBench, FakeCell

HEATER = 250.0


@dataclass
class FakeWaferBench(FakeBench):
    """A FakeBench whose prober decides which die's cells hang on the probes; heaters are those of `heaters` everywhere.

    dies:    cells of each die that was visited. heaters_of: resistances of the heaters of some dies, all the same.
    trouble: raised by a move of this name. barren: dies whose cells never form.
    """

    heater_resistance: float = HEATER
    heaters: dict[int, float] = field(default_factory=dict)
    heaters_of: dict[tuple[int, int], float] = field(default_factory=dict)
    barren: set[tuple[int, int]] = field(default_factory=set)
    dies: dict[tuple[int, int], dict[Cell, FakeCell]] = field(default_factory=dict)
    highests: dict[tuple[int, int], dict[Cell, float]] = field(default_factory=dict)
    file: BenchFile = field(default_factory=lambda: load_bench("virtual_56x8"))
    unconfirmed: tuple[str, ...] = ()
    moves: list[str] = field(default_factory=list)
    trouble: dict[str, Exception] = field(default_factory=dict)
    position: DiePosition | None = None
    stage_at: float = 296.0
    stage_is_stuck: bool = False
    time: float = 0.0

    @property
    def clock(self) -> FakeWaferBench:
        return self

    @property
    def stage(self) -> FakeWaferBench:
        return self

    def now(self) -> float:
        return self.time

    def wait(self, seconds: float) -> None:
        self.time += seconds

    def set_setpoint(self, kelvin: float) -> None:
        if not self.stage_is_stuck:
            self.stage_at = kelvin

    def temperature(self) -> float:
        return self.stage_at

    @property
    def prober(self) -> FakeWaferBench:
        return self

    def to_die(self, x: int, y: int) -> None:
        self._move(f"die {x} {y}")
        self.position = DiePosition(x, y)
        if (x, y) not in self.dies:  # the first one has the cells that a test has prepared
            self.dies[x, y] = self.cells if not self.dies else {cell: FakeCell() for cell in self.cells}
            self.highests[x, y] = {}
        self.cells, self.highest = self.dies[x, y], self.highests[x, y]
        if (x, y) in self.barren:
            for cell in self.cells.values():
                cell.forming_voltage = 99.0

    def to_subsite(self, dx: float, dy: float, name: str | None = None) -> None:
        self._move(f"subsite {dx:g} {dy:g}")
        assert self.position is not None
        self.position = DiePosition(self.position.x, self.position.y, name, dx=dx, dy=dy)

    def contact(self) -> None:
        self._move("contact")
        here = self.position
        assert here is not None
        self.position = DiePosition(here.x, here.y, here.subsite, True, here.dx, here.dy)

    def separate(self) -> None:
        self._move("separate")

    def _move(self, move: str) -> None:
        assert not self.connected, "a move under a connected route"
        if move in self.trouble:
            raise self.trouble[move]
        self.moves.append(move)

    @contextmanager
    def connect_heater(self, neuron: int, voltage: float) -> Iterator[FakeHeater]:
        assert self.position is not None
        assert self.position.in_contact
        everywhere = self.heaters.get(neuron, HEATER)
        yield FakeHeater(self.heaters_of.get((self.position.x, self.position.y), everywhere))

    def identities(self) -> dict[str, str]:
        return {"prober": "Velox"}

    def make_safe(self) -> tuple[str, ...]:
        self.moves.append("safe")
        return self.unconfirmed


@dataclass
class FakeHeater:
    """One heater of so many ohm, with a film that opens above 150 uA."""

    resistance: float
    current: float = 0.0

    def drive(self, voltage: float) -> float:
        self.current = voltage / self.resistance
        if self.current > 500e-6:
            raise LimitExceeded("current through the heater, this bench permits 500 uA: drive lower")
        return self.current

    def read_outputs(self, neurons: list[int]) -> list[float]:
        return [1e-6 + max(self.current - 150e-6, 0.0)]

    def release(self) -> None:
        self.current = 0.0


def lost(device: str = "smu1") -> LabError:
    """What a link that is cut raises."""
    return LabError(f"{device} does not answer.")
