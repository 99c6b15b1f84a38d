"""The table of instruments: before anybody asked, after the bench was opened, after a check."""

import pytest
from qtpy.QtCore import QRect, Qt

from labctl.benchfile import load_bench
from labctl.gui.bench_panel import InstrumentTable, Lamp, short_identity
from labctl.gui.theme import DARK, LIGHT, Choice
from tests.gui.desk.moment import NOW

MODELS = {"matrix": "707B", "smu1": "2636B", "smu2": "2636B", "smu3": "2636B", "stage": "336"}
IDENTITIES = {
    name: f"Keithley Instruments Inc., Model {model}, SIM000{number}, 3.3.5"
    for number, (name, model) in enumerate(MODELS.items())
}
NO_ANSWER = "smu2 (GPIB0::22::INSTR) does not answer: check the cable and that the instrument is on."


def checked(warnings=(), **verdicts):
    instruments = [
        {
            "name": name,
            "driver": "keithley",
            "address": "GPIB0::16::INSTR",
            "role": f"role of {name}",
            "identity": IDENTITIES[name],
            "state": "a 0 V off, b 0 V off",
            "verdict": verdicts.get(name, "in order"),
            "sound": name not in verdicts,
        }
        for name in MODELS
    ]
    return {"event": "checked", "instruments": instruments, "warnings": list(warnings)}


@pytest.fixture
def table(shown, theme):
    made = shown(InstrumentTable(theme, now=lambda: NOW))
    made.show_bench(load_bench("virtual_56x8"))
    made.set_blocked("")
    return made


def column(table, which, role=Qt.ItemDataRole.DisplayRole):
    return [table.model.index(row, which).data(role) for row in range(table.model.rowCount())]


def test_before_anybody_asked_only_the_file_is_known(table):
    assert column(table, 0) == ["not asked yet"] * 5
    assert column(table, 1) == list(MODELS)
    assert column(table, 3) == ["keithley707b", *["keithley2636b"] * 3, "lakeshore336"]
    assert column(table, 4)[1] == "GPIB0::21::INSTR"
    assert table.title.text().startswith("virtual_56x8: 56 x 8")
    assert table.mark.isVisible()
    assert table.time.text() == "not checked yet"


def test_an_instrument_that_was_identified_has_answered_no_more(table):
    table.show_identities({"smu1": IDENTITIES["smu1"]})
    assert column(table, 0)[:3] == ["not asked yet", "has answered", "not asked yet"]
    assert column(table, 3)[1] == "2636B, SIM0001"
    assert IDENTITIES["smu1"] in column(table, 3, Qt.ItemDataRole.ToolTipRole)[1]


def test_a_check_tells_verdicts_states_and_warnings(table):
    warning = "Relay A3 has closed 8.2e+07 times, 82 % of its rated life."
    table.show_checked(checked([warning], smu2=NO_ANSWER))
    assert column(table, 0) == ["in order", "in order", "trouble", "in order", "in order"]
    assert column(table, 0, Qt.ItemDataRole.ToolTipRole)[2] == NO_ANSWER
    assert column(table, 2)[0] == "role of matrix"
    assert column(table, 5)[0] == "a 0 V off, b 0 V off"
    assert table.time.text() == "checked at 19:45:02"
    assert table.troubles.isVisible()
    assert table.troubles.text() == f"✕ {NO_ANSWER}"
    assert table.warnings.isVisible()
    assert warning in table.warnings.text()


def test_a_complaint_that_names_nobody_is_told_with_its_instrument(table):
    table.show_checked(checked(smu1="-285, TSP Syntax Error", smu2=NO_ANSWER))
    assert table.troubles.text() == f"✕ smu1: -285, TSP Syntax Error\n✕ {NO_ANSWER}"


def test_what_is_in_order_takes_no_room_for_sentences(table):
    table.show_checked(checked(["A warning."], smu2=NO_ANSWER))
    table.show_checked(checked())
    assert not table.troubles.isVisible()
    assert not table.warnings.isVisible()


def test_another_bench_was_not_asked(table):
    table.show_checked(checked(["A warning."], smu2=NO_ANSWER))
    table.show_bench(load_bench("virtual_56x8"))
    assert column(table, 0) == ["not asked yet"] * 5
    assert not table.troubles.isVisible()
    assert not table.warnings.isVisible()


def test_identities_do_not_undo_a_check(table):
    table.show_checked(checked(smu2=NO_ANSWER))
    table.show_identities(IDENTITIES)
    assert column(table, 0)[1:3] == ["in order", "trouble"]


def test_the_button_asks_for_a_check(table, qtbot):
    with qtbot.waitSignal(table.check_asked):
        qtbot.mouseClick(table.button, Qt.MouseButton.LeftButton)
    assert table.time.text() == "being checked..."


def test_no_check_while_a_run_is_under_way(table, qtbot):
    table.set_blocked("a run is under way")
    with qtbot.assertNotEmitted(table.check_asked):
        qtbot.mouseClick(table.button, Qt.MouseButton.LeftButton)
    assert "a run is under way" in table.button.toolTip()


def test_without_a_bench_there_is_nothing_to_check(shown, theme):
    table = shown(InstrumentTable(theme))
    assert table.title.text() == "No bench is open."
    assert not table.button.isEnabled()
    assert "no bench is open" in table.button.toolTip()


@pytest.mark.parametrize("colours", [LIGHT, DARK])
def test_lamps_differ_without_colours(qapp, colours):
    shapes = set()
    for lamp in Lamp:
        image = lamp.icon(colours).pixmap(16, 16).toImage()
        area = QRect(0, 0, image.width(), image.height())
        shapes.add(
            tuple(
                image.pixelColor(x, y).alpha() > 128 and image.pixelColor(x, y).name() != colours.base
                for x in range(area.width())
                for y in range(area.height())
            )
        )
    assert len(shapes) == len(Lamp)


def test_lamps_follow_the_theme(table, theme):
    def lamp():
        return table.model.index(0, 0).data(Qt.ItemDataRole.DecorationRole).pixmap(16, 16).toImage()

    before = lamp()
    theme.choose(Choice.DARK)
    assert lamp() != before


@pytest.mark.parametrize(
    ("identity", "short"),
    [
        ("Keithley Instruments Inc., Model 2636B, 4100001, 3.2.1", "2636B, 4100001"),
        ("LSCI,MODEL336,SIM0005/SIM0005,1.0", "336, SIM0005/SIM0005"),
        ("something else", "something else"),
        ("", ""),
    ],
)
def test_identities_are_told_by_model_and_serial_number(identity, short):
    assert short_identity(identity) == short
