"""A few lines of Python do a measurement: open a bench, measure, get the recorded run back."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from labctl.bench import Bench
from labctl.benchfile import BenchFile, load_bench
from labctl.core.errors import Aborted, LabError, PlanError
from labctl.record.catalogue import new_run_folder
from labctl.record.outcome import Outcome
from labctl.record.provenance import procedure_name
from labctl.record.reading import Run, read_run
from labctl.run.events import Ended, Observer
from labctl.run.runner import Procedure, Runner
from labctl.run.watchdog import Watchdog

__all__ = ["MeasuringBench", "RunFailed", "open_bench"]


class RunFailed(LabError):
    """A measurement failed; `folder` holds what was recorded until then."""

    def __init__(self, reason: str, folder: Path) -> None:
        super().__init__(f"{reason} What was recorded until then is in {folder}.")
        self.folder = folder


class MeasuringBench(Bench):
    """An open bench that measures and records. Every output is at 0 V and off between two measurements."""

    def __init__(self, file: BenchFile, out: Path) -> None:
        """Open and make safe, as `Bench` does; run folders are made in `out`."""
        super().__init__(file)
        self._out, self._watchdog = out, Watchdog(file)

    def __enter__(self) -> Self:
        """The bench, safe, and watched over if its instruments would outlive this program."""
        self._watchdog.__enter__()
        return super().__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Make safe and close, see `Bench`."""
        try:
            super().__exit__(kind, error, trace)
        finally:
            self._watchdog.__exit__(kind, error, trace)

    def measure(
        self,
        procedure: Procedure,
        *,
        cell: tuple[int, int] | None = None,
        out: str | Path | None = None,
        observers: Iterable[Observer] = (),
    ) -> Run:
        """Run `procedure` to its end, record it in a new run folder and return the record.

        cell:      (word, bit), counted from 0, for a procedure on one cell; replaces its `word` and `bit`.
        out:       folder that the run folder is made in, when not the bench's.
        observers: called with every event, for example `print`.

        Raises PlanError or another refusal before anything moved, RunFailed when an instrument or the procedure failed,
        Aborted when Ctrl-C ended the run. A device that fails is no error: look at the verdict, `run.end["verdict"]`.
        """
        plan = procedure if cell is None else at_cell(procedure, cell)
        with new_run_folder(
            Path(out) if out is not None else self._out, procedure_name(type(plan))
        ) as folder:
            ended = Runner(self, observers).run(plan, folder)
            _raise_unless_complete(ended, folder)
            return read_run(folder)


def at_cell(procedure: Any, cell: tuple[int, int]) -> Any:
    """The plan `procedure` for the cell (word, bit); PlanError when it has no such parameters."""
    names = {each.name for each in fields(procedure)} if is_dataclass(procedure) else set()
    if isinstance(procedure, type) or not {"word", "bit"} <= names:
        kind = procedure if isinstance(procedure, type) else type(procedure)
        raise PlanError(f"{kind.__name__} is no plan for one cell: leave cell={cell} out.")
    word, bit = cell
    return replace(procedure, word=word, bit=bit)


def open_bench(name_or_path: str | Path, out: str | Path = "runs") -> MeasuringBench:
    """Open the bench of a bench file for measuring; run folders are made in `out`.

    Raises BenchFileError for mistakes in the file, other LabErrors when an instrument is not as the file says.
    """
    return MeasuringBench(load_bench(name_or_path), Path(out))


def _raise_unless_complete(ended: Ended, folder: Path) -> None:
    """Raise for a run that did not finish and was not stopped by order; one that was refused leaves no folder."""
    if ended.refused:
        shutil.rmtree(folder, ignore_errors=True)
        raise PlanError(ended.reason)
    if ended.outcome is Outcome.ABORTED:
        raise Aborted(ended.reason)
    if ended.outcome is Outcome.FAILED:
        raise RunFailed(ended.reason, folder)
