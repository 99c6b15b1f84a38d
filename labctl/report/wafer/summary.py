"""The yields of a wafer: of its dies, of their subsites, of forming, of switching."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labctl.analysis.yields import BinCount, Share, bin_counts, flag_yield, flag_yields, quality_yield
from labctl.report.wafer.campaign import Campaign
from labctl.report.wafer.measured import Series, named
from labctl.wafer.geometry import Die


@dataclass(frozen=True)
class Yield:
    """One yield with what it counts; `by_die` where it counts devices."""

    name: str
    counted: str
    share: Share
    by_die: dict[Die, Share]

    @property
    def range(self) -> tuple[float, float]:
        """Lowest and highest yield of a die; NaN without any."""
        values = [share.value for share in self.by_die.values()]
        return (min(values), max(values)) if values else (float("nan"), float("nan"))


def yields(campaign: Campaign, series: Sequence[Series]) -> list[Yield]:
    """Dies first, then subsites where there are several, contact, forming, switching."""
    found = [Yield("dies", "pass / (pass + fail)", quality_yield(die.quality for die in campaign.dies), {})]
    if len(campaign.plan.subsites) > 1:
        found += [_of_subsite(campaign, name) for name in campaign.plan.subsites]
    found += [_of_flag(each, "contact", "good / checked") for each in named(series, "contact")]
    found += forming_yields(series) + switching_yields(series)
    return found


def forming_yields(series: Sequence[Series]) -> list[Yield]:
    """Cells that formed, of those that forming was tried on."""
    return [_of_flag(each, "forming", "formed / tried") for each in named(series, "formed")]


def switching_yields(series: Sequence[Series]) -> list[Yield]:
    """Cells verified at their target, of the programmed ones that had formed."""
    found = []
    for each in named(series, "verified"):
        unformed = never_formed(series, each.subsite)
        kept = np.array([device not in unformed for device in each.devices], dtype=bool)
        dies = [die for die, keep in zip(each.dies, kept, strict=True) if keep]
        by_die = flag_yields(dies, each.values[kept].tolist())
        name = f"switching (test {each.test}, {each.subsite})"
        found.append(Yield(name, "verified / formed and programmed", flag_yield(each.values[kept]), by_die))
    return found


def never_formed(series: Sequence[Series], subsite: str) -> set[tuple[Die, tuple[int, int]]]:
    """Die and cell of each device of a subsite that some test tried to form, and none formed."""
    formed: set[tuple[Die, tuple[int, int]]] = set()
    tried: set[tuple[Die, tuple[int, int]]] = set()
    for each in named(series, "formed"):
        if each.subsite == subsite:
            tried.update(each.devices)
            formed.update(device for device, flag in zip(each.devices, each.values, strict=True) if flag)
    return tried - formed


def bins_of(campaign: Campaign) -> tuple[BinCount, ...]:
    """How many tested dies went into each bin, the largest first."""
    return bin_counts((die.bin, die.bin_name, die.quality) for die in campaign.tested if die.bin is not None)


def _of_subsite(campaign: Campaign, name: str) -> Yield:
    bins = {each.number: each.quality.value for each in campaign.plan.bins}
    ends = [end for die in campaign.dies for end in die.subsites if end.name == name and end.bin is not None]
    share = quality_yield(bins.get(end.bin, "") for end in ends if end.bin is not None)
    return Yield(f"subsite {name}", "pass / (pass + fail)", share, {})


def _of_flag(series: Series, name: str, counted: str) -> Yield:
    by_die = flag_yields(series.dies, series.values.tolist())
    return Yield(f"{name} (test {series.test}, {series.subsite})", counted, flag_yield(series.values), by_die)
