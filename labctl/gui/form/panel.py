"""The left column of the window: choose a procedure, give its parameters, start it."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from itertools import pairwise

from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtWidgets import (
    QApplication,
    QFrame,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from labctl.core.errors import RecordError
from labctl.core.lines import Cell, show_cells
from labctl.gui.form.commands import command_line, write_python
from labctl.gui.form.copy_bar import CopyBar
from labctl.gui.form.form import ParameterForm
from labctl.gui.form.preset_bar import PresetBar
from labctl.gui.form.presets import Kept, Presets
from labctl.gui.form.quiet import QuietComboBox
from labctl.gui.form.start_bar import StartBar
from labctl.gui.form.style import QUIET, sheet, words
from labctl.gui.form.words import in_words, purpose
from labctl.gui.theme import Theme

WIDTH = 330
"""Pixels that the column likes to have."""
INVITATION = "Go to a field to see what it means."


class ProcedurePanel(QWidget):
    """Wishes come out as signals: name of the procedure, its parameters as texts.

    told: a remark that a log should keep, such as a file of presets that was damaged.
    """

    start_asked = Signal(str, dict)
    queue_asked = Signal(str, dict)
    told = Signal(str)

    def __init__(self, theme: Theme, presets: Presets, parent: QWidget | None = None) -> None:
        """Waits for `set_procedures`."""
        super().__init__(parent)
        self._theme, self._presets = theme, presets
        self._procedures: dict[str, type] = {}
        self._cells: tuple[Cell, ...] = ()
        self._pages: dict[str, QScrollArea] = {}
        self._forms: dict[str, ParameterForm] = {}
        self._named: Mapping[str, Mapping[str, str]] = {}
        self._wanted, self._waits = "", "The procedures are being loaded."
        self._limits: Mapping[str, float] = {}
        self._blocked, self._busy, self._bench, self._out = "", "", "", "runs"

        self.chooser = QuietComboBox()
        self.chooser.setAccessibleName("procedure")
        self.chooser.setToolTip("Which procedure to run")
        self.purpose = words("")
        self.preset_bar = PresetBar()
        self._stack = QStackedWidget()
        self._stack.addWidget(QWidget())
        self.remark = words(QUIET)
        self.remark.setMinimumHeight(2 * self.remark.fontMetrics().lineSpacing())
        self.remark.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.copy_bar = CopyBar()
        self.start_bar = StartBar()
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        for widget in (self.chooser, self.purpose, self.preset_bar):
            column.addWidget(widget)
        column.addWidget(self._stack, 1)
        for widget in (self.remark, self.copy_bar, self.start_bar):
            column.addWidget(widget)

        self.chooser.activated.connect(self._chosen)
        self.preset_bar.chosen.connect(self._use_preset)
        self.preset_bar.save_asked.connect(self._save_preset)
        self.preset_bar.delete_asked.connect(self._delete_preset)
        self.preset_bar.defaults_asked.connect(self._use_defaults)
        self.copy_bar.command_asked.connect(self._copy_command)
        self.copy_bar.python_asked.connect(self._copy_python)
        self.start_bar.start_asked.connect(lambda: self._ask(self.start_asked))
        self.start_bar.queue_asked.connect(lambda: self._ask(self.queue_asked))
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.connect(self._explain)
        theme.changed.connect(self._paint)
        self._paint()
        self._say(INVITATION)
        self._refresh()

    def sizeHint(self) -> QSize:
        """A column."""
        return QSize(WIDTH, super().sizeHint().height())

    @property
    def name(self) -> str:
        """Name of the chosen procedure; empty as long as there is none."""
        found = self.chooser.currentData()
        return str(found) if found is not None else ""

    @property
    def form(self) -> ParameterForm | None:
        """Its form; None when there is none, or none can be made."""
        return self._forms.get(self.name)

    def set_procedures(self, procedures: Mapping[str, type]) -> None:
        """Offer these (name: dataclass); what was typed for one that stays is kept."""
        typed = {name: form.texts() for name, form in self._forms.items()}
        wanted = self._wanted or self.name
        for page in self._pages.values():
            self._stack.removeWidget(page)
            page.deleteLater()
        self._pages.clear()
        self._forms.clear()
        self._procedures = dict(procedures)
        self._waits = "" if procedures else "There is no procedure."
        self.chooser.clear()
        self.purpose.clear()
        for name in procedures:
            self.chooser.addItem(in_words(name), name)
        if procedures:
            for name in typed.keys() & procedures.keys():
                self._make_page(name, typed[name])
            if wanted and wanted not in procedures:
                self._tell(f"There is no procedure '{wanted}' any more.")
            self.choose(wanted if wanted in procedures else next(iter(procedures)))
        self._refresh()

    def set_blocked(self, reason: str) -> None:
        """Why nothing can be started now, in a sentence; empty when it can."""
        self._blocked = reason
        self._refresh()

    def set_busy(self, reason: str) -> None:
        """Why nothing can be started at once though it can be queued, in a sentence; empty when it can."""
        self._busy = reason
        self._refresh()

    def set_context(self, bench: str, out: str) -> None:
        """Bench and folder for run folders as they stand in copied commands; an empty bench: none is open."""
        self._bench, self._out = bench, out
        self._refresh()

    def set_limits(self, limits: Mapping[str, float]) -> None:
        """Let the forms know what the bench permits, by the names of its limits; what was typed is kept."""
        if limits != self._limits:
            self._limits = dict(limits)
            if self._procedures:
                self.set_procedures(self._procedures)

    def choose(self, name: str) -> None:
        """Show the form of this procedure; before there are procedures, remember the wish."""
        if not self._procedures:
            self._wanted = name
            return
        index = self.chooser.findData(name)
        if index < 0:
            self._tell(f"There is no procedure '{name}' here.")
            return
        self._wanted = ""
        self.chooser.setCurrentIndex(index)
        self._show(name)

    def load(self, name: str, texts: Mapping[str, str], *, keep_rest: bool = False) -> None:
        """Show this procedure with the values of an earlier run or a queue item.

        keep_rest: parameters that are not in `texts` keep what the form holds, instead of their default.
        """
        if not self._procedures:
            self._tell(self._waits)
        self.choose(name)
        if self.form is not None and self.name == name:
            self._fill(texts, keep_rest=keep_rest)

    def take_cells(self, cells: Sequence[Cell]) -> None:
        """Put chosen cells into the form: one into word and bit, any number into cells; none changes nothing."""
        self._cells = tuple(cells)
        self._fill_cells()

    def _fill_cells(self, *, only_blank: bool = False) -> None:
        if self.form is None or not self._cells:
            return
        kinds = {name: field.spec for name, field in self.form.fields.items()}
        texts = {}
        if "cells" in kinds and not kinds["cells"].is_line:
            texts["cells"] = show_cells(self._cells)
        if len(self._cells) == 1 and all(name in kinds and kinds[name].is_line for name in Cell._fields):
            texts |= {name: str(line) for name, line in zip(Cell._fields, self._cells[0], strict=True)}
        if only_blank:
            texts = {name: text for name, text in texts.items() if self.form.fields[name].text is None}
        if texts:
            self._fill(texts, keep_rest=True)

    # what the parts ask for

    def _chosen(self) -> None:
        self._show(self.name)
        self._fill_cells(only_blank=True)

    def _show(self, name: str) -> None:
        self.purpose.setText(purpose(self._procedures[name]))
        kept = self._presets.read(name)
        if kept.remark:
            self._tell(kept.remark)
        if name not in self._pages:
            self._make_page(name, kept.last)
        self._stack.setCurrentWidget(self._pages[name])
        self._order_tabs()
        self.preset_bar.end_naming()
        self._list_presets(kept)
        self._refresh()

    def _make_page(self, name: str, texts: Mapping[str, str]) -> None:
        self._pages[name] = page = _Page()
        self._stack.addWidget(page)
        try:
            form = ParameterForm(self._procedures[name], self._limits)
        except Exception as error:  # noqa: BLE001 - a class of somebody's package
            page.setWidget(words("", f"No form can be made for this procedure: {error}"))
            return
        self._forms[name] = form
        for refused in form.fill(texts) if texts else ():
            self._tell(refused)
        form.changed.connect(self._form_changed)
        page.setWidget(form)

    def _form_changed(self) -> None:
        self._select_preset()
        self._refresh()

    def _ask(self, signal: object) -> None:
        if self.form is None or self.form.mistakes():
            return
        texts = self.form.texts()
        self._keep_last(texts)
        signal.emit(self.name, texts)  # type: ignore[attr-defined]  # a bound signal has no type of its own

    def _keep_last(self, texts: Mapping[str, str]) -> None:
        try:
            self._presets.keep_last(self.name, dict(texts))
        except RecordError as error:
            self._tell(str(error))

    def _use_defaults(self) -> None:
        self._fill({})
        self._keep_last({})  # or the values given up would come back at the next start

    def _use_preset(self, name: str) -> None:
        self._fill(self._named[name])

    def _fill(self, texts: Mapping[str, str], *, keep_rest: bool = False) -> None:
        if self.form is not None:
            for refused in self.form.fill(texts, keep_rest=keep_rest):
                self._tell(refused)

    def _save_preset(self, name: str) -> None:
        if self.form is None:
            return
        try:
            self._presets.save(self.name, name, self.form.texts())
        except RecordError as error:
            self._tell(str(error))
            return
        self.preset_bar.end_naming()
        self._list_presets(self._presets.read(self.name))
        self._say(f"Saved as '{name}'.")

    def _delete_preset(self, name: str) -> None:
        try:
            self._presets.delete(self.name, name)
        except RecordError as error:
            self._tell(str(error))
            return
        self._list_presets(self._presets.read(self.name))
        self._say(f"The preset '{name}' is deleted; the form keeps its values.")

    def _list_presets(self, kept: Kept) -> None:
        self._named = kept.named
        self.preset_bar.show_names(list(kept.named), "")
        self._select_preset()

    def _select_preset(self) -> None:
        texts = self.form.texts() if self.form is not None else None
        holds = [name for name, kept in self._named.items() if kept == texts]
        now = self.preset_bar.selected
        self.preset_bar.select(now if now in holds else next(iter(holds), ""))

    def _copy_command(self) -> None:
        if self.form is not None:
            line = command_line(
                self.name, self.form.texts(), self._bench, self._out, windows=sys.platform == "win32"
            )
            self._copy(line, "The command is on the clipboard.")

    def _copy_python(self) -> None:
        if self.form is not None:
            script = write_python(self.form.kind, self.form.texts(), self._bench, self._out)
            self._copy(script, "The Python lines are on the clipboard.")

    def _copy(self, text: str, done: str) -> None:
        clipboard = QApplication.clipboard()
        if clipboard is not None:
            clipboard.setText(text)
            self._say(done)

    # what the panel shows

    def _refresh(self) -> None:
        form = self.form
        mistakes = form.mistakes() if form is not None else [self._waits or "This procedure has no form."]
        self.start_bar.allow(([self._blocked] if self._blocked else []) + mistakes, self._busy)
        no_bench = "" if self._bench else "No bench is open, and the command names it."
        self.copy_bar.allow(next(iter(mistakes), no_bench))
        for widget in (self.chooser, self.preset_bar):
            widget.setEnabled(bool(self._procedures))
        for button in (self.preset_bar.save, self.preset_bar.defaults):
            button.setEnabled(self.form is not None)

    def _tell(self, remark: str) -> None:
        self._say(remark)
        self.told.emit(remark)

    def _say(self, text: str) -> None:
        self.remark.setText(text)

    def _explain(self, _old: QWidget | None, now: QWidget | None) -> None:
        if self.form is not None and now is not None and (text := self.form.explanation_of(now)):
            self._say(text)

    def _order_tabs(self) -> None:
        """Let the keyboard go from the top down: Qt's own order is that of making, and forms are made late."""
        form = self.form.editors if self.form is not None else []
        copy = [self.copy_bar.command, self.copy_bar.python]
        start = [self.start_bar.start, self.start_bar.queue]
        for first, second in pairwise([self.chooser, *self.preset_bar.editors, *form, *copy, *start]):
            QWidget.setTabOrder(first, second)

    def _paint(self) -> None:
        self.setStyleSheet(sheet(self._theme.colours))


class _Page(QScrollArea):
    """Scrolls up and down, never sideways, and is no stop for the keyboard."""

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
