"""A line of text that is cut with an ellipsis where room is short, and then can be read in full as a tool tip."""

from __future__ import annotations

from qtpy.QtCore import QSize, Qt
from qtpy.QtGui import QPainter, QPaintEvent, QResizeEvent
from qtpy.QtWidgets import QLabel, QSizePolicy, QWidget


class ElidedLabel(QLabel):
    """`text` is the whole of it, whatever is seen."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        """Empty, with this accessible name."""
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def setText(self, text: str | None) -> None:
        """Say this."""
        super().setText(text)
        self._explain()

    def minimumSizeHint(self) -> QSize:
        """As narrow as one likes."""
        return QSize(40, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """More or less can be read."""
        super().resizeEvent(event)
        self._explain()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw what there is room for."""
        painter = QPainter(self)
        painter.drawText(self.contentsRect(), int(Qt.AlignmentFlag.AlignVCenter), self._seen())

    def _seen(self) -> str:
        return self.fontMetrics().elidedText(
            self.text(), Qt.TextElideMode.ElideRight, self.contentsRect().width()
        )

    def _explain(self) -> None:
        self.setToolTip("" if self._seen() == self.text() else self.text())
