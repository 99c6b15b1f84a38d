"""Feature maps as they are ordered: files and numbers, read and checked, made into the plan of a run."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, ClassVar

from labctl.core.errors import PlanError
from labctl.core.lines import read_indices, show_indices
from labctl.core.paths import user_path
from labctl.core.quantity import input_file, make, option, quantity
from labctl.core.rows import Experiment
from labctl.core.views import NeuronBench
from labctl.nn.card import find_card, load_card
from labctl.nn.coding import Coding
from labctl.nn.featuremaps import FeatureMaps, MapSettings
from labctl.nn.images import load_images
from labctl.nn.layer import ConvolutionLayer, edge_filters, load_layer

EDGES, EDGES_CARD = "edges", "centred_rgb"
"""Name of the eight filters that travel with labctl, and the card that belongs to them."""
USUAL_CARD = "vgg16_caffe"
CODING = "coding."


def find_weights(text: str) -> Path | None:
    """The file of weights that `text` names; None for the filters that travel with labctl."""
    return None if text == EDGES else user_path(text)


@dataclass(frozen=True, eq=False, kw_only=True)
class ImageMaps(MapSettings):
    """Feature maps by what a form or a command line can say: names of files, and numbers."""

    title: ClassVar[str] = FeatureMaps.title

    weights: str = input_file(
        find_weights, help="'edges', eight built-in filters, or the path of an .npz with kernel and bias"
    )
    images: tuple[str, ...] = input_file(
        user_path, help="paths of PNG or CIFAR-10 .bin files of one size, parted by ;"
    )
    card: str = input_file(
        find_card, "", help="model card of the weights: path of a .toml, or a name; empty: the usual one"
    )
    filters: str = option("", help="which filters: 0-7, or 0,3,5; empty: all")
    levels: int = quantity("1", Coding.levels, low=3, high=9, help="number of input levels; odd")
    offset: float = quantity("V", Coding.offset, low=0.0, high=0.3, help="V0: level of input 0")
    swing: float = quantity("V", Coding.swing, low=0.01, high=0.3, help="v: change of level for full scale")

    def __post_init__(self) -> None:
        """Refuse values out of range and files that cannot be used; raises LabError."""
        super().__post_init__()
        self.plan(Path())

    def plan(self, work: Path) -> FeatureMaps:
        """Everything read; conductance targets will be kept in `work`."""
        return _plan(
            self.weights,
            [user_path(image) for image in self.images],
            work,
            card=self.card,
            filters=self.filters,
            coding=Coding(levels=self.levels, offset=self.offset, swing=self.swing),
            settings={each.name: getattr(self, each.name) for each in fields(MapSettings)},
        )

    def run(self, bench: NeuronBench) -> Experiment:
        """As `FeatureMaps.run`."""
        with tempfile.TemporaryDirectory() as work:
            return (yield from self.plan(Path(work)).run(bench))


def make_plan(
    weights: str, images: list[Path], work: Path, *, card: str, filters: str, given: Mapping[str, str]
) -> FeatureMaps:
    """Everything read and checked; LabError says what cannot be used."""
    coding = {name.removeprefix(CODING): text for name, text in given.items() if name.startswith(CODING)}
    others = {name: text for name, text in given.items() if not name.startswith(CODING)}
    return _plan(
        weights,
        images,
        work,
        card=card,
        filters=filters,
        coding=make(Coding, coding),
        settings=vars(make(MapSettings, others)),
    )


def _plan(
    weights: str,
    images: Sequence[Path],
    work: Path,
    *,
    card: str,
    filters: str,
    coding: Coding,
    settings: Mapping[str, Any],
) -> FeatureMaps:
    file = find_weights(weights)
    layer = edge_filters() if file is None else load_layer(file)
    chosen = chosen_filters(filters, layer.filters)
    used_card = card or (EDGES_CARD if file is None else USUAL_CARD)
    return FeatureMaps(
        layer=ConvolutionLayer(layer.kernel[chosen], layer.bias[chosen]),
        card=load_card(used_card),
        images=tuple(load_images(list(images))),
        work=work,
        coding=coding,
        filters=tuple(chosen),
        sources=tuple(str(path) for path in (file, find_card(used_card), *images) if path is not None),
        **settings,
    )


def chosen_filters(text: str, count: int) -> list[int]:
    """Numbers out of `0-7`, `0,3,5` or both; all `count` of them for an empty text.

    Raises PlanError for text that is no such list, a number twice and filters that do not exist.
    """
    try:
        numbers = read_indices(text) if text.strip() else range(count)
    except PlanError as error:
        raise PlanError(f"--filters: {error}.") from None
    missing = [number for number in numbers if number >= count]
    if missing:
        raise PlanError(
            f"--filters {text}: there is no filter {show_indices(missing)}; the weights hold 0 to {count - 1}."
        )
    return list(numbers)
