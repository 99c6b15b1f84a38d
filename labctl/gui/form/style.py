"""The looks that Qt's palette cannot give: a field with a mistake, its reason, quiet words."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel, QSizePolicy, QWidget

from labctl.gui.theme import Colours

_ROLE = "role"
WRONG, REASON, QUIET = "wrong", "reason", "quiet"
"""Roles: a field whose value is refused; the sentence that says why; words beside the matter."""


def sheet(colours: Colours) -> str:
    """Style sheet for the panel and all in it."""
    return (
        f'QLineEdit[{_ROLE}="{WRONG}"], QComboBox[{_ROLE}="{WRONG}"] '
        f"{{ border: 2px solid {colours.bad}; border-radius: 3px; padding: 1px; background: {colours.base}; }}\n"
        f'QLabel[{_ROLE}="{REASON}"] {{ color: {colours.bad}; }}\n'
        f'QLabel[{_ROLE}="{QUIET}"] {{ color: {colours.muted}; }}\n'
    )


def dress(widget: QWidget, role: str) -> None:
    """Give `widget` a role, or none ("")."""
    if (widget.property(_ROLE) or "") != role:
        widget.setProperty(_ROLE, role)
        style = widget.style()
        if style is not None:
            style.unpolish(widget)
            style.polish(widget)


def words(role: str, text: str = "") -> QLabel:
    """A label that breaks its lines wherever the column ends, and takes no text for markup."""
    made = QLabel(text)
    made.setWordWrap(True)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    dress(made, role)
    return made
