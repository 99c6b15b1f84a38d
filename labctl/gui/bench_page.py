"""The bench: its instruments with their check, and what is closed and driven at this moment."""

from __future__ import annotations

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QSplitter, QVBoxLayout, QWidget

from labctl.benchfile import BenchFile
from labctl.gui.array.crosspoints import CrosspointsView
from labctl.gui.bench_panel import InstrumentTable
from labctl.gui.theme import Theme
from labctl.run.plain import Message


class BenchPage(QWidget):
    """Wishes: check_asked."""

    check_asked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        """Empty until `show_bench`."""
        super().__init__(parent)
        self.instruments = InstrumentTable(theme)
        self.crosspoints = CrosspointsView(theme)
        parts = QSplitter(Qt.Orientation.Vertical)
        parts.addWidget(self.instruments)
        parts.addWidget(self.crosspoints)
        parts.setChildrenCollapsible(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(parts, 1)
        self.instruments.check_asked.connect(self.check_asked)

    def show_bench(self, file: BenchFile) -> None:
        """A bench that is open, before it was asked anything."""
        self.instruments.show_bench(file)
        self.crosspoints.set_bench(file)

    def show_live(self, message: Message) -> None:
        """What was ordered last."""
        self.instruments.show_identities(message["identities"])
        self.crosspoints.show_live(message)
