"""A queue on the screen, a clock that stands until a test moves it, runs on the disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from labctl.benchfile import load_bench
from labctl.core.clock import WallClock
from labctl.gui.runs.queue_panel import QueuePanel
from labctl.record.catalogue import new_run_folder
from labctl.record.provenance import head
from labctl.record.recorder import Recorder


class Clock:
    """Seconds."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def panel(shown, theme, clock) -> QueuePanel:
    made = shown(QueuePanel(theme, clock=clock), height=230)
    made.set_connected(True)
    made.show_state({"state": "idle", "warnings": []})
    return made


def item(number: int, status: str = "waiting", **known: Any) -> dict[str, Any]:
    """An item as the engine sends it."""
    plain: dict[str, Any] = {
        "number": number,
        "procedure": "program_verify",
        "settings": {"word": "3", "bit": "5", "target": "100 uS"},
        "out": "runs",
        "status": status,
        "folder": "",
        "verdict": "",
        "reason": "",
        "started": "",
        "seconds": None,
    }
    return {**plain, **known}


class Forming:
    """A procedure."""


class Reading:
    """Another one."""


def record(out: Path, name: str, outcome: str, verdict: str = "", kind: type = Forming) -> Path:
    """A run folder of a run that ended so; "killed": without an end."""
    with new_run_folder(out, name) as folder:
        known = head(name, kind(), {}, load_bench("virtual_56x8"), {}, 0.0)
        recorder = Recorder(folder, known, WallClock())
        recorder.end({"outcome": "failed" if outcome == "killed" else outcome, "verdict": verdict})
    if outcome == "killed":
        journal = folder / "journal.jsonl"
        lines = journal.read_bytes().splitlines(keepends=True)
        journal.write_bytes(b"".join(lines[:-1]))
    return folder
