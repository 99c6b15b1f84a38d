"""Amplitudes follow what the last pulse did, within their steps."""

from math import log

import pytest

from procedures.staircase import Staircase


@pytest.fixture
def stairs():
    return Staircase(start=0.5, step=0.05, most=0.62, slope=0.04)


def test_it_starts_at_the_start_and_rises_by_a_step_while_nothing_happens(stairs):
    found = [stairs.next(1.0)]
    for _ in range(3):
        stairs.answered(0.0)
        found.append(stairs.next(1.0))
    assert found == pytest.approx([0.5, 0.55, 0.6, 0.62])


def test_it_gives_up_once_the_highest_did_nothing(stairs):
    stairs.next(1.0)
    for _ in range(3):
        stairs.answered(0.0)
        stairs.next(1.0)
    stairs.answered(0.2)
    assert stairs.next(1.0) == 0.62, "while it helps, the highest is repeated"
    stairs.answered(0.0)
    assert stairs.next(1.0) is None


def test_an_amplitude_moves_by_slope_times_log_of_wanted_over_answer(stairs):
    stairs.next(1.0)
    stairs.answered(0.5)
    assert stairs.next(1.0) == pytest.approx(0.5 + 0.04 * log(2))
    stairs.answered(1.0)
    assert stairs.next(0.5) == pytest.approx(0.5)


def test_it_falls_by_four_steps_at_most_and_never_below_half_its_start(stairs):
    stairs.next(1.0)
    found = []
    for _ in range(3):
        stairs.answered(1e3)
        found.append(stairs.next(0.1))
    assert found == pytest.approx([0.3, 0.25, 0.25])


def test_the_rising_step_halves_after_an_answer_that_was_much_too_strong(stairs):
    stairs.next(0.2)
    stairs.answered(2.0)
    low = stairs.next(0.2)
    assert low == pytest.approx(0.5 - 0.04 * log(10))
    stairs.answered(0.0)
    assert stairs.next(0.2) == pytest.approx(low + 0.025)
    stairs.answered(0.0)
    assert stairs.next(0.2) == pytest.approx(low + 0.075), "and grows again where that was in vain"
