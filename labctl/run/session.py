"""One procedure on one bench, from opening to closing: the first Ctrl-C ends it, more of them change nothing."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from labctl.bench import open_bench
from labctl.run.events import Ended, Observer
from labctl.run.interrupts import Interrupts
from labctl.run.runner import Procedure, Runner


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
    with Interrupts() as interrupts:
        with interrupts.let_through():
            opened = open_bench(bench)
        with opened:
            ended = Runner(opened, observers, interrupts).run(procedure, folder, given)
    if ended.refused:
        shutil.rmtree(folder, ignore_errors=True)
    return ended
