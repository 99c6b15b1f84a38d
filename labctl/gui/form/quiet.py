"""A combo box that the wheel scrolls past: a form that scrolls must not change what it holds."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtGui import QPaintEvent, QWheelEvent
from qtpy.QtWidgets import QComboBox, QStyle, QStyleOptionComboBox, QStylePainter, QWidget


class QuietComboBox(QComboBox):
    """Changes by click and keyboard only; may be narrower than its texts, which its list shows whole."""

    def __init__(self, parent: QWidget | None = None) -> None:
        """Empty."""
        super().__init__(parent)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(6)

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        """Leave it to whatever scrolls around this box."""
        if event is not None:
            event.ignore()

    def showPopup(self) -> None:
        """Open the list as wide as its longest text."""
        view, style = self.view(), self.style()
        if view is not None and style is not None:
            bar = style.pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent)
            view.setMinimumWidth(view.sizeHintForColumn(0) + bar)
        super().showPopup()

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        """As Qt does, with dots where the text has no room."""
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        style = self.style()
        if style is not None:
            room = style.subControlRect(
                QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, self
            )
            option.currentText = self.fontMetrics().elidedText(
                option.currentText, Qt.TextElideMode.ElideRight, room.width() - 4
            )
        painter = QStylePainter(self)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)
