"""Writes `report.html`: text and figures of one run in one file that needs nothing else, not even the network."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined

from labctl.core.quantity import show
from labctl.record.catalogue import BENCH_COPY
from labctl.record.hdf5 import FILE_NAME as HDF5_NAME
from labctl.record.journal import FILE_NAME as JOURNAL_NAME
from labctl.record.reading import Run, read_run
from labctl.report import figures
from labctl.report.array import ArrayResult, array_result

FILE_NAME = "report.html"


@dataclass(frozen=True)
class Fact:
    """One key figure: what it is, its value in words."""

    name: str
    value: str


def write_array_report(folder: Path) -> Path:
    """Write the report of an array programming beside its record; the path of the report.

    Raises RecordError when the record holds no complete array programming.
    """
    run = read_run(folder)
    result = array_result(run)
    page = (
        _environment()
        .get_template("array.html.j2")
        .render(
            run=run,
            facts=key_facts(run, result),
            failed=result.failed,
            statistics=error_statistics(result),
            figures={
                "maps": figures.maps(result, run.simulated),
                "staircases": figures.staircases(result.stories, run.simulated),
                "counts": figures.counts(result, _applied(run, "tolerance"), run.simulated),
            },
            parameters=_parameters(run),
            files=[(name, _sha256(folder / name)) for name in (HDF5_NAME, JOURNAL_NAME, BENCH_COPY)],
        )
    )
    path = folder / FILE_NAME
    path.write_text(page, encoding="utf-8")
    return path


def key_facts(run: Run, result: ArrayResult) -> list[Fact]:
    """The figures that a reader looks for first."""
    wanted = int(result.wanted.sum())
    pulses = result.pulses[result.wanted]
    voltage = result.forming_voltage[np.isfinite(result.forming_voltage)]
    facts = [
        Fact("cells formed", f"{int(result.formed.sum())} of {wanted}"),
        Fact("cells verified", f"{int(result.verified.sum())} of {wanted}"),
        Fact("median error", f"{_percentile(result, 50):.1f} %"),
        Fact("pulses per cell", f"{np.median(pulses):.0f} (median), {pulses.max():.0f} (most)"),
    ]
    if len(voltage):
        middle = show(float(np.median(voltage)), "V")
        facts.append(Fact("forming voltage", f"{middle} (median)"))
    facts.append(Fact("bench time", _span(run.end["bench_seconds"])))
    facts.append(Fact("wall time", _span(run.end["wall_seconds"])))
    if "bus_messages" in run.end:
        facts.append(Fact("bus messages", f"{run.end['bus_messages']:,}".replace(",", " ")))
    return facts


def error_statistics(result: ArrayResult) -> list[Fact]:
    """Size of the programming error |programmed - target| / target over all cells that were wanted."""
    return [
        Fact("median", f"{_percentile(result, 50):.2f} %"),
        Fact("95 % of the cells below", f"{_percentile(result, 95):.2f} %"),
        Fact("largest", f"{_percentile(result, 100):.2f} %"),
        Fact("root mean square", f"{100 * np.sqrt(np.nanmean(result.error**2)):.2f} %"),
    ]


def _percentile(result: ArrayResult, share: float) -> float:
    return float(100.0 * np.nanpercentile(np.abs(result.error), share))


def _parameters(run: Run) -> list[tuple[str, str, str, str]]:
    found = []
    for name, entry in run.parameters.items():
        low, high = entry.get("low"), entry.get("high")
        allowed = "" if low is None and high is None else f"{_end(low, entry)} to {_end(high, entry)}"
        found.append((name, show(entry["applied"], entry["unit"]), str(entry.get("given", "")), allowed))
    return found


def _end(value: float | None, entry: Any) -> str:
    return "..." if value is None else show(value, entry["unit"])


def _applied(run: Run, name: str) -> float:
    return float(run.parameters[name]["applied"])


def _span(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.1f} s"
    minutes = seconds / 60
    return f"{minutes:.1f} min" if minutes < 120 else f"{minutes / 60:.1f} h"


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else "missing"


def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("labctl.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
