"""Feature maps out of a record: hardware beside software, and the file that other programs read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from labctl.core.errors import RecordError
from labctl.record.outcome import Outcome
from labctl.record.reading import Run, Table

Floats = NDArray[np.float64]
MAPS = ("measured", "software", "software_quantised")
FILE_NAME = "feature_maps.npz"


@dataclass(frozen=True, eq=False)
class MapsResult:
    """Maps (images, filters, rows, columns) in units of the weighted sum, and how well they agree.

    images: (images, rows, columns, 3), 0 to 1. names: of the images. filters: their numbers.
    l2, cosine: (images, filters) against software with inputs as coded; l2_exact, cosine_exact: against exact software.
    NaN where the software map is all zero: nothing can be said of such a map.
    """

    images: Floats
    names: tuple[str, ...]
    filters: tuple[int, ...]
    measured: Floats
    software: Floats
    software_quantised: Floats
    l2: Floats
    cosine: Floats
    l2_exact: Floats
    cosine_exact: Floats

    @property
    def gain(self) -> Floats:
        """(images, filters) least-squares factor on the measured map that brings it nearest to software as coded."""
        power = np.sum(self.measured**2, axis=(2, 3))
        along = np.sum(self.measured * self.software_quantised, axis=(2, 3))
        gain: Floats = np.divide(along, power, out=np.zeros_like(power), where=power > 0.0)
        return gain

    @property
    def empty(self) -> list[tuple[str, int]]:
        """Image and filter of the maps that are all zero in software as coded; they are left out of every mean."""
        return [
            (self.names[image], self.filters[column])
            for image, column in zip(*np.nonzero(np.isnan(self.l2)), strict=True)
        ]


def maps_result(run: Run) -> MapsResult | None:
    """The maps of a run; None when it has none, or ended before its first filters were through."""
    agreement = run.tables.get("MapAgreement")
    if agreement is None or not len(agreement) or any(name not in run.pictures for name in MAPS):
        return None
    number = agreement.columns["filter"]
    filters = tuple(dict.fromkeys(int(each) for each in number))
    first = number == filters[0]
    measured, software, quantised = (run.pictures[name].values[:, : len(filters)] for name in MAPS)
    return MapsResult(
        images=run.pictures["images"].values / 255.0,
        names=tuple(str(name) for name in agreement.columns["image"][first]),
        filters=filters,
        measured=measured,
        software=software,
        software_quantised=quantised,
        l2=_by_filter(agreement, filters, "l2_quantised"),
        cosine=_by_filter(agreement, filters, "cosine_quantised"),
        l2_exact=_by_filter(agreement, filters, "l2_software"),
        cosine_exact=_by_filter(agreement, filters, "cosine_software"),
    )


def write_maps_file(run: Run) -> Path:
    """Write `feature_maps.npz` beside the record: the three kinds of map, names of the images, numbers of the filters.

    Raises RecordError when the run failed, was interrupted, or has no maps.
    """
    if run.outcome not in (Outcome.FINISHED, Outcome.STOPPED):
        raise RecordError(f"{run.folder} did not finish: no {FILE_NAME} is written.")
    result = maps_result(run)
    if result is None:
        raise RecordError(f"{run.folder} holds no feature maps: it ended before the first ones were through.")
    path = run.folder / FILE_NAME
    np.savez_compressed(
        path,
        measured=result.measured,
        software=result.software,
        software_quantised=result.software_quantised,
        images=np.array(result.names),
        filters=np.array(result.filters),
    )
    return path


def _by_filter(agreement: Table, filters: tuple[int, ...], name: str) -> Floats:
    """(images, filters): the rows of one filter are in the order of the images."""
    number, values = agreement.columns["filter"], agreement.columns[name]
    return np.stack([values[number == each] for each in filters], axis=1)
