"""What runs now: in words, how far, how long, with the orders that can be given to it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from qtpy.QtCore import QTimer, Signal
from qtpy.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMenu,
    QProgressBar,
    QPushButton,
    QToolButton,
    QWidget,
)

from labctl.gui.deed import deed
from labctl.gui.runs.elided import ElidedLabel
from labctl.gui.runs.pace import Pace
from labctl.gui.runs.words import lasted, remaining

Message = Mapping[str, Any]
TICK = 1000
"""ms between two looks at the clock."""
_AFTER = {
    "started": "running",
    "paused": "paused",
    "resumed": "running",
    "ended": "ending",
    "idle": "idle",
    "quit": "gone",
}
"""The state that an event leaves."""
_REST = {True: " (every output is off)", False: " (sources stand at their levels)", None: ""}
_AT_WORK = ("running", "paused")


class NowBar(QWidget):
    """Orders come out as `command(name, given)`."""

    command = Signal(str, dict)

    def __init__(self, clock: Callable[[], float] = time.monotonic, parent: QWidget | None = None) -> None:
        """Not connected; `clock` gives s."""
        super().__init__(parent)
        self._clock, self._pace = clock, Pace()
        self._state, self._procedure, self._folder, self._doing = "gone", "", "", ""
        self._at_rest: bool | None = None
        self._joined, self._since = False, 0.0
        self._ordered, self._last = "", ""
        self._ending: Message = {}
        self.doing = ElidedLabel("what runs now")
        self.times = QLabel()
        self.times.setAccessibleName("time passed and time left")
        self.bar = QProgressBar()
        self.bar.setAccessibleName("progress of the run")
        self.bar.setMinimumWidth(120)
        self.pause, menu = QToolButton(), QMenu(self)
        self.pause.setText("Pause (Space)")
        self.pause.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        self.pause.setToolTip(
            "Hold at the next point at which every output is off. The arrow offers to hold at the next row."
        )
        self.pause_safe = menu.addAction("Pause when every output is off")
        self.pause_row = menu.addAction("Pause at the next row, as it is")
        menu.setToolTipsVisible(True)
        assert self.pause_safe is not None
        assert self.pause_row is not None
        self.pause_row.setToolTip("Sources may stay at their levels while the run holds.")
        self.pause.setMenu(menu)
        self.resume, self.stop, self.abort = QPushButton("Resume"), QPushButton("Stop"), QPushButton("Abort")
        for order in (self.pause, self.resume, self.stop, self.abort):
            deed(order)
        self.resume.setToolTip("Go on with the run that is held, or take the order to pause back.")
        self.stop.setToolTip("The run ends between two rows; what was measured is kept, outputs go to 0 V.")
        self.abort.setToolTip("The run ends at once; what was measured is kept, outputs go to 0 V.")
        self._lay_out()
        self.pause.clicked.connect(lambda _checked: self._pause("safe"))
        self.pause_safe.triggered.connect(lambda _checked: self._pause("safe"))
        self.pause_row.triggered.connect(lambda _checked: self._pause("row"))
        self.resume.clicked.connect(lambda _checked: self._order("resume", ""))
        self.stop.clicked.connect(lambda _checked: self._order("stop", "stops after this row"))
        self.abort.clicked.connect(lambda _checked: self._order("abort", "is being aborted"))
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._show_times)
        self._refresh()

    @property
    def is_busy(self) -> bool:
        """Whether a run is under way, its beginning and its end included."""
        return self._state not in ("gone", "opening", "idle")

    def pause_or_resume(self) -> None:
        """What the Space bar does; nothing when neither is possible."""
        if self._state == "paused":
            self.resume.click()
        elif self._state == "running":
            self._pause("safe")

    def show_state(self, message: Message) -> None:
        """The engine's `state`, or one of its events that changes it; others are passed over."""
        event, state = message.get("event"), message.get("state")
        state = str(state or _AFTER.get(str(event), ""))
        if not state:
            return
        now = self._clock()
        if state in _AT_WORK and message.get("procedure"):
            self._meet(message, now)
        if event == "ended":
            self._ending = message
        if state == "paused":
            self._at_rest = message.get("at_rest")
            self._pace.hold(now)
        elif state == "running":
            self._pace.go_on(now)
        if state in _AT_WORK and event in ("paused", "resumed"):
            self._ordered = ""
        if state == "idle" and self._state not in ("idle", "gone", "opening"):
            self._last = self._how_it_ended(now)
        if state == "idle":
            self._forget()
        self._state = state
        self._refresh()

    def show_progress(self, message: Message) -> None:
        """`done` of `total`, and what it is `doing`."""
        done, total = int(message.get("done") or 0), int(message.get("total") or 0)
        self._doing = str(message.get("doing") or "")
        self._pace.tell(self._clock(), done, total)
        self.bar.setRange(0, max(total, 1))
        self.bar.setValue(min(done, total) if total else 0)
        self.bar.setFormat(f"{done} of {total}" if total else "")
        self._refresh()

    def set_connected(self, connected: bool) -> None:
        """Whether there is an engine to give orders to; its state must be told anew."""
        self._forget()
        self._last = ""
        self._state = "opening" if connected else "gone"
        self._refresh()

    def _meet(self, message: Message, now: float) -> None:
        """A run that was not known before."""
        is_start = message.get("event") == "started" and "state" not in message
        if not is_start and message.get("folder") == self._folder and self._procedure:
            return
        self._forget()
        self._procedure, self._folder = str(message["procedure"]), str(message.get("folder", ""))
        self._joined, self._since = not is_start, now

    def _forget(self) -> None:
        self._procedure = self._folder = self._doing = self._ordered = ""
        self._pace, self._ending = Pace(), {}
        self.bar.setRange(0, 1)
        self.bar.reset()
        self.bar.setFormat("")

    def _pause(self, at: str) -> None:
        where = "when every output is off" if at == "safe" else "at the next row"
        self._order("pause", f"will pause {where}", {"at": at})

    def _order(self, command: str, ordered: str, given: Mapping[str, str] | None = None) -> None:
        self._ordered = ordered
        self.command.emit(command, dict(given or {}))
        self._refresh()

    def _refresh(self) -> None:
        at_work, begins = self._state in _AT_WORK, self._state == "starting"
        pausing = self._ordered.startswith("will pause")
        self.pause.setEnabled(self._state == "running")
        self.resume.setEnabled(self._state == "paused" or (at_work and pausing))
        self.stop.setEnabled(at_work or begins)
        self.abort.setEnabled(at_work or begins)
        self.doing.setText(self._sentence())
        self.bar.setVisible(at_work or self._state == "ending")
        if at_work and not self._timer.isActive():
            self._timer.start(TICK)
        elif not at_work:
            self._timer.stop()
        self._show_times()

    def _sentence(self) -> str:
        fixed = {
            "gone": "No engine is connected: open a bench.",
            "opening": "The bench is being opened.",
            "starting": "The next job is about to begin.",
            "idle": f"Nothing runs. {self._last}".strip(),
        }
        if self._state in fixed:
            return fixed[self._state]
        name = self._procedure or "The run"
        if self._state == "ending":
            return f"{name} has ended."
        told = f"{name}, {self._doing}" if self._doing else name
        if self._state == "paused":
            return f"Paused{_REST[self._at_rest]}: {told}"
        return f"{told} - {self._ordered}" if self._ordered else told

    def _show_times(self) -> None:
        if self._state not in _AT_WORK:
            self.times.setText("")
            return
        now = self._clock()
        passed = lasted(float(int(now - self._since)))
        text = f"{passed} since this window joined" if self._joined else f"{passed} passed"
        left = self._pace.left(now)
        if left is not None:
            text += f", {remaining(left)} left"
        self.times.setText(text)

    def _how_it_ended(self, now: float) -> str:
        if not self._procedure or not self._ending:
            return ""
        ending = self._ending
        words = f"{self._procedure} {ending.get('outcome') or 'ended'}"
        if ending.get("verdict"):
            words += f" ({ending['verdict']})"
        if not self._joined:
            words += f" after {lasted(float(int(now - self._since)))}"
        unsafe = "; ".join(ending.get("unconfirmed") or ())
        warning = f" NOT CONFIRMED TO BE SAFE: {unsafe}" if unsafe else ""
        return f"Last: {words}.{warning} {ending.get('reason') or ''}".strip()

    def _lay_out(self) -> None:
        grid, orders = QGridLayout(self), QHBoxLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(3)
        orders.setSpacing(4)
        height = self.stop.sizeHint().height()
        for button in (self.pause, self.resume, self.stop, self.abort):
            button.setFixedHeight(height)
            button.setMinimumWidth(self.abort.fontMetrics().horizontalAdvance("Resume") + 24)
            orders.addWidget(button)
        self.bar.setFixedHeight(height - 4)
        words = QHBoxLayout()
        words.setSpacing(10)
        words.addWidget(self.doing, 1)
        words.addWidget(self.times)
        grid.addLayout(words, 0, 0, 1, 2)
        grid.addWidget(self.bar, 1, 0)
        grid.addLayout(orders, 1, 1)
        grid.setColumnStretch(0, 1)
