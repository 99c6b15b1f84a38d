"""What the lines of a journal add up to: head, rows as columns, pictures, end. Recovers, resumes and follows runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labctl.core.errors import RecordError
from labctl.core.rows import Picture
from labctl.record.columns import BENCH_TIME, WALL_TIME, Column
from labctl.record.hdf5 import FILE_NAME, PART_NAME, RunFile, is_being_written
from labctl.record.journal import FILE_NAME as JOURNAL_NAME
from labctl.record.journal import read_journal
from labctl.record.provenance import now_iso
from labctl.record.seal import unseal
from labctl.record.waiting import Waiting

AT_ONCE = 65536
"""Rows held in memory while an HDF5 file is rebuilt."""


class Replay:
    """The state of a run after the lines that were added so far."""

    def __init__(self) -> None:
        """Before the first line."""
        self.head: dict[str, Any] = {}
        self.end: dict[str, Any] = {}
        self.waiting: dict[str, Waiting] = {}
        self.pictures: dict[str, Picture] = {}
        self.notes: list[str] = []
        self.seams: list[str] = []
        self.times = (0.0, 0.0)

    @property
    def is_empty(self) -> bool:
        """Whether there was no row and no picture."""
        return not self.waiting and not self.pictures

    def add(self, line: Mapping[str, Any]) -> None:
        """One line more; lines of a kind that later versions may write are passed over.

        Raises RecordError for one that says what cannot be.
        """
        try:
            self._add(line)
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            raise RecordError(
                f"A line of the journal ({line.get('line')}) cannot be understood ({error!r})."
            ) from error

    def _add(self, line: Mapping[str, Any]) -> None:
        kind, rest = line["line"], {key: value for key, value in line.items() if key != "line"}
        match kind:
            case "start":
                self.head = rest
            case "table":
                columns = tuple(Column.read(each) for each in line["columns"])
                self.waiting.setdefault(line["name"], Waiting(columns))
            case "row":
                self.waiting[line["table"]].add_row(line["values"])
                self._see(line["values"][0], line["values"][1])
            case "block":
                self._block(self.waiting[line["table"]], line["columns"])
            case "picture":
                values = np.asarray(line["values"])
                self.pictures[line["name"]] = Picture(line["name"], values, line["unit"], tuple(line["axes"]))
            case "note":
                self.notes.append(line["text"])
            case "resumed":
                self.end = {}
                self.seams.append(line["resumed"])
                self._see(line[BENCH_TIME], line[WALL_TIME])
            case "end":
                self.end = rest

    def closing(self) -> dict[str, Any]:
        """What is written to HDF5 when nothing more comes: the end if there was one, remarks, seams."""
        return closing(self.end, self.notes, self.seams)

    def _block(self, waiting: Waiting, columns: Mapping[str, Any]) -> None:
        arrays: dict[str, NDArray[Any]] = {
            each.name: each.array(columns[each.name])
            if each.ragged
            else np.asarray(columns[each.name], each.kind.dtype)
            for each in waiting.columns
        }
        waiting.add_block(arrays)
        if len(arrays[BENCH_TIME]):
            self._see(float(arrays[BENCH_TIME][-1]), float(arrays[WALL_TIME][-1]))

    def _see(self, bench: float, wall: float) -> None:
        self.times = max(self.times[0], bench), max(self.times[1], wall)


def closing(end: Mapping[str, Any], notes: list[str], seams: list[str]) -> dict[str, Any]:
    """Of these three those that are not empty, by their names in the HDF5 file."""
    found = {"end": dict(end), "notes": list(notes), "resumed": list(seams)}
    return {name: value for name, value in found.items() if value}


def replay(folder: Path) -> Replay:
    """The journal in `folder` to its end; RecordError when it holds no run."""
    found = Replay()
    for line in read_journal(folder / JOURNAL_NAME):
        found.add(line)
    return _with_head(found, folder)


def rebuild(folder: Path) -> tuple[Replay, RunFile]:
    """A new HDF5 file, still open, from the journal in `folder`, with at most `AT_ONCE` rows in memory.

    Raises RecordError when the journal holds no run, or another program is writing the run.
    """
    if is_being_written(folder):
        raise RecordError(f"Another program is writing the run in {folder}: wait until it has ended.")
    lines, found = read_journal(folder / JOURNAL_NAME), Replay()
    for line in lines:
        found.add(line)
        break
    _with_head(found, folder)
    try:
        (folder / PART_NAME).unlink(missing_ok=True)
    except PermissionError:  # Windows keeps a file that somebody has open
        raise RecordError(f"Another program has {folder / PART_NAME} open: close it first.") from None
    file = RunFile(folder, found.head)
    try:
        for line in lines:
            found.add(line)
            if line["line"] == "picture":
                file.write_picture(found.pictures[line["name"]])
            if sum(len(waiting) for waiting in found.waiting.values()) >= AT_ONCE:
                _hand_over(found, file)
        _hand_over(found, file)
        file.flush()
        unseal(folder / FILE_NAME)
        (folder / FILE_NAME).unlink(missing_ok=True)  # of an earlier end, before the run was gone on with
    except BaseException:
        file.abandon()
        raise
    return found, file


def recover(folder: Path) -> Replay:
    """Make `run.h5` of the journal in `folder`; the outcome stays as the journal tells it, absent for a killed run.

    The journal is left as it is. Raises RecordError when it holds no run, or another program is writing it.
    """
    found, file = rebuild(folder)
    try:
        file.close(found.closing() | {"recovered": now_iso()})
    except (OSError, RuntimeError) as error:
        file.abandon()
        raise RecordError(
            f"{folder / FILE_NAME} cannot be written ({error}): free some disk space."
        ) from error
    return found


def _hand_over(found: Replay, file: RunFile) -> None:
    for name, waiting in found.waiting.items():
        file.append(name, waiting.columns, waiting.take())


def _with_head(found: Replay, folder: Path) -> Replay:
    if not found.head:
        raise RecordError(f"{folder} holds no run: its journal has no first line.")
    return found
