"""Which dies are tested and in which order."""

from __future__ import annotations

from itertools import pairwise

import pytest

from labctl.wafer.geometry import Die, WaferGeometry
from labctl.wafer.path import chosen, ordered
from labctl.wafer.planmodel import Corner, PathKind, Rule, Selection

WAFER = WaferGeometry(diameter=100e-3, die_size=(20e-3, 20e-3))
GRID = [Die(x, y) for y in range(3) for x in range(3)]


def path(kind: PathKind, start: Corner, wafer: WaferGeometry = WAFER) -> list[tuple[int, int]]:
    return [tuple(die) for die in ordered(wafer, GRID, kind, start)]


def test_serpentine_turns_at_each_end() -> None:
    assert path(PathKind.SERPENTINE, Corner.UPPER_LEFT) == [
        (0, 2), (1, 2), (2, 2), (2, 1), (1, 1), (0, 1), (0, 0), (1, 0), (2, 0),
    ]  # fmt: skip


def test_rows_all_run_the_same_way() -> None:
    assert path(PathKind.ROWS, Corner.LOWER_RIGHT) == [
        (2, 0), (1, 0), (0, 0), (2, 1), (1, 1), (0, 1), (2, 2), (1, 2), (0, 2),
    ]  # fmt: skip


@pytest.mark.parametrize("start", Corner)
@pytest.mark.parametrize("kind", PathKind)
def test_the_corner_is_that_of_the_drawn_map_whatever_the_axes(start: Corner, kind: PathKind) -> None:
    for x_sign in (1, -1):
        for y_sign in (1, -1):
            wafer = WaferGeometry(diameter=100e-3, die_size=(10e-3, 10e-3), x_sign=x_sign, y_sign=y_sign)
            places = [wafer.centre(die) for die in ordered(wafer, GRID, kind, start)]
            xs, ys = [x for x, _ in places], [y for _, y in places]
            assert places[0] == (
                (min if "left" in start.value else max)(xs),
                (max if "upper" in start.value else min)(ys),
            )


def test_a_serpentine_never_goes_further_than_one_die_within_a_full_grid() -> None:
    dies = ordered(WAFER, GRID)
    steps = [abs(a.x - b.x) + abs(a.y - b.y) for a, b in pairwise(dies)]
    assert set(steps) == {1}


def test_the_rule_selects_and_hands_add_and_skip() -> None:
    everything = chosen(WAFER, Selection())
    assert set(everything) == set(WAFER.all_dies())
    assert chosen(WAFER, Selection(select=Rule(step=2))) == everything[::2]
    near = chosen(WAFER, Selection(select=Rule(radius=20e-3)))
    assert set(near) == {Die(0, 0), Die(1, 0), Die(-1, 0), Die(0, 1), Die(0, -1)}
    by_hand = chosen(WAFER, Selection(select=Rule(radius=20e-3), add=(Die(1, 1),), skip=(Die(0, 0),)))
    assert set(by_hand) == {Die(1, 1), Die(1, 0), Die(-1, 0), Die(0, 1), Die(0, -1)}
    assert chosen(WAFER, Selection(only=(Die(1, 0), Die(-1, 0)))) == (Die(-1, 0), Die(1, 0))


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("all", Rule()),
        ("every 2nd", Rule(step=2)),
        ("every 10th", Rule(step=10)),
        ("within 30 mm", Rule(radius=0.03)),
    ],
)
def test_rules_are_read(text: str, rule: Rule) -> None:
    assert Rule.read(text) == rule


@pytest.mark.parametrize("text", ["some", "every 0th", "every", "within", "within 3 V", 2])
def test_what_is_no_rule_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match=r"is no rule|is in V"):
        Rule.read(text)
