"""The emergency stop: always visible, always enabled, also by Esc."""

from __future__ import annotations

from qtpy.QtCore import QEvent, QObject, Qt, Signal
from qtpy.QtGui import QKeyEvent, QKeySequence
from qtpy.QtWidgets import QApplication, QPushButton, QShortcut, QWidget

COLOUR, PRESSED = "#b42318", "#7a150e"


class StopButton(QPushButton):
    """Press, or Esc anywhere in the window, and every output goes to 0 V and off."""

    wanted = Signal()

    def __init__(self, window: QWidget) -> None:
        """Esc counts in `window` and all its parts."""
        super().__init__("■ STOP  (Esc)", window)
        self.setAccessibleName("emergency stop")
        self.setToolTip(
            "Ends the run at once, brings every output to 0 V and off, opens every relay, holds the queue (Esc)"
        )
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setMinimumSize(150, 38)
        self.setStyleSheet(
            f"QPushButton {{ background: {COLOUR}; color: white; font-weight: bold; font-size: 15px;"
            f" border: 2px solid {PRESSED}; border-radius: 6px; padding: 4px 14px; }}"
            f"QPushButton:pressed {{ background: {PRESSED}; }} QPushButton:focus {{ border-color: white; }}"
        )
        self.clicked.connect(lambda _checked: self.wanted.emit())
        for keys in ("Esc", "Ctrl+."):
            shortcut = QShortcut(QKeySequence(keys), window)
            shortcut.setContext(Qt.ShortcutContext.ApplicationShortcut)
            shortcut.activated.connect(self.click)
        application = QApplication.instance()
        if application is not None:
            application.installEventFilter(self)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """An open menu or list keeps shortcuts to itself: Esc closes it, and stops as well."""
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.KeyPress
            and event.key() == Qt.Key.Key_Escape
            and QApplication.activePopupWidget() is watched
        ):
            self.click()
        return super().eventFilter(watched, event)
