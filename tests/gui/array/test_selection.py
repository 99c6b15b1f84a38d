"""What is chosen follows from clicks, lines and arrow keys; it can be taken back."""

import pytest

from labctl.core.lines import Cell
from labctl.gui.array.selection import UNDONE, Selection


@pytest.fixture
def selection():
    return Selection(4, 3)


def test_a_click_chooses_one_cell_and_ctrl_adds_or_takes_out(selection):
    selection.click(Cell(1, 2))
    selection.click(Cell(3, 0), ctrl=True)
    assert selection.ordered == (Cell(1, 2), Cell(3, 0))
    selection.click(Cell(1, 2), ctrl=True)
    assert selection.ordered == (Cell(3, 0),)
    assert selection.current == Cell(1, 2)
    selection.click(Cell(0, 0))
    assert selection.ordered == (Cell(0, 0),)


def test_shift_chooses_all_between_the_anchor_and_the_click(selection):
    selection.click(Cell(2, 1))
    selection.click(Cell(1, 0), shift=True)
    assert selection.ordered == (Cell(1, 0), Cell(1, 1), Cell(2, 0), Cell(2, 1))
    selection.click(Cell(3, 1), shift=True)
    assert selection.ordered == (Cell(2, 1), Cell(3, 1)), "the anchor stays"


def test_lines_and_all(selection):
    selection.word(2)
    assert selection.ordered == (Cell(2, 0), Cell(2, 1), Cell(2, 2))
    selection.bit(0, add=True)
    assert len(selection.cells) == 6
    selection.bit(0, add=True)
    assert selection.ordered == (Cell(2, 1), Cell(2, 2)), "a line that was chosen is let go"
    selection.all()
    assert len(selection.cells) == 12


def test_arrows_stay_inside_and_extend_from_where_they_began(selection):
    assert selection.move(1, 0) == Cell(0, 0), "the first arrow shows where one is"
    assert selection.move(-1, 0) == Cell(0, 0)
    selection.move(1, 0)
    selection.move(1, 0, extend=True)
    selection.move(0, 1, extend=True)
    assert selection.ordered == (Cell(1, 0), Cell(1, 1), Cell(2, 0), Cell(2, 1))
    assert selection.current == Cell(2, 1)
    assert selection.move(9, 9) == Cell(3, 2)
    assert selection.ordered == (Cell(3, 2),)


def test_changes_can_be_taken_back_so_many_times(selection):
    assert not selection.undo()
    for index in range(UNDONE + 5):
        selection.click(Cell(index % 4, index % 3))
    for _ in range(UNDONE):
        assert selection.undo()
    assert not selection.undo()
