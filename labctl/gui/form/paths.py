"""The small button beside a path, which looks for the file without ever blocking the window."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtWidgets import QFileDialog, QLineEdit, QToolButton, QWidget

SEPARATOR = "; "
"""Between several paths in one field."""


class PathButton(QToolButton):
    """Opens a file dialog beside the window; what is chosen there goes into a line."""

    def __init__(self, line: QLineEdit, name: str, *, many: bool, parent: QWidget | None = None) -> None:
        """name: what is looked for. many: whether several files may be chosen."""
        super().__init__(parent)
        self._line, self._name, self._many = line, name, many
        self._dialog: QFileDialog | None = None
        self.setText("...")
        self.setToolTip(f"Look for {'files' if many else 'a file'}")
        self.setAccessibleName(f"{name}: look for {'files' if many else 'a file'}")
        self.clicked.connect(self._look)

    def _look(self) -> None:
        if self._dialog is None:
            # Qt's own dialog: the system's would stand before the window until it is answered
            dialog = QFileDialog(self, f"{self._name}: choose {'files' if self._many else 'a file'}")
            dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
            dialog.setFileMode(
                QFileDialog.FileMode.ExistingFiles if self._many else QFileDialog.FileMode.ExistingFile
            )
            dialog.setModal(False)
            dialog.filesSelected.connect(self._take)
            self._dialog = dialog
        folder = Path(self._line.text().split(SEPARATOR.strip())[0].strip() or ".").parent
        if folder.is_dir():
            self._dialog.setDirectory(str(folder.resolve()))
        self._dialog.show()
        self._dialog.raise_()

    def _take(self, chosen: list[str]) -> None:
        self._line.setText(SEPARATOR.join(str(Path(each)) for each in chosen))
        self._line.setFocus()
