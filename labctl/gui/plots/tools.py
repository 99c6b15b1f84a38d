"""The row of tools beside the tabs: fit, scales, grid, zoom, export."""

from __future__ import annotations

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QKeySequence
from qtpy.QtWidgets import QAction, QHBoxLayout, QToolButton, QWidget

from labctl.gui.theme import Colours


class PlotTools(QWidget):
    """Buttons that say what they do; the wishes of the user come out as signals."""

    fit = Signal()
    logs = Signal(bool, bool)
    grid = Signal(bool)
    box_zoom = Signal(bool)
    picture = Signal()
    data = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        """All switched off."""
        super().__init__(parent)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(4, 2, 4, 2)
        self._row.setSpacing(2)
        self.fit_button = self._button("Fit", "fit", "Show everything, and follow new data", "Ctrl+0")
        self.log_x = self._button(
            "Log x", "logarithmic x axis", "Logarithmic x axis, showing |x|", checkable=True
        )
        self.log_y = self._button(
            "Log y", "logarithmic y axis", "Logarithmic y axis, showing |y|", checkable=True
        )
        self.grid_button = self._button("Grid", "grid", "Lines at the numbers of the axes", checkable=True)
        self.box_button = self._button(
            "Zoom box",
            "zoom box",
            "Drag a box to zoom into; otherwise dragging moves the plot",
            checkable=True,
        )
        self._row.addStretch(1)
        self.picture_button = self._button(
            "Picture…", "export picture", "Save the plot as a picture (PNG)", "Ctrl+E"
        )
        self.data_button = self._button(
            "Data…", "export data", "Save what is plotted as numbers (CSV)", "Ctrl+Shift+E"
        )
        self._action(self.fit_button).triggered.connect(self.fit)
        for button in (self.log_x, self.log_y):
            self._action(button).triggered.connect(self._tell_logs)
        self._action(self.grid_button).triggered.connect(self.grid)
        self._action(self.box_button).triggered.connect(self.box_zoom)
        self._action(self.picture_button).triggered.connect(self.picture)
        self._action(self.data_button).triggered.connect(self.data)

    def show_scales(self, log: tuple[bool, bool], possible: tuple[bool, bool]) -> None:
        """Which axes are logarithmic, and which can be."""
        for button, is_on, can in zip((self.log_x, self.log_y), log, possible, strict=True):
            self._action(button).setChecked(is_on and can)
            self._action(button).setEnabled(can)

    def paint_in(self, colours: Colours) -> None:
        """Take these colours: a tool that is on is told from the others in any theme."""
        self.setStyleSheet(
            f"QToolButton:checked {{ background: {colours.accent}; color: {colours.base}; "
            f"border: 1px solid {colours.accent}; border-radius: 3px; padding: 3px; }}"
        )

    def allow(self, anything: bool) -> None:
        """Whether there is a plot to act on."""
        self.setEnabled(anything)
        for button in (self.fit_button, self.picture_button, self.data_button):
            self._action(button).setEnabled(anything)

    def _tell_logs(self) -> None:
        self.logs.emit(self.log_x.isChecked(), self.log_y.isChecked())

    def _button(
        self, text: str, name: str, tip: str, keys: str = "", *, checkable: bool = False
    ) -> QToolButton:
        action = QAction(text, self)
        action.setCheckable(checkable)
        if keys:
            action.setShortcut(QKeySequence(keys))
        action.setToolTip(f"{tip} ({keys})" if keys else tip)
        button = QToolButton(self)
        button.setDefaultAction(action)
        button.setAccessibleName(name)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.setAutoRaise(False)
        self._row.addWidget(button)
        return button

    def _action(self, button: QToolButton) -> QAction:
        action = button.defaultAction()
        assert action is not None, "every button here was given one"
        return action
