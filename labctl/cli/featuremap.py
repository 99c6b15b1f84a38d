"""`labctl featuremap`: images through a layer of a network on an array with neurons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from labctl.run.events import Ended


def feature_maps(
    bench: str,
    weights: str,
    images: list[Path],
    out: Path,
    *,
    card: str = "",
    filters: str = "",
    given: Mapping[str, str] | None = None,
) -> Ended:
    """Run the maps into a run folder in `out` and write `feature_maps.npz` and `report.html` there.

    Raises LabError, before anything moved and with no folder left, for input that cannot be used.
    """
    from rich.console import Console

    from labctl.cli.terminal import observer
    from labctl.demo import aligned, finish
    from labctl.nn.orders import make_plan
    from labctl.record.catalogue import new_run_folder
    from labctl.record.outcome import Outcome
    from labctl.report.facts import Fact
    from labctl.run.session import run_on

    console = Console(highlight=False, soft_wrap=True)
    plan = make_plan(weights, images, out, card=card, filters=filters, given=given or {})
    with new_run_folder(out, "feature_maps") as folder:
        ended = run_on(bench, replace(plan, work=folder), folder, [observer(console)], given)
    if ended.outcome in (Outcome.FINISHED, Outcome.STOPPED):
        for line in aligned([Fact("record", str(folder)), *finish(folder)]):
            console.print(line, markup=False)
    elif not ended.refused:
        console.print(
            f"The record is in {folder}; maps and report are written of runs that finish.", markup=False
        )
    return ended
