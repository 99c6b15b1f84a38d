"""A panel and a matrix on the screen."""

import pytest

from labctl.gui.array.panel import ArrayPanel


@pytest.fixture
def panel(qtbot, theme):
    """An array of 56 x 8 with eight neurons, as large as in the window at 1280 x 800."""
    panel = ArrayPanel(theme)
    qtbot.addWidget(panel)
    panel.resize(700, 450)
    panel.set_shape(56, 8, 8)
    with qtbot.waitExposed(panel):
        panel.show()
    return panel
