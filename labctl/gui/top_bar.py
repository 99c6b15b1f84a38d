"""The bar above everything: which bench, how it stands, SIMULATED, and the emergency stop."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

from labctl.gui.lamp import Lamp, Light
from labctl.gui.simulated import SimulatedMark
from labctl.gui.stop_button import StopButton
from labctl.gui.theme import Theme
from labctl.run.plain import Message

WORDS = {
    "no bench": (Light.OFF, "no bench is open"),
    "opening": (Light.WAIT, "opening the instruments; the first time a virtual bench is compiled"),
    "idle": (Light.GOOD, "ready, all outputs off"),
    "starting": (Light.BUSY, "starting"),
    "running": (Light.BUSY, "running"),
    "paused": (Light.WAIT, "paused"),
    "ending": (Light.WAIT, "making safe"),
}
"""What the lamp says in each state of the session."""


class TopBar(QWidget):
    """Wishes: bench_asked (a bench by name or path), stop_asked."""

    bench_asked = Signal(str)
    stop_asked = Signal()

    def __init__(
        self, theme: Theme, window: QWidget, close_something: Callable[[], bool] = lambda: False
    ) -> None:
        """No bench yet; `close_something` closes what Esc closes in the window, if there is any."""
        super().__init__(window)
        label = QLabel("&Bench")
        self.chooser = QComboBox()
        self.chooser.setAccessibleName("bench")
        self.chooser.setToolTip("Benches that travel with labctl, and those opened before")
        self.chooser.setMinimumContentsLength(18)
        self.chooser.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        label.setBuddy(self.chooser)
        self.open = QPushButton("Open")
        self.open.setToolTip("Open this bench: its instruments are asked who they are and made safe")
        self.browse = QPushButton("Other...")
        self.browse.setToolTip("Choose a bench file (.toml)")
        self.lamp = Lamp(theme)
        self.lamp.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.mark = SimulatedMark()
        self.stop = StopButton(window, close_something)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 4, 8, 4)
        for widget in (label, self.chooser, self.open, self.browse):
            row.addWidget(widget)
        row.addSpacing(8)
        row.addWidget(self.lamp, 1)
        row.addWidget(self.mark)
        row.addSpacing(8)
        row.addWidget(self.stop)
        self.open.clicked.connect(lambda _checked: self._ask())
        self.browse.clicked.connect(lambda _checked: self.browse_files())
        self.stop.wanted.connect(self.stop_asked)

    def offer(self, benches: Iterable[str], chosen: str) -> None:
        """Benches to choose from, by name or path."""
        self.chooser.clear()
        for bench in dict.fromkeys([*benches, *([chosen] if chosen else [])]):
            self.chooser.addItem(_short(bench), bench)
            self.chooser.setItemData(self.chooser.count() - 1, bench, Qt.ItemDataRole.ToolTipRole)
        self.chooser.setCurrentIndex(max(0, self.chooser.findData(chosen)))

    def show_state(self, state: Message, bench: str) -> None:
        """How the session stands."""
        light, words = WORDS[state["state"]]
        if state["state"] == "paused":
            words = "paused, outputs off" if state.get("at_rest") else "paused, sources stand as they were"
        elif state["state"] == "running":
            words = f"running {state['procedure'].replace('_', ' ')}"
        self.lamp.tell(light, f"{bench}: {words}" if bench and state["state"] != "no bench" else words)
        self.lamp.setToolTip(self.lamp.text())

    def browse_files(self) -> None:
        """Ask for a bench file, without holding anything up."""
        dialog = QFileDialog(self.window(), "Open a bench file", "", "Bench files (*.toml)")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.bench_asked)
        dialog.setModal(False)
        dialog.show()

    def _ask(self) -> None:
        bench = self.chooser.currentData()
        if bench:
            self.bench_asked.emit(str(bench))


def _short(bench: str) -> str:
    path = Path(bench)
    return f"{path.stem} ({path.parent.name})" if path.suffix == ".toml" else bench
