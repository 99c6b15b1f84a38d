"""The switch matrix on the screen: what is closed, where the sources stand, in words too."""

import pytest
from qtpy.QtCore import Qt
from qtpy.QtGui import QColor

from labctl.benchfile import load_bench
from labctl.gui.array.crosspoints import CrosspointsView

LIVE = {
    "closed": ["B4", "C60", "G1"],
    "levels": {"smu1.b": 0.45, "smu2.a": 0.0},
    "on": ["smu1.b", "smu2.a"],
    "heaters": [3, 0],
}


@pytest.fixture
def view(qtbot, theme):
    view = CrosspointsView(theme)
    qtbot.addWidget(view)
    view.resize(700, 300)
    with qtbot.waitExposed(view):
        view.show()
    return view


@pytest.fixture
def bench():
    return load_bench("virtual_56x8")


def marked(view, row, column, theme):
    box = view.grid.box(row, column)
    return QColor(view.grid.grab().toImage().pixel(box.center().toPoint())) == QColor(theme.colours.accent)


def test_without_a_bench_it_says_so_and_takes_no_message(view):
    view.show_live(LIVE)
    assert view.summary.text() == "No bench is open."


def test_before_the_first_message_nothing_is_claimed(view, bench):
    view.set_bench(bench)
    assert view.summary.text() == "Nothing is known of the relays yet."
    assert view.grid.matrix.level("B") == "not known"
    assert "not known: row B" in view.grid.matrix.sentence("B", 4)
    assert view.mark.isVisible()


def test_closed_crosspoints_are_marked_and_counted(view, bench, theme):
    view.set_bench(bench)
    view.show_live(LIVE)
    assert [marked(view, *place, theme) for place in (("B", 4), ("C", 60), ("G", 1))] == [True] * 3
    assert not marked(view, "B", 5, theme)
    assert not marked(view, "A", 4, theme)
    assert view.summary.text() == "3 crosspoints closed; heaters connected: 0, 3."
    view.show_live(LIVE | {"closed": [], "heaters": []})
    assert not marked(view, "B", 4, theme)
    assert view.summary.text() == "No crosspoint is closed; heaters connected: none."


def test_rows_say_their_terminal_and_level_in_words(view, bench):
    view.set_bench(bench)
    view.show_live(LIVE)
    matrix = view.grid.matrix
    assert [matrix.terminal(row) for row in "AGH"] == ["smu1.a", "star ground", "smu3.b via 20 kohm"]
    assert [matrix.level(row) for row in "ABCG"] == ["off", "450 mV, on", "0 V, on", "0 V, always"]
    assert "row B: smu1.b, 450 mV, on" in view.grid.accessibleDescription()


def test_columns_are_named_by_the_lines_they_lead_to(view, bench):
    view.set_bench(bench)
    groups = [(kind.value, first, last) for kind, first, last in view.grid.matrix.groups()]
    assert groups == [("word", 1, 56), ("bit", 57, 64), ("neuron", 65, 72)]
    assert view.grid.matrix.columns == 72


def test_pointing_at_a_crosspoint_tells_it(qtbot, view, bench):
    view.set_bench(bench)
    view.show_live(LIVE)
    qtbot.mouseMove(view.grid, view.grid.box("C", 60).center().toPoint())
    assert view.readout.text() == "C60, closed: row C (smu2.a: 0 V, on) and bit 3"
    qtbot.mouseMove(view.grid, view.grid.box("A", 72).center().toPoint())
    assert view.readout.text() == "A72, open: row A (smu1.a: off) and neuron 7"


def test_arrow_keys_go_from_one_to_the_next(qtbot, view, bench):
    view.set_bench(bench)
    view.show_live(LIVE)
    view.grid.setFocus()
    qtbot.keyClick(view.grid, Qt.Key.Key_Down)
    for _ in range(3):
        qtbot.keyClick(view.grid, Qt.Key.Key_Right)
    assert view.readout.text().startswith("B4, closed: row B (smu1.b: 450 mV, on) and word 3")
    for _ in range(9):
        qtbot.keyClick(view.grid, Qt.Key.Key_Up)
    assert view.readout.text().startswith("A4, open")


def test_a_bench_of_real_instruments_has_no_mark(view, bench):
    view.set_bench(bench.model_copy(update={"visa": bench.visa.model_copy(update={"library": "@py"})}))
    assert not view.mark.isVisible()
