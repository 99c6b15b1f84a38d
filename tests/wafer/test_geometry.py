"""Where dies lie: axis directions, reference die, edge exclusion; turning the picture renames no die."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from labctl.wafer.geometry import Die, Place, WaferGeometry

WAFER = WaferGeometry(diameter=100e-3, die_size=(8e-3, 10e-3), edge_exclusion=3e-3)
SIGNS = st.sampled_from((1, -1))
OFFSETS = st.floats(-30e-3, 30e-3)


@st.composite
def wafers(draw: st.DrawFn) -> WaferGeometry:
    return WaferGeometry(
        diameter=draw(st.floats(50e-3, 300e-3)),
        die_size=(draw(st.floats(5e-3, 30e-3)), draw(st.floats(5e-3, 30e-3))),
        notch=draw(st.sampled_from((0.0, 90.0, 180.0, 270.0))),
        x_sign=draw(SIGNS),
        y_sign=draw(SIGNS),
        reference_die=Die(draw(st.integers(-9, 9)), draw(st.integers(-9, 9))),
        reference_offset=(draw(OFFSETS), draw(OFFSETS)),
        edge_exclusion=draw(st.floats(0.0, 10e-3)),
    )


def test_axes_grow_the_way_the_plan_says() -> None:
    assert WAFER.centre(Die(2, -1)) == pytest.approx((16e-3, -10e-3))
    turned_axes = replace(WAFER, x_sign=-1, y_sign=-1)
    assert turned_axes.centre(Die(2, -1)) == pytest.approx((-16e-3, 10e-3))


def test_the_reference_die_lies_where_it_was_said_to_lie() -> None:
    moved = replace(WAFER, reference_die=Die(10, 5), reference_offset=(1e-3, -2e-3))
    assert moved.centre(Die(10, 5)) == pytest.approx((1e-3, -2e-3))
    assert moved.centre(Die(9, 5)) == pytest.approx((-7e-3, -2e-3))


def test_a_die_is_inside_at_the_edge_or_outside_by_its_furthest_corner() -> None:
    wafer = WaferGeometry(diameter=100e-3, die_size=(6e-3, 8e-3))
    assert wafer.place(Die(0, 5)) is Place.INSIDE  # corner at 44.1 mm
    assert replace(wafer, edge_exclusion=6e-3).place(Die(0, 5)) is Place.EDGE
    assert wafer.place(Die(0, 6)) is Place.OUTSIDE
    exact = WaferGeometry(diameter=10e-3, die_size=(6e-3, 8e-3))
    assert exact.place(Die(0, 0)) is Place.INSIDE


@settings(max_examples=40, deadline=None)
@given(wafers())
def test_all_dies_are_those_whose_corners_all_lie_inside(wafer: WaferGeometry) -> None:
    found = set(wafer.all_dies())
    assert len(found) == len(wafer.all_dies())
    x, y = np.meshgrid(np.arange(-70, 71), np.arange(-70, 71))
    cx = wafer.reference_offset[0] + wafer.x_sign * x * wafer.die_size[0]
    cy = wafer.reference_offset[1] + wafer.y_sign * y * wafer.die_size[1]
    corners = [
        np.hypot(cx + sx * wafer.die_size[0] / 2, cy + sy * wafer.die_size[1] / 2)
        for sx in (1, -1)
        for sy in (1, -1)
    ]
    room = wafer.diameter / 2 - wafer.edge_exclusion - np.max(corners, axis=0)
    reference = wafer.reference_die

    def where(chosen: NDArray[np.bool_]) -> set[Die]:
        places = zip(x[chosen].tolist(), y[chosen].tolist(), strict=True)
        return {Die(a + reference.x, b + reference.y) for a, b in places}

    assert where(room > 2e-9) <= found <= where(room > -2e-9)


def test_dies_come_in_drawn_rows_from_the_upper_left() -> None:
    for x_sign in (1, -1):
        for y_sign in (1, -1):
            wafer = replace(WAFER, x_sign=x_sign, y_sign=y_sign)
            places = [wafer.centre(die) for die in wafer.all_dies()]
            assert places == sorted(places, key=lambda place: (-round(place[1], 9), place[0]))


@settings(max_examples=40, deadline=None)
@given(wafers(), st.sampled_from((0, 90, 180, 270, -90, 450)))
def test_turning_the_picture_moves_places_and_notch_and_renames_no_die(
    wafer: WaferGeometry, degrees: int
) -> None:
    view = wafer.turned(degrees)
    assert view.geometry.all_dies() == wafer.all_dies()
    assert (view.notch - wafer.notch - degrees) % 360 == 0
    for die in wafer.all_dies()[:20]:
        x, y = wafer.centre(die)
        back = view.centre(die)
        for _ in range(-degrees // 90 % 4):
            back = -back[1], back[0]
        assert back == pytest.approx((x, y))
        assert wafer.centre(die) == (x, y)


def test_only_right_angles_keep_a_grid() -> None:
    with pytest.raises(ValueError, match="multiples of 90 degrees"):
        WAFER.turned(45)


def test_a_die_reads_as_people_write_it() -> None:
    assert str(Die(3, -2)) == "(3, -2)"
