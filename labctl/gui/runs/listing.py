"""Reading a list of runs beside the window: a folder of thousands must not hold it up."""

from __future__ import annotations

import threading
from pathlib import Path

from qtpy.QtCore import QObject, Signal

from labctl.core.errors import RecordError
from labctl.gui.runs.listed import DAMAGED, KILLED, RUNNING, Listed
from labctl.record.catalogue import Summary, list_runs
from labctl.record.hdf5 import is_being_written


class Lister(QObject):
    """One reading at a time; when a newer one is asked for, what the older one finds is dropped.

    found: the runs, newest first. failed: why there is no list, a sentence. Both in the thread of the window.
    """

    found = Signal(list)
    failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        """Idle."""
        super().__init__(parent)
        self._reading: _Reading | None = None

    @property
    def is_reading(self) -> bool:
        """Whether a list is on its way."""
        return self._reading is not None

    def read(self, out: Path) -> None:
        """Read the runs in `out`; one signal will follow, unless another `read` or `cancel` does."""
        self.cancel()
        self._reading = reading = _Reading(out)
        reading.done.connect(self._take)
        threading.Thread(target=reading.run, daemon=True, name="list of runs").start()

    def cancel(self) -> None:
        """Do not wait for the list any more."""
        if self._reading is not None:
            self._reading.cancelled.set()
        self._reading = None

    def _take(self, reading: _Reading) -> None:
        if reading is not self._reading:
            return
        self._reading = None
        if reading.trouble:
            self.failed.emit(reading.trouble)
        else:
            self.found.emit(reading.runs)


class _Reading(QObject):
    """One list; belongs to the thread that reads it and, by Python's count of references, to nobody else."""

    done = Signal(object)

    def __init__(self, out: Path) -> None:
        super().__init__()
        self._out = out
        self.cancelled = threading.Event()
        self.runs: list[Listed] = []
        self.trouble = ""

    def run(self) -> None:
        """In a thread of its own."""
        try:
            for summary in reversed(list_runs(self._out)):
                if self.cancelled.is_set():
                    return
                run = Listed(summary, _outcome(summary))
                _ = run.told  # worked out here, not in the thread of the window
                self.runs.append(run)
        except RecordError as error:
            self.trouble = str(error)
        except (OSError, ValueError, KeyError, TypeError) as error:  # somebody's journal, changed by hand
            self.trouble = f"The runs in {self._out} cannot be listed ({error})."
        if not self.cancelled.is_set():
            self.done.emit(self)


def _outcome(summary: Summary) -> str:
    if summary.is_damaged:
        return DAMAGED
    if summary.outcome is not None:
        return summary.outcome.value
    return RUNNING if is_being_written(summary.folder) else KILLED
