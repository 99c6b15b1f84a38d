"""A number that an instrument remembers: range-checked, written in full precision, read back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from labctl.core.errors import NotConfirmed, SettingOutOfRange
from labctl.core.quantity import show

AGREEMENT = 1e-6
"""Relative difference at which a setting read back still counts as the one written (instruments keep 32-bit floats)."""


class Remembers(Protocol):
    """What `confirm` needs of the instrument, or of the channel, that a setting belongs to."""

    @property
    def label(self) -> str:
        """Whom an error message blames."""
        ...

    def exchange(self, settings: Mapping[str, str]) -> list[float]:
        """Write settings in their order with one message and read all of them back."""
        ...


@dataclass(frozen=True)
class Setting:
    """One number under `header`, called `name` by people, in `unit`, from `low` to `high`.

    With `ranges` (full-scale values, ascending) the instrument answers the range that a written value falls
    in.
    """

    header: str
    name: str
    unit: str
    low: float
    high: float
    ranges: tuple[float, ...] = ()

    def written(self, label: str, value: float) -> str:
        """The text that sets `value`; SettingOutOfRange names the instrument, the value and what is allowed."""
        if not self.low <= value <= self.high:
            raise SettingOutOfRange(
                f"{label}: {self.name} = {show(value, self.unit)}, "
                f"allowed {show(self.low, self.unit)} to {show(self.high, self.unit)}"
            )
        return repr(float(value))

    def expected(self, value: float) -> float:
        """What the instrument answers after `value` was written: itself, or the full scale of its range."""
        for full_scale in self.ranges:
            if value <= full_scale * (1.0 + AGREEMENT):
                return full_scale
        return value


def confirm(owner: Remembers, values: Mapping[Setting, float]) -> None:
    """Write all `values` in one message and read them back.

    Raises SettingOutOfRange before anything is sent, NotConfirmed when the instrument answers another value.
    """
    texts = {setting.header: setting.written(owner.label, value) for setting, value in values.items()}
    answers = owner.exchange(texts)
    for (setting, value), answer in zip(values.items(), answers, strict=True):
        wanted = setting.expected(value)
        if not math.isclose(answer, wanted, rel_tol=AGREEMENT, abs_tol=1e-15):
            raise NotConfirmed(
                f"{owner.label}: {setting.name} was set to {show(wanted, setting.unit)}, but the instrument answers "
                f"{show(answer, setting.unit)}: nothing may be connected"
            )
