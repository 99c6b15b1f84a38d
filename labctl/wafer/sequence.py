"""One die as one procedure that can be gone on with: touch each subsite, run its tests, say what they gave."""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import Enum
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np

from labctl.core.capabilities import Prober
from labctl.core.errors import Aborted, LabError, LimitExceeded
from labctl.core.quantity import make, option, quantity, show
from labctl.core.rows import Block, Earlier, Experiment, Picture, Progress, Verdict, Yielded
from labctl.core.views import NeuronBench
from labctl.record.columns import layout
from labctl.wafer.bins import failing
from labctl.wafer.fit import Find
from labctl.wafer.plan import WaferPlan
from labctl.wafer.planmodel import PlannedTest, Subsite
from labctl.wafer.tests_on_die import (
    DieStanding,
    Step,
    StepOutcome,
    TestBegin,
    TestEnd,
    Touchdown,
    Value,
    earlier_of,
    lengths,
    rows_of,
)
from labctl.wafer.values import Measured, values_of
from procedures.stage_settle import StageSettle

GOOD = frozenset({Verdict.DONE, Verdict.VERIFIED, Verdict.FORMED, Verdict.ALREADY_FORMED})
"""Verdicts that pass a test which has no limits."""


class WaferBench(NeuronBench, Protocol):
    """A bench with a prober."""

    @property
    def prober(self) -> Prober:
        """Moves the wafer under the probes, everything safe before each move."""
        ...


@runtime_checkable
class _Resumable(Protocol):
    def resume(self, bench: Any, earlier: Earlier) -> Experiment: ...


class BoundPlan:
    """A wafer plan with the procedures that it names; recorded as the plan's text."""

    def __init__(self, plan: WaferPlan, find: Find) -> None:
        """`find` gives a procedure by its name."""
        self.plan, self._find = plan, find

    def __str__(self) -> str:
        """The text of the plan file."""
        return self.plan.text

    def procedure(self, test: PlannedTest) -> Any:
        """The procedure of `test` with its settings; PlanError when they are wrong."""
        return make(self._find(test.procedure), test.settings)

    def judged(self, step: Step, verdict: Enum | None, measured: Mapping[str, list[float]]) -> str:
        """Why a test that ran to its end did not pass, empty when it did: by its limits, or else by its verdict."""
        if verdict is Verdict.NO_CONTACT:
            return str(verdict.value)
        limited = any(
            limit.test == step.test and limit.subsite in (None, step.subsite) for limit in self.plan.limits
        )
        if limited:
            return failing(self.plan, step.subsite, step.test, measured)
        return "" if verdict is None or verdict in GOOD else str(verdict.value)


@dataclass(frozen=True, kw_only=True)
class DieSequence:
    """Everything that the plan wants of one die. `settle`: wait for the stage first."""

    title: ClassVar[str] = "test one die of a wafer by a plan"

    lot: str = quantity("", "")
    wafer: str = quantity("", "")
    operator: str = quantity("", "")
    die_x: int = quantity("1", help="the prober's x of the die")
    die_y: int = quantity("1", help="the prober's y of the die")
    settle: bool = option(False, help="bring the stage to the plan's temperature first")
    plan: BoundPlan = quantity("")

    def run(self, bench: WaferBench) -> Experiment:
        """Yield the rows of all tests between TestBegin and TestEnd rows, a block of Value rows after each test.

        DONE when every test passed, else PARTLY. A device that exceeds a limit of the bench fails its test; what an
        instrument or the prober reports ends the die.
        """
        return (yield from _Work(self, bench, Earlier({}, {})).complete())

    def resume(self, bench: WaferBench, earlier: Earlier) -> Experiment:
        """Go on at the first test that has not ended, yielding as `run` does.

        A test that was under way is resumed by its procedure if that can be, or else runs again: no procedure forms a
        cell that conducts or ever did.
        """
        return (yield from _Work(self, bench, earlier).complete())


class _Work:
    """One die under way."""

    def __init__(self, sequence: DieSequence, bench: WaferBench, earlier: Earlier) -> None:
        self._sequence, self._bench, self._earlier = sequence, bench, earlier
        self._plan = sequence.plan.plan
        self._standing = DieStanding.of(earlier.tables)
        self._outcomes = dict(self._standing.ended)
        self._count = lengths(earlier.tables)
        self._touched = ""

    def complete(self) -> Experiment:
        if self._sequence.settle and self._plan.temperature is not None:
            yield from self._settle(self._plan.temperature)
        done = 0
        for subsite in self._plan.subsites.values():
            for test in subsite.tests:
                for cycle in range(1, test.repeat + 1):
                    step = Step(subsite.name, test.name, cycle)
                    if step not in self._outcomes:
                        yield from self._step(step, subsite, test)
                done += 1
                yield Progress(done, self._tests, f"{self._die}: {subsite.name}, test {test.name} is over")
        if self._touched:
            self._bench.prober.separate()
        passed = all(outcome is StepOutcome.PASSED for outcome in self._outcomes.values())
        return Verdict.DONE if passed else Verdict.PARTLY

    @property
    def _die(self) -> str:
        return f"die ({self._sequence.die_x}, {self._sequence.die_y})"

    @property
    def _tests(self) -> int:
        return sum(len(subsite.tests) for subsite in self._plan.subsites.values())

    def _settle(self, temperature: float) -> Generator[Yielded, None, None]:
        verdict = yield from StageSettle(temperature=temperature).run(self._bench)
        if verdict is not Verdict.DONE:
            raise LabError(
                f"The stage did not settle at {show(temperature, 'K')}: look at its heater and thermometer, then go on."
            )

    def _step(self, step: Step, subsite: Subsite, test: PlannedTest) -> Generator[Yielded, None, None]:
        lacking = [name for name in test.if_passed if not self._passed(subsite.test(name), subsite.name)]
        if lacking:
            yield self._end(step, StepOutcome.SKIPPED, reason=f"{', '.join(lacking)} did not pass")
            return
        yield from self._touch(subsite)
        measured: dict[str, list[float]] = {}
        try:
            verdict = yield from self._measure(step, test, measured)
        except LimitExceeded as error:  # the device has taken all that this bench permits, or takes too much
            yield self._end(step, StepOutcome.FAILED, reason=str(error))
            return
        except Aborted:
            raise
        except LabError as error:
            yield self._end(step, StepOutcome.ERROR, reason=str(error))
            raise
        reason = self._sequence.plan.judged(step, verdict, measured)
        yield self._end(step, StepOutcome.FAILED if reason else StepOutcome.PASSED, verdict, reason)

    def _passed(self, test: PlannedTest, subsite: str) -> bool:
        steps = (Step(subsite, test.name, cycle) for cycle in range(1, test.repeat + 1))
        return all(self._outcomes.get(step) is StepOutcome.PASSED for step in steps)

    def _touch(self, subsite: Subsite) -> Generator[Yielded, None, None]:
        """Bring the probes onto `subsite`, unless they are there."""
        if self._touched == subsite.name:
            return
        prober, (dx, dy) = self._bench.prober, subsite.offset
        x, y = self._sequence.die_x, self._sequence.die_y
        yield Progress(0, 1, f"{self._die}: moving to {subsite.name}")
        prober.to_die(x, y)
        prober.to_subsite(dx, dy, subsite.name)
        prober.contact()
        self._touched = subsite.name
        yield Touchdown(subsite=subsite.name, x=x, y=y, dx=dx, dy=dy)

    def _measure(
        self, step: Step, test: PlannedTest, measured: dict[str, list[float]]
    ) -> Generator[Yielded, None, Enum | None]:
        """Run the procedure of one test, or go on with it; its values are yielded and put into `measured`."""
        procedure, begun = self._sequence.plan.procedure(test), self._standing.begun.get(step)
        known = Earlier({}, {})
        if begun is None:
            yield TestBegin(
                subsite=step.subsite,
                test=step.test,
                cycle=step.cycle,
                procedure=test.procedure,
                before=json.dumps(self._count),
            )
        else:
            known = earlier_of(step, begun, self._earlier)
        is_resumed = begun is not None and isinstance(procedure, _Resumable)
        experiment = procedure.resume(self._bench, known) if is_resumed else procedure.run(self._bench)
        rows = {kind: rows_of(columns) for kind, columns in known.tables.items()}
        watched = _Watched(step, rows, self._count, f"{self._die}, {step}")
        verdict = yield from watched.through(experiment)
        values = values_of(test.procedure, procedure, watched.rows, watched.last)
        for value in values:
            measured.setdefault(value.name, []).append(value.value)
        if values:
            yield _block(step, values)
        return verdict

    def _end(
        self, step: Step, outcome: StepOutcome, verdict: Enum | None = None, reason: str = ""
    ) -> TestEnd:
        if outcome is not StepOutcome.ERROR:
            self._outcomes[step] = outcome
        return TestEnd(
            subsite=step.subsite,
            test=step.test,
            cycle=step.cycle,
            outcome=outcome,
            verdict="" if verdict is None else str(verdict.value),
            reason=reason,
        )


class _Watched:
    """The rows of one test on their way to the record; its pictures get names of their own."""

    def __init__(
        self, step: Step, rows: dict[str, list[dict[str, Any]]], count: dict[str, int], doing: str
    ) -> None:
        """rows: of this test so far, by kind. count: of the whole die."""
        self.rows = rows
        self.last: Any = None
        self._step, self._count, self._doing = step, count, doing

    def through(self, experiment: Experiment) -> Generator[Yielded, None, Enum | None]:
        """Yield what `experiment` yields and return its verdict."""
        try:
            while True:
                try:
                    item = next(experiment)
                except StopIteration as end:
                    return end.value if isinstance(end.value, Enum) else None
                yield self._seen(item)
        finally:
            experiment.close()

    def _seen(self, item: Any) -> Yielded:
        match item:
            case Progress():
                return replace(item, doing=f"{self._doing}: {item.doing}")
            case Picture():
                return replace(item, name=self._step.names(item.name))
            case Block():
                table = layout(item.kind)
                self._add(table.name, rows_of(table.arrays(item)))
            case _:
                kind: type = type(item)
                table = layout(kind)
                names = (column.name for column in table.columns[2:])
                self._add(table.name, [dict(zip(names, table.values(item), strict=True))])
                self.last = item
        return item

    def _add(self, kind: str, rows: list[dict[str, Any]]) -> None:
        self.rows.setdefault(kind, []).extend(rows)
        self._count[kind] = self._count.get(kind, 0) + len(rows)


def _block(step: Step, values: list[Measured]) -> Block:
    """All values of one test in one line of the journal: they are recorded together or not at all."""
    count, now = len(values), datetime.now(UTC).isoformat(timespec="seconds")
    columns = {
        "subsite": np.array([step.subsite] * count, dtype=object),
        "row": np.array([value.row for value in values]),
        "col": np.array([value.col for value in values]),
        "test": np.array([step.test] * count, dtype=object),
        "cycle": np.full(count, step.cycle),
        "name": np.array([value.name for value in values], dtype=object),
        "value": np.array([value.value for value in values]),
        "unit": np.array([value.unit for value in values], dtype=object),
        "censored": np.array([value.censored for value in values]),
        "time_utc": np.array([now] * count, dtype=object),
    }
    return Block(Value, columns)
