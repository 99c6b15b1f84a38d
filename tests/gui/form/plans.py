"""A procedure of somebody's package, with a parameter of every kind."""

from collections.abc import Generator
from dataclasses import MISSING, dataclass
from enum import Enum
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from labctl.core.errors import PlanError
from labctl.core.lines import Cell
from labctl.core.quantity import option, quantity
from labctl.core.rows import Progress, Verdict


class Edge(Enum):
    """A choice."""

    UP = "rising edge"
    DOWN = "falling edge"


@dataclass(frozen=True, kw_only=True)
class Retention:
    """Wait between reads."""

    title: ClassVar[str] = "read cells again after growing pauses"

    pause: float = quantity("s", 1.0, low=0.1, high=100.0, help="first pause")
    longest: float = quantity("s", 10.0, low=0.1, high=100.0, help="longest pause")
    cells: tuple[Cell, ...] = option((), help="which cells")
    edge: Edge = option(Edge.UP, help="which edge starts")
    is_fast: bool = option(False, help="leave out the offset")
    reads: int = quantity("1", 3, low=1, high=10_000_000, help="reads of each cell")
    factors: tuple[float, ...] = quantity("V", (0.1, 0.25), help="levels")
    remark: str = option("", help="free words")
    picture: str = option("", help="path of a PNG")
    current: float = quantity("A", low=1e-9, high=1e-3, help="limit of the current")
    weights: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        if self.pause > self.longest:
            raise PlanError(f"Retention: pause = {self.pause:g} s is longer than longest.")
        if self.remark == "odd":
            raise ValueError("odd words")

    def run(self, bench: Any) -> Generator[Any, None, Enum]:
        """Nothing but progress."""
        yield Progress(1, 1)
        return Verdict.DONE


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What must be chosen, and a file of maps."""

    low_state: float = quantity("S", 1e-6, low=1e-9, high=1e-3)
    edge: Edge = option(MISSING, help="which edge")
    is_fast: bool = option(MISSING, help="leave out the offset")
    target: str = option("none.npy", help="map")

    def __post_init__(self) -> None:
        if self.target.startswith("/"):
            raise PlanError(f"Choices: {self.target} has cells above low_state.")


@dataclass(frozen=True, kw_only=True)
class NeedsArray:
    """Cannot be typed."""

    values: NDArray[np.float64]

    def run(self, bench: Any) -> Generator[Any, None, Enum]:
        """Nothing."""
        yield Progress(1, 1)
        return Verdict.DONE
