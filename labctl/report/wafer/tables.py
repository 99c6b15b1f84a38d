"""Numbers of the report as text: key figures, yields, one line per die, fitted distributions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labctl.analysis.censored import Family
from labctl.analysis.yields import Share
from labctl.report.facts import Fact
from labctl.report.wafer.campaign import Campaign
from labctl.report.wafer.measured import Series, named, together
from labctl.report.wafer.paper import Sheet
from labctl.report.wafer.summary import Yield
from labctl.report.wafer.units import shown
from labctl.report.wafer.value_figures import die_numbers

DIE_VALUES = ("forming_voltage", "formed", "programming_error", "verified", "pulses", "threshold", "gain")


@dataclass(frozen=True)
class DieLine:
    """One die: its bin with the reason, how and in which time it ended, in words."""

    name: str
    bin: str
    why: str
    outcome: str
    seconds: str


@dataclass(frozen=True)
class NumberTable:
    """Numbers of one subsite: name with unit and test of each column; die and numbers of each line."""

    subsite: str
    heads: tuple[tuple[str, str], ...]
    lines: tuple[tuple[str, ...], ...]


def percent(share: Share) -> str:
    """`14 of 20 = 70.0 %`."""
    return f"{share.good} of {share.of} = {100 * share.value:.1f} %" if share.of else "nothing tested"


def interval(share: Share) -> str:
    """Wilson's 95 % interval."""
    low, high = share.interval()
    return f"{100 * low:.1f} to {100 * high:.1f} %" if share.of else "-"


def die_range(each: Yield) -> str:
    """Lowest and highest yield of a die."""
    low, high = each.range
    return f"{100 * low:.0f} to {100 * high:.0f} %" if np.isfinite(low) else "-"


def facts(campaign: Campaign, found: Sequence[Yield], sheets: Sequence[Sheet]) -> list[Fact]:
    """What a reader looks for first."""
    dies = found[0].share
    lines = [
        Fact("dies tested", f"{dies.of} of {len(campaign.plan.dies)} planned"),
        Fact("yield, pass / (pass + fail)", percent(dies)),
    ]
    for each in found[1:]:
        if each.name.startswith(("forming", "switching")):
            lines.append(Fact(f"yield of {each.name}", percent(each.share)))
    for sheet in sheets:
        middle = float(np.median(sheet.sample.seen)) if sheet.sample.seen.size else float("nan")
        lines.append(Fact(f"median {sheet.title}", f"{sheet.unit.text(middle)} {sheet.unit.unit}".strip()))
    seconds = [die.seconds for die in campaign.tested if np.isfinite(die.seconds)]
    if seconds:
        lines.append(Fact("time per tested die, median", f"{float(np.median(seconds)):.3g} s"))
    return lines


def die_lines(campaign: Campaign) -> list[DieLine]:
    """Every die that was begun, in the order of testing."""
    return [
        DieLine(
            name=str(end.die),
            bin="-" if end.bin is None else f"{end.bin} {end.bin_name} ({end.quality})",
            why=end.reason,
            outcome=end.outcome or "-",
            seconds=f"{end.seconds:.1f}" if np.isfinite(end.seconds) else "-",
        )
        for end in campaign.dies
    ]


def number_tables(campaign: Campaign, series: Sequence[Series]) -> list[NumberTable]:
    """One number per die of the values that a reader looks for first, subsite by subsite."""
    return [
        _numbers(campaign, subsite, mine)
        for subsite in campaign.plan.subsites
        if (mine := [each for each in named(together(series), *DIE_VALUES) if each.subsite == subsite])
    ]


def _numbers(campaign: Campaign, subsite: str, series: Sequence[Series]) -> NumberTable:
    numbers = [(die_numbers(each), shown(each)) for each in series]
    lines = tuple(
        (str(end.die), *(unit.text(known.get(end.die, float("nan"))) for known, unit in numbers))
        for end in campaign.dies
    )
    return NumberTable(subsite, tuple((shown(each).label(each.name), each.test) for each in series), lines)


def fit_lines(sheet: Sheet) -> list[tuple[str, ...]]:
    """Family, scale, shape and three quantiles with their 95 % limits, log-likelihood."""
    lines = []
    for family, fitted in sheet.fits.items():
        scale, shape = fitted.scale_limits(), fitted.shape_limits()
        lines.append(
            (
                family.value,
                _limited(fitted.scale, scale, sheet),
                f"{fitted.shape:.3g} ({shape[0]:.3g} to {shape[1]:.3g})",
                *(_quantile(sheet, family, part) for part in (0.01, 0.5, 0.99)),
                f"{fitted.log_likelihood:.1f}",
            )
        )
    return lines


def _quantile(sheet: Sheet, family: Family, part: float) -> str:
    fitted = sheet.fits[family]
    low, high = fitted.limits([part])
    return _limited(float(fitted.quantile(part)), (float(low[0]), float(high[0])), sheet)


def _limited(value: float, limits: tuple[float, float], sheet: Sheet) -> str:
    text = sheet.unit.text
    return f"{text(value)} ({text(limits[0])} to {text(limits[1])})"
