"""The system libraries that some tests need, what of them is missing, and the packages that bring them."""

import ctypes
import importlib
import shutil
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class Library:
    """What it serves, the Debian packages that bring it, the folder whose tests cannot even be read without it."""

    what: str
    packages: str
    folder: str = ""


LIBRARIES = {
    "qt": Library(
        "Qt, for the window",
        "libgl1 libglib2.0-0 libfontconfig1 libfreetype6 libx11-6 libxext6 libdbus-1-3 fonts-dejavu-core",
        "gui",
    ),
    "x11": Library(
        "a screen with a window manager, for the window under a real pointer and keyboard",
        "xvfb xdotool openbox libx11-xcb1 libxcb1 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0"
        " libxcb-render0 libxcb-render-util0 libxcb-shape0 libxcb-shm0 libxcb-sync1 libxcb-xfixes0 libxcb-xinerama0"
        " libxcb-xkb1 libxkbcommon0 libxkbcommon-x11-0",
    ),
    "ngspice": Library("ngspice, for the network solver against a circuit simulator", "ngspice"),
}


@cache
def missing(name: str) -> str:
    """Why the library cannot be used, in a few words; empty when it can."""
    if name == "x11":
        return _x11()
    return _qt() if name == "qt" else _program(name)


def _x11() -> str:
    """Programs of a screen, and the libraries of Qt's plug-in for it."""
    if sys.platform != "linux":
        return ""
    lacks = [program for program in ("Xvfb", "xdotool", "openbox") if _program(program)]
    from labctl.gui.display import (  # not for .ci/run, which only wants the names
        X_LIBRARIES,
        missing_libraries,
    )

    lacks += missing_libraries(X_LIBRARIES)
    return f"missing {', '.join(lacks)}" if lacks else ""


def _program(name: str) -> str:
    return "" if shutil.which(name) else f"no program '{name}' on the path"


def _qt() -> str:
    """Load Qt and the plug-in that draws offscreen; the error names the first system library that is missing."""
    try:
        qt = importlib.import_module("PyQt5.QtGui")
        if sys.platform == "linux":
            plugins = Path(str(qt.__file__)).parent / "Qt5" / "plugins" / "platforms"
            ctypes.CDLL(str(plugins / "libqoffscreen.so"))
    except (ImportError, OSError) as error:
        return str(error)
    return ""


def main() -> None:
    """Print the Debian packages of all system libraries, for .ci/run."""
    print(" ".join(library.packages for library in LIBRARIES.values()))


if __name__ == "__main__":
    main()
