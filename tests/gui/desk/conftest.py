"""Widgets in a window that has the keyboard, and a time that stands still."""

from __future__ import annotations

from datetime import datetime

import pytest

from labctl.gui.theme import Choice, Theme

NOW = datetime(2026, 11, 23, 19, 45, 2)


@pytest.fixture
def theme(qapp):
    return Theme(qapp, Choice.LIGHT)


@pytest.fixture
def shown(qtbot):
    """Put a widget into a window that has the keyboard."""

    def show(widget, width=920, height=260):
        qtbot.addWidget(widget)
        widget.resize(width, height)
        with qtbot.waitExposed(widget):
            widget.show()
        widget.activateWindow()
        qtbot.waitUntil(widget.isActiveWindow)
        return widget

    return show
