"""Mouse and keys choose cells on the array."""

from qtpy.QtCore import QEvent, QPoint, QPointF, Qt
from qtpy.QtGui import QMouseEvent
from qtpy.QtWidgets import QApplication

from labctl.core.lines import Cell
from tests.gui.array.hands import CTRL, LEFT, NONE, SHIFT, click, middle


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
