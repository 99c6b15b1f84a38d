"""The engines of this user that the window is not connected to: found when it starts, stopped by its STOP."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from qtpy.QtCore import QObject, Signal

from labctl.core.errors import LabError
from labctl.run.client import EngineClient
from labctl.run.mailbox import Hears
from labctl.run.switchboard import note_paths

PATIENCE = 12.0
"""s that all engines together may take to answer."""
AT_WORK = frozenset({"starting", "running", "paused", "ending"})


@dataclass(frozen=True)
class FoundEngine:
    """One that answered: its note, its bench (name or path) and how it stands, see `Message` "state"."""

    note: Path
    bench: str
    state: str
    procedure: str

    @property
    def is_at_work(self) -> bool:
        """Whether a run is under way."""
        return self.state in AT_WORK

    def __str__(self) -> str:
        """`virtual_56x8: forming is running`."""
        words = f"{self.procedure or 'a run'} is {self.state}" if self.is_at_work else self.state
        return f"{self.bench}: {words}"


class OtherEngines(QObject):
    """Asks every engine in a thread of its own, so that one which hangs holds up neither the window nor the others.

    found: those that answer, those at work first. stopped: an engine was told to stop. not_stopped: a sentence why not.
    none: there was no engine to be stopped.
    """

    found = Signal(list)
    stopped = Signal(str)
    not_stopped = Signal(str)
    none = Signal()

    def look(self) -> None:
        """Find the engines; `found` follows within the patience of a client."""
        threading.Thread(target=self._look, daemon=True, name="look for engines").start()

    def stop(self, reason: str, but: Path | None = None) -> None:
        """Emergency stop of every engine except that of the note `but`; signals follow, `none` when there was none."""
        threading.Thread(target=self._stop, args=(reason, but), daemon=True, name="stop engines").start()

    def _look(self) -> None:
        found: list[FoundEngine] = []

        def ask(note: Path) -> None:
            with EngineClient(note=note, hears=Hears.NOTHING) as client:
                state = client.command("state")
                found.append(
                    FoundEngine(note, client.bench, str(state["state"]), str(state.get("procedure", "")))
                )

        _each(note_paths(), ask, lambda _note, _sentence: None)
        found.sort(key=lambda engine: (not engine.is_at_work, engine.bench))
        self.found.emit(found)

    def _stop(self, reason: str, but: Path | None) -> None:
        reached: list[Path] = []

        def order(note: Path) -> None:
            with EngineClient(note=note, hears=Hears.NOTHING) as client:
                reached.append(note)
                client.command("emergency", reason=reason)
                self.stopped.emit(client.bench)

        def tell(note: Path, sentence: str) -> None:
            if note in reached:
                self.not_stopped.emit(sentence)

        _each([note for note in note_paths() if note != but], order, tell)
        if not reached:
            self.none.emit()


def _each(notes: list[Path], do: Callable[[Path], None], failed: Callable[[Path, str], None]) -> None:
    """Do it for all notes at once and wait; a note whose engine is gone is passed over."""

    def work(note: Path) -> None:
        try:
            do(note)
        except LabError as error:
            failed(note, str(error))

    threads = [threading.Thread(target=work, args=(note,), daemon=True) for note in notes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
