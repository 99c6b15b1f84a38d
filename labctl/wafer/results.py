"""What a campaign has found so far: read from the records of its dies, written as one tidy table."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from labctl.core.rows import Verdict
from labctl.record.outcome import Outcome
from labctl.record.reading import Run, read_run
from labctl.wafer.bins import Numbers, Sorted, sort_into_bin
from labctl.wafer.geometry import Die
from labctl.wafer.measurands import plain_name
from labctl.wafer.plan import WaferPlan
from labctl.wafer.tests_on_die import DieStanding, Step, StepOutcome, Value, rows_of

FILE_NAME = "results.csv"
COLUMNS = (
    "lot",
    "wafer",
    "die_x",
    "die_y",
    "subsite",
    "row",
    "col",
    "test",
    "cycle",
    "value",
    "unit",
    "bin",
    "time_utc",
    "censored",
)
"""row, col: -1 where there is none. test: NAME.VALUE. bin: of the die, empty without one. censored: 1 or 0."""
CONTACT_CHECK = "contact_check"


@dataclass(frozen=True)
class TestReport:
    """One test of one subsite on one die, its cycles together: the worst of them tells."""

    __test__: ClassVar[bool] = False  # no test of pytest

    name: str
    outcome: StepOutcome
    reason: str = ""


@dataclass(frozen=True)
class SubsiteReport:
    """One subsite of one die; no bin: not tested to an end."""

    name: str
    sorted: Sorted
    tests: tuple[TestReport, ...]


@dataclass(frozen=True)
class DieReport:
    """One die as its record tells it.

    outcome: of its run; None: killed, or under way. reason: why it did not finish, or what put it into its bin.
    lines:   of the table of results, as text.
    """

    die: Die
    folder: Path
    outcome: Outcome | None
    sorted: Sorted
    reason: str
    started: str
    seconds: float | None
    subsites: tuple[SubsiteReport, ...]
    lines: str = field(default="", repr=False)

    @property
    def is_finished(self) -> bool:
        """Whether nothing is left to do on it."""
        return self.outcome is Outcome.FINISHED

    def plain(self, out: Path) -> dict[str, Any]:
        """As campaign.json has it; the folder as seen from `out`."""
        return {
            "x": self.die.x,
            "y": self.die.y,
            **_plain_bin(self.sorted),
            "folder": self.folder.relative_to(out).as_posix(),
            "outcome": "" if self.outcome is None else self.outcome.value,
            "reason": self.reason,
            "started": self.started,
            "seconds": self.seconds,
            "subsites": [
                {
                    "name": subsite.name,
                    **_plain_bin(subsite.sorted),
                    "tests": [
                        {"name": test.name, "outcome": test.outcome.value, "reason": test.reason}
                        for test in subsite.tests
                    ],
                }
                for subsite in self.subsites
            ],
        }


def read_die(plan: WaferPlan, die: Die, folder: Path) -> DieReport:
    """What the record in `folder` tells of `die`; RecordError when it holds no run."""
    run = read_run(folder)
    tables = {name: table.columns for name, table in run.tables.items()}
    standing, values = DieStanding.of(tables), _last_values(run)
    found = _numbers(standing, values)
    untouched = [name for name in plan.subsites if _is_untouched(plan, standing, name)]
    done = run.outcome is Outcome.FINISHED
    whole = (
        _sorted(plan, found, untouched, standing) if done else Sorted(None, str(run.end.get("reason", "")))
    )
    return DieReport(
        die=die,
        folder=folder,
        outcome=run.outcome,
        sorted=whole,
        reason=whole.reason,
        started=str(run.head["started"]),
        seconds=run.end.get("bench_seconds"),
        subsites=tuple(_subsite(plan, name, standing, found, untouched) for name in plan.subsites),
        lines=_csv(_line(plan, die, whole, value) for value in values.values()),
    )


def write_results(path: Path, dies: Iterable[DieReport]) -> None:
    """Write the table of all dies to `path` in one step; OSError when the disk refuses."""
    replace_file(path, _csv([COLUMNS]) + "".join(die.lines for die in dies))


def replace_file(path: Path, text: str) -> None:
    """Put `text` in the place of the file at `path`; whoever looks, or is killed, sees all of it or none."""
    fresh = path.with_name(f"{path.name}.new")
    with fresh.open("w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def _csv(rows: Iterable[Sequence[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _line(plan: WaferPlan, die: Die, whole: Sorted, value: Mapping[str, Any]) -> tuple[Any, ...]:
    return (
        plan.lot,
        plan.wafer,
        die.x,
        die.y,
        value["subsite"],
        int(value["row"]),
        int(value["col"]),
        f"{value['test']}.{value['name']}",
        int(value["cycle"]),
        f"{float(value['value']):.12g}",
        value["unit"],
        "" if whole.bin is None else whole.bin.number,
        value["time_utc"],
        int(value["censored"]),
    )


def _last_values(run: Run) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Values by what they are of; a test that was run again after an interruption tells them anew."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    if Value.__name__ in run.tables:
        for row in rows_of(dict(run.tables[Value.__name__].columns)):
            key = tuple(row[name] for name in ("subsite", "test", "cycle", "row", "col", "name"))
            found.pop(key, None)
            found[key] = row
    return found


def _numbers(
    standing: DieStanding, values: Mapping[tuple[Any, ...], Mapping[str, Any]]
) -> dict[str, dict[str, Numbers]]:
    """What the tests that ran have measured, by subsite and test: nothing of those that came to no verdict."""
    found: dict[str, dict[str, dict[str, list[float]]]] = {}
    ran = {step for step, outcome in standing.ended.items() if outcome is not StepOutcome.SKIPPED}
    for step in ran:
        found.setdefault(step.subsite, {}).setdefault(step.test, {})
    for row in values.values():
        step = Step(row["subsite"], row["test"], int(row["cycle"]))
        if step in ran and standing.verdicts[step]:
            numbers = found[step.subsite][step.test]
            numbers.setdefault(row["name"], []).append(float(row["value"]))
    return {subsite: dict(tests) for subsite, tests in found.items()}


def _sorted(
    plan: WaferPlan, found: Mapping[str, Mapping[str, Numbers]], untouched: list[str], standing: DieStanding
) -> Sorted:
    """The bin of limits; what could not be measured to its end passes none."""
    whole = sort_into_bin(plan, found, untouched)
    cut = [
        f"{step}: {standing.reasons[step]}"
        for step, outcome in standing.ended.items()
        if outcome is StepOutcome.FAILED and not standing.verdicts[step]
    ]
    return Sorted(None, cut[0]) if cut and whole.bin == plan.pass_bin else whole


def _is_untouched(plan: WaferPlan, standing: DieStanding, subsite: str) -> bool:
    checks = {
        test.name for test in plan.subsites[subsite].tests if plain_name(test.procedure) == CONTACT_CHECK
    }
    return any(
        step.subsite == subsite and step.test in checks and verdict == Verdict.NO_CONTACT.value
        for step, verdict in standing.verdicts.items()
    )


def _subsite(
    plan: WaferPlan,
    name: str,
    standing: DieStanding,
    found: Mapping[str, Mapping[str, Numbers]],
    untouched: list[str],
) -> SubsiteReport:
    tests = tuple(
        report
        for test in plan.subsites[name].tests
        if (report := _test(standing, [Step(name, test.name, cycle + 1) for cycle in range(test.repeat)]))
    )
    here = {name: found[name]} if name in found else {}
    return SubsiteReport(name, sort_into_bin(plan, here, [each for each in untouched if each == name]), tests)


_WORST = (StepOutcome.ERROR, StepOutcome.FAILED, StepOutcome.SKIPPED, StepOutcome.PASSED)


def _test(standing: DieStanding, steps: list[Step]) -> TestReport | None:
    """None as long as no cycle of it has ended."""
    ends = [
        (standing.ended[step], standing.reasons[step])
        if step in standing.ended
        else (StepOutcome.ERROR, standing.errors[step])
        for step in steps
        if step in standing.ended or step in standing.errors
    ]
    if not ends:
        return None
    outcome, reason = min(ends, key=lambda end: _WORST.index(end[0]))
    return TestReport(steps[0].test, outcome, reason)


def _plain_bin(found: Sorted) -> dict[str, Any]:
    if found.bin is None:
        return {"bin": None, "bin_name": "", "quality": ""}
    return {"bin": found.bin.number, "bin_name": found.bin.name, "quality": found.bin.quality.value}
