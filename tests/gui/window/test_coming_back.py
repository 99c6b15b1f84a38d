"""A window that is started again knows what is on the disk, and can act on the array as it is now."""

from __future__ import annotations

import numpy as np

from labctl.catalogue import procedures
from labctl.core.lines import Cell
from labctl.gui.array.state import CellState
from labctl.gui.main_window import MainWindow
from labctl.gui.settings import Settings
from tests.faults.lab import BITS, WORDS, target_map
from tests.gui.window.conftest import Desk

CELL = Cell(1, 1)


def test_targets_programmed_cells_pulses_thresholds_and_history_are_there_again(
    open_desk, qtbot, theme, tmp_path
):
    first = open_desk
    cells = {(word, bit): 80e-6 for word in range(WORDS) for bit in range(BITS)}
    first.run("crossbar_program", target=str(target_map(tmp_path, cells)))
    first.run("neuron_transfer", neuron="0")
    before, neurons = first.window.array._live
    seen = len(before.history(CELL))
    first.window.session.close_bench()
    assert first.window.session.link.process.wait(30.0) == 0

    window = MainWindow(theme, Settings(tmp_path), tmp_path, str(tmp_path / "runs"))
    qtbot.addWidget(window)
    window.show()
    window.set_procedures(procedures())
    again = Desk(qtbot, window, first.bench, tmp_path)
    again.open()
    again.until(lambda: bool((window.array._live[0].target == 80e-6).all()))
    now, recalled = window.array._live
    assert set(now.states.ravel()) == {CellState.PROGRAMMED}
    np.testing.assert_array_equal(now.pulses, before.pulses)
    np.testing.assert_array_equal(now.verdict, before.verdict)
    np.testing.assert_array_equal(recalled.threshold, neurons.threshold)
    assert np.isfinite(recalled.threshold[0])
    assert len(now.history(CELL)) == seen
    window.array.select((CELL,))
    assert window.array.back.isHidden()
    assert window.array.actions_bar.buttons["Read"].isEnabled()
    window.session.close_bench()
    assert window.session.link.process.wait(30.0) == 0
