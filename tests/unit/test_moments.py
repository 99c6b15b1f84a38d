"""Times that were written in several places, and before and after a change of the clock."""

import time

import pytest

from labctl.core.moments import in_words, instant

needs_zone = pytest.mark.skipif(
    not hasattr(time, "tzset"), reason="the time zone of a process cannot be set here"
)


@pytest.fixture
def zone(monkeypatch):
    def set_to(name):
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield set_to
    monkeypatch.undo()
    time.tzset()


def test_times_come_in_their_order_across_a_change_of_the_clock_and_a_journey():
    before = "2026-10-25T02:50:00.000+02:00"
    after = "2026-10-25T02:10:00.000+01:00"
    in_tokyo = "2026-10-25T09:55:00.000+09:00"
    assert sorted([after, in_tokyo, before], key=instant) == [before, in_tokyo, after]
    assert sorted([after, before]) == [after, before], "as texts they do not"
    assert instant("some day") < instant("1971-01-01T00:00:00+00:00")


@needs_zone
def test_a_time_is_shown_as_the_clock_showed_it_with_its_offset_where_that_is_another(zone):
    zone("Europe/Berlin")
    assert in_words("2026-10-25T02:50:00.000+02:00") == "2026-10-25 02:50:00"
    assert in_words("2026-11-23T19:45:02+01:00") == "2026-11-23 19:45:02"
    assert in_words("2026-11-23T19:45:02+09:00") == "2026-11-23 19:45:02 +09:00"
    assert in_words("some day") == "some day"
