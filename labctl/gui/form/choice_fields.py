"""The fields in which nothing is typed: a flag, a choice, a parameter that no text can give."""

from __future__ import annotations

from typing import Any

from qtpy.QtWidgets import QCheckBox, QLabel, QWidget

from labctl.core.errors import PlanError
from labctl.core.quantity import Spec, read, write
from labctl.gui.form.field import Field
from labctl.gui.form.quiet import QuietComboBox
from labctl.gui.form.style import QUIET, dress
from labctl.gui.form.words import MUST_BE_GIVEN


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
