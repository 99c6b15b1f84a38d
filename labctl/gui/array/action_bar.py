"""Buttons for what can be asked for with the selected cells, and a row of fields below them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from qtpy.QtCore import QPoint, Qt, Signal
from qtpy.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from labctl.core.lines import Cell
from labctl.gui.array.actions import ACTIONS, Action, Mistake, mistake
from labctl.gui.array.elided import ElidedLabel
from labctl.gui.array.sentences import of_selection
from labctl.gui.deed import deed
from labctl.gui.theme import Theme

GO_KEY = "F7"
"""Orders what the open fields say; Enter in a field does not, for it would depend on where the focus is."""
NOTHING = "Select cells first: click, drag, or click the number of a line."


class ActionBar(QWidget):
    """Says what is wanted by `run_asked`; does nothing itself."""

    run_asked = Signal(str, dict)
    """Procedure and its settings as texts."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        """No cell is chosen."""
        super().__init__(parent)
        self._theme = theme
        self._cells: tuple[Cell, ...] = ()
        self._blocked = ""
        self._open: Action | None = None
        self._procedures: Mapping[str, type] = {}
        self._kept: dict[str, tuple[str, ...]] = {}
        self.buttons: dict[str, QPushButton] = {}
        self.count = ElidedLabel("selection")
        self.count.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.wrong = QLabel("")
        self.wrong.setAccessibleName("what is wrong with the value")
        self.wrong.setWordWrap(True)
        self.wrong.hide()
        top = QHBoxLayout()
        top.setSpacing(4)
        for action in ACTIONS:
            button = deed(QPushButton(action.label))
            button.setAccessibleName(f"{action.label.rstrip('…')}: {action.tip}")
            button.clicked.connect(partial(self.choose, action))
            self.buttons[action.label] = button
            top.addWidget(button)
        top.addWidget(self.count, 1)
        self.fields_row = QWidget()
        self.fields: list[QLineEdit] = []
        self._fields_layout = QHBoxLayout(self.fields_row)
        self._fields_layout.setContentsMargins(0, 0, 0, 0)
        self._fields_layout.setSpacing(4)
        self.fields_row.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addLayout(top)
        layout.addWidget(self.fields_row)
        layout.addWidget(self.wrong)
        theme.changed.connect(self._tell)
        self._tell()

    def set_procedures(self, procedures: Mapping[str, type]) -> None:
        """Know the procedures by name: their ranges are then checked while a value is typed."""
        self._procedures = procedures
        self._tell()

    def set_cells(self, cells: tuple[Cell, ...]) -> None:
        """The selection has changed."""
        self._cells = cells
        self._tell()

    def set_blocked(self, reason: str) -> None:
        """Grey everything out for `reason`; empty text frees it."""
        self._blocked = reason
        self._tell()

    @property
    def reason(self) -> str:
        """Why nothing can be asked for now; empty when it can."""
        return self._blocked or ("" if self._cells else NOTHING)

    def choose(self, action: Action) -> None:
        """Ask for `action`, or open its fields when it needs values."""
        if self.reason:
            return
        if not action.fields:
            self.close_fields()
            self.run_asked.emit(action.procedure, action.settings(self._cells, ()))
        elif self._open is action:
            self.close_fields()
        else:
            self._open_fields(action)

    def menu(self, where: QPoint) -> QMenu:
        """The same as a menu, shown at `where` on the screen; it does not block."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setToolTipsVisible(True)
        heading = menu.addAction(of_selection(self._cells).capitalize())
        assert heading is not None
        heading.setEnabled(False)
        menu.addSeparator()
        for action in ACTIONS:
            entry = menu.addAction(action.label)
            assert entry is not None
            entry.setEnabled(not self.reason)
            entry.setToolTip(self.reason or action.tip)
            entry.triggered.connect(partial(self.choose, action))
        menu.popup(where)
        return menu

    def close_fields(self) -> None:
        """Put the fields away; what was typed is offered again."""
        if self._open is not None:
            self._kept[self._open.label] = self._texts()
        self._open = None
        self.fields_row.hide()
        self._tell()

    def _open_fields(self, action: Action) -> None:
        self.close_fields()
        while self._fields_layout.count():
            item = self._fields_layout.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self._open, self.fields = action, []
        kept = self._kept.get(action.label, tuple(field.default for field in action.fields))
        for field, text in zip(action.fields, kept, strict=True):
            label, edit = QLabel(f"{field.label}:"), QLineEdit(text)
            edit.setAccessibleName(f"{field.label} in {field.unit}")
            edit.setToolTip(f"{field.label} in {field.unit}; 100u, 100 u{field.unit} and 1e-4 are the same")
            edit.setMaximumWidth(90)
            edit.textEdited.connect(self._tell)
            label.setBuddy(edit)
            self._fields_layout.addWidget(label)
            self._fields_layout.addWidget(edit)
            self.fields.append(edit)
        self.go = deed(QPushButton(""))
        self.go.clicked.connect(self._go_if_right)
        close = QToolButton()
        close.setText("✕")
        close.setAccessibleName("put the fields away")
        close.setToolTip("Put the fields away")
        close.clicked.connect(self.close_fields)
        self._fields_layout.addWidget(self.go)
        self._fields_layout.addStretch(1)
        self._fields_layout.addWidget(close)
        self.fields_row.show()
        self._tell()
        self.fields[0].setFocus(Qt.FocusReason.OtherFocusReason)
        self.fields[0].selectAll()

    def _texts(self) -> tuple[str, ...]:
        return tuple(edit.text() for edit in self.fields)

    def _go_if_right(self) -> None:
        action = self._open
        if action is None or self.reason or self._wrong(action):
            return
        self._kept[action.label] = self._texts()
        self.run_asked.emit(action.procedure, action.settings(self._cells, self._texts()))

    def _wrong(self, action: Action) -> Mistake | None:
        return mistake(action, self._cells or (Cell(0, 0),), self._texts(), self._procedures)

    def _tell(self) -> None:
        for action in ACTIONS:
            button = self.buttons[action.label]
            button.setEnabled(not self.reason)
            button.setToolTip(self.reason or action.tip)
        self.count.say(of_selection(self._cells) + (f" – {self._blocked}" if self._blocked else ""))
        if self._open is None:
            self.wrong.hide()
            return
        wrong, number = self._wrong(self._open), len(self._cells)
        sentence = wrong.sentence if wrong is not None else ""
        verb = self._open.label.rstrip("…").removesuffix(" to")
        self.go.setText(f"{verb}: {number} cell{'' if number == 1 else 's'} ({GO_KEY})")
        deed(self.go, GO_KEY)  # the text of a button takes its keys away
        self.go.setEnabled(wrong is None and not self.reason)
        self.go.setToolTip(sentence or self.reason or self._open.tip)
        self.go.setAccessibleName(self.go.text())
        self.wrong.setText(sentence)
        self.wrong.setVisible(bool(sentence))
        bad = self._theme.colours.bad
        self.wrong.setStyleSheet(f"color: {bad};")
        for field, edit in zip(self._open.fields, self.fields, strict=True):
            own = wrong is not None and wrong.parameter == field.parameter
            edit.setStyleSheet(f"border: 1.5px solid {bad};" if own else "")
