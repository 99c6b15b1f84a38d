"""A person as the prober: told in sentences what to do, believed when the answer comes. A `Prober`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from labctl.core.capabilities import DiePosition
from labctl.core.errors import LabError
from labctl.core.quantity import show


class OperatorProber:
    """Where the person says that the probes are. What an interrupted question led to is not known."""

    def __init__(self, ask: Callable[[str], None]) -> None:
        """`ask` shows a sentence and returns once the person has done what it says; it may raise to end the work."""
        self._ask = ask
        self._position: DiePosition | None = None
        self._is_separated = False

    @property
    def position(self) -> DiePosition | None:
        """Where the probes stand; None before the first move."""
        return self._position

    def to_die(self, x: int, y: int) -> None:
        """Have the probes separated and die (x, y) brought under them."""
        self.separate()
        self._move(f"Move to the reference point of die ({x}, {y})", DiePosition(x, y))

    def to_subsite(self, dx: float, dy: float, name: str | None = None) -> None:
        """Have the probes separated and brought `dx`, `dy` m from the die's reference point, called `name`."""
        die = self._known()
        self.separate()
        called = f" ({name})" if name is not None else ""
        where = (
            f"x {show(dx, 'm')}, y {show(dy, 'm')} from the reference point"
            if dx or dy
            else "the reference point"
        )
        self._move(
            f"Move to {where} of die ({die.x}, {die.y}){called}",
            DiePosition(die.x, die.y, name, False, dx, dy),
        )

    def contact(self) -> None:
        """Have contact made."""
        die = self._known()
        self._is_separated = False
        self._move(f"Make contact on {die}", replace(die, in_contact=True))

    def separate(self) -> None:
        """Have the probes separated, unless they are."""
        if self._is_separated:
            return
        die = self._position
        self._move(
            "Separate the probes from the wafer", None if die is None else replace(die, in_contact=False)
        )
        self._is_separated = True

    def _move(self, what: str, position: DiePosition | None) -> None:
        self._position = None
        self._ask(f"{what}, then press Enter.")
        self._position = position

    def _known(self) -> DiePosition:
        if self._position is None:
            raise LabError("Where the probes stand is not known: move to a die first.")
        return self._position
