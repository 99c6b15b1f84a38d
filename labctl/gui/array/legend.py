"""What the colours of the map mean: a colour bar with its unit, or letters and words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from qtpy.QtCore import QRectF, QSize, Qt
from qtpy.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen
from qtpy.QtWidgets import QSizePolicy, QWidget

from labctl.gui.array.neurons import short
from labctl.gui.array.painting import category_colour, hatch, scale_image, small_font, text_on
from labctl.gui.array.shown import Category, Scale, Shown
from labctl.gui.theme import Theme

BAR = 12
"""px; height of the colour bar and of a category's square."""
GAP = 6


class Legend(QWidget):
    """One row for a scale; as many as the words need for categories."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        """Nothing to explain yet."""
        super().__init__(parent)
        self._theme = theme
        self._shown = Shown.CONDUCTANCE
        self._scale: Scale | None = None
        self._categories: tuple[Category, ...] = ()
        self._unknown = True
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("legend of the map")
        theme.changed.connect(self.update)

    def tell_scale(self, shown: Shown, scale: Scale | None, unknown: bool) -> None:
        """Explain numbers; `unknown`: whether any cell is hatched."""
        self._shown, self._scale, self._categories, self._unknown = shown, scale, (), unknown
        self._told()

    def tell_categories(self, shown: Shown, present: Sequence[Category], unknown: bool) -> None:
        """Explain the words that occur."""
        self._shown, self._scale, self._categories, self._unknown = shown, None, tuple(present), unknown
        self._told()

    @property
    def sentence(self) -> str:
        """The same in words."""
        parts = [f"{each.letter} = {each.word}" for each in self._categories]
        if self._scale is not None:
            unit = self._shown.unit
            parts.append(
                f"from {short(self._scale.low, unit)} to {short(self._scale.high, unit)}, "
                f"{'logarithmic' if self._scale.log else 'linear'}"
            )
        if self._unknown:
            parts.append("hatched = unknown")
        return f"{self._shown.value}: " + (", ".join(parts) or "nothing")

    def sizeHint(self) -> QSize:
        """As high as its rows."""
        return QSize(200, self.heightForWidth(max(self.width(), 200)))

    def minimumSizeHint(self) -> QSize:
        """As `sizeHint`."""
        return self.sizeHint()

    def hasHeightForWidth(self) -> bool:
        """Words may need a second row."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Of all rows."""
        metrics = QFontMetrics(small_font(self.font()))
        if not self._categories and self._scale is not None:
            return BAR + metrics.height() + 4
        rows = 1 + max((row for _, row, _ in self._entries(width)), default=0)
        return rows * (max(metrics.height(), BAR) + 3) + 2

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the bar with its ticks, or a square, a letter and a word for each category."""
        painter = QPainter(self)
        painter.setFont(small_font(self.font()))
        painter.setPen(QColor(self._theme.colours.text))
        if self._scale is not None:
            self._paint_scale(painter, self._scale)
        else:
            self._paint_words(painter)
        painter.end()

    def _told(self) -> None:
        self.setAccessibleDescription(self.sentence)
        self.updateGeometry()
        self.update()

    def _paint_scale(self, painter: QPainter, scale: Scale) -> None:
        colours, metrics, unit = self._theme.colours, painter.fontMetrics(), self._shown.unit
        name = self._shown.value + (f" ({unit})" if unit not in ("", "1") else "")
        left = metrics.horizontalAdvance(name) + 2 * GAP
        right = self._unknown_width(metrics) if self._unknown else GAP
        painter.drawText(
            QRectF(0, 0, left, BAR + 3), int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), name
        )
        bar = QRectF(left, 1, max(self.width() - left - right - 3 * GAP, 40), BAR)
        painter.drawImage(bar, scale_image(np.linspace(0.0, 1.0, 256)[np.newaxis, :]))
        painter.setPen(QPen(QColor(colours.text), 1.0))
        painter.drawRect(bar)
        widest = metrics.horizontalAdvance("888 mS") + 2 * GAP
        free = -1e9
        for value in scale.ticks(max(2, int(bar.width() // widest))):
            x = bar.x() + float(scale.places(np.array([value]))[0]) * bar.width()
            text = short(value, unit)
            width = metrics.horizontalAdvance(text)
            at = min(max(x - width / 2, 0.0), self.width() - right - width)
            painter.drawLine(int(x), int(bar.bottom()), int(x), int(bar.bottom()) + 3)
            if at > free:
                painter.drawText(int(at), BAR + 3 + metrics.ascent(), text)
                free = at + width + GAP
        if self._unknown:
            self._paint_unknown(painter, self.width() - right + GAP, 1)

    def _paint_words(self, painter: QPainter) -> None:
        metrics = painter.fontMetrics()
        height = max(metrics.height(), BAR) + 3
        name = f"{self._shown.value}:"
        painter.drawText(0, 1 + metrics.ascent(), name)
        for x, row, category in self._entries(self.width()):
            y = row * height + 1
            if category is None:
                self._paint_unknown(painter, x, y)
                continue
            square = QRectF(x, y, BAR + 2, BAR + 2)
            colour = category_colour(self._theme.colours, category.colour)
            painter.fillRect(square, colour)
            painter.setPen(text_on(colour))
            painter.drawText(square, int(Qt.AlignmentFlag.AlignCenter), category.letter)
            painter.setPen(QColor(self._theme.colours.text))
            painter.drawText(int(x) + BAR + 2 + GAP, int(y) + metrics.ascent(), category.word)

    def _paint_unknown(self, painter: QPainter, x: float, y: float) -> None:
        square = QRectF(x, y, BAR + 2, BAR)
        hatch(painter, square, self._theme.colours)
        painter.setPen(QPen(QColor(self._theme.colours.muted), 1.0))
        painter.drawRect(square)
        painter.setPen(QColor(self._theme.colours.text))
        painter.drawText(int(x) + BAR + 2 + GAP, int(y) + painter.fontMetrics().ascent(), "unknown")

    def _unknown_width(self, metrics: QFontMetrics) -> int:
        return BAR + 2 + 3 * GAP + metrics.horizontalAdvance("unknown")

    def _entries(self, width: int) -> list[tuple[float, int, Category | None]]:
        """Place in px, row and category of each entry; None stands for unknown."""
        metrics = QFontMetrics(small_font(self.font()))
        entries: list[Category | None] = [*self._categories, *([None] if self._unknown else [])]
        x, row = metrics.horizontalAdvance(f"{self._shown.value}:") + 2 * GAP, 0
        found = []
        for entry in entries:
            word = "unknown" if entry is None else entry.word
            needed = BAR + 2 + 3 * GAP + metrics.horizontalAdvance(word)
            if x + needed > width and x > 0:
                x, row = 0, row + 1
            found.append((float(x), row, entry))
            x += needed
        return found
