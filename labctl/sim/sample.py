"""The sample file: what outlives the program, as a real sample does. Written atomically."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from labctl.benchfile import BenchFile
from labctl.core.errors import LabError
from labctl.core.numpyfile import UNREADABLE
from labctl.core.paths import devices_folder, relay_ledger, sample_file, sample_ledger

FORMAT = "labctl-sample-1"


@dataclass
class Sample:
    """Everything that a virtual bench must remember between two programs.

    identity: what the sample is (geometry, presets, seed); a bench file that says otherwise cannot use it.
    die_number: which die of the seed's endless wafer this is.
    clock:    s since the sample was made.
    stage:    K of the stage when it was left.
    events:   how often each random quantity of each instrument was drawn.
    closures, hot: moves of each relay, and moves under load, by name (`A3`, `heater 0`).
    chuck:    where the prober's chuck was left: x, y (m) and whether it was in contact (1) or not (0).
    die:      the die's own state; empty for a new sample, and for a wafer, whose devices have files of their own.
    """

    identity: dict[str, object]
    die_number: int = 0
    clock: float = 0.0
    stage: float | None = None
    events: dict[str, int] = field(default_factory=dict)
    closures: dict[str, int] = field(default_factory=dict)
    hot: dict[str, int] = field(default_factory=dict)
    chuck: dict[str, float] = field(default_factory=dict)
    die: dict[str, NDArray[np.generic]] = field(default_factory=dict)


def sample_path(file: BenchFile) -> Path:
    """Where the sample of a virtual bench lies: a path ending in `.npz`, or a name in the user's samples folder."""
    if file.virtual is None:
        raise LabError(
            f"{file.source}: bench '{file.name}' has no [virtual] section, so it has no virtual sample."
        )
    return sample_file(file.virtual.sample)


def identity(file: BenchFile) -> dict[str, object]:
    """What a sample must agree on with the bench file that uses it."""
    assert file.virtual is not None  # callers come through sample_path
    wafer = file.virtual.wafer
    made_of = {} if wafer is None else {"wafer": json.loads(wafer.model_dump_json())}
    return made_of | {
        "format": FORMAT,
        "word_lines": file.array.word_lines,
        "bit_lines": file.array.bit_lines,
        "cells": file.virtual.cells,
        "neurons": file.virtual.neurons,
        "seed": file.virtual.seed,
    }


class SampleFile:
    """One sample on disk, owned by one program at a time."""

    def __init__(self, file: BenchFile) -> None:
        """Take the sample of `file`; LabError when another program holds it."""
        self.path = sample_path(file)
        self._identity = identity(file)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._lock = FileLock(f"{self.path}.lock")
            self._lock.acquire(timeout=0)
        except Timeout:
            raise LabError(
                f"The virtual sample {self.path} is in use by another program; end it first, or give the bench file "
                "another sample name."
            ) from None
        except OSError as error:
            raise LabError(f"The virtual sample {self.path} cannot be used: {error.strerror}.") from None

    def load(self) -> Sample:
        """The sample as it was left, or a new one; LabError when the bench file describes another sample."""
        if not self.path.exists():
            return Sample(identity=self._identity)
        try:
            with self.path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
                head = json.loads(str(stored["head"]))
                die = {
                    name.removeprefix("die/"): stored[name]
                    for name in stored.files
                    if name.startswith("die/")
                }
        except UNREADABLE as error:
            raise LabError(
                f"The virtual sample {self.path} cannot be read ({' '.join(str(error).split())}); "
                "`labctl bench new-sample` starts afresh."
            ) from None
        if head["identity"] != self._identity:
            changed = [
                f"another {key}"
                if isinstance(value, dict)
                else f"{key} {head['identity'].get(key)} -> {value}"
                for key, value in self._identity.items()
                if head["identity"].get(key) != value
            ]
            raise LabError(
                f"The virtual sample {self.path} was made for another bench file ({', '.join(changed)}); "
                "`labctl bench new-sample` starts afresh, or give the bench file another sample name."
            )
        return Sample(**head, die=die)

    @property
    def devices(self) -> Path:
        """Folder of what is kept of each device of a wafer, its ledger included."""
        return devices_folder(self.path.with_suffix(""))

    @property
    def running_die(self) -> Path:
        """What is kept of the die of a sample without a wafer while a program uses it; gone once it is saved."""
        return self.devices / "die.device"

    def save(self, sample: Sample) -> None:
        """Write the whole sample beside the old one, then put it in its place."""
        head = {
            "identity": sample.identity,
            "die_number": sample.die_number,
            "clock": sample.clock,
            "stage": sample.stage,
            "events": sample.events,
            "closures": sample.closures,
            "hot": sample.hot,
            "chuck": sample.chuck,
        }
        arrays: dict[str, Any] = {f"die/{key}": value for key, value in sample.die.items()}
        fresh = self.path.with_suffix(".new.npz")
        np.savez(fresh, head=np.array(json.dumps(head)), **arrays)
        fresh.replace(self.path)
        self.running_die.unlink(missing_ok=True)

    def release(self) -> None:
        """Let another program have the sample."""
        self._lock.release()

    def discard(self) -> None:
        """Throw the sample away, with the ledgers of what was done to it: the next one is new."""
        for path in (self.path, sample_ledger(self.path), relay_ledger(self.path)):
            path.unlink(missing_ok=True)
        shutil.rmtree(self.devices, ignore_errors=True)
