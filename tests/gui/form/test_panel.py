"""The panel as a user meets it: choose, type, start, keep, copy, with mouse or keyboard alone."""

import shlex

import pytest
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtGui import QWheelEvent
from qtpy.QtWidgets import QApplication, QLineEdit

from labctl.core.lines import Cell
from labctl.gui.theme import DARK, Choice
from procedures import catalogue
from procedures.catalogue import procedures
from tests.gui.form.plans import NeedsArray, Retention


def type_into(qtbot, panel, name, text):
    line = panel.form.fields[name].line
    line.setFocus()
    line.selectAll()
    qtbot.keyClicks(line, text)


def click(qtbot, button):
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def fill_forming(qtbot, panel):
    panel.choose("forming")
    type_into(qtbot, panel, "word", "3")
    type_into(qtbot, panel, "bit", "5")


def save(qtbot, panel, name):
    click(qtbot, panel.preset_bar.save)
    panel.preset_bar.name.selectAll()
    qtbot.keyClicks(panel.preset_bar.name, name)
    qtbot.keyClick(panel.preset_bar.name, Qt.Key.Key_Return)


def preset_names(panel):
    return [panel.preset_bar.list.itemText(index) for index in range(1, panel.preset_bar.list.count())]


def choose_preset(qtbot, panel, name):
    box = panel.preset_bar.list
    box.setFocus()
    while box.currentText() != name:
        before = box.currentIndex()
        qtbot.keyClick(box, Qt.Key.Key_Down)
        assert box.currentIndex() != before


def test_before_there_are_procedures_it_says_so(qtbot, theme, presets):
    from labctl.gui.form.panel import ProcedurePanel

    empty = ProcedurePanel(theme, presets)
    qtbot.addWidget(empty)
    assert empty.start_bar.reason.text() == "The procedures are being loaded."
    assert not empty.start_bar.start.isEnabled()
    empty.choose("program_verify")
    empty.set_procedures(procedures())
    assert empty.name == "program_verify"


def test_procedures_are_chosen_by_their_plain_name_and_say_what_they_do(qtbot, panel):
    names = [panel.chooser.itemText(index) for index in range(panel.chooser.count())]
    assert "Program verify" in names
    assert "Retention" in names
    panel.chooser.setFocus()
    qtbot.keyClicks(panel.chooser, "Neuron")
    assert panel.name == "neuron_transfer"
    assert panel.purpose.text().startswith("Transfer curve of one neuron")
    assert panel.form.kind is procedures()["neuron_transfer"]


def test_start_is_possible_only_when_nothing_is_wrong_and_says_why_not(qtbot, panel):
    panel.choose("forming")
    assert not panel.start_bar.start.isEnabled()
    assert panel.start_bar.reason.text() == "Word must be given. And 1 more reason."
    assert "Bit must be given." in panel.start_bar.queue.toolTip()
    fill_forming(qtbot, panel)
    assert panel.start_bar.start.isEnabled()
    assert panel.start_bar.reason.text() == ""
    type_into(qtbot, panel, "read_voltage", "2")
    assert not panel.start_bar.queue.isEnabled()
    assert panel.start_bar.reason.text() == "Read voltage: 2 V is out of range, allowed 10 mV to 300 mV."
    qtbot.keyClick(panel, Qt.Key.Key_F5)
    type_into(qtbot, panel, "read_voltage", "0.2")
    panel.set_blocked("No bench is open.")
    assert not panel.start_bar.start.isEnabled()
    assert panel.start_bar.reason.text() == "No bench is open."
    assert "No bench is open." in panel.start_bar.start.toolTip()
    panel.set_blocked("")
    assert panel.start_bar.start.isEnabled()


def test_nothing_starts_by_its_key_while_something_is_wrong(qtbot, panel):
    asked = []
    panel.start_asked.connect(lambda *what: asked.append(what))
    panel.queue_asked.connect(lambda *what: asked.append(what))
    panel.choose("forming")
    line = panel.form.fields["word"].line
    line.setFocus()
    qtbot.keyClick(line, Qt.Key.Key_F5)
    qtbot.keyClick(line, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    fill_forming(qtbot, panel)
    with qtbot.waitSignal(panel.start_asked):
        qtbot.keyClick(line, Qt.Key.Key_F5)
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("key", "modifier", "signal"),
    [
        (Qt.Key.Key_F5, Qt.KeyboardModifier.NoModifier, "start_asked"),
        (Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier, "queue_asked"),
    ],
)
def test_keys_start_and_queue_what_is_typed_even_before_the_field_is_left(
    qtbot, panel, key, modifier, signal
):
    fill_forming(qtbot, panel)
    type_into(qtbot, panel, "forming_max", "1.7")
    with qtbot.waitSignal(getattr(panel, signal)) as asked:
        qtbot.keyClick(panel.form.fields["forming_max"].line, key, modifier)
    assert asked.args == ["forming", {"word": "3", "bit": "5", "forming_max": "1.7 V"}]


def test_buttons_start_and_queue(qtbot, panel):
    fill_forming(qtbot, panel)
    for button, signal in (
        (panel.start_bar.start, panel.start_asked),
        (panel.start_bar.queue, panel.queue_asked),
    ):
        with qtbot.waitSignal(signal) as asked:
            click(qtbot, button)
        assert asked.args == ["forming", {"word": "3", "bit": "5"}]


def test_the_values_used_last_are_there_the_next_time(qtbot, panel, make_panel):
    fill_forming(qtbot, panel)
    with qtbot.waitSignal(panel.start_asked):
        click(qtbot, panel.start_bar.start)
    type_into(qtbot, panel, "word", "9")
    later = make_panel()
    later.choose("forming")
    assert later.form.texts() == {"word": "3", "bit": "5"}
    later.choose("program_verify")
    assert later.form.texts() == {}


def test_what_is_typed_stays_while_another_procedure_is_looked_at_or_the_list_is_read_again(qtbot, panel):
    fill_forming(qtbot, panel)
    panel.choose("stage_settle")
    panel.choose("forming")
    assert panel.form.texts() == {"word": "3", "bit": "5"}
    panel.set_procedures(procedures())
    assert panel.name == "forming"
    assert panel.form.texts() == {"word": "3", "bit": "5"}


def test_presets_are_saved_chosen_replaced_and_deleted(qtbot, panel, make_panel):
    fill_forming(qtbot, panel)
    save(qtbot, panel, "gentle, 3/5 µ")
    assert preset_names(panel) == ["gentle, 3/5 µ"]
    assert panel.preset_bar.selected == "gentle, 3/5 µ"
    type_into(qtbot, panel, "word", "9")
    assert panel.preset_bar.selected == ""
    assert not panel.preset_bar.delete.isEnabled()
    save(qtbot, panel, "Other")

    later = make_panel()
    later.choose("forming")
    assert preset_names(later) == ["gentle, 3/5 µ", "Other"]
    choose_preset(qtbot, later, "gentle, 3/5 µ")
    assert later.form.texts() == {"word": "3", "bit": "5"}
    type_into(qtbot, later, "word", "7")
    click(qtbot, later.preset_bar.save)
    qtbot.keyClicks(later.preset_bar.name, "Other")
    assert later.preset_bar.confirm.text() == "Replace"
    click(qtbot, later.preset_bar.confirm)
    assert later._presets.read("forming").named["Other"] == {"word": "7", "bit": "5"}
    click(qtbot, later.preset_bar.delete)
    assert preset_names(later) == ["gentle, 3/5 µ"]
    assert later.form.texts() == {"word": "7", "bit": "5"}
    later.choose("program_verify")
    assert preset_names(later) == []


def test_a_long_name_of_a_preset_is_shown_whole_in_the_list(qtbot, panel):
    fill_forming(qtbot, panel)
    name = "gentle forming of the corner next to the broken word line"
    save(qtbot, panel, name)
    assert name in panel.preset_bar.list.toolTip()
    panel.preset_bar.list.showPopup()
    view = panel.preset_bar.list.view()
    assert view.width() >= view.fontMetrics().horizontalAdvance(name)
    panel.preset_bar.list.hidePopup()


def test_defaults_come_back(qtbot, panel):
    fill_forming(qtbot, panel)
    type_into(qtbot, panel, "forming_max", "1.7")
    click(qtbot, panel.preset_bar.defaults)
    assert panel.form.texts() == {}
    assert panel.form.fields["forming_max"].line.text() == "1.8 V"


def test_a_damaged_file_of_presets_is_told_and_defaults_are_shown(qtbot, theme, presets):
    from labctl.gui.form.panel import ProcedurePanel

    presets.keep_last("forming", {"word": "1"})
    presets.file("forming").write_text("{")
    panel = ProcedurePanel(theme, presets)
    qtbot.addWidget(panel)
    with qtbot.waitSignal(panel.told) as told:
        panel.set_procedures({"forming": procedures()["forming"]})
    assert "are damaged; defaults are shown" in told.args[0]
    assert panel.remark.text() == told.args[0]
    assert panel.form.texts() == {}


def test_a_start_goes_ahead_though_its_values_cannot_be_kept(qtbot, panel, presets):
    fill_forming(qtbot, panel)
    presets.file("forming").mkdir(parents=True)
    with qtbot.waitSignals([panel.told, panel.start_asked]):
        click(qtbot, panel.start_bar.start)


def test_an_earlier_run_is_loaded_and_changed(panel, qtbot):
    panel.load("program_verify", {"word": "3", "bit": "5", "target": "1e-4"})
    assert panel.name == "program_verify"
    assert panel.chooser.currentText() == "Program verify"
    assert panel.form.texts() == {"word": "3", "bit": "5", "target": "100 uS"}
    panel.load("program_verify", {"word": "4", "bit": "6"}, keep_rest=True)
    assert panel.form.texts() == {"word": "4", "bit": "6", "target": "100 uS"}
    with qtbot.waitSignal(panel.told) as told:
        panel.load("program_verify", {"word": "4", "speed": "2"})
    assert told.args == ["There is no parameter 'speed' here; it was left out."]
    with qtbot.waitSignal(panel.told) as told:
        panel.load("endurance", {})
    assert told.args == ["There is no procedure 'endurance' here."]
    assert panel.form.texts() == {"word": "4"}


def test_a_procedure_of_somebodys_package_gets_a_form(qtbot, panel, monkeypatch):
    from importlib.metadata import EntryPoint

    entry = EntryPoint("retention", f"{Retention.__module__}:Retention", catalogue.GROUP)
    monkeypatch.setattr(catalogue, "entry_points", lambda group: (entry,))
    catalogue.procedures.cache_clear()
    try:
        panel.set_procedures(catalogue.procedures())
    finally:
        monkeypatch.undo()
        catalogue.procedures.cache_clear()
    panel.choose("retention")
    assert panel.purpose.text() == "Read cells again after growing pauses."
    type_into(qtbot, panel, "current", "1u")
    with qtbot.waitSignal(panel.start_asked) as asked:
        click(qtbot, panel.start_bar.start)
    assert asked.args == ["retention", {"current": "1 uA"}]


def test_a_class_of_which_no_form_can_be_made_harms_nothing(panel):
    panel.set_procedures({"forming": procedures()["forming"], "odd": int, "array": NeedsArray})
    panel.choose("odd")
    assert panel.form is None
    assert not panel.start_bar.start.isEnabled()
    assert panel.start_bar.reason.text() == "This procedure has no form."
    panel.choose("array")
    assert panel.start_bar.reason.text() == "Values: cannot be typed; run this procedure from Python."
    panel.choose("forming")
    assert panel.form is not None


def test_the_keyboard_alone_goes_from_the_top_down_and_starts(qtbot, panel):
    panel.choose("neuron_transfer")
    panel.chooser.setFocus()
    visited = []
    while (now := QApplication.focusWidget()) not in visited:
        visited.append(now)
        qtbot.keyClick(now, Qt.Key.Key_Tab)
    expected = [panel.chooser, *panel.preset_bar.editors, *panel.form.editors]
    expected += [panel.copy_bar.command, panel.copy_bar.python]
    assert visited == [widget for widget in expected if widget.isVisible() and widget.isEnabled()]
    panel.chooser.setFocus()
    qtbot.keyClicks(panel.chooser, "Forming")
    while QApplication.focusWidget() is not panel.form.fields["word"].line:
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
    for text in ("3", "5"):
        qtbot.keyClicks(QApplication.focusWidget(), text)
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
    with qtbot.waitSignal(panel.start_asked) as asked:
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_F5)
    assert asked.args == ["forming", {"word": "3", "bit": "5"}]


def test_the_field_that_has_the_keyboard_is_explained(qtbot, panel):
    panel.choose("forming")
    panel.form.fields["forming_step"].line.setFocus()
    assert panel.remark.text() == (
        "Forming step: Each pulse is higher by this. Allowed: 1 mV to 1 V. Default: 50 mV."
    )


def test_the_command_is_copied_as_the_form_has_it(qtbot, panel):
    panel.set_context("", "runs")
    fill_forming(qtbot, panel)
    assert not panel.copy_bar.command.isEnabled()
    assert "No bench is open" in panel.copy_bar.command.toolTip()
    panel.set_context("my bench.toml", "/data/of me")
    panel.set_blocked("A run is on.")
    click(qtbot, panel.copy_bar.command)
    assert panel.remark.text() == "The command is on the clipboard."
    assert shlex.split(QApplication.clipboard().text()) == [
        *("labctl", "run", "forming", "--bench", "my bench.toml", "--out", "/data/of me"),
        *("--set", "word=3", "--set", "bit=5"),
    ]
    click(qtbot, panel.copy_bar.python)
    assert 'open_bench("my bench.toml", out="/data/of me")' in QApplication.clipboard().text()
    assert "Forming(word=3, bit=5)" in QApplication.clipboard().text()


def wheel(widget):
    """One notch down over `widget`; whether it is left to what scrolls around it."""
    centre = widget.rect().center()
    event = QWheelEvent(
        QPointF(centre),
        QPointF(widget.mapToGlobal(centre)),
        QPoint(),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)
    return not event.isAccepted()


def test_the_wheel_is_left_to_the_form_and_changes_no_value(qtbot, panel):
    panel.choose("forming")
    before = panel.form.texts()
    panel.form.fields["forming_scheme"].box.setFocus()
    assert all(wheel(editor) for editor in panel.form.editors)
    assert panel.form.texts() == before
    assert wheel(panel.chooser)
    assert panel.name == "forming"
    assert wheel(panel.preset_bar.list)


@pytest.mark.parametrize("name", [*procedures(), "retention"])
@pytest.mark.parametrize("choice", [Choice.LIGHT, Choice.DARK])
def test_no_form_is_wider_than_the_column_and_no_text_is_cut(qtbot, panel, theme, name, choice):
    theme.choose(choice)
    panel.choose(name)
    QApplication.processEvents()
    assert panel.width() == 330
    assert panel.minimumSizeHint().width() <= 330
    area = panel.form.parent().parent()
    assert panel.form.width() <= area.viewport().width()
    for line in panel.form.findChildren(QLineEdit):
        shown = line.text() or line.placeholderText()
        assert line.fontMetrics().horizontalAdvance(shown) <= line.width() - 8, (line.accessibleName(), shown)


def test_the_name_of_a_map_has_room(qtbot, panel):
    panel.load("crossbar_program", {"target": "gradient_56x8.csv"})
    QApplication.processEvents()
    line = panel.form.fields["target"].line
    assert line.fontMetrics().horizontalAdvance("/maps/gradient_56x8.csv") < line.width() - 8


def test_the_theme_colours_the_reasons(qtbot, panel, theme):
    theme.choose(Choice.DARK)
    panel.choose("forming")
    reason = panel.start_bar.reason
    QApplication.processEvents()
    assert reason.palette().color(reason.foregroundRole()).name() == DARK.bad
    theme.choose(Choice.LIGHT)
    QApplication.processEvents()
    assert reason.palette().color(reason.foregroundRole()).name() != DARK.bad


def test_nothing_that_is_clicked_moves_when_a_reason_goes(qtbot, panel):
    panel.choose("forming")
    buttons = (panel.start_bar.start, panel.start_bar.queue, panel.copy_bar)

    def places():
        panel.layout().activate()
        return [button.mapTo(panel, button.rect().topLeft()) for button in buttons]

    before = places()
    assert panel.start_bar.reason.text()
    fill_forming(qtbot, panel)
    assert panel.start_bar.reason.text() == ""
    assert places() == before
    panel.set_blocked("No bench is open. " * 20)
    assert places() == before


@pytest.mark.parametrize(
    ("typed", "shown"), [("50u", "= 50 uS"), ("0,05 mS", "= 50 uS"), ("1,500", "could mean")]
)
def test_what_was_understood_stands_under_the_field_while_it_is_typed(qtbot, panel, typed, shown):
    panel.choose("program_verify")
    line = panel.form.fields["target"].line
    line.setFocus()
    qtbot.keyClicks(line, typed)
    assert shown in panel.form._reasons["target"].text()
    assert line.text() == typed
    below = panel.form.fields["read_voltage"]
    at = below.mapTo(panel, below.rect().topLeft())
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert below.mapTo(panel, below.rect().topLeft()) == at


def test_defaults_give_a_value_up_for_good(qtbot, panel):
    panel.choose("forming")
    fill_forming(qtbot, panel)
    type_into(qtbot, panel, "read_voltage", "0.15")
    panel.start_bar.start.click()
    assert panel._presets.read("forming").last["read_voltage"] == "150 mV"
    panel.preset_bar.defaults_asked.emit()
    assert panel._presets.read("forming").last == {}


def test_cells_chosen_on_the_map_go_into_the_form(qtbot, panel):
    panel.choose("forming")
    panel.take_cells([Cell(3, 5)])
    assert panel.form.texts()["word"] == "3"
    assert panel.form.texts()["bit"] == "5"
    panel.take_cells([Cell(3, 5), Cell(4, 0)])
    assert panel.form.texts()["word"] == "3", "one cell is wanted, two say nothing"
    panel.chooser.setCurrentIndex(panel.chooser.findData("cells_read"))
    panel.chooser.activated.emit(panel.chooser.currentIndex())
    assert panel.form.texts()["cells"] == "3,5 4,0"
    type_into(qtbot, panel, "cells", "7,7")
    panel.take_cells([])
    assert panel.form.texts()["cells"] == "7,7"
    panel.take_cells([Cell(1, 1), Cell(1, 2)])
    assert panel.form.texts()["cells"] == "1,1-2"
