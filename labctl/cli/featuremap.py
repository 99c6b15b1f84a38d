"""`labctl featuremap`: images through a layer of a network on an array with neurons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labctl.core.errors import PlanError

if TYPE_CHECKING:
    from labctl.nn.coding import Coding
    from labctl.nn.featuremaps import FeatureMaps
    from labctl.run.events import Ended

EDGES, EDGES_CARD = "edges", "centred_rgb"
"""Name of the eight filters that travel with labctl, and the card that belongs to them."""
USUAL_CARD = "vgg16_caffe"
CODING = "coding."


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


def make_plan(
    weights: str, images: list[Path], work: Path, *, card: str, filters: str, given: Mapping[str, str]
) -> FeatureMaps:
    """Everything read and checked; LabError says what cannot be used."""
    from labctl.core.quantity import make
    from labctl.nn.card import load_card
    from labctl.nn.featuremaps import FeatureMaps, MapSettings
    from labctl.nn.images import load_images
    from labctl.nn.layer import ConvolutionLayer, edge_filters, load_layer

    layer = edge_filters() if weights == EDGES else load_layer(Path(weights))
    chosen = chosen_filters(filters, layer.filters)
    coding = {name.removeprefix(CODING): text for name, text in given.items() if name.startswith(CODING)}
    others = {name: text for name, text in given.items() if not name.startswith(CODING)}
    settings: dict[str, Any] = vars(make(MapSettings, others))
    return FeatureMaps(
        layer=ConvolutionLayer(layer.kernel[chosen], layer.bias[chosen]),
        card=load_card(card or (EDGES_CARD if weights == EDGES else USUAL_CARD)),
        images=tuple(load_images(images)),
        work=work,
        coding=_coding(coding),
        filters=tuple(chosen),
        **settings,
    )


def _coding(given: Mapping[str, str]) -> Coding:
    from labctl.core.quantity import make
    from labctl.nn.coding import Coding

    return make(Coding, given)


def chosen_filters(text: str, count: int) -> list[int]:
    """Numbers out of `0-7`, `0,3,5` or both; all `count` of them for an empty text.

    Raises PlanError for text that is no such list, a number twice and filters that do not exist.
    """
    numbers: list[int] = []
    for part in text.replace(" ", "").split(",") if text.strip() else [f"0-{count - 1}"]:
        first, dash, last = part.partition("-")
        if not (first.isdecimal() and (last.isdecimal() or not dash)):
            raise PlanError(f"--filters {text}: write 0-7, or 0,3,5.")
        numbers += range(int(first), int(last or first) + 1)
    missing = [number for number in numbers if number >= count]
    if missing or not numbers:
        told = ", ".join(str(number) for number in missing[:5]) or "none"
        raise PlanError(f"--filters {text}: there is no filter {told}; the weights hold 0 to {count - 1}.")
    if len(set(numbers)) < len(numbers):
        raise PlanError(f"--filters {text}: each filter once.")
    return numbers
