"""Run folders among files that were dropped on the window."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtCore import QMimeData

from labctl.record.hdf5 import FILE_NAME, PART_NAME
from labctl.record.journal import FILE_NAME as JOURNAL

_FILES = (JOURNAL, FILE_NAME, PART_NAME)


def run_folders(dropped: QMimeData | None) -> list[str]:
    """Each run folder that was dropped, or of which a file was: its journal or run.h5. Empty when there is none."""
    if dropped is None or not dropped.hasUrls():
        return []
    paths = [Path(url.toLocalFile()) for url in dropped.urls() if url.isLocalFile()]
    folders = [path.parent if path.name in _FILES and path.is_file() else path for path in paths]
    runs = [folder for folder in folders if any((folder / name).is_file() for name in _FILES)]
    return list(dict.fromkeys(str(folder) for folder in runs))
