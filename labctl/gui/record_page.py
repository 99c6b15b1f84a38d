"""The record of the run that is shown: what it was told, on what, how it ended, and its journal line by line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from qtpy.QtCore import Qt
from qtpy.QtGui import QFontDatabase
from qtpy.QtWidgets import (
    QLabel,
    QPlainTextEdit,
    QSplitter,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from labctl.core.quantity import show
from labctl.gui.run_data import RunLike
from labctl.gui.simulated import SimulatedMark
from labctl.record.journal import FILE_NAME as JOURNAL

LINES = 2000
"""So many lines of a journal are shown, the latest."""
WIDEST = 400
"""Characters of a line."""
TAIL = 2_000_000
"""Bytes at the end of a journal that are looked at for them."""
NO_RUN = "No run is shown yet. Start one, or open one from the earlier runs."


class RecordPage(QWidget):
    """Facts and parameters as a tree, the journal as text."""

    def __init__(self, parent: QWidget | None = None) -> None:
        """Empty until `show_run`."""
        super().__init__(parent)
        self._run: RunLike | None = None
        self._shown: tuple[object, ...] = ()
        self.mark = SimulatedMark()
        self.title = QLabel(NO_RUN)
        self.title.setWordWrap(True)
        self.title.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.facts = QTreeWidget()
        self.facts.setHeaderLabels(["what", "value", "as typed"])
        self.facts.setAccessibleName("parameters and facts of the run")
        self.facts.setAlternatingRowColors(True)
        self.journal = QPlainTextEdit()
        self.journal.setReadOnly(True)
        self.journal.setAccessibleName("journal of the run")
        self.journal.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.journal.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        parts = QSplitter(Qt.Orientation.Horizontal)
        parts.addWidget(self.facts)
        parts.addWidget(self.journal)
        parts.setSizes([420, 480])
        parts.setChildrenCollapsible(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        column.addWidget(self.mark)
        column.addWidget(self.title)
        column.addWidget(parts, 1)

    def show_run(self, run: RunLike | None) -> None:
        """Show this run, or say that there is none."""
        self._run, self._shown = run, ()
        if self.isVisible():
            self.refresh()

    def refresh(self) -> None:
        """Read anew what has changed; to be called while the page is looked at."""
        run = self._run
        if run is None:
            self.title.setText(NO_RUN)
            self.facts.clear()
            self.journal.clear()
            return
        journal = run.folder / JOURNAL
        now = (run.folder, run.outcome, journal.stat().st_size if journal.exists() else 0)
        if now == self._shown or not run.head:
            return
        self._shown = now
        self.mark.tell(bool(run.head.get("simulated")))
        outcome = "under way, or killed" if run.outcome is None else run.outcome.value
        self.title.setText(f"{run.head['procedure']}: {outcome}. {run.folder}")
        self._show_facts(run)
        self.journal.setPlainText("\n".join(latest_lines(journal)))
        bar = self.journal.verticalScrollBar()
        if bar is not None:
            bar.setValue(bar.maximum())

    def _show_facts(self, run: RunLike) -> None:
        self.facts.clear()
        parameters = QTreeWidgetItem(self.facts, ["parameters"])
        for name, entry in run.parameters.items():
            value, given = entry["applied"], entry.get("given", "")
            QTreeWidgetItem(parameters, [name, _plain(value, str(entry.get("unit", ""))), str(given)])
        for name, values in (("how it ended", getattr(run, "end", {})), ("about", run.head)):
            branch = QTreeWidgetItem(self.facts, [name])
            _grow(branch, values)
        notes = tuple(getattr(run, "notes", ()))
        if notes:
            branch = QTreeWidgetItem(self.facts, ["remarks"])
            for note in notes:
                QTreeWidgetItem(branch, ["", note]).setToolTip(1, note)
        for place in range(self.facts.topLevelItemCount()):
            item = self.facts.topLevelItem(place)
            if item is not None and item.text(0) != "about":
                item.setExpanded(True)
        self.facts.resizeColumnToContents(0)
        self.facts.setColumnWidth(1, 150)


def latest_lines(journal: Path) -> Iterator[str]:
    """The last lines of a journal as people can read them; nothing where there is none."""
    try:
        with journal.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - TAIL))
            lines = file.read().splitlines()
    except OSError:
        return
    whole = lines if size <= TAIL else lines[1:]
    if len(whole) > LINES or size > TAIL:
        yield f"(the latest {min(LINES, len(whole))} lines)"
    for line in whole[-LINES:]:
        text = _readable(line)
        yield text if len(text) <= WIDEST else f"{text[:WIDEST]} ..."


def _readable(line: bytes) -> str:
    try:
        found = json.loads(line)
        kind = str(found.pop("line"))
    except (ValueError, KeyError, AttributeError):
        return line.decode("utf-8", errors="replace")
    if kind == "row":
        values = (f"{each:.6g}" if isinstance(each, float) else str(each) for each in found["values"])
        return f"{kind:8} {found['table']}: {', '.join(values)}"
    return f"{kind:8} " + ", ".join(f"{name}={value}" for name, value in found.items())


def _grow(branch: QTreeWidgetItem, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        if isinstance(value, Mapping):
            _grow(QTreeWidgetItem(branch, [str(name)]), value)
        else:
            text = _plain(value, "")
            QTreeWidgetItem(branch, [str(name), text.partition("\n")[0]]).setToolTip(1, text)


def _plain(value: Any, unit: str) -> str:
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return ", ".join(_plain(each, unit) for each in value)
    return show(value, unit)
