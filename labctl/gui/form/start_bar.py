"""The buttons that start or queue a procedure, with the reason when they cannot."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from labctl.gui.deed import deed
from labctl.gui.form.style import REASON, words

REASON_LINES = 2
"""Room for the reason; all of a longer one stands in the tool tips of the buttons."""


class StartBar(QWidget):
    """Start and Add to queue."""

    start_asked = Signal()
    queue_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        """Disabled until `allow`."""
        super().__init__(parent)
        self.start = deed(QPushButton("Start (F5)"), "F5")
        self.queue = deed(QPushButton("Add to queue"), "Ctrl+Return")
        bold = self.start.font()
        bold.setBold(True)
        self.start.setFont(bold)
        self.reason = words(REASON)
        self.reason.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.reason.setFixedHeight(REASON_LINES * self.reason.fontMetrics().lineSpacing())
        row = QHBoxLayout()
        row.addWidget(self.start, 1)
        row.addWidget(self.queue, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        column.addLayout(row)
        column.addWidget(self.reason)
        self.start.clicked.connect(lambda _checked: self.start_asked.emit())
        self.queue.clicked.connect(lambda _checked: self.queue_asked.emit())

    def allow(self, reasons: Sequence[str], busy: str = "") -> None:
        """Enable both buttons, or say why not; `busy` says why nothing can start at once though it can be queued."""
        for button, does, against in (
            (self.start, "Run this procedure now (F5)", [*reasons, *([busy] if busy else [])]),
            (self.queue, "Run this procedure after the others (Ctrl+Return)", list(reasons)),
        ):
            button.setEnabled(not against)
            button.setToolTip("\n".join(["Not possible now:", *against]) if against else does)
        others = len(reasons) - 1
        more = "" if others < 1 else " And 1 more reason." if others == 1 else f" And {others} more reasons."
        self.reason.setText(reasons[0] + more if reasons else busy)
        # the label stays, empty: nothing that is clicked moves when its text goes
