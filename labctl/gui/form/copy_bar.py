"""The buttons that copy a form as a script."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QPushButton, QWidget


class CopyBar(QWidget):
    """Copy as command, Copy as Python."""

    command_asked = Signal()
    python_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        """Disabled until `allow`."""
        super().__init__(parent)
        self.command = QPushButton("Copy as command")
        self.python = QPushButton("Copy as Python")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        for button, signal in (
            (self.command, self.command_asked),
            (self.python, self.python_asked),
        ):
            row.addWidget(button)
            button.clicked.connect(lambda _checked, signal=signal: signal.emit())

    def allow(self, reason: str) -> None:
        """Enable both buttons, or say in `reason` why not."""
        for button, does in (
            (self.command, "Copy the `labctl run` line that does the same"),
            (self.python, "Copy the lines of Python that do the same"),
        ):
            button.setEnabled(not reason)
            button.setToolTip(f"Not possible now: {reason}" if reason else does)
