"""What a person does with the mouse on the array, and a row of a run to look at."""

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication

from labctl.core.lines import Cell
from procedures.program_verify import VerifyRead

LEFT, CTRL, SHIFT, NONE = (
    Qt.MouseButton.LeftButton,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.NoModifier,
)


def middle(panel, cell):
    QApplication.processEvents()  # what was just shown has its place
    return panel.map.rect_of(Cell(*cell)).center()


def click(qtbot, panel, cell, keys=NONE):
    qtbot.mouseClick(panel.map, LEFT, keys, middle(panel, cell))


def programmed(word, bit, conductance, **more):
    known = {"pulses": 1, "amplitude": 0.6, "target": 50e-6, "low": 47e-6, "high": 53e-6}
    return VerifyRead(word=word, bit=bit, apparent=conductance, conductance=conductance, **known | more)
