"""Pictures and data that leave the panel."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from qtpy.QtCore import Qt
from qtpy.QtGui import QColor, QImage
from qtpy.QtWidgets import QFileDialog

from labctl.core.errors import RecordError
from labctl.gui.simulated import COLOUR
from tests.gui.plots.runs import StandIn, array_run, maps_run, sweep_run, verify_run


def colours(path: Path) -> dict[str, int]:
    """Pixels of each colour in the heading of a picture."""
    image = QImage(str(path))
    found: dict[str, int] = {}
    for y in range(60):
        for x in range(0, 400, 2):
            name = image.pixelColor(x, y).name()
            found[name] = found.get(name, 0) + 1
    return found


def dialogs(panel) -> list[QFileDialog]:
    return [each for each in panel.findChildren(QFileDialog) if each.isVisible()]


def choose(qtbot, panel, path: Path) -> None:
    """Type a file name into the dialog that is open, and accept."""
    (dialog,) = dialogs(panel)
    assert not dialog.isModal()
    dialog.selectFile(str(path))
    with qtbot.waitSignal(dialog.fileSelected):
        dialog.accept()


@pytest.mark.parametrize("simulated", [True, False])
def test_a_picture_bears_the_mark_of_simulation_only_if_it_was(panel, tmp_path, simulated):
    panel.show_run(verify_run(simulated=simulated))
    path = tmp_path / "plot.png"
    panel.export_picture(path)
    image = QImage(str(path))
    canvas = panel.view.canvas
    assert (image.width(), image.height()) == (2 * canvas.width(), 2 * canvas.height())
    assert (colours(path).get(QColor(COLOUR).name(), 0) > 500) is simulated


def test_a_picture_shows_the_curve(panel, tmp_path, theme):
    panel.show_run(sweep_run())
    panel.export_picture(tmp_path / "plot.png")
    image = QImage(str(tmp_path / "plot.png"))
    ink = QColor(theme.colours.series[0])
    plain = sum(
        image.pixelColor(x, y) == ink
        for y in range(120, image.height(), 3)
        for x in range(0, image.width(), 3)
    )
    assert plain > 20


def test_data_have_names_units_and_exact_values(panel, tmp_path):
    panel.show_run(verify_run("run a"))
    path = tmp_path / "data.csv"
    panel.export_data(path)
    with path.open(encoding="utf-8") as file:
        names, units, *rows = csv.reader(file)
    assert names[2:4] == ["conductance: read", "conductance: conductance"]
    assert units[2:4] == ["1", "S"]
    assert [row[3] for row in rows] == ["2e-05", "6e-05", "0.00013", "0.000102", "0.000101"]
    assert {row[-1] for row in rows} == {"SIMULATED"}
    frame = pd.read_csv(path, skiprows=[1])
    assert frame["SET pulse: pulse"].dropna().tolist() == [0.55, 0.6]


def test_data_of_a_real_run_have_no_mark(panel, tmp_path):
    panel.show_run(verify_run(simulated=False))
    panel.export_data(tmp_path / "data.csv")
    assert "SIMULATED" not in (tmp_path / "data.csv").read_text()


def test_data_of_an_array_are_its_cells(panel, tmp_path):
    panel.show_run(array_run())
    panel.export_data(tmp_path / "data.csv")
    frame = pd.read_csv(tmp_path / "data.csv", skiprows=[1])
    assert frame[["word", "bit"]].iloc[0].tolist() == [0, 0]
    assert frame["conductance"].iloc[0] == pytest.approx(11e-6)
    assert frame["target"].isna().tolist().count(True) == 1


def test_data_of_maps_are_pixels(panel, tmp_path):
    panel.show_run(maps_run(2))
    panel.export_data(tmp_path / "data.csv")
    frame = pd.read_csv(tmp_path / "data.csv", skiprows=[1])
    assert len(frame) == 40
    assert frame["hardware output current"].notna().sum() == 20


def test_a_file_that_cannot_be_written_is_an_error_in_words(panel, tmp_path):
    panel.show_run(verify_run())
    for export in (panel.export_picture, panel.export_data):
        with pytest.raises(RecordError, match="cannot be written"):
            export(tmp_path / "missing" / "file")
    panel.show_run(None)
    with pytest.raises(RecordError, match="no plot to save yet"):
        panel.export_data(tmp_path / "data.csv")


def test_ctrl_e_asks_for_a_picture_without_blocking(panel, qtbot, tmp_path):
    panel.show_run(verify_run())
    panel.activateWindow()
    qtbot.waitActive(panel)
    qtbot.keyClick(panel, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    choose(qtbot, panel, tmp_path / "by key.png")
    assert (tmp_path / "by key.png").is_file()
    assert "Saved" in panel.readout.text()
    qtbot.waitUntil(lambda: not dialogs(panel))


def test_the_data_button_writes_a_long_curve_between_redraws(panel, qtbot, tmp_path):
    run = StandIn("long", simulated=False)
    run.add("Trace", {"time": "s", "current": "A"}, time=np.arange(20_000.0), current=np.ones(20_000))
    panel.show_run(run)
    qtbot.mouseClick(panel.tools.data_button, Qt.MouseButton.LeftButton)
    path = tmp_path / "long.csv"
    choose(qtbot, panel, path)
    assert "Saving" in panel.readout.text()
    panel.refresh()
    qtbot.waitUntil(lambda: "Saved" in panel.readout.text())
    assert len(path.read_text().splitlines()) == 20_002


def test_a_refused_file_is_told_below_the_plot(panel, qtbot, tmp_path):
    panel.show_run(verify_run())
    qtbot.mouseClick(panel.tools.picture_button, Qt.MouseButton.LeftButton)
    (dialog,) = dialogs(panel)
    dialog.fileSelected.emit(str(tmp_path / "missing" / "plot.png"))
    assert "cannot be written" in panel.readout.text()
    dialog.reject()
