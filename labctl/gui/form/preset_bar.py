"""The row in which presets are chosen, saved under a name and deleted, and defaults brought back."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QToolButton, QVBoxLayout, QWidget

from labctl.gui.form.quiet import QuietComboBox

NONE = "Presets"
"""What the list shows when the form holds none of them."""


class PresetBar(QWidget):
    """Names only; the panel knows what they stand for."""

    chosen = Signal(str)
    save_asked = Signal(str)
    delete_asked = Signal(str)
    defaults_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        """Without presets."""
        super().__init__(parent)
        self._names: list[str] = []
        self.list = QuietComboBox()
        self.list.setMinimumContentsLength(4)
        self.list.setAccessibleName("presets of this procedure")
        self.save = _button("Save...")
        self.save.setToolTip("Save the values of this form as a preset")
        self.save.setAccessibleName("save as a preset")
        self.save.setCheckable(True)
        self.delete = _button("\N{MULTIPLICATION SIGN}")
        self.delete.setToolTip("Delete the chosen preset; the form keeps its values")
        self.delete.setAccessibleName("delete the chosen preset")
        self.defaults = _button("Defaults")
        self.defaults.setToolTip("Give every field its default again")
        self._naming = QWidget()
        self.name = QLineEdit()
        self.name.setPlaceholderText("name of the preset")
        self.name.setAccessibleName("name of the preset to save")
        self.confirm = QPushButton("Save")

        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.list, 1)
        row.addWidget(self.save)
        row.addWidget(self.delete)
        row.addWidget(self.defaults)
        naming = QHBoxLayout(self._naming)
        naming.setContentsMargins(0, 0, 0, 0)
        naming.addWidget(self.name, 1)
        naming.addWidget(self.confirm)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row)
        column.addWidget(self._naming)
        self._naming.hide()

        self.list.activated.connect(self._activated)
        self.save.toggled.connect(self._ask_for_name)
        self.delete.clicked.connect(lambda: self.delete_asked.emit(self.selected))
        self.defaults.clicked.connect(lambda _checked: self.defaults_asked.emit())
        self.name.textChanged.connect(self._look_at_name)
        self.name.returnPressed.connect(self._save)
        self.confirm.clicked.connect(self._save)
        self.show_names([], "")

    @property
    def editors(self) -> list[QWidget]:
        """What the keyboard reaches, in its order."""
        return [self.list, self.save, self.delete, self.defaults, self.name, self.confirm]

    @property
    def selected(self) -> str:
        """The preset that the form holds; empty for none."""
        index = self.list.currentIndex() - 1
        return self._names[index] if index >= 0 else ""

    def show_names(self, names: Sequence[str], selected: str) -> None:
        """List the presets; `selected` is the one that the form holds, or ""."""
        self._names = sorted(names, key=str.casefold)
        self.list.clear()
        self.list.addItems([NONE, *self._names])
        self.select(selected)
        self._look_at_name()

    def select(self, name: str) -> None:
        """Show that the form holds this preset, or none ("")."""
        self.list.setCurrentIndex(self._names.index(name) + 1 if name in self._names else 0)
        self._explain()

    def end_naming(self) -> None:
        """Put the line for the name away."""
        self.name.clear()
        self.save.setChecked(False)

    def _activated(self, index: int) -> None:
        if index > 0:
            self.chosen.emit(self._names[index - 1])
        self._explain()

    def _explain(self) -> None:
        self.delete.setEnabled(bool(self.selected))
        fill = "Fill the form from a preset" if self._names else "Nothing was saved yet for this procedure"
        self.list.setToolTip(f"The form holds the preset '{self.selected}'" if self.selected else fill)

    def _ask_for_name(self, asked: bool) -> None:
        self._naming.setVisible(asked)
        if asked:
            self.name.setText(self.selected)
            self.name.selectAll()
            self.name.setFocus()

    def _look_at_name(self) -> None:
        name = self.name.text().strip()
        self.confirm.setEnabled(bool(name))
        is_known = name in self._names
        self.confirm.setText("Replace" if is_known else "Save")
        self.confirm.setToolTip(
            f"Replace the preset '{name}'" if is_known else "Keep the values under this name"
        )

    def _save(self) -> None:
        name = self.name.text().strip()
        if name:
            self.save_asked.emit(name)


def _button(text: str) -> QToolButton:
    """As narrow as its text."""
    button = QToolButton()
    button.setText(text)
    return button
