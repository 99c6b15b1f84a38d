"""Reports of runs, written by a process of their own and opened in the browser."""

from __future__ import annotations

import sys
from pathlib import Path

from qtpy.QtCore import QObject, QProcess, QUrl, Signal
from qtpy.QtGui import QDesktopServices


class Reports(QObject):
    """told: level, sentence, details."""

    told = Signal(str, str, str)
    written = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        """Nothing to write yet."""
        super().__init__(parent)
        self._writing: dict[str, QProcess] = {}
        self.written.connect(_open)

    def write(self, folder: str) -> None:
        """Write the report of the run in `folder` anew and open it."""
        if folder in self._writing:
            return
        process = QProcess(self)
        process.setProcessChannelMode(QProcess.ProcessChannelMode.MergedChannels)
        process.finished.connect(lambda code, _status: self._finished(folder, code))
        self._writing[folder] = process
        self.told.emit("info", f"The report of {Path(folder).name} is being written.", "")
        process.start(sys.executable, ["-m", "labctl", "report", folder])

    def _finished(self, folder: str, code: int) -> None:
        process = self._writing.pop(folder)
        said = process.readAll().data().decode("utf-8", errors="replace").strip()
        process.deleteLater()
        path = Path(folder) / "report.html"
        if code == 0 and path.is_file():
            self.told.emit("info", f"The report is {path}", "")
            self.written.emit(str(path))
        else:
            self.told.emit(
                "error", said.removeprefix("labctl: ").partition("\n")[0] or "No report was written.", said
            )


def _open(path: str) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(path))
