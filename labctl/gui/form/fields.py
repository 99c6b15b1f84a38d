"""One field per parameter: what is typed or chosen, and the reason when it cannot be taken."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QLineEdit, QWidget

from labctl.core.errors import PlanError
from labctl.core.quantity import Spec, read, write
from labctl.gui.form.paths import PathButton
from labctl.gui.form.quiet import QuietComboBox
from labctl.gui.form.style import QUIET, WRONG, dress
from labctl.gui.form.words import (
    MUST_BE_GIVEN,
    example,
    explanation,
    is_choice,
    is_list,
    is_number,
    is_path,
    is_typable,
    label,
)


class Field(QWidget):
    """The part that all fields share: the parameter's names for people, one row of widgets."""

    changed = Signal()

    def __init__(self, spec: Spec, parent: QWidget | None = None) -> None:
        """Empty row; the kinds of fields put their widgets in."""
        super().__init__(parent)
        self.spec = spec
        self.label, self.explanation = label(spec), explanation(spec)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(3)

    @property
    @abstractmethod
    def editors(self) -> list[QWidget]:
        """What the keyboard reaches, in its order; the first one belongs to the label."""

    @property
    @abstractmethod
    def text(self) -> str | None:
        """As a command line reads it; None as long as nothing was given, or the default."""

    @property
    @abstractmethod
    def mistake(self) -> str:
        """Why the value cannot be taken, in words; empty when it can."""

    @property
    def complaint(self) -> str:
        """The mistake as long as it is worth showing: nobody is blamed for what was not touched yet."""
        return self.mistake

    @abstractmethod
    def fill(self, text: str | None) -> None:
        """Take `text`, or go back to the default; raises PlanError for a choice that there is not."""

    def _name(self, editor: QWidget) -> None:
        """Tell screen readers and tool tips what `editor` is."""
        needed = f", {MUST_BE_GIVEN}" if self.spec.required else ""
        editor.setAccessibleName(self.label + needed)
        editor.setAccessibleDescription(self.explanation)
        editor.setToolTip(self.explanation)


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
        self._mistake = "" if is_default else _mistake(self.line.text(), self.spec)
        dress(self.line, WRONG if self.complaint else "")

    def _left(self) -> None:
        """Show what was understood; a number that was deleted is its default again."""
        if self._is_blank and is_number(self.spec) and not self.spec.required:
            self.line.setText(self._default)
        elif not self._mistake:
            normal = _normal(self.line.text(), self.spec)
            if normal != self.line.text():
                self.line.setText(normal)


class FlagField(Field):
    """Yes or no."""

    def __init__(self, spec: Spec, parent: QWidget | None = None) -> None:
        """Shows the default; no, where there is none."""
        super().__init__(spec, parent)
        self.box = QCheckBox()
        self._name(self.box)
        self._row.addWidget(self.box, 1)
        self.fill(None)
        self.box.toggled.connect(self._toggled)

    @property
    def editors(self) -> list[QWidget]:
        """The box."""
        return [self.box]

    @property
    def mistake(self) -> str:
        """None is possible."""
        return ""

    @property
    def text(self) -> str | None:
        """`yes` or `no`."""
        checked = self.box.isChecked()
        is_default = not self.spec.required and checked == self.spec.default
        return None if is_default else write(checked, "")

    def fill(self, text: str | None) -> None:
        """Raises PlanError for what is neither yes nor no."""
        default = False if self.spec.required else self.spec.default
        self.box.setChecked(default if text is None else read(text, self.spec))
        self._say()

    def _toggled(self) -> None:
        self._say()
        self.changed.emit()

    def _say(self) -> None:
        self.box.setText(write(self.box.isChecked(), ""))


class ChoiceField(Field):
    """One of a few names."""

    def __init__(self, spec: Spec, parent: QWidget | None = None) -> None:
        """Shows the default; nothing, where there is none."""
        super().__init__(spec, parent)
        self._members: list[Any] = list(spec.kind)  # type: ignore[call-overload]  # a kind of Enum
        self.box = QuietComboBox()
        self.box.addItems([write(member, "") for member in self._members])
        self._name(self.box)
        self._row.addWidget(self.box, 1)
        self.fill(None)
        self.box.currentIndexChanged.connect(self._chosen)

    @property
    def editors(self) -> list[QWidget]:
        """The box."""
        return [self.box]

    @property
    def mistake(self) -> str:
        """Only that nothing was chosen."""
        return MUST_BE_GIVEN if self.box.currentIndex() < 0 else ""

    @property
    def complaint(self) -> str:
        """A list that nobody has opened shows for itself that it is empty."""
        return ""

    @property
    def text(self) -> str | None:
        """The chosen name."""
        if self.box.currentIndex() < 0:
            return None
        member = self._members[self.box.currentIndex()]
        is_default = not self.spec.required and member == self.spec.default
        return None if is_default else write(member, "")

    def fill(self, text: str | None) -> None:
        """Raises PlanError for a name that is not among them."""
        if text is None:
            index = -1 if self.spec.required else self._members.index(self.spec.default)
        else:
            index = self._members.index(read(text, self.spec))
        self.box.setCurrentIndex(index)

    def _chosen(self) -> None:
        self.changed.emit()


class FixedField(Field):
    """A parameter that no text can give, such as an array: it keeps its default."""

    def __init__(self, spec: Spec, parent: QWidget | None = None) -> None:
        """Says so."""
        super().__init__(spec, parent)
        words = QLabel("set from Python only")
        words.setWordWrap(True)
        words.setToolTip(self.explanation)
        dress(words, QUIET)
        self._row.addWidget(words, 1)

    @property
    def editors(self) -> list[QWidget]:
        """Nothing to reach."""
        return []

    @property
    def mistake(self) -> str:
        """Such a parameter without a default makes the form useless."""
        return "cannot be typed; run this procedure from Python" if self.spec.required else ""

    @property
    def text(self) -> str | None:
        """Never."""
        return None

    def fill(self, text: str | None) -> None:
        """Raises PlanError for any text."""
        if text is not None:
            raise PlanError("cannot be typed, it keeps its default")


def field_for(spec: Spec) -> Field:
    """The field that suits the parameter's kind."""
    if not is_typable(spec):
        return FixedField(spec)
    if spec.kind is bool:
        return FlagField(spec)
    return ChoiceField(spec) if is_choice(spec) else TextField(spec)


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
