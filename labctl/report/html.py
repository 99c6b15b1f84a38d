"""Writes `report.html`: text and figures of one run in one file that needs nothing else, not even the network."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined

from labctl.core.errors import RecordError
from labctl.core.quantity import show
from labctl.record.catalogue import BENCH_COPY
from labctl.record.hdf5 import FILE_NAME as HDF5_NAME
from labctl.record.journal import FILE_NAME as JOURNAL_NAME
from labctl.record.reading import Run, read_run
from labctl.report import map_figures
from labctl.report.facts import Fact, key_facts
from labctl.report.maps import FILE_NAME as MAPS_NAME
from labctl.report.sections import results, sections
from labctl.report.stages import patches, stages

FILE_NAME = "report.html"
FILES = (HDF5_NAME, JOURNAL_NAME, BENCH_COPY, MAPS_NAME)


def write_report(folder: Path) -> tuple[Path, list[Fact]]:
    """Write the report of a run beside its record; its path and the key figures.

    Raises RecordError when the record holds nothing that a report knows to show, or the file cannot be written.
    """
    run = read_run(folder)
    found = results(run)
    facts = key_facts(run, found.arrays, found.maps)
    number, seconds = patches(run)
    page = (
        _environment()
        .get_template("report.html.j2")
        .render(
            run=run,
            facts=facts,
            sections=sections(run, found),
            stages=stages(run) if found.maps is not None and run.end else (),
            patches=number,
            seconds_per_patch=show(seconds, "s"),
            parameters=_parameters(run),
            files=[(name, _sha256(folder / name)) for name in FILES if (folder / name).exists()],
        )
    )
    path = folder / FILE_NAME
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise RecordError(f"The report {path} cannot be written: {error.strerror}.") from error
    return path, facts


def write_overview(folder: Path, path: Path) -> None:
    """Write one wide picture (PNG) of a run with feature maps to `path`: image, conductances, maps.

    Raises RecordError when the record lacks either, or the picture cannot be written.
    """
    run = read_run(folder)
    found = results(run)
    if found.maps is None or not found.arrays:
        raise RecordError(f"{folder} holds no feature maps: there is no picture to make.")
    columns = range(min(map_figures.ACROSS, len(found.maps.filters)))
    picture = map_figures.overview(found.arrays[-1], found.maps, columns, run.simulated)
    try:
        path.write_bytes(base64.b64decode(picture))
    except OSError as error:
        raise RecordError(f"The picture {path} cannot be written: {error.strerror}.") from error


def _parameters(run: Run) -> list[tuple[str, str, str, str]]:
    found = []
    for name, entry in run.parameters.items():
        low, high = entry.get("low"), entry.get("high")
        allowed = "" if low is None and high is None else f"{_end(low, entry)} to {_end(high, entry)}"
        found.append((name, _applied(entry), str(entry.get("given", "")), allowed))
    return found


def _applied(entry: Any) -> str:
    value, unit = entry["applied"], entry["unit"]
    if not isinstance(value, np.ndarray | list):
        return show(value, unit)
    values = np.asarray(value)
    if values.size <= 10 and values.ndim == 1:
        return ", ".join(show(each, unit) for each in values.tolist())
    return f"{' x '.join(str(length) for length in values.shape)} values"


def _end(value: float | None, entry: Any) -> str:
    return "..." if value is None else show(value, entry["unit"])


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("labctl.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
