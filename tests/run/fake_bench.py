"""A bench without instruments, and procedures that end in every way there is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum

import numpy as np

from labctl.benchfile import BenchFile, load_bench
from labctl.core.clock import Clock
from labctl.core.errors import PlanError
from labctl.core.lines import Cell
from labctl.core.quantity import quantity
from labctl.core.rows import Block, Experiment, Picture, Progress, Verdict
from tests.clocks import HandClock


@dataclass
class FakeBench:
    """Counts how often it was made safe."""

    file: BenchFile = field(default_factory=lambda: load_bench("virtual_56x8"))
    clock: Clock = field(default_factory=HandClock)
    unconfirmed: tuple[str, ...] = ()
    made_safe: int = 0
    messages: int = 7
    before_safe: Callable[[], None] = lambda: None

    def identities(self) -> Mapping[str, str]:
        return {"smu1": "Keithley Instruments, Model 2636B, 1234567, 3.2.2"}

    def make_safe(self) -> tuple[str, ...]:
        self.made_safe += 1
        self.before_safe()
        return self.unconfirmed


class Side(Enum):
    LEFT = "left side"
    RIGHT = "right side"


@dataclass(frozen=True, kw_only=True)
class Read:
    """A row with one field of every kind."""

    cell: Cell
    side: Side
    conductance: float = quantity("S")
    pulses: int = quantity("1")
    limited: bool = False
    temperature: float | None = quantity("K", None)


@dataclass(frozen=True, kw_only=True)
class Counting:
    """Count up to `count`; then finish, or do what `at_end` says."""

    count: int = quantity("1", 3, low=0, high=1_000_000)
    amplitude: float = quantity("V", 0.5, low=0.0, high=2.0, help="of nothing")
    at_end: Callable[[FakeBench], None] | None = None
    left: list[str] = field(default_factory=list)

    def run(self, bench: FakeBench) -> Experiment:
        try:
            for number in range(self.count):
                bench.clock.wait(0.1)
                yield Read(cell=Cell(number, 1), side=Side.RIGHT, conductance=number * 1e-6, pulses=number)
                yield Progress(number + 1, self.count, f"cell {number}")
            if self.count < 0:
                raise PlanError("There are less than no cells.")
            yield Picture("map", np.eye(2), "S", ("word", "bit"))
            if self.at_end is not None:
                self.at_end(bench)
            yield Block(
                Read,
                {
                    "cell": np.array([[5, 6], [7, 8]]),
                    "side": np.array([Side.LEFT, Side.RIGHT]),
                    "conductance": np.array([1e-6, np.nan]),
                    "pulses": np.array([1, 2]),
                    "limited": np.array([True, False]),
                    "temperature": np.array([300.0, 301.0]),
                },
            )
        finally:
            self.left.append("left")
        return Verdict.DONE
