"""The emergency stop: always visible, always enabled, also by Esc when nothing is open that Esc closes."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QKeySequence
from qtpy.QtWidgets import QApplication, QDialog, QPushButton, QShortcut, QWidget

from labctl.gui.deed import deed

COLOUR, PRESSED = "#b42318", "#7a150e"


class StopButton(QPushButton):
    """Press it, and every output goes to 0 V and off; Ctrl+. does so always, Esc when nothing is open."""

    wanted = Signal()

    def __init__(self, window: QWidget, close_something: Callable[[], bool] = lambda: False) -> None:
        """Esc counts in `window` and all its parts; `close_something` closes what Esc closes, if there is any."""
        super().__init__("■ STOP  (Esc)", window)
        self._close_something = close_something
        deed(self)
        self.setAccessibleName("emergency stop")
        self.setToolTip(
            "Ends the run at once, brings every output to 0 V and off, opens every relay, holds the queue.\n"
            "Esc does the same when no list, menu, dialog or notice is open; Ctrl+. does it always."
        )
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setMinimumSize(150, 38)
        self.setStyleSheet(
            f"QPushButton {{ background: {COLOUR}; color: white; font-weight: bold; font-size: 15px;"
            f" border: 2px solid {PRESSED}; border-radius: 6px; padding: 4px 14px; }}"
            f"QPushButton:pressed {{ background: {PRESSED}; }}"
        )
        self.clicked.connect(lambda _checked: self.wanted.emit())
        for keys, does in (("Esc", self._escape), ("Ctrl+.", self.click)):
            shortcut = QShortcut(QKeySequence(keys), window)
            shortcut.setContext(Qt.ShortcutContext.ApplicationShortcut)
            shortcut.setAutoRepeat(False)
            shortcut.activated.connect(does)

    def _escape(self) -> None:
        """Close what is open, and only that; with nothing open, stop."""
        if not (_close_on_top() or self._close_something()):
            self.click()


def _close_on_top() -> bool:
    """Close an open list or menu, else a dialog; whether there was one. Qt closes those that hold the keyboard."""
    popup = QApplication.activePopupWidget()
    if popup is not None:
        popup.close()
        return True
    active = QApplication.activeWindow()
    dialogs = [
        each for each in QApplication.topLevelWidgets() if isinstance(each, QDialog) and each.isVisible()
    ]
    for dialog in sorted(dialogs, key=lambda each: each is not active):
        dialog.reject()
        return True
    return False
