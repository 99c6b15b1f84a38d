"""Durations, statuses and guesses of the time left, in words."""

import pytest

from labctl.gui.runs.pace import Pace
from labctl.gui.runs.words import in_short, lasted, remaining


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, ""),
        (0.0, "0 s"),
        (4.23, "4.2 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (200.0, "3 min 20 s"),
        (3599.7, "1 h"),
        (7500.0, "2 h 5 min"),
    ],
)
def test_a_duration_is_told_in_seconds_minutes_and_hours(seconds, words):
    assert lasted(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0, "a few seconds"),
        (33.0, "about 35 s"),
        (58.0, "about 1 min"),
        (725.0, "about 12 min"),
        (6000.0, "about 1 h 40 min"),
        (45000.0, "about 12 h"),
        (300000.0, "about 3 days"),
    ],
)
def test_what_is_left_is_told_no_finer_than_a_guess_can_be(seconds, words):
    assert remaining(seconds) == words


def told(pace, *steps, total=100):
    for now, done in steps:
        pace.tell(now, done, total)


def test_time_left_follows_the_work_so_far():
    pace = Pace()
    told(pace, (0.0, 0), (10.0, 20))
    assert pace.left(10.0) == pytest.approx(40.0)
    assert pace.left(10.25) == pytest.approx(39.75)


def test_nothing_is_guessed_before_there_is_something_to_guess_from():
    pace = Pace()
    assert pace.left(0.0) is None
    told(pace, (0.0, 0), (1.0, 50))
    assert pace.left(1.0) is None
    pace = Pace()
    told(pace, (0.0, 0), (10.0, 2))
    assert pace.left(10.0) is None


def test_a_run_that_is_gone_on_with_is_judged_by_its_own_work():
    pace = Pace()
    told(pace, (0.0, 60), (10.0, 70))
    assert pace.left(10.0) == pytest.approx(30.0)


def test_time_in_which_the_run_is_held_does_not_count():
    pace = Pace()
    told(pace, (0.0, 0), (10.0, 20))
    pace.hold(10.0)
    assert pace.left(500.0) == pytest.approx(40.0)
    pace.go_on(1000.0)
    told(pace, (1010.0, 40))
    assert pace.left(1010.0) == pytest.approx(30.0)


def test_a_step_that_takes_long_makes_the_guess_longer():
    pace = Pace()
    told(pace, (0.0, 0), (10.0, 5), total=10)
    assert pace.left(10.0) == pytest.approx(10.0)
    assert pace.left(100.0) > 60.0


def test_a_second_count_begins_anew():
    pace = Pace()
    told(pace, (0.0, 0), (10.0, 100))
    told(pace, (20.0, 0))
    assert pace.left(20.0) is None
    told(pace, (30.0, 50))
    assert pace.left(30.0) == pytest.approx(10.0)


def test_parameters_in_short():
    assert in_short({"word": "3", "target": "100 uS"}) == "word=3  target=100 uS"
    assert in_short({}) == "defaults"
