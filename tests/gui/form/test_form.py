"""The form: typing, units, reasons, and texts that a command line reads."""

import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QLabel

from labctl.benchmodel import Limits
from labctl.core.quantity import make, specs
from labctl.gui.form.form import ParameterForm
from procedures.catalogue import procedures
from tests.gui.form.plans import Choices, Edge, NeedsArray, Retention


def line(form, name):
    return form.fields[name].line


def type_into(qtbot, form, name, text):
    line(form, name).setFocus()
    line(form, name).selectAll()
    qtbot.keyClicks(line(form, name), text)


def shown(label):
    return label.text() if not label.isHidden() else ""


def reason(form, name):
    return shown(form._reasons[name])


@pytest.mark.parametrize("typed", ["10u", "10 uA", "1e-5", "10 µA", "0.00001"])
def test_every_way_to_write_a_number_is_read_and_shown_with_its_unit(qtbot, form, typed):
    type_into(qtbot, form, "current", typed)
    assert form.mistakes() == []
    assert form.texts() == {"current": "10 uA"}
    qtbot.keyClick(line(form, "current"), Qt.Key.Key_Return)
    assert line(form, "current").text() == "10 uA"


def test_what_must_be_given_comes_first_is_marked_and_not_blamed_before_somebody_typed(qtbot, form):
    assert form.editors[0] is line(form, "current")
    assert [each.text() for each in form.findChildren(QLabel) if each.text().endswith(" *")] == ["Current *"]
    assert line(form, "current").placeholderText() == "1 nA to 1 mA"
    assert form.mistakes() == ["Current must be given."]
    assert reason(form, "current") == ""
    type_into(qtbot, form, "current", "1u")
    line(form, "current").selectAll()
    qtbot.keyClick(line(form, "current"), Qt.Key.Key_Backspace)
    assert reason(form, "current") == "Must be given."


@pytest.mark.parametrize(
    ("name", "typed", "expected"),
    [
        ("current", "2", "2 A is out of range, allowed 1 nA to 1 mA."),
        ("current", "ten", "'ten' is not a number (write for example 0.1, 1e-5 or 10u)."),
        ("current", "10 uV", "'10 uV' is in V, a value in A is wanted."),
        ("pause", "nan", "'nan' is not a number (write for example 0.1, 1e-5 or 10u)."),
        ("reads", "2.5", "'2.5' is not a whole number."),
        ("reads", "inf", "'inf' is not a number (write for example 0.1, 1e-5 or 10u)."),
        ("reads", "0", "0 is out of range, allowed 1 to 10000000."),
        ("cells", "3", "'3' is no cell: write word,bit, for example 3,5 or 3,0-7."),
        ("factors", "0.1 x", "'x' is not a number (write for example 0.1, 1e-5 or 10u)."),
    ],
)
def test_a_wrong_value_says_at_once_why_beside_its_field(qtbot, form, name, typed, expected):
    type_into(qtbot, form, "current", "1u")
    type_into(qtbot, form, name, typed)
    assert reason(form, name).lower().endswith(expected.lower())
    assert line(form, name).property("role") == "wrong"
    (mistake,) = form.mistakes()
    assert mistake.startswith(("Current: ", "Pause: ", "Reads: ", "Cells: ", "Factors (V): "))
    assert form.texts()[name] == typed


def test_a_value_that_is_put_right_is_right(qtbot, form):
    type_into(qtbot, form, "current", "2")
    type_into(qtbot, form, "current", "1m")
    assert form.mistakes() == []
    assert reason(form, "current") == "= 1 mA"
    assert form._reasons["current"].property("role") == "quiet"
    assert line(form, "current").property("role") == ""


def test_values_that_do_not_go_together_are_told_at_the_foot_in_the_words_of_the_labels(qtbot, form):
    type_into(qtbot, form, "current", "1u")
    type_into(qtbot, form, "pause", "20")
    assert form.mistakes() == ["Pause = 20 s is longer than longest."]
    assert shown(form._foot) == "Pause = 20 s is longer than longest."
    type_into(qtbot, form, "longest", "30")
    assert form.mistakes() == []
    assert shown(form._foot) == ""


def test_a_procedure_that_refuses_in_its_own_way_is_told_of_too(qtbot, form):
    type_into(qtbot, form, "current", "1u")
    type_into(qtbot, form, "remark", "odd")
    assert form.mistakes() == ["Retention does not take these values: odd words."]


def test_a_deleted_number_is_its_default_again(qtbot, form):
    type_into(qtbot, form, "pause", "5")
    line(form, "pause").selectAll()
    qtbot.keyClick(line(form, "pause"), Qt.Key.Key_Delete)
    assert "pause" not in form.texts()
    qtbot.keyClick(line(form, "pause"), Qt.Key.Key_Return)
    assert line(form, "pause").text() == "1 s"


def test_no_digit_of_a_large_number_is_lost_by_showing_it(qtbot, form):
    type_into(qtbot, form, "reads", "1234567")
    qtbot.keyClick(line(form, "reads"), Qt.Key.Key_Return)
    assert form.texts()["reads"] == "1234567"


def test_flags_choices_and_lists_become_texts_that_make_the_plan(qtbot, form):
    type_into(qtbot, form, "current", "1u")
    type_into(qtbot, form, "cells", "3,5 4,0-2")
    type_into(qtbot, form, "factors", "0.1 0.3")
    box = form.fields["is_fast"].box
    qtbot.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(8, box.height() // 2))
    qtbot.keyClick(form.fields["edge"].box, Qt.Key.Key_Down)
    assert box.text() == "yes"
    assert make(Retention, form.texts()) == Retention(
        current=1e-6,
        cells=((3, 5), (4, 0), (4, 1), (4, 2)),
        factors=(0.1, 0.3),
        is_fast=True,
        edge=Edge.DOWN,
    )


def test_only_what_differs_from_its_default_is_given(qtbot, form):
    assert form.texts() == {}
    type_into(qtbot, form, "pause", "1000m")
    type_into(qtbot, form, "current", "1u")
    assert form.texts() == {"current": "1 uA"}


def test_an_emptied_list_is_given_as_empty_where_the_default_is_not(qtbot, form):
    line(form, "factors").selectAll()
    qtbot.keyClick(line(form, "factors"), Qt.Key.Key_Delete)
    assert form.texts()["factors"] == ""


def test_a_form_is_filled_and_says_what_it_cannot_take(form):
    refused = form.fill(
        {"current": "3e-6", "edge": "falling edge", "cells": "x", "speed": "2", "is_fast": "maybe"}
    )
    assert line(form, "current").text() == "3 uA"
    assert form.fields["edge"].box.currentText() == "falling edge"
    assert refused == [
        "There is no parameter 'speed' here; it was left out.",
        "Is fast: 'maybe' is neither yes nor no.",
    ]
    assert reason(form, "cells").startswith("'x' is no cell")
    form.fill({"pause": "2"}, keep_rest=True)
    assert form.texts()["current"] == "3 uA"
    form.fill({})
    assert form.texts() == {}
    assert reason(form, "current") == ""


def test_changed_is_told_once_per_filling_and_per_key(qtbot, form):
    told = []
    form.changed.connect(lambda: told.append(form.texts()))
    form.fill({"current": "1u", "pause": "2", "edge": "falling edge", "is_fast": "yes"})
    assert told == [{"current": "1 uA", "pause": "2 s", "edge": "falling edge", "is_fast": "yes"}]
    type_into(qtbot, form, "current", "25u")
    assert len(told) == 4


def test_every_field_has_a_name_and_explains_itself(form):
    assert all(editor.accessibleName() and editor.toolTip() for editor in form.editors)
    assert line(form, "pause").toolTip() == "First pause.\nAllowed: 100 ms to 100 s.\nDefault: 1 s."
    assert form.fields["current"].line.accessibleName() == "Current, must be given"
    assert form.explanation_of(line(form, "reads")).startswith("Reads: Reads of each cell. Allowed: 1 to")


def test_what_cannot_be_typed_keeps_its_default_or_says_so(qtbot, form):
    assert form.fields["weights"].editors == []
    useless = ParameterForm(NeedsArray)
    qtbot.addWidget(useless)
    assert useless.mistakes() == ["Values: cannot be typed; run this procedure from Python."]


@pytest.mark.parametrize("name", procedures())
def test_the_form_of_every_procedure_has_all_its_parameters_in_the_width_of_the_column(qtbot, name):
    kind = procedures()[name]
    made = ParameterForm(kind)
    qtbot.addWidget(made)
    assert list(made.fields) == [spec.name for spec in specs(kind)]
    assert made.minimumSizeHint().width() < 300
    required = [spec.name for spec in specs(kind) if spec.required]
    assert len(made.mistakes()) == len(required)


def test_a_choice_without_a_default_must_be_made_and_a_flag_is_no(qtbot):
    made = ParameterForm(Choices)
    qtbot.addWidget(made)
    assert made.mistakes() == ["Edge must be given."]
    qtbot.keyClick(made.fields["edge"].box, Qt.Key.Key_Down)
    assert made.mistakes() == []
    assert made.texts() == {"edge": "rising edge", "is_fast": "no"}


def test_names_within_a_path_stay_as_they_are(qtbot):
    made = ParameterForm(Choices)
    qtbot.addWidget(made)
    made.fill({"edge": "rising edge", "target": "/maps/low_state.npy"})
    assert made.mistakes() == ["/maps/low_state.npy has cells above low state."]


def test_paths_are_looked_for_without_blocking_the_window(qtbot, form, tmp_path):
    field = form.fields["picture"]
    assert len(field.editors) == 2
    assert len(form.fields["remark"].editors) == 1
    button = field.editors[1]
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    dialog = button._dialog
    assert dialog.isVisible()
    assert not dialog.isModal()
    dialog.filesSelected.emit([str(tmp_path / "a b.png")])
    assert form.texts()["picture"] == str(tmp_path / "a b.png")
    dialog.close()


def test_the_form_knows_the_limits_of_the_bench(qtbot):
    limits = {"write_voltage": 2.0, "read_voltage": 0.2, "compliance": 1e-3}
    made = ParameterForm(procedures()["forming"], limits)
    qtbot.addWidget(made)
    made.fill({"word": "0", "bit": "0"})
    assert made.mistakes() == []
    assert "2 V (bench limit)" in made.fields["forming_max"].explanation
    assert "limits.write_voltage" in made.fields["forming_max"].explanation
    made.fill({"forming_max": "2.1 V"}, keep_rest=True)
    assert made.mistakes() == ["Forming max: 2.1 V is out of range, allowed 50 mV to 2 V (bench limit)."]


def test_a_default_beyond_the_limits_of_the_bench_is_a_mistake(qtbot):
    made = ParameterForm(procedures()["forming"], {"write_voltage": 1.5})
    qtbot.addWidget(made)
    made.fill({"word": "0", "bit": "0"})
    assert made.mistakes() == ["Forming max: 1.8 V is out of range, allowed 50 mV to 1.5 V (bench limit)."]


def test_a_panel_keeps_what_was_typed_when_the_limits_come(panel):
    panel.load("forming", {"word": "3", "bit": "1", "forming_max": "1.7 V"})
    panel.set_limits({"write_voltage": 1.6})
    assert panel.name == "forming"
    assert panel.form.texts()["word"] == "3"
    assert panel.form.mistakes() == [
        "Forming max: 1.7 V is out of range, allowed 50 mV to 1.6 V (bench limit)."
    ]
    panel.set_limits({"write_voltage": 3.0})
    assert panel.form.mistakes() == []


def test_every_limit_that_a_procedure_names_is_one_of_a_bench():
    known = {"stage_temperature", *Limits.model_fields}
    named = {spec.limit for kind in procedures().values() for spec in specs(kind) if spec.limit}
    assert named <= known
    assert {
        "write_voltage",
        "read_voltage",
        "compliance",
        "stage_temperature",
        "heater_line_voltage",
    } <= named
