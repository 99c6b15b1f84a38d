"""Starts the window: Qt, colours, the hook that keeps an error from ending the program, then what loads slowly."""

from __future__ import annotations

import logging
import os
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from types import TracebackType

os.environ.setdefault("QT_API", "pyqt5")  # before qtpy chooses one

from qtpy.QtCore import QEvent, QObject, Qt, QTimer, Signal
from qtpy.QtWidgets import QApplication, QWidget

from labctl.core.errors import LabError
from labctl.gui.log_panel import LogHandler
from labctl.gui.main_window import MainWindow
from labctl.gui.settings import Settings, config_folder
from labctl.gui.theme import Theme


class Loader(QObject):
    """Loads the procedures, which bring numba and scipy, behind the first frame."""

    loaded = Signal(object)
    failed = Signal(str)

    def load(self) -> None:
        """In a thread of its own; one of the signals follows."""
        threading.Thread(target=self._load, daemon=True, name="procedures").start()

    def _load(self) -> None:
        from labctl.catalogue import procedures

        try:
            found: Mapping[str, type] = procedures()
        except LabError as error:
            self.failed.emit(str(error))
            return
        self.loaded.emit(found)


def main(bench: str = "", out: str = "") -> int:
    """Open the window, with a bench if one is named; the program's exit code when it is closed."""
    application = make_application()
    config = config_folder()
    settings = Settings(config)
    window = MainWindow(Theme(application, settings.theme), settings, config, out)
    Catcher(window).install(window.tell)
    logging.captureWarnings(True)
    handler = LogHandler(window.log)
    logging.getLogger().addHandler(handler)
    window.show()
    start(window, bench)
    code = run(application, window)
    logging.getLogger().removeHandler(handler)
    sys.excepthook, threading.excepthook = sys.__excepthook__, lambda _told: None  # nobody is left to be told
    return code


def run(application: QApplication, window: QWidget) -> int:
    """Serve `window` until it is closed, then destroy it; the exit code.

    Python would destroy both in the order in which names are forgotten. A window that outlives its application ends
    the program with a segmentation fault now and then.
    """
    code = int(application.exec_())
    window.deleteLater()
    application.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    application.processEvents()
    return code


def make_application() -> QApplication:
    """The Qt application, ready for high resolutions; the one that is there already, in tests."""
    for attribute in ("AA_EnableHighDpiScaling", "AA_UseHighDpiPixmaps"):  # Qt 6 has them always on
        if QApplication.instance() is None and hasattr(Qt.ApplicationAttribute, attribute):
            QApplication.setAttribute(getattr(Qt.ApplicationAttribute, attribute))
    application = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(application, QApplication)
    application.setApplicationName("labctl")
    return application


def start(window: MainWindow, bench: str) -> None:
    """Once the first frame is there, load the procedures, open the bench and find the engines that are at work."""
    loader = Loader(window)
    loader.loaded.connect(window.set_procedures)
    loader.failed.connect(lambda sentence: window.tell("error", sentence, ""))

    def behind_the_first_frame() -> None:
        loader.load()
        if bench:
            window.open_bench(bench)
        window.session.others.look()

    QTimer.singleShot(0, behind_the_first_frame)


class Catcher(QObject):
    """An error in a slot would end a PyQt5 program at once, with outputs left on: it becomes a notice instead."""

    caught = Signal(str, str)

    def install(self, tell: Callable[[str, str, str], None]) -> None:
        """Hand every error that nobody caught, of any thread, to `tell` (level, sentence, details)."""
        self.caught.connect(lambda sentence, details: tell("error", sentence, details))
        sys.excepthook = self._catch
        threading.excepthook = lambda told: self._catch(told.exc_type, told.exc_value, told.exc_traceback)

    def _catch(
        self, kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            QApplication.quit()
            return
        details = "".join(traceback.format_exception(kind, error, trace))
        known = isinstance(error, LabError)
        sentence = str(error) if known else f"The window met an error ({kind.__name__}: {error})."
        self.caught.emit(f"{sentence} The run and the bench go on unaffected.", details)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
