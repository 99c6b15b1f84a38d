"""The sheet that plots are drawn on, with a heading and a legend that its pictures bear too."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

import pyqtgraph as pg
from qtpy.QtCore import QRectF, QSize, Qt, Signal
from qtpy.QtGui import QColor, QImage, QKeyEvent, QPainter, QResizeEvent
from qtpy.QtWidgets import QGraphicsScene, QWidget

from labctl.core.errors import RecordError
from labctl.gui.plots.trace import MUTED, Trace
from labctl.gui.plots.words import SIGNS
from labctl.gui.simulated import COLOUR, TEXT
from labctl.gui.theme import Colours

FINE = 2
"""An exported picture has this many pixels for one of the screen."""
MARGIN = 24


class _Text(pg.LabelItem):  # type: ignore[misc]  # pyqtgraph ships no types
    """Lines that break where the sheet ends, and take no room while empty."""

    def __init__(self) -> None:
        super().__init__("", justify="left")
        self._wide = 600

    def write(self, html: str) -> None:
        """Show this text; nothing at all when it is empty."""
        self.setVisible(bool(html))
        self.setText(html)
        self.fill(self._wide)

    def fill(self, wide: int) -> None:
        """Break the lines at so many pixels."""
        self._wide = wide
        self.item.setTextWidth(wide)
        high = self.item.boundingRect().height() if self.isVisible() else 0.0
        self.setMinimumSize(0, high)
        self.setMaximumHeight(high)

    def updateMin(self) -> None:
        """Not as wide as the text: that would push the plots out of the sheet."""


class Canvas(pg.GraphicsLayoutWidget):  # type: ignore[misc]  # pyqtgraph ships no types
    """Heading and legend above a grid of plots."""

    resized = Signal()
    stepped = Signal(int)
    """To the next point (1) or the one before (-1), by the arrow keys."""

    def __init__(self, colours: Colours, parent: QWidget | None = None) -> None:
        """Without plots; `body` is the grid for them."""
        self._head, self._legend = _Text(), _Text()  # the base class resizes while it is being made
        super().__init__(parent)
        self._colours = colours
        self._heading, self._mark, self._entries = "", False, list[tuple[str, str, int]]()
        self.addItem(self._head, row=0, col=0)
        self.addItem(self._legend, row=1, col=0)
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
            dict.fromkeys(
                (each.name if each.legend is None else each.legend, each.symbol, each.colour)
                for each in traces
                if each.legend != ""
            )
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
        """Break the lines of heading and legend anew."""
        super().resizeEvent(event)
        for text in (self._head, self._legend):
            text.fill(self.width() - MARGIN)
        self.resized.emit()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Right and Left go from point to point."""
        steps = {Qt.Key.Key_Right: 1, Qt.Key.Key_Left: -1}
        if event is not None and event.key() in steps:
            self.stepped.emit(steps[Qt.Key(event.key())])
            event.accept()
            return
        super().keyPressEvent(event)

    def export(self, path: Path) -> None:
        """Write a PNG of the sheet; RecordError when it cannot be written."""
        image = self.picture()
        if not image.save(str(path), "PNG"):
            raise RecordError(
                f"The picture cannot be written to {path}: choose a folder that you may write to."
            )

    def picture(self) -> QImage:
        """The sheet as an image."""
        image = QImage(QSize(self.width() * FINE, self.height() * FINE), QImage.Format.Format_ARGB32)
        image.setDevicePixelRatio(FINE)
        image.fill(QColor(self._colours.base))
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
        scene: QGraphicsScene = self.scene()
        scene.render(
            painter,
            QRectF(0, 0, self.width(), self.height()),
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
        self._head.write(f"{mark}&nbsp; <span style='color:{text}'>{_unbroken(self._heading)}</span>")
        self._legend.write("&nbsp;&nbsp;&nbsp; ".join(self._entry(*each) for each in self._entries))

    def _entry(self, name: str, symbol: str, colour: int) -> str:
        """A symbol in its colour and a name, which stay on one line."""
        inks = self._colours.series
        ink = self._colours.muted if colour == MUTED else inks[colour % len(inks)]
        return (
            f"<span style='color:{ink}'>{SIGNS[symbol]}</span>"
            f"<span style='color:{self._colours.text}'>&nbsp;{_unbroken(name)}</span>"
        )


def _unbroken(text: str) -> str:
    """As HTML in which a line breaks only behind a middle dot."""
    parts = (escape(part).replace(" ", "&nbsp;").replace("-", "&#8209;") for part in text.split(" · "))
    return "&nbsp;· ".join(parts)
