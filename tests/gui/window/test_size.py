"""What is on the screen when the screen is small."""

import pytest
from qtpy.QtCore import QPoint, QRect


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (960, 500)])
def test_stop_is_in_the_window_on_a_small_screen(open_desk, width, height):
    """960 x 540 logical pixels are a screen of 1920 x 1080 at scale 2; a title bar takes some of them."""
    window = open_desk.window
    for number in range(6):
        window.tell("error", f"Something long went wrong with instrument number {number}. " * 6, "details")
    window.resize(width, height)
    open_desk.until(lambda: (window.width(), window.height()) == (width, height))
    hint = window.minimumSizeHint()
    assert hint.width() <= width
    assert hint.height() <= height
    stop = window.top.stop
    assert stop.isVisible()
    place = QRect(stop.mapTo(window, QPoint(0, 0)), stop.size())
    assert window.rect().contains(place)
    assert stop.visibleRegion().boundingRect() == stop.rect()
