"""The array on the screen: what mouse and keys choose, what is shown, what is asked for."""

import numpy as np
import pytest
from qtpy.QtCore import QEvent, QPoint, QPointF, Qt
from qtpy.QtGui import QColor, QContextMenuEvent, QImage, QMouseEvent
from qtpy.QtWidgets import QApplication, QFileDialog, QMenu

from labctl.core.lines import Cell
from labctl.core.quantity import make
from labctl.core.rows import Verdict
from labctl.gui.array.painting import category_colour, scale_colours
from labctl.gui.array.panel import NO_EARLIER
from labctl.gui.array.shown import Shown
from labctl.gui.theme import Choice
from procedures.catalogue import procedures
from procedures.cells_form import CellFormed
from procedures.crossbar_read import CorrectedCell
from procedures.neuron_transfer import TransferFit
from procedures.program_verify import VerifyRead
from procedures.target_map import read_target
from tests.gui.array.stand_in import StandInRun, books

LEFT, CTRL, SHIFT, NONE = (
    Qt.MouseButton.LeftButton,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.NoModifier,
)


def middle(panel, cell):
    QApplication.processEvents()  # what was just shown has its place
    return panel.map.rect_of(Cell(*cell)).center()


def click(qtbot, panel, cell, keys=NONE):
    qtbot.mouseClick(panel.map, LEFT, keys, middle(panel, cell))


def colour(panel, cell):
    """Of a cell on the screen, away from its frame and letter."""
    box = panel.map.rect_of(Cell(*cell))
    return QColor(panel.map.grab().toImage().pixel(box.left() + 2, box.bottom() - 2))


def programmed(word, bit, conductance, **more):
    known = {"pulses": 1, "amplitude": 0.6, "target": 50e-6, "low": 47e-6, "high": 53e-6}
    return VerifyRead(word=word, bit=bit, apparent=conductance, conductance=conductance, **known | more)


# Selection ------------------------------------------------------------------------------------------------------


def test_clicks_choose_cells(qtbot, panel):
    with qtbot.waitSignal(panel.selection_changed) as told:
        click(qtbot, panel, (3, 5))
    assert told.args == [(Cell(3, 5),)]
    click(qtbot, panel, (10, 2), CTRL)
    click(qtbot, panel, (3, 5), CTRL)
    assert panel.selection == (Cell(10, 2),)
    click(qtbot, panel, (12, 3), SHIFT)
    click(qtbot, panel, (20, 0))
    click(qtbot, panel, (22, 1), SHIFT)
    assert len(panel.selection) == 6
    assert panel.actions_bar.count.text() == "selected: 6 cells"


def drag(qtbot, panel, start, to, keys=NONE):
    """Press, move with the button held (which qtbot's moves do not), look, release; whether a band was seen."""
    before = panel.map.grab().toImage()
    qtbot.mousePress(panel.map, LEFT, keys, start)
    for place in ((start + to) / 2, to):
        move = QMouseEvent(QEvent.Type.MouseMove, QPointF(place), LEFT, LEFT, keys)
        QApplication.sendEvent(panel.map, move)
    is_seen = panel.map.grab().toImage() != before
    qtbot.mouseRelease(panel.map, LEFT, keys, to)
    return is_seen


def test_a_rubber_band_chooses_what_it_touches_also_beyond_the_edge(qtbot, panel):
    assert drag(qtbot, panel, middle(panel, (50, 6)), middle(panel, (52, 7)) + QPoint(0, 60))
    assert panel.selection == tuple(Cell(word, bit) for word in (50, 51, 52) for bit in (6, 7))
    assert drag(qtbot, panel, middle(panel, (0, 0)), middle(panel, (1, 0)), CTRL)
    assert len(panel.selection) == 8
    assert panel.selection[:2] == (Cell(0, 0), Cell(1, 0))


def test_headers_choose_their_line(qtbot, panel):
    box = panel.map.rect_of(Cell(8, 0))
    qtbot.mouseClick(panel.map, LEFT, NONE, QPoint(box.center().x(), box.top() - 8))
    assert panel.selection == tuple(Cell(8, bit) for bit in range(8))
    box = panel.map.rect_of(Cell(0, 3))
    qtbot.mouseClick(panel.map, LEFT, CTRL, QPoint(box.left() - 10, box.center().y()))
    assert len(panel.selection) == 8 + 56 - 1


def test_keys_move_extend_choose_all_and_take_back(qtbot, panel):
    click(qtbot, panel, (3, 5))
    qtbot.keyClick(panel.map, Qt.Key.Key_Right)
    assert panel.selection == (Cell(4, 5),), "word lines run along x"
    qtbot.keyClick(panel.map, Qt.Key.Key_Down, SHIFT)
    assert panel.selection == (Cell(4, 5), Cell(4, 6))
    qtbot.keyClick(panel.map, Qt.Key.Key_A, CTRL)
    assert len(panel.selection) == 448
    qtbot.keyClick(panel.map, Qt.Key.Key_Z, CTRL)
    assert panel.selection == (Cell(4, 5), Cell(4, 6))


def test_escape_is_left_to_the_window(qtbot, panel):
    click(qtbot, panel, (3, 5))
    qtbot.keyClick(panel.map, Qt.Key.Key_Escape)
    assert panel.selection == (Cell(3, 5),)


def test_arrows_follow_the_screen_where_bit_lines_run_along_x(qtbot, panel):
    panel.set_shape(8, 8, 0)
    click(qtbot, panel, (3, 5))
    qtbot.keyClick(panel.map, Qt.Key.Key_Right)
    assert panel.selection == (Cell(3, 6),)


# What is shown --------------------------------------------------------------------------------------------------


def test_the_brightest_and_the_darkest_cell_have_the_ends_of_the_scale(panel):
    low, high = scale_colours()[0], scale_colours()[-1]
    panel.follow(StandInRun().add(programmed(0, 0, 5e-6), programmed(30, 4, 50e-6), programmed(9, 7, 200e-6)))
    for cell, wanted in (((0, 0), low), ((9, 7), high)):
        shown = colour(panel, cell)
        assert (shown.red(), shown.green(), shown.blue()) == tuple(wanted)
    assert panel.legend.sentence == "conductance: from 5 uS to 200 uS, logarithmic, hatched = unknown"


def test_a_linear_scale_moves_the_middle(qtbot, panel):
    panel.follow(StandInRun().add(programmed(0, 0, 1e-6), programmed(30, 4, 10e-6), programmed(9, 7, 100e-6)))
    by_decades = colour(panel, (30, 4))
    qtbot.mouseClick(panel.log, LEFT, pos=QPoint(8, panel.log.height() // 2))
    assert not panel.log.isChecked()
    assert colour(panel, (30, 4)) != by_decades
    assert "linear" in panel.legend.sentence


def test_unknown_cells_are_no_colour_of_the_scale(panel, theme):
    panel.follow(StandInRun().add(programmed(0, 0, 5e-6)))
    box = panel.map.rect_of(Cell(20, 3))
    image = panel.map.grab().toImage().copy(box.adjusted(1, 1, -1, -1))
    found = {image.pixel(x, y) for x in range(image.width()) for y in range(image.height())}
    assert QColor(theme.colours.base).rgb() in found
    assert len(found) > 1, "hatched"


def test_quantities_in_words_have_letters_and_a_legend(qtbot, panel, theme):
    run = StandInRun().add(
        programmed(0, 0, 50e-6),
        CellFormed(word=1, bit=1, verdict=Verdict.NOT_FORMED, pulses=9, conductance=1e-9),
    )
    panel.follow(run)
    qtbot.keyClicks(panel.quantities, "state")
    assert panel.quantity is Shown.STATE
    assert not panel.log.isEnabled()
    assert panel.legend.sentence == "state: P = programmed, X = failed, hatched = unknown"
    assert colour(panel, (0, 0)) == category_colour(theme.colours, 2)
    plain = panel.map.grab().toImage().copy(panel.map.rect_of(Cell(0, 0)))
    inks = {plain.pixel(x, y) for x in range(plain.width()) for y in range(plain.height())}
    assert len(inks) > 3, "a letter is drawn"
    panel.show_quantity(Shown.VERDICT)
    assert panel.legend.sentence == ("last verdict: N = not formed at the highest voltage, hatched = unknown")


def test_pulse_counts_come_from_the_books_and_the_run(panel):
    panel.take_books(books(56, 8, pulses={(3, 5): 7}))
    panel.follow(StandInRun().add(programmed(3, 5, 50e-6, pulses=2)))
    panel.show_quantity(Shown.PULSES)
    assert panel.legend.sentence == "pulse count: from 0 to 9, linear"


def test_hovering_tells_a_cell_a_line_and_a_neuron(qtbot, panel):
    fit = TransferFit(
        neuron=3, threshold=193e-6, gain=0.02, hysteresis=0.0, dark_current=0.0, reset_error=0.0
    )
    panel.follow(StandInRun().add(programmed(3, 5, 48.2e-6), fit))
    qtbot.mouseMove(panel.map, middle(panel, (3, 5)))
    assert panel.readout.text() == ("Cell (3, 5): 48.2 uS (20.7 kohm), programmed, 1 pulse, target 50 uS")
    qtbot.mouseMove(panel.map, middle(panel, (4, 5)))
    assert panel.readout.text() == "Cell (4, 5): unknown"
    box = panel.map.rect_of(Cell(55, 3))
    qtbot.mouseMove(panel.map, QPoint(box.right() + 20, box.center().y()))
    assert panel.readout.text() == "Neuron 3: threshold 193 uA, gain 0.02"
    qtbot.mouseMove(panel.map, QPoint(middle(panel, (9, 0)).x(), 8))
    assert panel.readout.text().startswith("Word line 9: a click selects")


def test_neurons_are_drawn_at_the_feet_of_their_bit_lines(panel):
    foot = panel.map.rect_of(Cell(55, 3)).adjusted(12, 0, 170, 0)
    before = panel.map.grab().toImage().copy(foot)
    fit = TransferFit(
        neuron=3, threshold=193e-6, gain=0.02, hysteresis=0.0, dark_current=0.0, reset_error=0.0
    )
    panel.follow(StandInRun().add(fit))
    assert panel.map.grab().toImage().copy(foot) != before


def test_the_current_cell_has_its_history_as_plot_and_list(qtbot, panel):
    run = StandInRun().add(
        programmed(3, 5, 20e-6, pulses=0, amplitude=0.0), programmed(3, 5, 40e-6), programmed(4, 5, 99e-6)
    )
    panel.follow(run)
    click(qtbot, panel, (3, 5))
    (curve,) = panel.history.plot.listDataItems()
    assert list(curve.yData) == [20e-6, 40e-6]
    assert [panel.history.list.item(0, column).text() for column in range(4)] == [
        "2 s",
        "SET",
        "600 mV",
        "40 uS",
    ]
    assert panel.history.list.rowCount() == 2
    run.add(programmed(3, 5, 50e-6, pulses=2))
    panel.refresh()
    assert list(curve.yData) == [20e-6, 40e-6, 50e-6]
    assert panel.history.title.text().startswith("Cell (3, 5): 50 uS")


def test_a_cell_without_history_says_so(qtbot, panel):
    click(qtbot, panel, (3, 5))
    assert panel.history.nothing.isVisible()
    assert not panel.history.plot.isVisible()
    assert not panel.history.list.isVisible()
    panel.follow(StandInRun().add(programmed(3, 5, 40e-6)))
    assert panel.history.plot.isVisible()
    assert not panel.history.nothing.isVisible()


def test_following_goes_on_where_it_was(panel):
    run = StandInRun().add(CorrectedCell(word=0, bit=0, conductance=10e-6))
    panel.follow(run)
    before = panel.map.grab().toImage()
    run.add(CorrectedCell(word=1, bit=0, conductance=90e-6))
    panel.refresh()
    assert panel.map.grab().toImage() != before


def test_an_earlier_run_is_shown_by_itself_and_nothing_can_be_done_to_it(qtbot, panel):
    panel.follow(StandInRun("now").add(programmed(0, 0, 50e-6)))
    panel.show_earlier(StandInRun("earlier").add(programmed(1, 1, 20e-6)).end())
    click(qtbot, panel, (0, 0))
    assert panel.history.title.text() == "Cell (0, 0): unknown"
    assert panel.note.text() == "as an earlier run saw it"
    assert panel.actions_bar.buttons["Read"].toolTip() == NO_EARLIER
    assert not panel.actions_bar.buttons["Read"].isEnabled()
    panel.show_earlier(None)
    assert panel.history.title.text().startswith("Cell (0, 0): 50 uS")
    assert panel.actions_bar.buttons["Read"].isEnabled()


def test_books_of_another_shape_bring_it(panel):
    panel.take_books(books(8, 8, conductance={(2, 2): 30e-6}, conducted={(2, 2): True}))
    panel.select((Cell(2, 2),))
    assert panel.history.title.text() == "Cell (2, 2): 30 uS (33.3 kohm), formed, 0 pulses"


def test_simulated_is_said_on_view_and_plot(panel):
    assert not panel.mark.isVisible()
    panel.set_simulated(True)
    assert panel.mark.isVisible()
    assert "SIMULATED" in panel.history.plot.getPlotItem().titleLabel.text


def test_both_themes_repaint_the_map(panel, theme):
    panel.follow(StandInRun().add(programmed(0, 0, 5e-6)))
    panel.map.grab()
    theme.choose(Choice.DARK)
    assert panel.map.grab().toImage().pixelColor(panel.map.width() - 2, 2) != QColor("white")
    box = panel.map.rect_of(Cell(20, 3))
    image = panel.map.grab().toImage().copy(box)
    found = {image.pixel(x, y) for x in range(image.width()) for y in range(image.height())}
    assert QColor(theme.colours.base).rgb() in found


# What is asked for ----------------------------------------------------------------------------------------------


def press(qtbot, panel, label):
    qtbot.mouseClick(panel.actions_bar.buttons[label], LEFT)


def asked(qtbot, panel):
    return qtbot.waitSignal(panel.run_asked, timeout=1000)


def test_without_a_selection_the_actions_say_what_to_do(panel):
    for button in panel.actions_bar.buttons.values():
        assert not button.isEnabled()
        assert button.toolTip().startswith("Select cells first")


@pytest.mark.parametrize(("label", "name"), [("Read", "cells_read"), ("Form", "cells_form")])
def test_read_and_form_are_asked_for_at_once(qtbot, panel, label, name):
    click(qtbot, panel, (4, 0))
    click(qtbot, panel, (4, 7), SHIFT)
    click(qtbot, panel, (3, 5), CTRL)
    with asked(qtbot, panel) as told:
        press(qtbot, panel, label)
    assert told.args == [name, {"cells": "3,5 4,0-7"}]
    assert make(procedures()[name], told.args[1]).cells[0] == Cell(3, 5)


@pytest.mark.parametrize(
    ("label", "text", "name", "settings"),
    [
        ("SET pulse…", "0.65", "cells_pulse", {"amplitude": 0.65, "pulse_width": 200e-6}),
        ("RESET pulse…", "700m", "cells_pulse", {"amplitude": -0.7, "pulse_width": 200e-6}),
        ("Program to…", "100u", "cells_program", {"target": 100e-6}),
    ],
)
def test_values_are_asked_for_in_a_field(qtbot, panel, label, text, name, settings):
    panel.set_procedures(procedures())
    click(qtbot, panel, (3, 5))
    press(qtbot, panel, label)
    field = panel.actions_bar.fields[0]
    assert field.isVisible()
    field.selectAll()
    qtbot.keyClicks(field, text)
    with asked(qtbot, panel) as told:
        qtbot.keyClick(field, Qt.Key.Key_Return)
    assert told.args[0] == name
    plan = make(procedures()[name], told.args[1])
    assert {key: getattr(plan, key) for key in settings} == pytest.approx(settings)
    assert plan.cells == (Cell(3, 5),)


@pytest.mark.parametrize(
    ("label", "text", "words"),
    [
        ("SET pulse…", "-0.6", "'-0.6' is not above 0 V: a SET pulse is positive."),
        ("RESET pulse…", "-0.6", "negative by itself, give its size."),
        ("SET pulse…", "0.6 A", "is in A, a value in V is wanted."),
        ("SET pulse…", "", "Give the SET amplitude in V, for example 600 mV."),
        ("SET pulse…", "21", "Amplitude = 21 V, allowed -20 V to 20 V"),
        ("Program to…", "1", "Target = 1 S, allowed 100 nS to 10 mS"),
        ("Program to…", "bright", "'bright' is not a number"),
    ],
)
def test_a_wrong_value_has_its_reason_at_once_and_asks_for_nothing(qtbot, panel, label, text, words):
    panel.set_procedures(procedures())
    click(qtbot, panel, (3, 5))
    press(qtbot, panel, label)
    bar = panel.actions_bar
    bar.fields[0].selectAll()
    qtbot.keyClick(bar.fields[0], Qt.Key.Key_Delete)
    qtbot.keyClicks(bar.fields[0], text)
    assert words in bar.wrong.text()
    assert bar.wrong.isVisible()
    assert not bar.go.isEnabled()
    assert bar.go.toolTip() == bar.wrong.text()
    assert "border" in bar.fields[0].styleSheet()
    with qtbot.assertNotEmitted(panel.run_asked):
        qtbot.keyClick(bar.fields[0], Qt.Key.Key_Return)


def test_a_field_offers_what_was_used_last_and_goes_away(qtbot, panel):
    click(qtbot, panel, (3, 5))
    press(qtbot, panel, "Program to…")
    field = panel.actions_bar.fields[0]
    field.selectAll()
    qtbot.keyClicks(field, "80u")
    with asked(qtbot, panel):
        qtbot.mouseClick(panel.actions_bar.go, LEFT)
    press(qtbot, panel, "SET pulse…")
    assert [each.text() for each in panel.actions_bar.fields] == ["600 mV", "200 us"]
    press(qtbot, panel, "Program to…")
    assert panel.actions_bar.fields[0].text() == "80u"
    press(qtbot, panel, "Program to…")
    assert not panel.actions_bar.fields_row.isVisible()


def test_blocked_actions_say_why(qtbot, panel):
    click(qtbot, panel, (3, 5))
    press(qtbot, panel, "Program to…")
    panel.set_blocked("No bench is open.")
    assert {button.toolTip() for button in panel.actions_bar.buttons.values()} == {"No bench is open."}
    assert not any(button.isEnabled() for button in panel.actions_bar.buttons.values())
    assert not panel.actions_bar.go.isEnabled()
    with qtbot.assertNotEmitted(panel.run_asked):
        qtbot.keyClick(panel.actions_bar.fields[0], Qt.Key.Key_Return)
    panel.set_blocked("")
    assert panel.actions_bar.go.isEnabled()


def entries_of(panel):
    menu = panel.actions_bar.findChild(QMenu)
    return menu, [entry for entry in menu.actions() if not entry.isSeparator()]


def test_the_context_menu_offers_the_same_and_does_not_block(qtbot, panel):
    place = middle(panel, (7, 2))
    qtbot.mouseClick(panel.map, Qt.MouseButton.RightButton, NONE, place)
    assert panel.selection == (Cell(7, 2),)
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, panel.map.mapToGlobal(place))
    QApplication.sendEvent(panel.map, event)
    menu, entries = entries_of(panel)
    assert [entry.text() for entry in entries] == [
        "Selected: (7, 2)",
        "Read",
        "Form",
        "SET pulse…",
        "RESET pulse…",
        "Program to…",
    ]
    with asked(qtbot, panel) as told:
        entries[1].trigger()
    assert told.args == ["cells_read", {"cells": "7,2"}]
    entries[5].trigger()
    assert panel.actions_bar.fields[0].isVisible()
    menu.close()


def test_the_menu_key_opens_it_at_the_current_cell_and_blocked_entries_say_why(qtbot, panel):
    click(qtbot, panel, (30, 2))
    panel.set_blocked("No bench is open.")
    event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(0, 0), QPoint(0, 0))
    QApplication.sendEvent(panel.map, event)
    menu, entries = entries_of(panel)
    cell = panel.map.rect_of(Cell(30, 2))
    assert cell.contains(panel.map.mapFromGlobal(menu.pos()))
    assert {entry.toolTip() for entry in entries[1:]} == {"No bench is open."}
    assert not any(entry.isEnabled() for entry in entries)
    menu.close()


# Files ----------------------------------------------------------------------------------------------------------


def test_exported_conductances_have_their_unit_and_can_be_programmed_again(panel, tmp_path):
    panel.set_simulated(True)
    panel.follow(StandInRun().add(programmed(3, 5, 48.25e-6)))
    panel.export_data(tmp_path / "map.csv")
    text = (tmp_path / "map.csv").read_text(encoding="utf-8")
    assert text.startswith("# SIMULATED")
    assert "# conductance in S; a line per word line" in text
    values = read_target(str(tmp_path / "map.csv"))
    assert values.shape == (56, 8)
    assert values[3, 5] == 48.25e-6
    assert np.isnan(values).sum() == 447


def test_an_exported_picture_says_simulated_and_leaves_the_selection_out(panel, theme, tmp_path):
    panel.follow(StandInRun().add(programmed(3, 5, 48e-6)))
    panel.export_picture(tmp_path / "plain.png")
    panel.select((Cell(3, 5),))
    panel.export_picture(tmp_path / "chosen.png")
    assert QImage(str(tmp_path / "plain.png")) == QImage(str(tmp_path / "chosen.png"))
    panel.set_simulated(True)
    panel.export_picture(tmp_path / "simulated.png")
    marked = QImage(str(tmp_path / "simulated.png"))
    assert marked.pixelColor(4, 4) == QColor("#b35900")
    assert marked.height() > QImage(str(tmp_path / "plain.png")).height()


def test_the_file_dialog_does_not_block_and_a_failure_is_a_sentence(qtbot, panel, tmp_path):
    panel.export.menu().actions()[1].trigger()
    dialog = panel.findChild(QFileDialog)
    assert not dialog.isModal()
    with qtbot.waitSignal(panel.failed) as told:
        dialog.fileSelected.emit(str(tmp_path / "missing" / "map.csv"))
    assert told.args[0].startswith("The values could not be written:")
    dialog.fileSelected.emit(str(tmp_path / "map.csv"))
    assert (tmp_path / "map.csv").is_file()
    dialog.close()


def test_everything_interactive_has_an_accessible_name(panel):
    bar = panel.actions_bar
    panel.select((Cell(0, 0),))
    bar.buttons["SET pulse…"].click()
    widgets = [panel.map, panel.legend, panel.quantities, panel.log, panel.export, panel.history.list, bar.go]
    for widget in [*widgets, *bar.buttons.values(), *bar.fields]:
        assert widget.accessibleName(), widget
