"""Writes `report.html` of a campaign: text and figures in one file that needs nothing else, not even the network."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from labctl.analysis.censored import RULE
from labctl.core.errors import RecordError
from labctl.report.html import FILE_NAME
from labctl.report.wafer import failures, plan_words, tables
from labctl.report.wafer.campaign import Campaign, read_campaign
from labctl.report.wafer.files import raw_files
from labctl.report.wafer.measured import Series, all_series, read_results
from labctl.report.wafer.neurons import neuron_lines, neuron_units
from labctl.report.wafer.paper import Sheet, sheets
from labctl.report.wafer.pictures import Pictures
from labctl.report.wafer.summary import Yield, bins_of, yields


@dataclass(frozen=True, eq=False)
class Results:
    """All that a report tells of a wafer."""

    campaign: Campaign
    series: tuple[Series, ...]
    yields: list[Yield]
    sheets: list[Sheet]


def results(folder: Path) -> Results:
    """Read everything out of a campaign's folder; raises RecordError when it holds none, or not a readable one."""
    campaign = read_campaign(folder)
    series = all_series(read_results(folder))
    return Results(campaign, series, yields(campaign, series), sheets(series))


def write_wafer_report(folder: Path) -> Path:
    """Write the report of a campaign into its folder, whether it is over or not; the report's path.

    Raises RecordError when the folder holds no campaign, or the file cannot be written.
    """
    folder = Path(folder)
    found = results(folder)
    campaign, series = found.campaign, found.series
    page = (
        _environment()
        .get_template("wafer.html.j2")
        .render(
            campaign=campaign,
            plan=campaign.plan,
            found=found,
            series=series,
            bins=bins_of(campaign),
            pictures=Pictures(campaign, series, found.sheets),
            neurons=neuron_lines(campaign, series),
            neuron_units=neuron_units(series),
            files=raw_files(folder),
            rule=RULE,
            plan_words=plan_words,
            failures=failures,
            tables=tables,
        )
    )
    path = folder / FILE_NAME
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise RecordError(f"The report {path} cannot be written: {error.strerror}.") from error
    return path


def _environment() -> Environment:
    return Environment(
        loader=ChoiceLoader([PackageLoader("labctl.report.wafer"), PackageLoader("labctl.report")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
