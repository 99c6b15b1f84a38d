"""Buttons that order something of the bench: by a click or a key of their own, never because they have the focus."""

from __future__ import annotations

from typing import TypeVar

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtGui import QKeyEvent, QKeySequence
from qtpy.QtWidgets import QAbstractButton

PRESSING = frozenset({Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Select})
"""Keys by which Qt presses the button that has the focus."""
Button = TypeVar("Button", bound=QAbstractButton)


class _NoPressing(QObject):
    """Takes those keys away from a button, should it get the focus all the same."""

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Hand them to the button's parent, as if the button did not know them."""
        if (
            isinstance(event, QKeyEvent)
            and event.type() in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease)
            and event.key() in PRESSING
        ):
            event.ignore()
            return True
        return super().eventFilter(watched, event)


def deed(button: Button, keys: str = "") -> Button:
    """Make `button` one that orders something, and return it: no focus, no Space, no Enter.

    A click leaves the focus where it was, and focus that moves on by itself passes it by. `keys` press it wherever the
    focus is, once however long they are held.
    """
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    button.installEventFilter(_NoPressing(button))
    if keys:
        button.setShortcut(QKeySequence(keys))
    button.setAutoRepeat(True)  # Qt hands the wish on to the shortcut only when it changes
    button.setAutoRepeat(False)
    return button
