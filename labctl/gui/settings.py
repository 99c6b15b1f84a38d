"""What the window remembers between two starts: layout, theme, bench, folder of runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from platformdirs import user_config_path
from qtpy.QtCore import QByteArray, QSettings

from labctl.gui.theme import Choice

RECENT = 8
"""So many benches are remembered."""


def config_folder() -> Path:
    """Where the user's settings and presets lie."""
    return user_config_path("labctl", appauthor=False)


class Settings:
    """One file in a folder of settings; a damaged or foreign value counts as none."""

    def __init__(self, folder: Path) -> None:
        """Settings in `folder`, which is made when something is kept."""
        self._kept = QSettings(str(folder / "window.ini"), QSettings.Format.IniFormat)

    @property
    def theme(self) -> Choice:
        """The theme chosen last."""
        found = self._text("theme")
        return Choice(found) if found in {choice.value for choice in Choice} else Choice.SYSTEM

    @theme.setter
    def theme(self, choice: Choice) -> None:
        self._kept.setValue("theme", choice.value)

    @property
    def bench(self) -> str:
        """The bench opened last; empty before the first."""
        return self._text("bench")

    @property
    def recent(self) -> list[str]:
        """Benches opened before, the latest first."""
        return [each for each in self._text("recent").split("\n") if each]

    def remember_bench(self, bench: str) -> None:
        """This one was opened now."""
        recent = [bench, *(each for each in self.recent if each != bench)]
        self._kept.setValue("recent", "\n".join(recent[:RECENT]))
        self._kept.setValue("bench", bench)

    @property
    def out(self) -> str:
        """Folder that run folders are made in; empty before somebody chose one."""
        return self._text("out")

    @out.setter
    def out(self, folder: str) -> None:
        self._kept.setValue("out", folder)

    def keep_layout(self, geometry: QByteArray, state: QByteArray) -> None:
        """Size and place of the window, and of its parts."""
        self._kept.setValue("geometry", geometry)
        self._kept.setValue("state", state)

    def layout(self) -> tuple[QByteArray, QByteArray] | None:
        """As kept last."""
        geometry, state = self._value("geometry"), self._value("state")
        known = isinstance(geometry, QByteArray) and isinstance(state, QByteArray)
        return (geometry, state) if known else None

    def sync(self) -> None:
        """Into the file now."""
        self._kept.sync()

    def _text(self, name: str) -> str:
        found = self._value(name)
        return found if isinstance(found, str) else ""

    def _value(self, name: str) -> Any:
        return self._kept.value(name)
