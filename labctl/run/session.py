"""One procedure on one bench, from opening to closing: the first Ctrl-C ends it, more of them change nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from labctl.bench import open_bench
from labctl.benchfile import load_bench
from labctl.core.errors import NotConfirmed
from labctl.run.events import Ended, Observer
from labctl.run.interrupts import Interrupts
from labctl.run.runner import Procedure, Runner
from labctl.run.watchdog import Watchdog


def run_on(
    bench: str | Path,
    procedure: Procedure,
    folder: Path,
    observers: Iterable[Observer] = (),
    given: Mapping[str, str] | None = None,
) -> Ended:
    """Open the bench found by name or path, run `procedure` into `folder`, make safe and close.

    A run that was refused before it recorded anything leaves no folder.

    Raises LabError when the bench cannot be opened; nothing has moved then.
    """
    ended = _with_bench(bench, observers, lambda runner: runner.run(procedure, folder, given))
    if ended.refused:
        shutil.rmtree(folder, ignore_errors=True)
    return ended


def go_on_with(
    bench: str | Path,
    procedure: Procedure,
    folder: Path,
    observers: Iterable[Observer] = (),
    remarks: Sequence[str] = (),
) -> Ended:
    """Open the bench and go on with the interrupted run of `procedure` in `folder` (see `Runner.go_on`)."""
    return _with_bench(bench, observers, lambda runner: runner.go_on(procedure, folder, remarks))


def _with_bench(bench: str | Path, observers: Iterable[Observer], work: Callable[[Runner], Ended]) -> Ended:
    with Interrupts() as interrupts, Watchdog(load_bench(bench)):
        with interrupts.let_through():
            opened = open_bench(bench)
        ended = None
        try:
            with opened:
                ended = work(Runner(opened, observers, interrupts))
        except NotConfirmed:
            if ended is None or not ended.unconfirmed:  # else it was told when the run ended
                raise
        return ended
