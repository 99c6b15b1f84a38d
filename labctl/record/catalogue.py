"""Run folders: how they are named, made, refused and listed."""

from __future__ import annotations

import glob
import re
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from labctl.core.errors import RecordError
from labctl.core.moments import instant
from labctl.record.journal import FILE_NAME as JOURNAL
from labctl.record.journal import first_line, last_line
from labctl.record.outcome import Outcome

BENCH_COPY = "bench.toml"
TRACEBACK = "traceback.txt"
USUAL_OUT = "runs"
"""Where runs go unless somebody says otherwise."""
STAMP, STAMP_LENGTH = "%Y-%m-%dT%H-%M-%S", 19
"""How the name of a run folder begins: local time."""
LEAST_FREE = 100_000_000
"""Bytes that must be free before a run begins."""


def run_uuid() -> str:
    """A name for a run that no other run has."""
    return str(uuid.uuid4())


@contextmanager
def new_run_folder(out: Path, name: str) -> Iterator[Path]:
    """Make `OUT/2026-11-23T19-45-02_NAME_xxxx` for a run; it vanishes again if the run never began.

    Raises RecordError when it cannot be made or the disk is nearly full. Nothing has moved yet.
    """
    stamp = datetime.now().astimezone().strftime(STAMP)
    folder = out / f"{stamp}_{name}_{uuid.uuid4().hex[:4]}"
    made = _missing_parents(folder)
    try:
        folder.mkdir(parents=True)
        (folder / BENCH_COPY).touch()
    except OSError as error:
        _remove(made)
        raise RecordError(
            f"The run folder {folder} cannot be made ({error.strerror}): choose another folder with --out."
        ) from error
    try:
        free = shutil.disk_usage(folder).free
        if free < LEAST_FREE:
            raise RecordError(
                f"Only {free / 1e6:.0f} MB are free in {out}, a run wants {LEAST_FREE / 1e6:.0f} MB: "
                "free some disk space or choose another folder with --out."
            )
        yield folder
    finally:
        if not (folder / JOURNAL).exists():
            shutil.rmtree(folder, ignore_errors=True)
            _remove(made)


def _missing_parents(folder: Path) -> list[Path]:
    """The folders that must be made above `folder`, innermost first."""
    return [parent for parent in folder.parents if not parent.exists()]


def _remove(folders: list[Path]) -> None:
    for folder in folders:
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


@dataclass(frozen=True)
class Summary:
    """One run in a list; `outcome` None: killed, or running still.

    seconds:    s it took, by the bench's clock; None while it has no end.
    is_damaged: its journal cannot be read at one of its ends; nothing is known of it but its folder.
    """

    folder: Path
    procedure: str
    bench: str
    started: str
    simulated: bool
    outcome: Outcome | None
    verdict: str
    seconds: float | None
    is_damaged: bool = False


def list_runs(out: Path) -> list[Summary]:
    """Every run in `out`, oldest first, read from the two ends of each journal.

    Raises RecordError when there is no such folder.
    """
    if not out.is_dir():
        raise RecordError(f"There is no folder {out}.")
    found = [summary for journal in out.glob(f"*/{JOURNAL}") if (summary := _summary(journal))]
    return sorted(found, key=lambda summary: (instant(summary.started), summary.folder.name))


def _summary(journal: Path) -> Summary | None:
    try:
        start, end = first_line(journal), last_line(journal)
        return _summed(journal.parent, start, end) if start.get("line") == "start" else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):  # changed by hand, or a broken disk
        return Summary(
            folder=journal.parent,
            procedure="",
            bench="",
            started=_stamped(journal.parent),
            simulated=False,
            outcome=None,
            verdict="its journal cannot be read",
            seconds=None,
            is_damaged=True,
        )


def _stamped(folder: Path) -> str:
    """When a run began, by the name of its folder; empty where that does not say it."""
    try:
        return datetime.strptime(folder.name[:STAMP_LENGTH], STAMP).astimezone().isoformat()
    except ValueError:
        return ""


def _summed(folder: Path, start: Mapping[str, Any], end: Mapping[str, Any]) -> Summary:
    is_ended = end.get("line") == "end"
    return Summary(
        folder=folder,
        procedure=start["procedure"],
        bench=start["bench"]["name"],
        started=start["started"],
        simulated=start["simulated"],
        outcome=Outcome(end["outcome"]) if is_ended else None,
        verdict=end["verdict"] if is_ended else "",
        seconds=end["bench_seconds"] if is_ended else None,
    )


def find_run(named: str, out: Path | None = None) -> Path:
    """A run folder by its path, or by any part of its name that only one run in `out` has.

    Without `out` the run is looked for where the path points to, and a bare name in `runs` as well.

    Raises RecordError naming the candidates otherwise.
    """
    path = Path(named)
    if path.is_dir():
        return path
    wanted = re.sub(r".*[\\/]", "", named)
    places = [out or path.parent] + ([Path(USUAL_OUT)] if out is None and wanted == named else [])
    matching = [
        each
        for place in places
        for each in place.glob(f"*{glob.escape(wanted)}*")
        if wanted and (each / JOURNAL).exists()
    ]
    if len(matching) == 1:
        return matching[0]
    if not matching:
        raise RecordError(
            f"There is no run {named}: give its folder, `labctl list {places[-1]}` shows those in {places[-1]}."
        )
    raise RecordError(f"'{named}' could be any of {', '.join(sorted(each.name for each in matching))}.")
