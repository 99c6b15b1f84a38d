"""The form of one procedure: a field per parameter, generated from its dataclass."""

from __future__ import annotations

import re
from collections.abc import Mapping

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from labctl.core.errors import PlanError
from labctl.core.quantity import Spec, make, specs, within_bench
from labctl.gui.form.field import Field
from labctl.gui.form.fields import field_for
from labctl.gui.form.style import QUIET, REASON, dress, words
from labctl.gui.form.words import MUST_BE_GIVEN, in_words, is_number, is_path, sentence

LABEL_SHARE = 20
"""Characters that a label has room for before it breaks into a second line."""


class ParameterForm(QWidget):
    """What is typed here is what `labctl run --set NAME=TEXT` takes."""

    changed = Signal()

    def __init__(
        self, kind: type, limits: Mapping[str, float] | None = None, parent: QWidget | None = None
    ) -> None:
        """Show the defaults of `kind`, a procedure's dataclass; what must be given comes first.

        limits: those of the bench by name, which narrow the ranges of the fields.
        """
        super().__init__(parent)
        self.kind = kind
        declared = [within_bench(spec, limits or {}) for spec in specs(kind)]
        self.fields: dict[str, Field] = {spec.name: field_for(spec) for spec in declared}
        self._reasons: dict[str, QLabel] = {}
        self._mistakes: list[str] = []
        self._is_filling = False

        grid = QGridLayout()
        grid.setColumnStretch(1, 1)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(3)
        metrics = self.fontMetrics()
        wanted = max((metrics.horizontalAdvance(_marked(field)) for field in self.fields.values()), default=0)
        width = min(wanted, LABEL_SHARE * metrics.averageCharWidth()) + 2
        for spec in sorted(declared, key=lambda spec: not spec.required):
            self._add(grid, spec, width)
        self._foot = words(REASON)
        self._foot.hide()
        note = words(QUIET, f"* {MUST_BE_GIVEN}")
        if not any(spec.required for spec in declared):
            note.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 4, 0)
        column.addLayout(grid)
        column.addWidget(note)
        column.addWidget(self._foot)
        column.addStretch(1)
        self._judge()

    @property
    def editors(self) -> list[QWidget]:
        """What the keyboard reaches, from the top down."""
        ordered = sorted(self.fields.values(), key=lambda field: not field.spec.required)
        return [editor for field in ordered for editor in field.editors]

    def explanation_of(self, widget: QWidget) -> str:
        """What the parameter means that is edited in `widget`; empty when there is none."""
        for field in self.fields.values():
            if widget in field.editors:
                return f"{field.label}: {field.explanation}".replace("\n", " ")
        return ""

    def texts(self) -> dict[str, str]:
        """What was given: parameters that differ from their default, or have none, as a command line reads them."""
        found = {name: field.text for name, field in self.fields.items()}
        return {name: text for name, text in found.items() if text is not None}

    def mistakes(self) -> list[str]:
        """Everything that keeps the procedure from being run, each in words; empty when it can be."""
        return list(self._mistakes)

    def fill(self, texts: Mapping[str, str], *, keep_rest: bool = False) -> list[str]:
        """Show `texts`; the other fields keep what they hold, or show their defaults.

        Returns what could not be taken, each in a sentence.
        """
        refused = [
            f"There is no parameter '{name}' here; it was left out."
            for name in texts
            if name not in self.fields
        ]
        self._is_filling = True
        for name, field in self.fields.items():
            if name in texts or not keep_rest:
                try:
                    field.fill(texts.get(name))
                except PlanError as error:
                    refused.append(sentence(f"{field.label}: {error}"))
        self._is_filling = False
        self._field_changed()
        return refused

    def _add(self, grid: QGridLayout, spec: Spec, width: int) -> None:
        field = self.fields[spec.name]
        name = QLabel(_marked(field))
        name.setWordWrap(True)
        name.setToolTip(field.explanation)
        name.setFixedWidth(width)
        if field.editors:
            name.setBuddy(field.editors[0])
        reason = self._reasons[spec.name] = words(REASON)
        if is_number(spec):  # room for one line stays: the fields below do not move while one is typed in
            reason.setMinimumHeight(reason.fontMetrics().lineSpacing())
            policy = reason.sizePolicy()
            policy.setRetainSizeWhenHidden(True)
            reason.setSizePolicy(policy)
        reason.hide()
        row = grid.rowCount()
        if is_path(spec):  # which is long: it gets the whole width
            grid.addWidget(name, row, 0, 1, 2)
            grid.addWidget(field, row + 1, 0, 1, 2)
        else:
            grid.addWidget(name, row, 0)
            grid.addWidget(field, row, 1)
        grid.addWidget(reason, row + 2, 0, 1, 2)
        field.changed.connect(self._field_changed)

    def _field_changed(self) -> None:
        if not self._is_filling:
            self._judge()
            self.changed.emit()

    def _judge(self) -> None:
        for name, field in self.fields.items():
            complaint = sentence(field.complaint)
            dress(self._reasons[name], REASON if complaint else QUIET)
            _show(self._reasons[name], complaint or field.understood)
        wrong = [field for field in self.fields.values() if field.mistake]
        wrong.sort(key=lambda field: not field.complaint)  # first what was done wrong, then what is missing
        self._mistakes = [_blame(field) for field in wrong]
        together = "" if wrong else self._mistake_together()
        if together:
            self._mistakes = [together]
        _show(self._foot, together)

    def _mistake_together(self) -> str:
        """Why values that are each allowed do not go together; empty when they do."""
        try:
            make(self.kind, self.texts())
        except PlanError as error:
            return sentence(self._plain(str(error)))
        except Exception as error:  # noqa: BLE001 - a procedure of somebody's package refuses in its own way
            return sentence(f"{self.kind.__name__} does not take these values: {error}")
        return ""

    def _plain(self, text: str) -> str:
        """The names of Python in `text` as the labels have them."""
        text = text.removeprefix(f"{self.kind.__name__}: ")
        for name in self.fields:
            if "_" in name:  # but not within the path of a file
                text = re.sub(rf"(?<![\w/\\.]){name}(?![\w/\\]|\.\w)", in_words(name).lower(), text)
        return text


def _marked(field: Field) -> str:
    return f"{field.label} *" if field.spec.required else field.label


def _blame(field: Field) -> str:
    if field.mistake == MUST_BE_GIVEN:
        return f"{field.label} {MUST_BE_GIVEN}."
    return sentence(f"{field.label}: {field.mistake}")


def _show(label: QLabel, text: str) -> None:
    if label.text() != text:
        label.setText(text)
        label.setVisible(bool(text))
