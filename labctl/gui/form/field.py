"""What all fields of a form have in common."""

from __future__ import annotations

from abc import abstractmethod

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QWidget

from labctl.core.quantity import Spec
from labctl.gui.form.words import MUST_BE_GIVEN, explanation, label


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

    @property
    def understood(self) -> str:
        """What was typed as it will be taken, where that reads otherwise; empty where it does not."""
        return ""

    @abstractmethod
    def fill(self, text: str | None) -> None:
        """Take `text`, or go back to the default; raises PlanError for a choice that there is not."""

    def _name(self, editor: QWidget) -> None:
        """Tell screen readers and tool tips what `editor` is."""
        needed = f", {MUST_BE_GIVEN}" if self.spec.required else ""
        editor.setAccessibleName(self.label + needed)
        editor.setAccessibleDescription(self.explanation)
        editor.setToolTip(self.explanation)
