"""The sheet that plots are drawn on, with a heading and a legend that its pictures bear too."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

import pyqtgraph as pg
from qtpy.QtCore import QRectF, QSize, Qt
from qtpy.QtGui import QColor, QFontMetrics, QImage, QPainter, QResizeEvent
from qtpy.QtWidgets import QGraphicsScene, QWidget

from labctl.core.errors import RecordError
from labctl.gui.plots.trace import MUTED, Trace
from labctl.gui.plots.words import SIGNS
from labctl.gui.simulated import COLOUR, TEXT
from labctl.gui.theme import Colours

FINE = 2
"""An exported picture has this many pixels for one of the screen."""
MARGIN = 24


class Canvas(pg.GraphicsLayoutWidget):  # type: ignore[misc]
    """Heading and legend above a grid of plots."""

    def __init__(self, colours: Colours, parent: QWidget | None = None) -> None:
        """Without plots; `body` is the grid for them."""
        super().__init__(parent)
        self._colours = colours
        self._heading, self._mark, self._entries = "", False, list[tuple[str, str, int]]()
        self._head: Any = self.addLabel("", row=0, col=0, justify="left")
        self._legend: Any = self.addLabel("", row=1, col=0, justify="left")
        self.body: Any = self.addLayout(row=2, col=0)
        self.ci.layout.setRowStretchFactor(2, 1)
        self.ci.setContentsMargins(4, 2, 8, 4)
        self.ci.layout.setVerticalSpacing(0)
        self.setAccessibleName("plot")
        self.paint_in(colours)

    @property
    def heading(self) -> str:
        """What stands above the plots, as plain words."""
        return f"{TEXT} {self._heading}" if self._mark else self._heading

    @property
    def legend(self) -> list[str]:
        """Names in the legend."""
        return [name for name, _, _ in self._entries]

    def tell(self, heading: str, simulated: bool, traces: Sequence[Trace]) -> None:
        """What is shown, whether it was simulated, and which curves the legend names."""
        entries = list(
            dict.fromkeys((each.name, each.symbol, each.colour) for each in traces if each.in_legend)
        )
        if (heading, simulated, entries) != (self._heading, self._mark, self._entries):
            self._heading, self._mark, self._entries = heading, simulated, entries
            self._write()

    def paint_in(self, colours: Colours) -> None:
        """Take these colours."""
        self._colours = colours
        self.setBackground(colours.base)
        self._write()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Break the legend's lines anew."""
        super().resizeEvent(event)
        if event is not None and event.oldSize().width() != event.size().width() and self._entries:
            self._write()

    def export(self, path: Path) -> None:
        """Write a PNG of the sheet; RecordError when it cannot be written."""
        image = self.picture()
        if not image.save(str(path), "PNG"):
            raise RecordError(f"The picture {path} cannot be written: choose a folder that you may write to.")

    def picture(self) -> QImage:
        """The sheet as an image."""
        size = QSize(self.width() * FINE, self.height() * FINE)
        image = QImage(size, QImage.Format.Format_ARGB32)
        image.fill(QColor(self._colours.base))
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
        scene: QGraphicsScene = self.scene()
        scene.render(
            painter,
            QRectF(0, 0, size.width(), size.height()),
            QRectF(self.viewRect()),
            Qt.AspectRatioMode.KeepAspectRatio,
        )
        painter.end()
        return image

    def _write(self) -> None:
        text = self._colours.text
        mark = (
            f"<span style='background:{COLOUR}; color:#ffffff; font-size:13pt'><b>&nbsp;{TEXT}&nbsp;</b></span>"
            if self._mark
            else ""
        )
        self._head.setText(f"{mark}&nbsp; <span style='color:{text}'>{escape(self._heading)}</span>")
        self._legend.setText("<br>".join(self._legend_lines()))
        self._legend.setVisible(bool(self._entries))
        self._legend.setMaximumHeight(10_000 if self._entries else 0)
        for label in (self._head, self._legend):
            label.setMinimumWidth(0)

    def _legend_lines(self) -> list[str]:
        """As many entries in a line as fit."""
        measure, lines, used = QFontMetrics(self.font()), [""], 0
        for name, symbol, colour in self._entries:
            ink = self._colours.muted if colour == MUTED else self._colours.series[colour % 7]
            width = measure.horizontalAdvance(f"{SIGNS[symbol]} {name}") + 2 * MARGIN
            if used and used + width > self.width() - MARGIN:
                lines.append("")
                used = 0
            used += width
            shown = escape(name).replace(" ", "&nbsp;").replace("-", "&#8209;")
            lines[-1] += (
                f"<span style='color:{ink}'>{SIGNS[symbol]}</span>"
                f"<span style='color:{self._colours.text}'>&nbsp;{shown}</span>&nbsp;&nbsp;&nbsp; "
            )
        return lines
