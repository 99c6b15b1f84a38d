"""A lamp with words: colour and shape say the same, so that neither is needed alone."""

from __future__ import annotations

from enum import Enum

from qtpy.QtWidgets import QLabel, QWidget

from labctl.gui.theme import Colours, Theme


class Light(Enum):
    """What a lamp can say, by its symbol."""

    OFF = "○"
    WAIT = "◐"
    GOOD = "●"
    BUSY = "▶"
    BAD = "✕"


class Lamp(QLabel):
    """Symbol and words."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        """Off, without words."""
        super().__init__(parent)
        self._theme, self._light, self._words = theme, Light.OFF, ""
        theme.changed.connect(self._paint)
        self.tell(Light.OFF, "")

    def tell(self, light: Light, words: str) -> None:
        """Show this light and these words."""
        self._light, self._words = light, words
        self.setAccessibleName(words)
        self._paint()

    def _paint(self) -> None:
        self.setText(f"{self._light.value} {self._words}")
        self.setStyleSheet(f"color: {_colour(self._light, self._theme.colours)}; font-weight: bold;")


def _colour(light: Light, colours: Colours) -> str:
    return {
        Light.OFF: colours.muted,
        Light.WAIT: colours.warn,
        Light.GOOD: colours.good,
        Light.BUSY: colours.accent,
        Light.BAD: colours.bad,
    }[light]
