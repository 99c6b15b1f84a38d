"""The window as a program of its own, which writes down where its parts are: `python -m ... BENCH FOLDER`."""

import json
import sys
from pathlib import Path

from qtpy.QtCore import QPoint, QTimer
from qtpy.QtWidgets import QApplication, QFileDialog, QWidget

from labctl.gui.app import make_application, run, start
from labctl.gui.main_window import MainWindow
from labctl.gui.settings import Settings
from labctl.gui.theme import Choice, Theme


def place(widget: QWidget) -> list[int]:
    """Left, top, right and bottom on the screen, in its own pixels; nothing of it seen: an empty list."""
    if not widget.isVisible():
        return []
    scale = widget.devicePixelRatioF()
    corner = widget.mapToGlobal(QPoint(0, 0))
    ends = corner + QPoint(widget.width(), widget.height())
    return [round(each * scale) for each in (corner.x(), corner.y(), ends.x(), ends.y())]


def main(bench: str, folder: Path) -> None:
    """Show the window until it is told to go."""
    application = make_application()
    window = MainWindow(Theme(application, Choice.LIGHT), Settings(folder), folder, str(folder / "runs"))
    stops: list[bool] = []
    window.top.stop_asked.connect(lambda: stops.append(True))
    ended: list[object] = []
    window.session.ended.connect(ended.append)
    window.show()
    start(window, bench)

    def go() -> None:
        timer.stop()
        engine = window.session.link.process
        window.session.close_bench()
        if engine is not None:
            engine.wait(30.0)
        application.quit()

    def tell() -> None:
        if (folder / "go").exists():
            go()
            return
        model = window.queue.model
        told = {
            "now": window.session.now,
            "items": model.rowCount(),
            "popup": QApplication.activePopupWidget() is not None,
            "dialog": any(each.isVisible() for each in window.findChildren(QFileDialog)),
            "stops": len(stops),
            "ended": len(ended),
            "active": window.isActiveWindow(),
            "ready": window.form.form is not None,
            "screen": place(window)[2:],
            "stop": place(window.top.stop),
            "bench": place(window.top.chooser),
            "read": place(window.array.actions_bar.buttons["Read"]),
            "map": place(window.array.map),
            "enabled": window.array.actions_bar.buttons["Read"].isEnabled(),
        }
        fresh = folder / "told.new"
        fresh.write_text(json.dumps(told), encoding="utf-8")
        fresh.replace(folder / "told.json")

    timer = QTimer(window)
    timer.timeout.connect(tell)
    timer.start(50)
    sys.exit(run(application, window))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
