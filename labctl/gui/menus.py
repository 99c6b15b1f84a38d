"""The menus: everything that has a shortcut stands in one, so that it can be found."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtGui import QKeySequence
from qtpy.QtWidgets import QAction, QActionGroup, QDockWidget, QFileDialog, QMenu, QMenuBar

from labctl import __version__
from labctl.gui.theme import Choice

if TYPE_CHECKING:
    from labctl.gui.main_window import MainWindow

SHORTCUTS = (
    ("Esc", "closes what is open (list, menu, dialog, notices); with nothing open, emergency stop"),
    ("Ctrl+.", "emergency stop, whatever is open"),
    ("F5", "start the procedure"),
    ("Ctrl+Return", "add it to the queue"),
    ("F7", "order what the fields below the map say"),
    ("Space", "pause or resume the run, wherever no text is typed"),
    ("Ctrl+O", "open an earlier run"),
    ("Ctrl+E", "export the plot"),
    ("Ctrl+B", "open a bench file"),
    ("Ctrl+1, 2, 3, 4", "array, plots, bench, record"),
    ("Ctrl+Up, Ctrl+Down", "move an item of the queue"),
)


class Menus:
    """Bar of menus of one window."""

    def __init__(self, window: MainWindow) -> None:
        """Built into the head of `window`."""
        self._window = window
        bar = QMenuBar(window.head)
        layout = window.head.layout()
        if layout is not None:
            layout.setMenuBar(bar)
        self.bar = bar
        self._file(_menu(bar, "&File"))
        self._view(_menu(bar, "&View"))
        self._help(_menu(bar, "&Help"))

    def _file(self, menu: QMenu) -> None:
        window = self._window
        self._add(menu, "Open &bench file...", window.top.browse_files, "Ctrl+B")
        self._add(menu, "&Open run...", self._open_run, "Ctrl+O")
        self._add(menu, "Folder for &runs...", self._choose_out)
        menu.addSeparator()
        self._add(menu, "&Quit", window.close, QKeySequence(QKeySequence.StandardKey.Quit))

    def _view(self, menu: QMenu) -> None:
        window = self._window
        for place in range(window.pages.count()):
            name = window.pages.tabText(place).replace("&", "")
            self._add(menu, name, partial(window.pages.setCurrentIndex, place), f"Ctrl+{place + 1}")
        menu.addSeparator()
        for dock in window.docks:
            self._add(menu, dock.windowTitle(), partial(_bring, dock))
        menu.addSeparator()
        group = QActionGroup(menu)
        for choice in Choice:
            action = self._add(
                menu, f"{choice.value.capitalize()} colours", partial(self._choose_theme, choice)
            )
            action.setCheckable(True)
            action.setChecked(window.theme.choice is choice)
            group.addAction(action)

    def _help(self, menu: QMenu) -> None:
        keys = "\n".join(f"{name}: {what}" for name, what in SHORTCUTS)
        tell = self._window.notices.tell
        self._add(menu, "&Keyboard", partial(tell, "info", "Keys of this window", keys, key="keys"), "F1")
        about = f"labctl {__version__}: instrument control and measurement for memristor crossbars with Mott neurons."
        self._add(menu, "&About", partial(tell, "info", about, key="about"))

    def _add(
        self, menu: QMenu, name: str, does: Callable[[], object], keys: str | QKeySequence = ""
    ) -> QAction:
        action = QAction(name, menu)
        action.triggered.connect(lambda _checked: _call(does))
        if keys:
            action.setShortcut(QKeySequence(keys) if isinstance(keys, str) else keys)
        menu.addAction(action)
        return action

    def _choose_theme(self, choice: Choice) -> None:
        self._window.settings.theme = choice
        self._window.theme.choose(choice)

    def _open_run(self) -> None:
        dialog = self._dialog("Open a run", QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(lambda folder: self._window.session.open_run(Path(folder)))
        dialog.show()

    def _choose_out(self) -> None:
        dialog = self._dialog("Folder that run folders are made in", QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(self._window.set_out)
        dialog.show()

    def _dialog(self, title: str, mode: QFileDialog.FileMode) -> QFileDialog:
        dialog = QFileDialog(self._window, title, self._window.out)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(mode)
        dialog.setModal(False)
        return dialog


def _call(does: Callable[[], object]) -> None:
    does()


def _bring(dock: QDockWidget) -> None:
    dock.show()
    dock.raise_()


def _menu(bar: QMenuBar, name: str) -> QMenu:
    menu = QMenu(name, bar)
    bar.addMenu(menu)
    return menu
