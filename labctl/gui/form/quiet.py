"""A combo box that the wheel scrolls past: a form that scrolls must not change what it holds."""

from __future__ import annotations

from qtpy.QtGui import QWheelEvent
from qtpy.QtWidgets import QComboBox, QWidget


class QuietComboBox(QComboBox):
    """Changes by click and keyboard only, and is no wider than it must be."""

    def __init__(self, parent: QWidget | None = None) -> None:
        """Empty."""
        super().__init__(parent)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(6)

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        """Leave it to whatever scrolls around this box."""
        if event is not None:
            event.ignore()
