"""The map of the array as a picture and as a file of values."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtCore import Qt
from qtpy.QtGui import QColor, QFont, QImage, QPainter
from qtpy.QtWidgets import QWidget

from labctl.gui.array.shown import Shown, texts
from labctl.gui.array.state import ArrayState
from labctl.gui.simulated import COLOUR, TEXT
from labctl.gui.theme import Theme

FINE = 2.0
"""Pixels of an exported picture per pixel of the screen."""


def write_data(path: Path, state: ArrayState, shown: Shown, simulated: bool) -> None:
    """Write the shown quantity as CSV: a line per word line, a value per bit line, remarks with the unit above.

    A map of conductances can be programmed again: `crossbar_program` reads it. Raises OSError.
    """
    unit = f" in {shown.unit}" if shown.unit not in ("", "1") else ""
    remarks = [f"{shown.value}{unit}; a line per word line, a value per bit line; nan = unknown"]
    if shown.in_words:
        remarks = [f"{shown.value}; a line per word line, a word per bit line; empty = none yet"]
    if simulated:
        remarks.insert(0, f"{TEXT}: virtual instruments and a virtual sample")
    lines = [f"# {each}" for each in remarks]
    lines += [",".join(row) for row in texts(state, shown)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_picture(path: Path, view: QWidget, theme: Theme, simulated: bool) -> None:
    """Write `view` as a picture, finer than on the screen, under a bar that says SIMULATED where it is.

    Raises OSError when it cannot be written in the format that the name asks for.
    """
    bar = view.fontMetrics().height() * 2 if simulated else 0
    image = QImage(int(view.width() * FINE), int((view.height() + bar) * FINE), QImage.Format.Format_ARGB32)
    image.setDevicePixelRatio(FINE)
    image.fill(QColor(theme.colours.window))
    painter = QPainter(image)
    if simulated:
        painter.fillRect(0, 0, view.width(), bar, QColor(COLOUR))
        font = QFont(view.font())
        font.setBold(True)
        font.setLetterSpacing(QFont.SpacingType.AbsoluteSpacing, 3)
        painter.setFont(font)
        painter.setPen(QColor("white"))
        painter.drawText(0, 0, view.width(), bar, int(Qt.AlignmentFlag.AlignCenter), TEXT)
    painter.translate(0, bar)
    view.render(painter)
    painter.end()
    if not image.save(str(path)):
        raise OSError(
            f"The picture could not be written to {path}: choose a folder that can be written, and .png."
        )
