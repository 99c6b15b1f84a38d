"""A theme of a test's own, and a window that has the keyboard."""

from __future__ import annotations

import pytest

from labctl.gui.theme import Choice, Theme


@pytest.fixture
def theme(qapp):
    theme = Theme(qapp, Choice.LIGHT)
    yield theme
    theme.setParent(None)


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
