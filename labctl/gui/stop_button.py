"""The emergency stop: always visible, always enabled, also by Esc when nothing is open that Esc closes."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import QEvent, QObject, Qt, QTimer, Signal
from qtpy.QtGui import QKeyEvent, QKeySequence
from qtpy.QtWidgets import QApplication, QDialog, QPushButton, QShortcut, QWidget

from labctl.gui.deed import deed

COLOUR, PRESSED = "#b42318", "#7a150e"


class StopButton(QPushButton):
    """Press it, and every output goes to 0 V and off; Ctrl+. does so always, Esc when nothing is open."""

    wanted = Signal()

    def __init__(self, window: QWidget, close_something: Callable[[], bool] = lambda: False) -> None:
        """Esc counts in `window` and all its parts; `close_something` closes what Esc closes, if there is any."""
        super().__init__("■ STOP  (Esc)", window)
        self._close_something, self._had_popup = close_something, False
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
        application = QApplication.instance()
        if application is not None:
            application.installEventFilter(self)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Note that a list or menu is open when Esc goes down: it has closed itself before the shortcut is told."""
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.ShortcutOverride
            and event.key() == Qt.Key.Key_Escape
            and QApplication.activePopupWidget() is not None
        ):
            self._had_popup = True
            QTimer.singleShot(0, self._forget_popup)
        return super().eventFilter(watched, event)

    def _forget_popup(self) -> None:
        self._had_popup = False

    def _escape(self) -> None:
        """Close what is open, and only that; with nothing open, stop."""
        if not (_close_on_top(self._had_popup) or self._close_something()):
            self.click()


def _close_on_top(had_popup: bool) -> bool:
    """Close an open list or menu, else a dialog; whether there was one. Qt closes those that hold the keyboard."""
    popup = QApplication.activePopupWidget()
    if popup is not None:
        popup.close()
    if popup is not None or had_popup:
        return True
    active = QApplication.activeWindow()
    dialogs = [
        each for each in QApplication.topLevelWidgets() if isinstance(each, QDialog) and each.isVisible()
    ]
    for dialog in sorted(dialogs, key=lambda each: each is not active):
        dialog.reject()
        return True
    return False
