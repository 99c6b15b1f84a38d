"""A labelled list to choose from, whose entries grow with the run."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSizePolicy, QWidget

from labctl.gui.plots.words import spoken


class Chooser(QWidget):
    """Keeps what the user chose for as long as it is offered; otherwise stands at the first entry or a default."""

    chosen = Signal()

    def __init__(self, name: str, tip: str, parent: QWidget | None = None) -> None:
        """Hidden until there is something to choose between."""
        super().__init__(parent)
        self.box = QComboBox(self)
        self.box.setAccessibleName(name)
        self.box.setToolTip(tip)
        self.box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.box.setMaximumWidth(260)
        label = QLabel(name[0].upper() + name[1:], self)
        label.setBuddy(self.box)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 8, 0)
        row.addWidget(label)
        row.addWidget(self.box)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._entries: list[str] = []
        self._wanted = ""
        self.box.activated.connect(self._choose)
        self.hide()

    @property
    def text(self) -> str:
        """The entry that is chosen; empty when there are none."""
        place = self.place
        return self._entries[place] if place >= 0 else ""

    @property
    def place(self) -> int:
        """Its number, from 0; -1 when there are none."""
        return self.box.currentIndex()

    def offer(self, entries: Sequence[str], default: str = "") -> str:
        """These, and which of them is chosen now."""
        if list(entries) != self._entries:
            self._entries = list(entries)
            self.box.clear()
            self.box.addItems([spoken(each) for each in self._entries])
            self.setVisible(len(entries) > 1)
        now = next((each for each in (self._wanted, default) if each in self._entries), "")
        self.box.setCurrentIndex(self._entries.index(now) if now else min(0, len(self._entries) - 1))
        return self.text

    def _choose(self) -> None:
        self._wanted = self.text
        self.chosen.emit()
