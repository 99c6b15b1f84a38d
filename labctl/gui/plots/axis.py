"""An axis that tells its quantity with a prefixed SI unit, on a linear and on a logarithmic scale."""

from __future__ import annotations

from typing import Any

import pyqtgraph as pg

from labctl.gui.plots.words import spoken, takes_prefix, told


class SiAxis(pg.AxisItem):  # type: ignore[misc]
    """Linear: the unit with its prefix stands beside the name; logarithmic: at each number."""

    def __init__(self, orientation: str) -> None:
        """`left` or `bottom`."""
        super().__init__(orientation)
        self._unit = ""
        self._told: tuple[str, str, bool] | None = None

    def tell(self, name: str, unit: str, is_log: bool) -> None:
        """Name the quantity; `is_log` shows its magnitude."""
        if self._told == (name, unit, is_log):
            return
        self._told, self._unit = (name, unit, is_log), unit
        prefixed = takes_prefix(unit) and not is_log
        plain = f" ({unit})" if unit.startswith("1/") else ""
        self.setLogMode(is_log)
        self.enableAutoSIPrefix(prefixed)
        self.setLabel(spoken(name) + plain, units=unit if prefixed else None)

    def labelString(self) -> str:
        """The label, with `u` for micro as everywhere in labctl."""
        return str(super().labelString()).replace("µ", "u")

    def logTickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        """`10 uS` instead of a power of ten."""
        return [told(10.0**value * scale, self._unit) for value in values]

    def paint_in(self, text: str, line: str) -> None:
        """Take these colours."""
        self.setTextPen(text)
        self.setPen(line)
        style: dict[str, Any] = {"color": text}
        self.labelStyle.update(style)
        self._updateLabel()
