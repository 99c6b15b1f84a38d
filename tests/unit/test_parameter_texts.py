"""Parameters as texts and back: what a form shows is what a command line reads."""

from dataclasses import dataclass

import pytest

from labctl.core.errors import PlanError
from labctl.core.lines import Cell, read_cells, read_indices, show_cells, show_indices
from labctl.core.numbers import read_number
from labctl.core.quantity import Spec, make, option, quantity, read, specs, write


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Lists of three kinds."""

    cells: tuple[Cell, ...] = option(())
    images: tuple[str, ...] = option(())
    trims: tuple[float, ...] = quantity("V", (0.1, 0.25))
    width: float = quantity("s", 1e-3, low=1e-4, high=1.0)


def test_cells_are_read_singly_and_by_ranges_each_once():
    assert read_cells("3,5 4,0-2") == ((3, 5), (4, 0), (4, 1), (4, 2))
    assert read_cells("(3, 5); (3, 5)") == ((3, 5),)
    assert read_cells("0-1,7") == ((0, 7), (1, 7))


@pytest.mark.parametrize("text", ["3", "3,", "a,b", "3,5-", "3,5-2", "-1,2"])
def test_what_is_no_cell_is_told_with_an_example(text):
    with pytest.raises(PlanError, match="3,0-7"):
        read_cells(text)


def test_more_cells_than_an_array_has_are_a_slip_of_the_finger():
    with pytest.raises(PlanError, match="more cells than any array has"):
        read_cells("0-999999999,0-99999999")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("inf", "'inf' is not a number"),
        ("nan", "'nan' is not a number"),
        ("1.5", "'1.5' is not a whole number"),
    ],
)
def test_what_is_no_whole_number_is_told(text, says):
    with pytest.raises(PlanError, match=says):
        read(text, Spec("count", int, "1", 1, None, None, ""))


def test_indices_are_read_and_shown_as_ranges():
    assert read_indices(" 0-3, 7 5-6 ") == (0, 1, 2, 3, 7, 5, 6)
    assert show_indices((0, 1, 2, 3, 7, 5, 6)) == "0-3, 7, 5-6"
    assert read_indices(show_indices((4, 9, 10))) == (4, 9, 10)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no list"),
        ("1,", "no list"),
        ("3-1", "no list"),
        ("0-9999999", "no list"),
        ("0-3,2", "names 2 twice"),
    ],
)
def test_what_is_no_list_of_indices_is_told(text, words):
    with pytest.raises(PlanError, match=words):
        read_indices(text)


LINES = Spec("words", tuple[int, ...], "", (), None, None, "")


def test_lines_are_read_singly_and_by_ranges():
    assert read("0 1 5", LINES) == (0, 1, 5)
    assert read("(0, 2-4, 7)", LINES) == (0, 2, 3, 4, 7)
    assert read("-1 3", LINES) == (-1, 3)


@pytest.mark.parametrize("text", ["0-", "3-1", "0-x", "2.5", "0-999999999"])
def test_what_is_no_range_is_told_with_an_example(text):
    with pytest.raises(PlanError, match="nor a range such as 0-7"):
        read(text, LINES)


def test_whole_numbers_keep_all_their_digits():
    assert write(12345678, "1") == "12345678"


def test_cells_are_shown_as_they_are_read():
    cells = [Cell(4, bit) for bit in (0, 1, 2, 7)] + [Cell(3, 5)]
    assert show_cells(cells) == "3,5 4,0-2 4,7"
    assert set(read_cells(show_cells(cells))) == set(cells)


def test_a_plan_survives_the_way_through_texts():
    plan = Plan(
        cells=(Cell(3, 5), Cell(4, 0)), images=("a cat.png", "b.png"), trims=(0.1, 1 / 3), width=0.123456789
    )
    texts = {spec.name: write(getattr(plan, spec.name), spec.unit) for spec in specs(Plan)}
    assert texts["images"] == "a cat.png; b.png"
    assert make(Plan, texts) == plan


@pytest.mark.parametrize(
    ("value", "unit", "text"), [(1e-4, "S", "100 uS"), (0.05, "1", "0.05"), (True, "", "yes")]
)
def test_values_are_written_short_where_nothing_is_lost(value, unit, text):
    assert write(value, unit) == text


def test_a_value_that_short_text_would_change_is_written_whole():
    assert read_number(write(1.23456789e-4, "S"), "S") == 1.23456789e-4


def test_a_value_out_of_range_is_told_with_the_range():
    width = next(spec for spec in specs(Plan) if spec.name == "width")
    assert read("2m", width) == pytest.approx(2e-3)
    with pytest.raises(PlanError, match="2 s is out of range, allowed 100 us to 1 s"):
        read("2", width)
