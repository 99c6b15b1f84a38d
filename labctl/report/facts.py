"""Key figures of a run in words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labctl.core.quantity import show
from labctl.record.reading import Run
from labctl.report.array import ArrayResult
from labctl.report.maps import MapsResult
from labctl.report.stages import patches


@dataclass(frozen=True)
class Fact:
    """One key figure: what it is, its value in words."""

    name: str
    value: str


def key_facts(run: Run, arrays: tuple[ArrayResult, ...], maps: MapsResult | None = None) -> list[Fact]:
    """The figures that a reader looks for first."""
    facts = []
    if maps is not None:
        facts += _map_facts(run, maps)
    if arrays:
        facts += _array_facts(arrays)
    if run.end:
        facts.append(Fact("bench time", _span(run.end["bench_seconds"])))
        facts.append(Fact("wall time", _span(run.end["wall_seconds"])))
    if "bus_messages" in run.end:
        facts.append(Fact("bus messages", f"{run.end['bus_messages']:,}".replace(",", " ")))
    return facts


def error_statistics(result: ArrayResult) -> list[Fact]:
    """Size of the programming error |programmed - target| / target over all cells that were wanted."""
    error = 100.0 * np.abs(result.error[result.wanted])
    return [
        Fact("median", f"{np.nanmedian(error):.2f} %"),
        Fact("95 % of the cells below", f"{np.nanpercentile(error, 95.0):.2f} %"),
        Fact("largest", f"{np.nanmax(error):.2f} %"),
        Fact("root mean square", f"{np.sqrt(np.nanmean(error**2)):.2f} %"),
    ]


def _map_facts(run: Run, maps: MapsResult) -> list[Fact]:
    number, seconds = patches(run)
    known, cosines = maps.l2[np.isfinite(maps.l2)], maps.cosine_exact[np.isfinite(maps.cosine_exact)]
    facts = [Fact("feature maps", f"{maps.l2.size}, {number} patches")]
    if known.size:
        facts.append(Fact("median L2, as coded", f"{np.median(known):.3f}"))
    if cosines.size:
        facts.append(Fact("median cosine, exact", f"{np.median(cosines):.3f}"))
    if np.isfinite(seconds):
        facts.append(Fact("bench time per patch", show(seconds, "s")))
    return facts


def _array_facts(arrays: tuple[ArrayResult, ...]) -> list[Fact]:
    wanted = [int(each.wanted.sum()) for each in arrays]
    formed, verified = (
        [int(getattr(each, name).sum()) for each in arrays] for name in ("formed", "verified")
    )
    pulses = np.concatenate([each.pulses[each.wanted] for each in arrays])
    error = np.concatenate([np.abs(each.error[each.wanted]) for each in arrays])
    voltage = np.concatenate([each.forming_voltage[np.isfinite(each.forming_voltage)] for each in arrays])
    facts = [
        Fact("cells formed", _of(formed, wanted)),
        Fact("cells verified", _of(verified, wanted)),
        Fact("median error", f"{100.0 * np.nanmedian(error):.1f} %"),
        Fact("pulses per cell", f"{np.median(pulses):.0f} (median), {pulses.max():.0f} (most)"),
    ]
    if len(voltage):
        facts.append(Fact("forming voltage", f"{show(float(np.median(voltage)), 'V')} (median)"))
    return facts


def _of(some: list[int], wanted: list[int]) -> str:
    """`448 of 448`; several programmings one after another: `448 of 448, 447 of 448`."""
    return ", ".join(f"{part} of {whole}" for part, whole in zip(some, wanted, strict=True))


def _span(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.1f} s"
    minutes = seconds / 60
    return f"{minutes:.1f} min" if minutes < 120 else f"{minutes / 60:.1f} h"
