"""The run that goes on, the runs that wait, what became of the rest."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from qtpy.QtCore import QPoint, Qt, Signal
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from labctl.gui.runs.buttons import menu_of
from labctl.gui.runs.now_bar import Message, NowBar
from labctl.gui.runs.queue_buttons import QueueButtons
from labctl.gui.runs.queue_model import Column, Item, QueueModel, result
from labctl.gui.runs.table import RowTable
from labctl.gui.theme import Theme

MOVE_UP, MOVE_DOWN = -1, 1


class QueuePanel(QWidget):
    """Wishes come out as signals.

    command: name and what goes with it, as `docs/engine.md` tells. edit_asked: procedure and parameters as texts.
    open_asked: a run folder.
    """

    command = Signal(str, dict)
    edit_asked = Signal(str, dict)
    open_asked = Signal(str)

    def __init__(
        self, theme: Theme, parent: QWidget | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Not connected, empty; `clock` gives s."""
        super().__init__(parent)
        self._connected, self._held = False, True
        self.now = NowBar(clock)
        self.model = QueueModel(theme, self)
        self.table = RowTable("queue of runs")
        self.table.setModel(self.model)
        self.table.fit(
            {
                Column.PLACE: "now",
                Column.PROCEDURE: "neuron_calibrate",
                Column.STATUS: "\N{CHECK MARK} finished",
                Column.TOOK: "59 min 9 s",
            },
            (Column.PARAMETERS, Column.RESULT),
        )
        self.buttons = QueueButtons()
        self.reason = QLabel()
        self.reason.setTextFormat(Qt.TextFormat.PlainText)
        self.reason.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.reason.setWordWrap(True)
        self.reason.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.reason.setAccessibleName("what became of the chosen item")
        self._lay_out()
        self._connect()
        self._refresh()

    @property
    def is_busy(self) -> bool:
        """Whether a run is under way."""
        return self.now.is_busy

    def show_queue(self, message: Message) -> None:
        """The queue as the engine tells it: `held` and `items`; what was added comes into view, a selection stays."""
        newest = max((item["number"] for item in self.model.items), default=0)
        numbers = [item["number"] for item in self._chosen()]
        at = self.table.currentIndex().row()
        current = self.model.items[at]["number"] if at >= 0 else None
        self._held = bool(message["held"])
        if self.model.show_items(message["items"]):
            row_of = {item["number"]: row for row, item in enumerate(self.model.items)}
            rows = [row_of[number] for number in numbers if number in row_of]
            at = row_of.get(current, min(at, len(self.model.items) - 1))
            self.table.choose(rows or ([at] if numbers and at >= 0 else []), at)
            added = [row_of[number] for number in row_of if number > newest]
            if added:
                self.table.executeDelayedItemsLayout()  # or the view scrolls by the rows that it had
                self.table.scrollTo(self.model.index(max(added), 0))
        self._refresh()

    def show_state(self, message: Message) -> None:
        """The engine's `state`, or an event that changes it."""
        self.now.show_state(message)

    def show_progress(self, message: Message) -> None:
        """`done` of `total`, and what it is `doing`."""
        self.now.show_progress(message)

    def set_connected(self, connected: bool) -> None:
        """Whether there is an engine; without one the list can be read, not changed."""
        self._connected = connected
        self.now.set_connected(connected)
        self._refresh()

    def pause_or_resume(self) -> None:
        """What the Space bar does where nothing else uses it."""
        self.now.pause_or_resume()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Space, where no button has the keyboard."""
        if event is not None and event.key() == Qt.Key.Key_Space and not event.modifiers():
            if not event.isAutoRepeat():
                self.pause_or_resume()
            return
        super().keyPressEvent(event)

    def _chosen(self) -> list[Item]:
        return [self.model.items[index.row()] for index in self.table.chosen]

    def _refresh(self) -> None:
        chosen = self._chosen()
        self.buttons.allow(self._connected, self._held, self.model.items, chosen)
        text = result(chosen[0]) if len(chosen) == 1 else ""
        self.reason.setText(f"Item {chosen[0]['number']}: {text}" if text else "")
        self.reason.setVisible(bool(text))

    def _go_or_hold(self) -> None:
        self.command.emit("queue_go" if self._held else "queue_hold", {})

    def _move(self, by: int) -> None:
        if (self.buttons.up if by < 0 else self.buttons.down).isEnabled():
            self.command.emit("queue_move", {"number": self._chosen()[0]["number"], "by": by})

    def _each(self, command: str) -> None:
        for item in self._chosen():
            self.command.emit(command, {"number": item["number"]})

    def _remove(self) -> None:
        if self.buttons.remove.isEnabled():
            self._each("queue_remove")

    def _edit(self) -> None:
        item = self._chosen()[0]
        settings: dict[str, Any] = dict(item["settings"])
        self.edit_asked.emit(item["procedure"], settings)

    def _open(self) -> None:
        if self.buttons.open.isEnabled():
            self.open_asked.emit(self._chosen()[0]["folder"])

    def _show_menu(self, at: QPoint) -> None:
        viewport = self.table.viewport()
        if viewport is not None:
            menu = menu_of(self, (self.buttons.open, *self.buttons.of_items))
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.popup(viewport.mapToGlobal(at))

    def _connect(self) -> None:
        self.now.command.connect(self.command)
        selection = self.table.selectionModel()
        if selection is not None:
            selection.selectionChanged.connect(lambda _new, _old: self._refresh())
        self.table.doubleClicked.connect(lambda _index: self._open())
        self.table.on_key(Qt.Key.Key_Return, self._open)
        self.table.on_key(Qt.Key.Key_Enter, self._open)
        self.table.on_key(Qt.Key.Key_Delete, self._remove)
        self.table.on_key(Qt.Key.Key_Up, lambda: self._move(MOVE_UP), control=True)
        self.table.on_key(Qt.Key.Key_Down, lambda: self._move(MOVE_DOWN), control=True)
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.table.customContextMenuRequested.connect(self._show_menu)
        buttons = self.buttons
        buttons.open.triggered.connect(lambda _checked: self._open())
        for button, act in (
            (buttons.go_or_hold, self._go_or_hold),
            (buttons.up, lambda: self._move(MOVE_UP)),
            (buttons.down, lambda: self._move(MOVE_DOWN)),
            (buttons.duplicate, lambda: self._each("queue_duplicate")),
            (buttons.edit, self._edit),
            (buttons.remove, self._remove),
            (buttons.clear, lambda: self.command.emit("queue_clear", {})),
            (buttons.go_on, lambda: self.command.emit("go_on", {"run": self._chosen()[0]["folder"]})),
        ):
            button.clicked.connect(lambda _checked, act=act: act())

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        column.setSpacing(4)
        column.addWidget(self.now)
        column.addWidget(self.table, 1)
        column.addWidget(self.reason)
        column.addWidget(self.buttons)
