"""The mark on every view whose numbers come from virtual instruments."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel, QWidget

TEXT = "SIMULATED"
COLOUR = "#b35900"
"""Of the mark, in both themes: white on it is readable, and it is no colour of a series."""


class SimulatedMark(QLabel):
    """A bar that says SIMULATED; absent where instruments are real."""

    def __init__(self, parent: QWidget | None = None) -> None:
        """Hidden until `tell`."""
        super().__init__(TEXT, parent)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setAccessibleName("simulated data")
        self.setToolTip("Virtual instruments and a virtual sample: no number here was measured on a device.")
        self.setStyleSheet(
            f"background: {COLOUR}; color: white; font-weight: bold; letter-spacing: 3px; padding: 3px 10px;"
        )
        self.hide()

    def tell(self, simulated: bool) -> None:
        """Show the mark, or take it away."""
        self.setVisible(simulated)
