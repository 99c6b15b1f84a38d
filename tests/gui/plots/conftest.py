"""A panel on the screen, as large as in the window at 1280 x 800."""

from __future__ import annotations

import pyqtgraph as pg
import pytest

from labctl.gui.plots.panel import PlotsPanel


@pytest.fixture(autouse=True)
def _every_move_of_the_pointer():
    """pyqtgraph drops moves that follow one another within 10 ms, as those of a test do."""
    before = pg.getConfigOption("mouseRateLimit")
    pg.setConfigOption("mouseRateLimit", -1)
    yield
    pg.setConfigOption("mouseRateLimit", before)


@pytest.fixture
def panel(qtbot, theme):
    panel = PlotsPanel(theme)
    qtbot.addWidget(panel)
    panel.resize(700, 450)
    with qtbot.waitExposed(panel):
        panel.show()
    return panel
