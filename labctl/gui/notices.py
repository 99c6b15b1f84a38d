"""Sentences above the central area: what went wrong, with details folded and what can be done about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QGuiApplication
from qtpy.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from labctl.gui.deed import deed
from labctl.gui.theme import Colours, Theme

MOST = 4
"""Notices that are seen at once; older ones come back when a newer one is closed."""
DETAILS_HEIGHT = 130
Choices = Sequence[tuple[str, Callable[[], object]]]
"""Words of a button, and what it does. The notice closes when one is pressed."""


class Level(Enum):
    """How much it matters."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"

    @property
    def symbol(self) -> str:
        """Beside the word, so that it can be told without colours."""
        return {
            Level.INFO: "\N{INFORMATION SOURCE}",
            Level.WARNING: "\N{WARNING SIGN}",
            Level.ERROR: "\N{MULTIPLICATION X}",
        }[self]

    def shade(self, colours: Colours) -> str:
        """The colour that goes with it."""
        return {Level.INFO: colours.accent, Level.WARNING: colours.warn, Level.ERROR: colours.bad}[self]


class Notice(QFrame):
    """One of them."""

    closed = Signal()

    def __init__(
        self, theme: Theme, level: Level, sentence: str, details: str, choices: Choices, key: str
    ) -> None:
        """Details are folded; without any, there is no button for them."""
        super().__init__()
        self.level, self.key, self._details = level, key, details
        self._theme = theme
        self.setObjectName("notice")
        self.setAccessibleName(f"{level.value}: {sentence}")
        self.word = QLabel(f"{level.symbol} {level.value.capitalize()}")
        self.sentence = QLabel(sentence)
        self.sentence.setTextFormat(Qt.TextFormat.PlainText)
        self.sentence.setWordWrap(True)
        self.sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.sentence.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.unfold = QToolButton()
        self.unfold.setText("Details")
        self.unfold.setCheckable(True)
        self.unfold.setToolTip("What the program has to say about it; for those who look after it.")
        self.unfold.setVisible(bool(details))
        self.copy = QToolButton()
        self.copy.setText("Copy")
        self.copy.setToolTip("Copy the sentence and its details.")
        self.close_button = QToolButton()
        self.close_button.setText("\N{MULTIPLICATION SIGN}")
        self.close_button.setAccessibleName("close this notice")
        self.close_button.setToolTip("Close this notice.")
        self.more = QPlainTextEdit(details)
        self.more.setReadOnly(True)
        self.more.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.more.setFixedHeight(DETAILS_HEIGHT)
        self.more.setAccessibleName("details")
        self.more.hide()
        self.buttons = [self._button(words, act) for words, act in choices]
        self._lay_out()
        self.unfold.toggled.connect(self.more.setVisible)
        self.copy.clicked.connect(lambda _checked: self._copy())
        self.close_button.clicked.connect(lambda _checked: self.closed.emit())
        theme.changed.connect(self._paint)
        self._paint()

    def _button(self, words: str, act: Callable[[], object]) -> QPushButton:
        button = deed(QPushButton(words))

        def press() -> None:
            self.closed.emit()
            act()

        button.clicked.connect(lambda _checked: press())
        return button

    def _copy(self) -> None:
        clipboard = QGuiApplication.clipboard()
        if clipboard is not None:
            clipboard.setText("\n".join(part for part in (self.sentence.text(), self._details) if part))

    def _paint(self) -> None:
        colours = self._theme.colours
        shade = self.level.shade(colours)
        self.setStyleSheet(
            f"#notice {{ background: {colours.base}; border: 1px solid {colours.grid};"
            f" border-left: 5px solid {shade}; }}"
        )
        self.word.setStyleSheet(f"color: {shade}; font-weight: bold;")

    def _lay_out(self) -> None:
        column, row = QVBoxLayout(self), QHBoxLayout()
        column.setContentsMargins(8, 3, 4, 3)
        column.setSpacing(3)
        row.addWidget(self.word)
        row.addSpacing(6)
        row.addWidget(self.sentence, 1)
        for button in (*self.buttons, self.unfold, self.copy, self.close_button):
            if isinstance(button, QToolButton):
                button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            row.addWidget(button)
        column.addLayout(row)
        column.addWidget(self.more)


class NoticeBar(QWidget):
    """Newest on top. Takes no room when there is nothing to tell."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        """Empty."""
        super().__init__(parent)
        self._theme = theme
        self.notices: list[Notice] = []
        self._older = QLabel()
        self._older.setAccessibleName("notices that are not seen")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(2)
        self._column.addWidget(self._older)
        self.setAccessibleName("notices")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._refresh()

    def tell(
        self, level: Level | str, sentence: str, details: str = "", buttons: Choices = (), key: str = ""
    ) -> None:
        """Show a sentence. One with the same key goes; an "info" goes as soon as anything newer is told.

        details: what is folded, such as a traceback. Warnings and errors stay until they are closed.
        """
        for notice in tuple(self.notices):
            if notice.level is Level.INFO or (key and notice.key == key):
                self._drop(notice)
        made = Notice(self._theme, Level(level), sentence, details, buttons, key)
        made.closed.connect(lambda: self._close(made))
        self.notices.insert(0, made)
        self._column.insertWidget(0, made)
        self._refresh()

    def withdraw(self, key: str) -> None:
        """What was told under this key is not true any more."""
        for notice in [each for each in self.notices if each.key == key]:
            self._close(notice)

    def close_all(self) -> bool:
        """Close every notice, as Esc does; whether there was one."""
        found = tuple(self.notices)
        for notice in found:
            self._drop(notice)
        self._refresh()
        return bool(found)

    def _close(self, notice: Notice) -> None:
        self._drop(notice)
        self._refresh()

    def _drop(self, notice: Notice) -> None:
        if notice in self.notices:
            self.notices.remove(notice)
            self._column.removeWidget(notice)
            notice.hide()
            notice.deleteLater()

    def _refresh(self) -> None:
        for place, notice in enumerate(self.notices):
            notice.setVisible(place < MOST)
        hidden = len(self.notices) - MOST
        count = "1 older notice waits" if hidden == 1 else f"{hidden} older notices wait"
        self._older.setText(f"{count}: close one to see it.")
        self._older.setVisible(hidden > 0)
        self.setVisible(bool(self.notices))
