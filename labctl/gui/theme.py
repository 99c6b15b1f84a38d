"""Light, dark or the system's colours, for widgets and plots alike."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from qtpy.QtCore import QObject, Signal
from qtpy.QtGui import QColor, QPalette
from qtpy.QtWidgets import QApplication

MAP = "cividis"
"""The colour map of every heat map: readable with any colour vision."""


class Choice(Enum):
    """What the user may choose."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True)
class Colours:
    """Hex colours by their job. `series` can be told apart with any colour vision (after Okabe and Ito)."""

    window: str
    base: str
    button: str
    text: str
    muted: str
    grid: str
    accent: str
    good: str
    warn: str
    bad: str
    series: tuple[str, ...]
    is_dark: bool


LIGHT = Colours(
    window="#f3f4f6",
    base="#ffffff",
    button="#e7e9ed",
    text="#1b1f24",
    muted="#5b6470",
    grid="#c9ced6",
    accent="#0b62b0",
    good="#1a7f37",
    warn="#9a5b00",
    bad="#b42318",
    series=("#0072b2", "#d55e00", "#009e73", "#a6518b", "#8a6d00", "#3a8fb7", "#000000"),
    is_dark=False,
)
DARK = Colours(
    window="#2f353d",  # well above `base`: Fusion draws outlines darker than the window, which alone would not show
    base="#14181d",
    button="#434b55",
    text="#e6e9ed",
    muted="#a9b2bd",
    grid="#59626d",
    accent="#58a6ff",
    good="#3fb950",
    warn="#e3a33b",
    bad="#ff7b72",
    series=("#56b4e9", "#e69f00", "#2bd4a4", "#e09ac4", "#f0e442", "#6aa9ff", "#ffffff"),
    is_dark=True,
)


class Theme(QObject):
    """The colours in force; whoever paints by itself listens to `changed`."""

    changed = Signal()

    def __init__(self, application: QApplication, choice: Choice = Choice.SYSTEM) -> None:
        """Fusion widgets in the colours of `choice`."""
        super().__init__(application)
        self._application = application
        self._system = (
            LIGHT if application.palette().color(QPalette.ColorRole.Window).lightness() > 127 else DARK
        )
        application.setStyle("Fusion")
        self.choose(choice)

    @property
    def choice(self) -> Choice:
        """What was chosen last."""
        return self._choice

    @property
    def colours(self) -> Colours:
        """What everything is painted in now."""
        return {Choice.LIGHT: LIGHT, Choice.DARK: DARK, Choice.SYSTEM: self._system}[self._choice]

    def choose(self, choice: Choice) -> None:
        """Repaint everything."""
        self._choice = choice
        self._application.setPalette(_palette(self.colours))
        self.changed.emit()


def _palette(colours: Colours) -> QPalette:
    role, palette = QPalette.ColorRole, QPalette()
    for which, colour in (
        (role.Window, colours.window),
        (role.WindowText, colours.text),
        (role.Base, colours.base),
        (role.AlternateBase, colours.window),
        (role.ToolTipBase, colours.base),
        (role.ToolTipText, colours.text),
        (role.Text, colours.text),
        (role.Button, colours.button),
        (role.ButtonText, colours.text),
        (role.BrightText, colours.bad),
        (role.Link, colours.accent),
        (role.Highlight, colours.accent),
        (role.HighlightedText, "#16191d" if colours.is_dark else "#ffffff"),
        (role.PlaceholderText, colours.muted),
    ):
        palette.setColor(which, QColor(colour))
    for which in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, which, QColor(colours.muted))
    return palette
