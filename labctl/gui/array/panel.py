"""The array: its map, what can be done with the selected cells, the history of the current one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from qtpy.QtCore import QEvent, QObject, QPoint, Qt, Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QMenu,
    QSplitter,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from labctl.core.csvstyle import FOR_PROGRAMS, CsvStyle
from labctl.core.lines import Cell, Line
from labctl.gui.array.action_bar import ActionBar
from labctl.gui.array.elided import ElidedLabel
from labctl.gui.array.export import write_data, write_picture
from labctl.gui.array.geometry import LARGEST_RATIO
from labctl.gui.array.heatmap import HeatMap
from labctl.gui.array.history_pane import HistoryPane
from labctl.gui.array.legend import Legend
from labctl.gui.array.neurons import NeuronState
from labctl.gui.array.sentences import of_cell, of_line
from labctl.gui.array.shown import Shown, categories
from labctl.gui.array.state import ArrayState
from labctl.gui.csv_kinds import CSV_KINDS, style_of
from labctl.gui.run_data import RunLike
from labctl.gui.simulated import SimulatedMark
from labctl.gui.theme import Theme

NO_EARLIER = "An earlier run is shown; 'Array as it is now', above the map, goes back to it."


class ArrayPanel(QWidget):
    """Knows books and runs that it is given; says by signals what is wanted."""

    selection_changed = Signal(object)
    """Tuple of Cell, in the order of the lines."""
    run_asked = Signal(str, dict)
    """Procedure and its settings as texts, to be queued."""
    failed = Signal(str)
    """A sentence about a file that could not be written."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        """An array of one unknown cell, until `set_shape`."""
        super().__init__(parent)
        self._theme = theme
        self._simulated = False
        self._blocked = ""
        self._run: RunLike | None = None
        self._books: Mapping[str, Any] = {}
        self._live = self._shown = ArrayState(1, 1), NeuronState(0)
        self._logs = {Shown.CONDUCTANCE: True, Shown.RESISTANCE: True, Shown.PULSES: False}
        self.setAccessibleName("array")
        self._make_controls()
        self.map, self.legend, self.mark = HeatMap(theme), Legend(theme), SimulatedMark()
        self.readout = ElidedLabel("values below the mouse")
        self.actions_bar = ActionBar(theme)
        self.history = HistoryPane(theme)
        self._lay_out()
        self.map.selected.connect(self._selected)
        self.map.current_changed.connect(self._show_current)
        self.map.hovered.connect(self._hover)
        self.map.menu_wanted.connect(self._menu)
        self.actions_bar.run_asked.connect(self.run_asked)
        self._choose_quantity()
        self._show_current()

    # What is shown ------------------------------------------------------------------------------------------

    def set_shape(self, words: int, bits: int, neurons: int) -> None:
        """Begin anew with an array of which nothing is known; `neurons` at the feet of its bit lines, 0 = none."""
        self._run, self._books = None, {}
        self._live = ArrayState(words, bits), NeuronState(neurons)
        self._turn_to(self._live)

    def take_books(self, message: Mapping[str, Any]) -> None:
        """Take what the bench's books say of every cell, see `ArrayState.take_books`; they bring their shape."""
        words, bits = len(message["pulses"]), len(message["pulses"][0])
        state, neurons = self._live
        if (state.words, state.bits) != (words, bits):
            self.set_shape(words, bits, len(neurons))
        self._books = message
        self._live[0].take_books(message)
        self._redraw()

    def follow(self, run: RunLike | None) -> None:
        """Take what `run` finds, on top of what is known; `refresh` takes what is new. None follows no run."""
        self.show_earlier(None)
        self._run = run
        self.refresh()

    def show_earlier(self, run: RunLike | None) -> None:
        """Show what an earlier run saw, by itself; actions are off meanwhile. None goes back to the array as it is."""
        if run is None:
            if self._shown is not self._live:
                self._turn_to(self._live)
            return
        state, neurons = self._live
        earlier = ArrayState(state.words, state.bits), NeuronState(len(neurons))
        for each in earlier:
            each.take_run(run)
        self._turn_to(earlier)

    def recall(self, runs: Sequence[RunLike]) -> None:
        """Know again what earlier `runs` on this sample found, the oldest first.

        The books taken last and then the followed run have the last word. Runs tell targets, verdicts, programmed
        cells, thresholds of neurons and the history of each cell.
        """
        state, neurons = self._live
        was_shown = self._shown is self._live
        self._live = ArrayState(state.words, state.bits), NeuronState(len(neurons))
        for run in runs:
            self._take(run)
        if self._books:
            self._live[0].take_books(self._books)
        if self._run is not None:
            self._take(self._run)
        if was_shown:
            self._turn_to(self._live)

    def _take(self, run: RunLike) -> bool:
        """Take what `run` has more than before into what is known; whether there was anything."""
        cells, neurons = self._live
        return cells.take_run(run) | neurons.take_run(run)

    def refresh(self) -> None:
        """Take what the followed run has more than before, and draw it."""
        if self._run is None:
            return
        if self._take(self._run) and self._shown is self._live:
            self._redraw()

    def set_simulated(self, simulated: bool) -> None:
        """Say whether the numbers come from virtual instruments."""
        self._simulated = simulated
        self.mark.tell(simulated)
        self.history.set_simulated(simulated)

    def set_procedures(self, procedures: Mapping[str, type]) -> None:
        """Know the procedures by name: their ranges are then checked while a value is typed."""
        self.actions_bar.set_procedures(procedures)

    def set_blocked(self, reason: str) -> None:
        """Grey the actions out for `reason`; empty text frees them."""
        self._blocked = reason
        self.actions_bar.set_blocked(reason or ("" if self._shown is self._live else NO_EARLIER))

    @property
    def selection(self) -> tuple[Cell, ...]:
        """The chosen cells in the order of the lines."""
        return self.map.selection.ordered

    def select(self, cells: tuple[Cell, ...]) -> None:
        """Choose cells."""
        self.map.choose(list(cells))

    @property
    def quantity(self) -> Shown:
        """What the map shows."""
        return Shown(self.quantities.currentText())

    def show_quantity(self, shown: Shown) -> None:
        """Choose what the map shows."""
        self.quantities.setCurrentText(shown.value)

    # Files --------------------------------------------------------------------------------------------------

    def export_picture(self, path: Path) -> None:
        """Write map and legend as a picture; OSError when it cannot be written."""
        self.map.is_plain = True
        try:
            write_picture(path, (self.legend, self.map), self._theme, self._simulated)
        finally:
            self.map.is_plain = False

    def export_data(self, path: Path, style: CsvStyle = FOR_PROGRAMS) -> None:
        """Write the shown quantity as CSV with its unit; OSError when it cannot be written."""
        write_data(path, self._shown[0], self.quantity, self._simulated, style)

    # Inside -------------------------------------------------------------------------------------------------

    def _make_controls(self) -> None:
        self.quantities = QComboBox()
        self.quantities.addItems([shown.value for shown in Shown])
        self.quantities.setAccessibleName("quantity that the map shows")
        self.quantities.setToolTip("What the map shows")
        self.quantities.currentTextChanged.connect(self._choose_quantity)
        self.log = QCheckBox("log")
        self.log.setAccessibleName("logarithmic scale")
        self.log.setToolTip("Colours by decades instead of evenly")
        self.log.toggled.connect(self._choose_log)
        self.export = QToolButton()
        self.export.setText("Export")
        self.export.setAccessibleName("export the map")
        self.export.setToolTip("Write the map as a picture or as values")
        self.export.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self.export)
        menu.addAction(
            "Picture…", lambda: self._ask_file("picture", "png", "picture (*.png)", self.export_picture)
        )
        menu.addAction(
            "Values with unit…", lambda: self._ask_file("values", "csv", CSV_KINDS, self.export_data)
        )
        self.export.setMenu(menu)
        self.back = QToolButton()
        self.back.setText("Array as it is now")
        self.back.setAccessibleName("go back to the array as it is now")
        self.back.setToolTip("Leave the earlier run and show the array as it is now")
        self.back.clicked.connect(lambda _checked: self.show_earlier(None))
        policy = self.back.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.back.setSizePolicy(policy)
        self.back.hide()
        self.note = ElidedLabel("what is shown")

    def _lay_out(self) -> None:
        controls = QHBoxLayout()
        controls.setSpacing(6)
        for widget in (self.quantities, self.log):
            controls.addWidget(widget)
        controls.addWidget(self.note, 1)
        controls.addWidget(self.back)
        controls.addWidget(self.mark)
        controls.addWidget(self.export)
        upper = QWidget()
        column = QVBoxLayout(upper)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        column.addWidget(self.map, 1)
        column.addWidget(self.readout)
        self._is_shared_by_hand = False
        self._split = QSplitter(Qt.Orientation.Vertical)
        self._split.setChildrenCollapsible(False)
        self._split.splitterMoved.connect(self._shared_by_hand)
        self._split.installEventFilter(self)
        self._split.addWidget(upper)
        self._split.addWidget(self.history)
        self._split.setStretchFactor(0, 3)
        self._split.setStretchFactor(1, 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.setSpacing(3)
        layout.addLayout(controls)
        layout.addWidget(self.actions_bar)
        layout.addWidget(self.legend)
        layout.addWidget(self._split, 1)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Share the room anew when it changes, until the user shares it otherwise."""
        if event is not None and event.type() == QEvent.Type.Resize and watched is self._split:
            self._share()
        return super().eventFilter(watched, event)

    def _share(self) -> None:
        """A wide map has its history below, another one beside it; as much room as the map can use."""
        below = self.map.geometry_now.turned or self.width() < 560
        orientation = Qt.Orientation.Vertical if below else Qt.Orientation.Horizontal
        if orientation != self._split.orientation():
            self._split.setOrientation(orientation)
            self._is_shared_by_hand = False
        self.history.lay_out(side_by_side=below)
        if self._is_shared_by_hand:
            return
        room = self._split.height() if below else self._split.width()
        share = max(0.3 * room, 110.0, room - self._highest_map()) if below else max(0.42 * room, 320.0)
        self._split.setSizes([int(room - share), int(share)])

    def _shared_by_hand(self) -> None:
        self._is_shared_by_hand = True

    def _highest_map(self) -> float:
        """Px that map and legend use at most at the present width."""
        geometry, line = self.map.geometry_now, self.fontMetrics().height()
        widest = (self.width() - geometry.side - geometry.foot) / geometry.along_x
        return geometry.head + LARGEST_RATIO * widest * geometry.along_y + 2.0 * line

    def _turn_to(self, shown: tuple[ArrayState, NeuronState]) -> None:
        self._shown = shown
        self.note.say("" if shown is self._live else "as an earlier run saw it")
        self.back.setVisible(shown is not self._live)
        self.set_blocked(self._blocked)
        self.map.set_array(*shown)
        self._share()
        self._redraw()

    def _redraw(self) -> None:
        self.map.refresh()
        self._explain()
        self._show_current()

    def _choose_quantity(self) -> None:
        shown = self.quantity
        self.log.blockSignals(True)
        self.log.setChecked(self._logs.get(shown, False))
        self.log.blockSignals(False)
        self.log.setEnabled(not shown.in_words)
        self.map.show_quantity(shown, self.log.isChecked())
        self._explain()

    def _choose_log(self, log: bool) -> None:
        self._logs[self.quantity] = log
        self.map.show_quantity(self.quantity, log)
        self._explain()

    def _explain(self) -> None:
        state, shown = self._shown[0], self.quantity
        if shown.in_words:
            places, kinds = categories(state, shown)
            present = [kind for place, kind in enumerate(kinds) if (places == place).any()]
            self.legend.tell_categories(shown, present, bool((places < 0).any()))
        else:
            self.legend.tell_scale(shown, self.map.scale, self.map.has_unknown)

    def _selected(self) -> None:
        self.actions_bar.set_cells(self.selection)
        self.selection_changed.emit(self.selection)

    def _show_current(self) -> None:
        state, cell = self._shown[0], self.map.selection.current
        if cell is None:
            self.history.show_cell("Select a cell to see its history.", (), 0.0)
            return
        sentence = of_cell(state, cell)
        self.map.setAccessibleDescription(sentence)
        self.history.show_cell(sentence, state.history(cell), float(np.nan_to_num(state.target[cell])))

    def _hover(self, found: Cell | Line | None) -> None:
        if isinstance(found, Cell):
            self.readout.say(of_cell(self._shown[0], found))
        else:
            self.readout.say("" if found is None else of_line(found, self._shown[1]))

    def _menu(self, where: QPoint) -> None:
        self.actions_bar.menu(where)

    def _ask_file(self, what: str, ending: str, kinds: str, write: Callable[..., None]) -> None:
        dialog = QFileDialog(self, f"Export the {what} of the map")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(ending)
        dialog.setNameFilter(kinds)
        dialog.selectFile(f"{self.quantity.value.replace(' ', '_')}.{ending}")
        dialog.setModal(False)

        def chosen(name: str) -> None:
            try:
                write(Path(name), *([style_of(dialog.selectedNameFilter())] if kinds == CSV_KINDS else []))
            except OSError as error:
                self.failed.emit(f"The {what} could not be written: {error}")

        dialog.fileSelected.connect(chosen)
        dialog.show()
