"""The field in which a number, a list, a text or a path is typed."""

from __future__ import annotations

from qtpy.QtWidgets import QLineEdit, QWidget

from labctl.core.errors import PlanError
from labctl.core.quantity import Spec, read, write
from labctl.gui.form.field import Field
from labctl.gui.form.paths import PathButton
from labctl.gui.form.style import WRONG, dress
from labctl.gui.form.words import MUST_BE_GIVEN, example, is_list, is_number, is_path


class TextField(Field):
    """A number with its unit, a list, a text or a path."""

    def __init__(self, spec: Spec, parent: QWidget | None = None) -> None:
        """Shows the default."""
        super().__init__(spec, parent)
        self._touched = False
        self._mistake = ""
        self._default = "" if spec.required else write(spec.default, spec.unit)
        self.line = QLineEdit()
        self.line.setPlaceholderText(example(spec))
        self._name(self.line)
        self._row.addWidget(self.line, 1)
        self._button = PathButton(self.line, self.label, many=is_list(spec)) if is_path(spec) else None
        if self._button is not None:
            self._row.addWidget(self._button)
        self.fill(None)
        self.line.textChanged.connect(self._typed)
        self.line.editingFinished.connect(self._left)

    @property
    def editors(self) -> list[QWidget]:
        """The line, and the button that looks for a file."""
        return [self.line] if self._button is None else [self.line, self._button]

    @property
    def mistake(self) -> str:
        """The sentence of `labctl.core.quantity.read`."""
        return self._mistake

    @property
    def complaint(self) -> str:
        """Nothing before somebody has typed."""
        return self._mistake if self._touched or not self._is_blank else ""

    @property
    def understood(self) -> str:
        """The number with its unit, while it is typed: `= 50 uS`."""
        typed = self.line.text().strip()
        if not typed or self._mistake or not is_number(self.spec):
            return ""
        normal = _normal(typed, self.spec)
        return "" if normal == typed else f"= {normal}"

    @property
    def text(self) -> str | None:
        """Normalised where it can be read, else as typed."""
        typed = self.line.text()
        if self._is_blank and (self.spec.required or is_number(self.spec)):
            return None
        if typed == self._default and not self.spec.required:
            return None
        if self._mistake:
            return typed
        is_default = not self.spec.required and read(typed, self.spec) == self.spec.default
        return None if is_default else _normal(typed, self.spec)

    def fill(self, text: str | None) -> None:
        """Show `text` as a field shows it after it was left."""
        self._touched = text is not None
        if text is None:
            text = self._default
        elif not _mistake(text, self.spec):
            text = _normal(text, self.spec)
        self.line.blockSignals(True)  # this is not typing
        self.line.setText(text)
        self.line.setCursorPosition(0)
        self.line.blockSignals(False)
        self._judge()

    @property
    def _is_blank(self) -> bool:
        return not self.line.text().strip()

    def _typed(self) -> None:
        self._touched = True
        self._judge()
        self.changed.emit()

    def _judge(self) -> None:
        is_default = not self.spec.required and self.line.text() == self._default
        self._mistake = "" if is_default and not self.spec.bench else _mistake(self.line.text(), self.spec)
        dress(self.line, WRONG if self.complaint else "")

    def _left(self) -> None:
        """Show what was understood; a number that was deleted is its default again."""
        if self._is_blank and is_number(self.spec) and not self.spec.required:
            self.line.setText(self._default)
        elif not self._mistake:
            normal = _normal(self.line.text(), self.spec)
            if normal != self.line.text():
                self.line.setText(normal)


def _mistake(text: str, spec: Spec) -> str:
    if not text.strip():
        if spec.required:
            return MUST_BE_GIVEN
        if is_number(spec):
            return ""
    try:
        read(text, spec)
    except PlanError as error:
        return str(error)
    except (OverflowError, ValueError):  # infinity and what is no number, where a whole one is wanted
        return f"'{text}' is not a whole number"
    return ""


def _normal(text: str, spec: Spec) -> str:
    """`text` as it is written by the suite, unless that would be another value."""
    value = read(text, spec)
    written = write(value, spec.unit)
    return written if read(written, spec) == value else text.strip()
