"""A panel on the screen, with all procedures and one of somebody's package."""

from __future__ import annotations

from pathlib import Path

import pytest

from labctl.gui.form.form import ParameterForm
from labctl.gui.form.panel import ProcedurePanel
from labctl.gui.form.presets import Presets
from procedures.catalogue import procedures
from tests.gui.form.plans import Retention


@pytest.fixture
def presets(tmp_path: Path) -> Presets:
    return Presets(tmp_path / "presets")


@pytest.fixture
def form(qtbot) -> ParameterForm:
    made = ParameterForm(Retention)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    return made


@pytest.fixture
def make_panel(qtbot, theme, presets):
    def make() -> ProcedurePanel:
        panel = ProcedurePanel(theme, presets)
        qtbot.addWidget(panel)
        panel.resize(330, 640)
        with qtbot.waitExposed(panel):
            panel.show()
        panel.activateWindow()
        qtbot.waitUntil(panel.isActiveWindow)
        panel.set_procedures({**procedures(), "retention": Retention})
        panel.set_context("virtual_56x8", "runs")
        return panel

    return make


@pytest.fixture
def panel(make_panel) -> ProcedurePanel:
    return make_panel()
