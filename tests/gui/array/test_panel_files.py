"""What is on the screen as a file: values, a picture."""

import numpy as np
from qtpy.QtGui import QColor, QImage
from qtpy.QtWidgets import QFileDialog

from labctl.core.lines import Cell
from procedures.target_map import read_target
from tests.gui.array.hands import programmed
from tests.gui.array.stand_in import StandInRun


def test_exported_conductances_have_their_unit_and_can_be_programmed_again(panel, tmp_path):
    panel.set_simulated(True)
    panel.follow(StandInRun().add(programmed(3, 5, 48.25e-6)))
    panel.export_data(tmp_path / "map.csv")
    text = (tmp_path / "map.csv").read_text(encoding="utf-8")
    assert text.startswith("# SIMULATED")
    assert "# conductance in S; a line per word line" in text
    values = read_target(str(tmp_path / "map.csv"))
    assert values.shape == (56, 8)
    assert values[3, 5] == 48.25e-6
    assert np.isnan(values).sum() == 447


def test_an_exported_picture_says_simulated_and_leaves_the_selection_out(panel, theme, tmp_path):
    panel.follow(StandInRun().add(programmed(3, 5, 48e-6)))
    panel.export_picture(tmp_path / "plain.png")
    panel.select((Cell(3, 5),))
    panel.export_picture(tmp_path / "chosen.png")
    assert QImage(str(tmp_path / "plain.png")) == QImage(str(tmp_path / "chosen.png"))
    panel.set_simulated(True)
    panel.export_picture(tmp_path / "simulated.png")
    marked = QImage(str(tmp_path / "simulated.png"))
    assert marked.pixelColor(4, 4) == QColor("#b35900")
    assert marked.height() > QImage(str(tmp_path / "plain.png")).height()


def test_the_file_dialog_does_not_block_and_a_failure_is_a_sentence(qtbot, panel, tmp_path):
    panel.export.menu().actions()[1].trigger()
    dialog = panel.findChild(QFileDialog)
    assert not dialog.isModal()
    with qtbot.waitSignal(panel.failed) as told:
        dialog.fileSelected.emit(str(tmp_path / "missing" / "map.csv"))
    assert told.args[0].startswith("The values could not be written:")
    dialog.fileSelected.emit(str(tmp_path / "map.csv"))
    assert (tmp_path / "map.csv").is_file()
    dialog.close()
