"""What is asked for of the chosen cells: buttons, fields, menus."""

import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtGui import QContextMenuEvent
from qtpy.QtWidgets import QApplication, QMenu

from labctl.core.lines import Cell
from labctl.core.quantity import make
from procedures.catalogue import procedures
from tests.gui.array.hands import CTRL, LEFT, NONE, SHIFT, click, middle


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
        qtbot.keyClick(field, Qt.Key.Key_F7)
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


def test_everything_interactive_has_an_accessible_name(panel):
    bar = panel.actions_bar
    panel.select((Cell(0, 0),))
    bar.buttons["SET pulse…"].click()
    widgets = [panel.map, panel.legend, panel.quantities, panel.log, panel.export, panel.history.list, bar.go]
    for widget in [*widgets, *bar.buttons.values(), *bar.fields]:
        assert widget.accessibleName(), widget
