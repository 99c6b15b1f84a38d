"""The files that the tests of a plan read: kept in the campaign's folder, so that every die is tested with the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from labctl.core.quantity import make, read, specs, write
from labctl.run.inputs import keep_inputs, kept_inputs
from labctl.wafer.fit import Find
from labctl.wafer.plan import WaferPlan
from labctl.wafer.planmodel import PlannedTest

Noted = Mapping[str, Mapping[str, Mapping[str, str]]]
"""By test (`SUBSITE.TEST`) and parameter: path, sha256 and place of each kept file."""


def keep_files(plan: WaferPlan, find: Find, out: Path) -> tuple[WaferPlan, Noted]:
    """Copy the files that the tests of `plan` name into `out`; the plan reading the copies, and what was kept.

    Raises LabError for settings that are wrong or a file that cannot be kept.
    """
    noted, changed = {}, {}
    for name, test in _tests(plan):
        procedure: Any = make(find(test.procedure), test.settings)
        reading, files = keep_inputs(procedure, out)
        if files:
            noted[name] = files
            changed[name] = {spec.name: getattr(reading, spec.name) for spec in specs(reading) if spec.find}
    return _with(plan, changed), noted


def kept_files(plan: WaferPlan, find: Find, out: Path, noted: Noted) -> tuple[WaferPlan, list[str]]:
    """The plan with the copies that its campaign in `out` kept, and sentences on files that were changed since.

    Raises PlanError when a copy is missing or damaged, or the campaign kept none of a file that a test reads.
    """
    said: list[str] = []
    changed = {}
    for name, test in _tests(plan):
        kind = find(test.procedure)
        values = {
            spec.name: read(test.settings[spec.name], spec) if spec.name in test.settings else spec.default
            for spec in specs(kind)
        }
        found, sentences = kept_inputs(kind, values, out, noted.get(name, {}))
        said += sentences
        texts = {spec.name: found[spec.name] for spec in specs(kind) if spec.find and found[spec.name]}
        if texts:
            changed[name] = texts
    return _with(plan, changed), said


def _tests(plan: WaferPlan) -> Iterator[tuple[str, PlannedTest]]:
    for subsite in plan.subsites.values():
        for test in subsite.tests:
            yield f"{subsite.name}.{test.name}", test


def _with(plan: WaferPlan, changed: Mapping[str, Mapping[str, Any]]) -> WaferPlan:
    if not changed:
        return plan
    subsites = {}
    for name, subsite in plan.subsites.items():
        tests = tuple(
            test.model_copy(
                update={"settings": {**test.settings, **_texts(changed.get(f"{name}.{test.name}", {}))}}
            )
            for test in subsite.tests
        )
        subsites[name] = subsite.model_copy(update={"tests": tests})
    return replace(plan, subsites=subsites)


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    return {name: write(value, "1") for name, value in values.items() if value}
