"""The map of the array as a picture and as a file of values."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from qtpy.QtCore import QPoint, Qt
from qtpy.QtGui import QColor, QFont, QImage, QPainter
from qtpy.QtWidgets import QWidget

from labctl.core.csvstyle import FOR_PROGRAMS, CsvStyle
from labctl.gui.array.shown import Shown, texts
from labctl.gui.array.state import ArrayState
from labctl.gui.simulated import COLOUR, TEXT
from labctl.gui.theme import Theme

EDGE = 6
"""px round the parts of an exported picture."""
FINE = 2.0
"""Pixels of an exported picture per pixel of the screen."""


def write_data(
    path: Path, state: ArrayState, shown: Shown, simulated: bool, style: CsvStyle = FOR_PROGRAMS
) -> None:
    """Write the shown quantity as CSV: a line per word line, a value per bit line, remarks with the unit above.

    A map of conductances can be programmed again: `crossbar_program` reads it. Raises OSError.
    """
    unit = f" in {shown.unit}" if shown.unit not in ("", "1") else ""
    remarks = [f"{shown.value}{unit}; a line per word line, a value per bit line; nan = unknown"]
    if shown.in_words:
        remarks = [f"{shown.value}; a line per word line, a word per bit line; empty = none yet"]
    if simulated:
        remarks.insert(0, f"{TEXT}: virtual instruments and a virtual sample")
    with path.open("w", encoding=style.encoding, newline="") as file:
        file.writelines(f"# {each}\n" for each in remarks)
        rows = texts(state, shown)
        if not shown.in_words:
            rows = [[value.replace(".", style.decimal.sign) for value in row] for row in rows]
        style.begin(file).writerows(
            [style.cell(value) if shown.in_words else value for value in row] for row in rows
        )


def write_picture(path: Path, views: Sequence[QWidget], theme: Theme, simulated: bool) -> None:
    """Write `views`, one below the other, finer than on the screen, under a bar that says SIMULATED where it is.

    Raises OSError when it cannot be written in the format that the name asks for.
    """
    bar = views[0].fontMetrics().height() * 2 if simulated else 0
    width = max(view.width() for view in views) + 2 * EDGE
    height = bar + sum(view.height() for view in views) + (1 + len(views)) * EDGE
    image = QImage(int(width * FINE), int(height * FINE), QImage.Format.Format_ARGB32)
    image.setDevicePixelRatio(FINE)
    image.fill(QColor(theme.colours.window))
    painter = QPainter(image)
    if simulated:
        painter.fillRect(0, 0, width, bar, QColor(COLOUR))
        font = QFont(views[0].font())
        font.setBold(True)
        font.setLetterSpacing(QFont.SpacingType.AbsoluteSpacing, 3)
        painter.setFont(font)
        painter.setPen(QColor("white"))
        painter.drawText(0, 0, width, bar, int(Qt.AlignmentFlag.AlignCenter), TEXT)
    top = bar + EDGE
    for view in views:
        view.render(painter, QPoint(EDGE, top))
        top += view.height() + EDGE
    painter.end()
    if not image.save(str(path)):
        raise OSError(
            f"The picture could not be written to {path}: choose a folder that can be written, and .png."
        )
