"""The queue: what it shows, what a user does to its items with mouse and keyboard."""

import pytest
from qtpy.QtCore import Qt

from labctl.gui.runs.queue_model import Column
from tests.gui.runs.conftest import item

REASON = "smu2 (GPIB0::22::INSTR) did not answer within 2 s: check the cable, then resume this run."
ITEMS = [
    item(1, "finished", verdict="verified", seconds=4.2, folder="/runs/one"),
    item(2, "failed", reason=REASON, seconds=200.0, folder="/runs/two"),
    item(3, "running", folder="/runs/three"),
    item(4),
    item(5, settings={}),
    item(6),
]


@pytest.fixture
def queue(panel):
    panel.show_queue({"event": "queue", "held": True, "items": ITEMS})
    return panel


@pytest.fixture
def orders(queue):
    found = []
    queue.command.connect(lambda name, given: found.append((name, given)))
    return found


def click(qtbot, queue, row, modifier=Qt.KeyboardModifier.NoModifier):
    at = queue.table.visualRect(queue.model.index(row, Column.PROCEDURE)).center()
    qtbot.mouseClick(queue.table.viewport(), Qt.MouseButton.LeftButton, modifier, at)


def press(qtbot, button):
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def text(queue, row, column, role=Qt.ItemDataRole.DisplayRole):
    return queue.model.data(queue.model.index(row, column), role)


def numbers(queue):
    return [queue.model.items[index.row()]["number"] for index in queue.table.chosen]


def test_an_item_is_one_row(queue):
    assert [text(queue, 0, column) for column in Column] == [
        "",
        "program_verify",
        "word=3  bit=5  target=100 uS",
        "✓ finished",
        "verified",
        "4.2 s",
    ]
    assert [text(queue, row, Column.PLACE) for row in range(6)] == ["", "", "now", "1", "2", "3"]
    assert text(queue, 1, Column.RESULT) == REASON
    assert text(queue, 4, Column.PARAMETERS) == "defaults"
    assert queue.model.headerData(3, Qt.Orientation.Horizontal) == "Status"


def test_what_is_cut_can_be_read_in_a_tool_tip(queue):
    assert text(queue, 1, Column.RESULT, Qt.ItemDataRole.ToolTipRole) == REASON
    assert text(queue, 0, Column.PARAMETERS, Qt.ItemDataRole.ToolTipRole).splitlines() == [
        "word = 3",
        "bit = 5",
        "target = 100 uS",
    ]


def test_the_reason_of_a_failure_can_be_read_below(queue, qtbot):
    assert not queue.reason.isVisible()
    click(qtbot, queue, 1)
    assert queue.reason.isVisible()
    assert queue.reason.text() == f"Item 2: {REASON}"
    click(qtbot, queue, 3)
    assert not queue.reason.isVisible()


def test_one_button_starts_and_holds_and_a_sentence_says_which_it_is(queue, orders, qtbot):
    assert (queue.buttons.go_or_hold.text(), queue.buttons.sentence.text()) == (
        "Start queue",
        "The queue is held.",
    )
    press(qtbot, queue.buttons.go_or_hold)
    queue.show_queue({"held": False, "items": ITEMS})
    assert (queue.buttons.go_or_hold.text(), queue.buttons.sentence.text()) == (
        "Hold queue",
        "The queue goes.",
    )
    press(qtbot, queue.buttons.go_or_hold)
    assert orders == [("queue_go", {}), ("queue_hold", {})]


def test_waiting_items_move_by_button_and_key(queue, orders, qtbot):
    click(qtbot, queue, 4)
    press(qtbot, queue.buttons.up)
    press(qtbot, queue.buttons.down)
    qtbot.keyClick(queue.table, Qt.Key.Key_Up, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(queue.table, Qt.Key.Key_Down, Qt.KeyboardModifier.ControlModifier)
    assert [given for name, given in orders if name == "queue_move"] == [
        {"number": 5, "by": by} for by in (-1, 1, -1, 1)
    ]
    assert numbers(queue) == [5]


@pytest.mark.parametrize("row", [0, 2])
def test_what_does_not_wait_does_not_move(queue, orders, qtbot, row):
    click(qtbot, queue, row)
    qtbot.keyClick(queue.table, Qt.Key.Key_Up, Qt.KeyboardModifier.ControlModifier)
    assert not queue.buttons.up.isEnabled()
    assert not queue.buttons.down.isEnabled()
    assert "only waiting items move" in queue.buttons.up.toolTip()
    assert orders == []


def test_the_selection_follows_its_items(queue, qtbot):
    click(qtbot, queue, 3)
    click(qtbot, queue, 5, Qt.KeyboardModifier.ControlModifier)
    assert numbers(queue) == [4, 6]
    moved = [*ITEMS[1:3], item(6), item(7), item(4), item(5)]
    queue.show_queue({"held": True, "items": moved})
    assert numbers(queue) == [6, 4]
    queue.show_queue({"held": True, "items": [*moved[:2], item(6, "running"), *moved[3:]]})
    assert numbers(queue) == [6, 4]


def test_one_item_after_the_other_is_removed_by_key(queue, orders, qtbot):
    click(qtbot, queue, 4)
    qtbot.keyClick(queue.table, Qt.Key.Key_Delete)
    left = [each for each in ITEMS if each["number"] != 5]
    queue.show_queue({"held": True, "items": left})
    assert numbers(queue) == [6]
    qtbot.keyClick(queue.table, Qt.Key.Key_Delete)
    assert orders == [("queue_remove", {"number": 5}), ("queue_remove", {"number": 6})]
    queue.show_queue({"held": True, "items": left[:-1]})
    assert numbers(queue) == [4]


def test_the_run_that_goes_on_is_not_removed(queue, orders, qtbot):
    click(qtbot, queue, 2)
    qtbot.keyClick(queue.table, Qt.Key.Key_Delete)
    assert orders == []
    assert "stop or abort the run first" in queue.buttons.remove.toolTip()


def test_several_are_duplicated_or_removed_at_once(queue, orders, qtbot):
    click(qtbot, queue, 3)
    click(qtbot, queue, 4, Qt.KeyboardModifier.ShiftModifier)
    press(qtbot, queue.buttons.duplicate)
    press(qtbot, queue.buttons.remove)
    assert orders == [
        (name, {"number": number}) for name in ("queue_duplicate", "queue_remove") for number in (4, 5)
    ]


def test_a_copy_is_edited_in_the_form(queue, qtbot):
    click(qtbot, queue, 0)
    with qtbot.waitSignal(queue.edit_asked) as asked:
        press(qtbot, queue.buttons.edit)
    assert asked.args == ["program_verify", {"word": "3", "bit": "5", "target": "100 uS"}]


def test_what_is_over_can_be_cleared_as_long_as_there_is_any(queue, orders, qtbot):
    press(qtbot, queue.buttons.clear)
    assert orders == [("queue_clear", {})]
    queue.show_queue({"held": True, "items": ITEMS[2:]})
    assert not queue.buttons.clear.isEnabled()


@pytest.mark.parametrize("status", ["killed", "aborted", "stopped", "failed"])
def test_an_interrupted_run_with_a_record_can_go_on(queue, orders, qtbot, status):
    queue.show_queue({"held": True, "items": [item(1, status, folder="/runs/one"), item(2, status)]})
    click(qtbot, queue, 0)
    press(qtbot, queue.buttons.go_on)
    assert orders == [("go_on", {"run": "/runs/one"})]
    click(qtbot, queue, 1)
    assert not queue.buttons.go_on.isEnabled()


@pytest.mark.parametrize("row", [0, 2, 3])
def test_other_runs_do_not_go_on(queue, qtbot, row):
    click(qtbot, queue, row)
    assert not queue.buttons.go_on.isEnabled()
    assert "only a run that was interrupted" in queue.buttons.go_on.toolTip()


def test_a_record_is_opened_by_double_click_or_return(queue, qtbot):
    opened = []
    queue.open_asked.connect(opened.append)
    at = queue.table.visualRect(queue.model.index(1, Column.PROCEDURE)).center()
    click(qtbot, queue, 1)
    qtbot.mouseDClick(queue.table.viewport(), Qt.MouseButton.LeftButton, pos=at)
    qtbot.keyClick(queue.table, Qt.Key.Key_Up)
    qtbot.keyClick(queue.table, Qt.Key.Key_Return)
    assert opened == ["/runs/two", "/runs/one"]
    click(qtbot, queue, 3)
    qtbot.keyClick(queue.table, Qt.Key.Key_Return)
    assert opened == ["/runs/two", "/runs/one"]


def test_the_menu_of_an_item_offers_what_the_buttons_do(queue, orders, qtbot):
    click(qtbot, queue, 0)
    queue._show_menu(queue.table.visualRect(queue.model.index(0, 1)).center())
    menu = queue.findChildren(type(queue.now.pause.menu()))[-1]
    offered = {action.text(): action for action in menu.actions()}
    assert list(offered)[:3] == ["Open record", "Move up", "Move down"]
    assert not offered["Move up"].isEnabled()
    offered["Duplicate"].trigger()
    assert orders == [("queue_duplicate", {"number": 1})]
    menu.close()


def test_without_an_engine_the_list_can_only_be_read(queue, qtbot):
    queue.set_connected(False)
    click(qtbot, queue, 3)
    buttons = queue.buttons
    able = [each.text() for each in (buttons.go_or_hold, *buttons.of_items) if each.isEnabled()]
    assert able == ["Edit a copy"]
    assert "no engine is connected" in buttons.remove.toolTip()


def test_nothing_is_cut_at_the_width_it_gets(queue):
    assert queue.minimumSizeHint().width() <= 920
    assert queue.minimumSizeHint().height() <= 230


def test_every_control_has_a_name_for_those_who_hear_it(queue):
    for control in (queue.table, queue.now.bar, queue.buttons.up, queue.buttons.down, queue.reason):
        assert control.accessibleName()


def test_an_entry_that_is_added_below_the_visible_rows_comes_into_view(panel):
    many = [item(number) for number in range(1, 21)]
    panel.show_queue({"held": True, "items": many})
    panel.table.scrollToTop()

    def sees(row):
        return (
            panel.table.viewport().rect().contains(panel.table.visualRect(panel.model.index(row, 0)).center())
        )

    assert not sees(19)
    panel.show_queue({"held": True, "items": [*many, item(21)]})
    assert sees(20)
    panel.table.scrollToTop()
    panel.show_queue({"held": True, "items": [item(1, "running"), *many[1:], item(21)]})
    assert not sees(20), "a change is not an addition"
