"""The buttons under the queue: whether it goes, and what can be done to the chosen items."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtWidgets import QAction, QHBoxLayout, QLabel, QToolButton, QWidget

from labctl.gui.deed import deed
from labctl.gui.runs.buttons import allow, compact
from labctl.gui.runs.queue_model import CONTINUABLE, RUNNING, WAITING, Item

UP, DOWN = "\N{BLACK UP-POINTING TRIANGLE}", "\N{BLACK DOWN-POINTING TRIANGLE}"
GOES, GOES_ON = "The queue goes.", "Items begin by themselves, one after the other."
HELD, HELD_BACK = (
    "The queue is held.",
    "No item begins before you start the queue; the one that runs goes on.",
)


class QueueButtons(QWidget):
    """Says what each button will do, or why it cannot."""

    def __init__(self, parent: QWidget | None = None) -> None:
        """Disabled until `allow`."""
        super().__init__(parent)
        self.go_or_hold, self.sentence = compact(""), QLabel()
        self.sentence.setAccessibleName("whether the queue goes or is held")
        self.up, self.down = compact(UP), compact(DOWN)
        self.up.setAccessibleName("move up")
        self.down.setAccessibleName("move down")
        self.duplicate, self.edit = compact("Duplicate"), compact("Edit a copy")
        self.remove, self.clear = compact("Remove"), compact("Clear finished")
        self.go_on, self.open = compact("Resume run"), QAction("Open record", self)
        for order in (self.go_or_hold, self.duplicate, self.go_on):
            deed(order)
        for arrow in (self.up, self.down):
            arrow.setFixedWidth(arrow.height())
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        row.addWidget(self.go_or_hold)
        row.addWidget(self.sentence, 1)
        for button in self.of_items:
            row.addWidget(button)

    @property
    def of_items(self) -> tuple[QToolButton, ...]:
        """Those that do something to the chosen items."""
        return self.up, self.down, self.duplicate, self.edit, self.remove, self.clear, self.go_on

    def allow(self, connected: bool, held: bool, items: Sequence[Item], chosen: Sequence[Item]) -> None:
        """Enable what makes sense for these items and the chosen ones among them."""
        no_engine = "" if connected else "no engine is connected"
        one = "" if len(chosen) == 1 else "choose one item"
        some = "" if chosen else "choose an item"
        waits = "" if all(each["status"] == WAITING for each in chosen) else "only waiting items move"
        runs = any(each["status"] == RUNNING for each in chosen)
        over = any(each["status"] not in (WAITING, RUNNING) for each in items)
        recorded = bool(chosen) and bool(chosen[0]["folder"])
        ended_early = recorded and chosen[0]["status"] in CONTINUABLE
        self.go_or_hold.setText("Start queue" if held else "Hold queue")
        self.sentence.setText(HELD if held else GOES)
        self.sentence.setToolTip(HELD_BACK if held else GOES_ON)
        allow(
            self.go_or_hold,
            no_engine,
            "Let the items begin, one after the other."
            if held
            else "Let no further item begin; the one that runs goes on.",
        )
        allow(self.up, no_engine or one or waits, "Move up: let it begin earlier (Ctrl+Up).")
        allow(self.down, no_engine or one or waits, "Move down: let it begin later (Ctrl+Down).")
        allow(self.duplicate, no_engine or some, "The same once more, at the end of the queue.")
        allow(self.edit, one, "Load its parameters into the form; the item itself stays as it is.")
        allow(
            self.remove,
            no_engine or some or ("stop or abort the run first" if runs else ""),
            "Take it out of the list (Del); a record stays where it is.",
        )
        allow(
            self.clear,
            no_engine or ("" if over else "nothing is over yet"),
            "Take out every item that is over, however it ended; records stay where they are.",
        )
        allow(
            self.go_on,
            no_engine or one or ("" if ended_early else "only a run that was interrupted can go on"),
            "Go on with this run in its own folder: what was measured is kept.",
        )
        self.open.setEnabled(recorded and not one)
