"""What Qt needs to open a window on Linux, looked for before Qt does: Qt itself would abort the program."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Mapping

LIBRARIES = {
    "libGL.so.1": "libgl1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libX11.so.6": "libx11-6",
    "libXext.so.6": "libxext6",
    "libdbus-1.so.3": "libdbus-1-3",
}
"""What Qt needs anywhere, and the Debian packages that bring it."""
X_LIBRARIES = {
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxcb.so.1": "libxcb1",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xinerama.so.0": "libxcb-xinerama0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}
"""What its plug-in for X needs besides: each of these that is missing ends the program with Qt's message about xcb."""
INSTALL = "sudo apt-get install"


def packages_for(missing: Mapping[str, str]) -> str:
    """The packages that bring these libraries, each once, in one line."""
    return " ".join(dict.fromkeys(missing.values()))


def missing_libraries(wanted: Mapping[str, str]) -> dict[str, str]:
    """Those of the `wanted` libraries that do not load."""
    return {name: package for name, package in wanted.items() if not _loads(name)}


def trouble(environment: Mapping[str, str] = os.environ) -> str:
    """Why no window can be opened here, as one sentence with what to do; empty when one can, and off Linux."""
    if sys.platform != "linux":
        return ""
    plugin = environment.get("QT_QPA_PLATFORM", "").partition(":")[0].partition(";")[0]
    display = environment.get("DISPLAY", "")
    is_x = plugin == "xcb" or (not plugin and bool(display))
    missing = missing_libraries(LIBRARIES | X_LIBRARIES if is_x else LIBRARIES)
    if missing:
        return (
            f"The window needs system libraries that are missing here ({', '.join(missing)}); on Debian or Ubuntu this "
            f"line installs them: {INSTALL} {packages_for(missing)}"
        )
    if not plugin and not display and not environment.get("WAYLAND_DISPLAY"):
        return (
            "There is no screen to open the window on (DISPLAY is not set): start it in a desktop session, or over the "
            "network with ssh -X; labctl run does without a window."
        )
    if is_x and not _answers(display):
        return (
            f"The screen '{display}' (DISPLAY) does not answer or lets nobody in: start the window in the desktop "
            "session that it is to appear in."
        )
    return ""


def _loads(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def _answers(display: str) -> bool:
    """Whether the X server lets a client in."""
    xcb = ctypes.CDLL("libxcb.so.1")
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connection_has_error.argtypes = [ctypes.c_void_p]
    xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(display.encode(), None)
    fails = bool(xcb.xcb_connection_has_error(connection))
    xcb.xcb_disconnect(connection)
    return not fails
