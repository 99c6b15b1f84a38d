"""Numbers of the report as text: key figures, yields, one line per die, fitted distributions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labctl.analysis.censored import Family
from labctl.analysis.yields import Share
from labctl.core.quantity import show
from labctl.report.facts import Fact
from labctl.report.wafer.campaign import Campaign, DieEnd
from labctl.report.wafer.measured import Series, named, together
from labctl.report.wafer.paper import Sheet
from labctl.report.wafer.summary import Yield
from labctl.report.wafer.units import shown
from labctl.report.wafer.value_figures import die_numbers

DIE_VALUES = ("forming_voltage", "formed", "programming_error", "verified", "pulses", "threshold", "gain")


@dataclass(frozen=True)
class DieLine:
    """One die in numbers, in words."""

    name: str
    bin: str
    outcome: str
    seconds: str
    numbers: tuple[str, ...]


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
            lines.append(Fact(each.name, percent(each.share)))
    for sheet in sheets:
        middle = float(np.median(sheet.sample.seen)) if sheet.sample.seen.size else float("nan")
        lines.append(Fact(f"median {sheet.title}", f"{sheet.unit.text(middle)} {sheet.unit.unit}".strip()))
    seconds = [die.seconds for die in campaign.tested if np.isfinite(die.seconds)]
    if seconds:
        lines.append(Fact("time per tested die, median", show(float(np.median(seconds)), "s")))
    return lines


def die_columns(series: Sequence[Series]) -> list[Series]:
    """The series that have a column in the table of dies; neurons that have a test each are taken together."""
    return named(together(series), *DIE_VALUES)


def die_heads(series: Sequence[Series]) -> list[tuple[str, str]]:
    """Their names with units, and where they come from."""
    return [(shown(each).label(each.name), f"{each.test}, {each.subsite}") for each in die_columns(series)]


def die_lines(campaign: Campaign, series: Sequence[Series]) -> list[DieLine]:
    """Every die that was begun, in the order of testing."""
    numbers = [(die_numbers(each), shown(each)) for each in die_columns(series)]
    lines = []
    for end in campaign.dies:
        words = tuple(unit.text(known.get(end.die, float("nan"))) for known, unit in numbers)
        seconds = f"{end.seconds:.1f}" if np.isfinite(end.seconds) else "-"
        lines.append(DieLine(str(end.die), _bin(end), end.outcome or "-", seconds, words))
    return lines


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


def _bin(end: DieEnd) -> str:
    return "-" if end.bin is None else f"{end.bin} {end.bin_name} ({end.quality})"
