"""An interrupted run found again: its plan as it was applied, its bench as it was."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np

from labctl.benchfile import load_bench
from labctl.core.errors import PlanError
from labctl.core.quantity import specs
from labctl.record.outcome import Outcome
from labctl.record.reading import read_run
from labctl.run.inputs import kept_inputs


@dataclass(frozen=True)
class Interrupted:
    """A run that can be gone on with."""

    folder: Path
    procedure: str
    parameters: Mapping[str, Mapping[str, Any]]
    bench: str
    inputs: Mapping[str, Mapping[str, str]] | None

    def plan(self, kind: type) -> tuple[Any, list[str]]:
        """The plan of this run, reading the files that the run kept, and sentences on those changed since it began.

        Raises PlanError when `kind` has other parameters now, when a kept file is missing or damaged, and when the run
        kept no copy of a file that it reads: what stands there now may be another.
        """
        known = {spec.name: spec for spec in specs(kind)}
        if set(known) != set(self.parameters):
            odd = ", ".join(sorted(set(known) ^ set(self.parameters)))
            raise PlanError(
                f"The run in {self.folder} cannot be gone on with: {self.procedure} has other parameters now ({odd})."
            )
        values = {name: _value(spec.kind, self.parameters[name]["applied"]) for name, spec in known.items()}
        values, sentences = kept_inputs(kind, values, self.folder, self.inputs)
        return kind(**values), sentences


def find_interrupted(folder: Path, bench: str = "") -> Interrupted:
    """The run in `folder`, on `bench` or on the one it began on.

    Raises PlanError when the run is complete or its bench file was changed since, RecordError when there is no run.
    """
    found = read_run(folder)
    if found.outcome is Outcome.FINISHED:
        raise PlanError(f"The run in {folder} is finished: there is nothing left to do.")
    noted = found.head["bench"]
    if not bench:
        bench = noted["source"]
        if hashlib.sha256(load_bench(bench).text.encode()).hexdigest() != noted["sha256"]:
            raise PlanError(
                f"The bench file {bench} was changed since the run in {folder} began: if the same sample is still "
                "connected as it was, name the bench with --bench."
            )
    inputs = found.head.get("inputs")
    return Interrupted(folder, found.head["procedure"], found.parameters, bench, inputs)


def _value(kind: Any, applied: Any) -> Any:
    if isinstance(kind, type) and issubclass(kind, Enum):
        return next(member for member in kind if str(member.value) == str(applied))
    if kind in (bool, int, float, str):
        return kind(applied)
    return tuple(np.asarray(applied).tolist()) if np.size(applied) else ()
