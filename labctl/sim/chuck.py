"""The virtual prober's chuck: moves the wafer, and decides what hangs on the probes. A `ChuckPort`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from labctl.sim.wafer import Wafer

if TYPE_CHECKING:
    from labctl.sim.workbench import Workbench

SEPARATED, ALIGNED, CONTACT = "S", "A", "C"


class VirtualChuck:
    """The chuck of one virtual bench."""

    def __init__(self, bench: Workbench, wafer: Wafer, x: float, y: float, in_contact: bool) -> None:
        """`wafer` on the chuck of `bench`, standing where it was left: m from the reference point of die (0, 0)."""
        self._bench, self._wafer = bench, wafer
        self._x, self._y, self._height = x, y, SEPARATED
        if in_contact:
            self.lift(CONTACT)

    @property
    def dies(self) -> Sequence[tuple[int, int]]:
        """Every die that lies on the wafer as a whole, in the order in which the prober steps."""
        return self._wafer.dies

    @property
    def pitch(self) -> tuple[float, float]:
        """m; size of a die."""
        return self._wafer.pitch

    @property
    def subsites(self) -> Sequence[tuple[float, float]]:
        """m; places on a die, from its reference point."""
        return self._wafer.subsites

    @property
    def position(self) -> tuple[float, float]:
        """m; where the probes stand over the wafer, from the reference point of die (0, 0)."""
        return self._x, self._y

    @property
    def height(self) -> str:
        """S: separated, A: aligned, C: in contact."""
        return self._height

    def move(self, x: float, y: float) -> None:
        """Stand at (x, y) from now on."""
        self._x, self._y = x, y
        self._touch()

    def lift(self, height: str) -> None:
        """Stand at `height` from now on."""
        self._height = height
        self._touch()

    def _touch(self) -> None:
        site = self._wafer.under(self._x, self._y) if self._height == CONTACT else None
        self._bench.touch(site)
