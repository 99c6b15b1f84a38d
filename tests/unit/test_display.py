"""What the window needs is looked for before Qt is asked."""

import sys

import pytest

from labctl.gui import display

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="what Qt needs on Linux")


def test_one_line_installs_every_library_that_is_missing(monkeypatch):
    lacks = {"libxcb-icccm.so.4", "libxkbcommon-x11.so.0", "libxcb-xinerama.so.0"}
    monkeypatch.setattr(display, "_loads", lambda name: name not in lacks)
    told = display.trouble({"DISPLAY": ":0"})
    assert told.endswith("sudo apt-get install libxcb-icccm4 libxcb-xinerama0 libxkbcommon-x11-0")
    assert "\n" not in told
    assert all(name in told for name in lacks)


def test_the_plug_in_for_x_is_not_asked_for_without_x(monkeypatch):
    monkeypatch.setattr(display, "_loads", lambda name: "xcb" not in name)
    assert display.trouble({"QT_QPA_PLATFORM": "offscreen"}) == ""


def test_no_screen_and_a_screen_that_does_not_answer_are_told(monkeypatch):
    monkeypatch.setattr(display, "_loads", lambda name: True)
    assert "DISPLAY is not set" in display.trouble({})
    monkeypatch.setattr(display, "_answers", lambda name: False)
    assert "':77' (DISPLAY) does not answer" in display.trouble({"DISPLAY": ":77"})


def test_the_command_tells_it_and_qt_is_never_loaded(monkeypatch, capsys):
    from labctl.cli import main

    monkeypatch.setattr(display, "trouble", lambda: "No screen here.")
    monkeypatch.setattr("sys.argv", ["labctl", "gui"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "No screen here." in capsys.readouterr().err
