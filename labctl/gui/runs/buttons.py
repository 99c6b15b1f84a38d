"""Buttons of a list: no wider than their words, with the reason when they cannot, and the same as a context menu."""

from __future__ import annotations

from collections.abc import Iterable

from qtpy.QtWidgets import QAbstractButton, QAction, QMenu, QPushButton, QToolButton, QWidget


def compact(text: str) -> QToolButton:
    """A button as narrow as its text and as high as any other; the keyboard reaches it."""
    button, usual = QToolButton(), QPushButton("X")
    button.setText(text)
    button.setFocusPolicy(usual.focusPolicy())
    button.setFixedHeight(usual.sizeHint().height())
    return button


def allow(button: QAbstractButton, reason: str, does: str) -> None:
    """Enable `button`, which does what `does` tells; or disable it and say in `reason` why, without a full stop."""
    button.setEnabled(not reason)
    button.setToolTip(f"{does}\nNot possible now: {reason}." if reason else does)


def menu_of(parent: QWidget, entries: Iterable[QAbstractButton | QAction]) -> QMenu:
    """A menu with what these buttons and actions do, and what they cannot do now."""
    menu = QMenu(parent)
    menu.setToolTipsVisible(True)
    for entry in entries:
        if isinstance(entry, QAction):
            menu.addAction(entry)
            continue
        action = QAction((entry.accessibleName() or entry.text()).capitalize(), menu)
        action.setEnabled(entry.isEnabled())
        action.setToolTip(entry.toolTip())
        action.setCheckable(entry.isCheckable())
        action.setChecked(entry.isChecked())
        action.triggered.connect(lambda _checked, entry=entry: entry.click())
        menu.addAction(action)
    return menu
