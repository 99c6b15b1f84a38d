"""An axis that tells its quantity with a prefixed SI unit, on a linear and on a logarithmic scale."""

from __future__ import annotations

from typing import Any

import pyqtgraph as pg
from qtpy.QtGui import QFontMetrics

from labctl.gui.plots.words import spoken, takes_prefix, told


class SiAxis(pg.AxisItem):  # type: ignore[misc]  # pyqtgraph ships no types
    """Linear: the unit with its prefix stands beside the name; logarithmic: at each number."""

    def __init__(self, orientation: str) -> None:
        """`left`, `right` or `bottom`."""
        super().__init__(orientation)
        self._unit, self._is_count = "", False
        self._told: tuple[str, str, bool] | None = None
        self._is_hushed = False

    def tell(self, name: str, unit: str, is_log: bool, is_count: bool = False) -> None:
        """Name the quantity; `is_log` shows its magnitude, `is_count` whole numbers only."""
        self._is_count = is_count
        if self._told == (name, unit, is_log):
            return
        self._told, self._unit = (name, unit, is_log), unit
        self.setLogMode(is_log)
        if self._is_hushed:
            return
        prefixed = takes_prefix(unit) and not is_log
        plain = f" ({unit})" if unit.startswith("1/") else ""
        self.enableAutoSIPrefix(prefixed)
        self.setLabel(spoken(name) + plain, units=unit if prefixed else None)

    def hush(self) -> None:
        """No numbers and no name: an axis that stands directly below tells them."""
        self._is_hushed = True
        self.setStyle(showValues=False)
        self.showLabel(False)

    def labelString(self) -> str:
        """The label, with `u` for micro as everywhere in labctl; the unit alone where there is no room for more."""
        unit = f"({self.labelUnitPrefix}{self.labelUnits})" if self.labelUnits else ""
        text = f"{self.labelText} {unit}".strip()
        is_upright = self.orientation in ("left", "right")
        room = self.size().height() if is_upright else self.size().width()
        if unit and 0 < room < QFontMetrics(self.label.font()).horizontalAdvance(text):
            text = unit
        style = ";".join(f"{name}: {value}" for name, value in self.labelStyle.items())
        return f"<span style='{style}'>{text.replace('µ', 'u')}</span>"

    def resizeEvent(self, event: Any = None) -> None:
        """Choose the label that fits."""
        if self.label is not None and self.label.isVisible():
            self.label.setHtml(self.labelString())
        super().resizeEvent(event)

    def tickSpacing(self, minVal: float, maxVal: float, size: float) -> Any:
        """Nothing between whole numbers where things are counted."""
        levels = super().tickSpacing(minVal, maxVal, size)
        whole = [level for level in levels if level[0] >= 1.0] or [(1.0, 0)]
        return whole if self._is_count else levels

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
