"""A panel on the screen, as large as in the window at 1280 x 800."""

from __future__ import annotations

import pytest

from labctl.gui.plots.panel import PlotsPanel
from labctl.gui.theme import Choice, Theme


@pytest.fixture
def theme(qapp):
    theme = Theme(qapp, Choice.LIGHT)
    yield theme
    theme.setParent(None)


@pytest.fixture
def panel(qtbot, theme):
    panel = PlotsPanel(theme)
    qtbot.addWidget(panel)
    panel.resize(700, 450)
    with qtbot.waitExposed(panel):
        panel.show()
    return panel
