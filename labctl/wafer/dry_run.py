"""A dry run of a wafer: one die rehearsed on the virtual twin of the bench, the rest counted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import hypot
from typing import Any

from labctl.bench import Bench
from labctl.benchfile import BenchFile
from labctl.benchmodel import OPERATOR
from labctl.core.quantity import make
from labctl.core.route import Route
from labctl.run.events import Acquired, Event, Observer
from labctl.run.rehearsal import Rehearsal, rehearse
from labctl.wafer.fit import Find
from labctl.wafer.geometry import Die
from labctl.wafer.operator import OperatorProber
from labctl.wafer.plan import WaferPlan
from labctl.wafer.sequence import BoundPlan, DieSequence
from labctl.wafer.stress import Stress, cells_of, stresses
from procedures.stage_settle import StageReading

TRIES = 3
"""So many dies are rehearsed when those before had nothing to pulse: a dead die tells nothing of the others."""


@dataclass(frozen=True)
class Worst:
    """The worst that one test can do to one cell by its settings. selected, others: V; energy: J in one die."""

    subsite: str
    test: str
    selected: float
    others: float
    pulses: int
    energy: float


@dataclass(frozen=True)
class WaferRehearsal:
    """What a wafer run would do.

    die:     the one that was rehearsed; `found` what it did. settling: s of its time that the stage took.
    pulses:  on one die, if every cell needed all that it may get. worst: per test that can pulse a cell.
    """

    plan: WaferPlan
    die: Die
    found: Rehearsal
    settling: float
    pulses: int
    worst: tuple[Worst, ...]

    @property
    def touchdowns(self) -> int:
        """On the whole wafer: one per die and subsite."""
        return len(self.plan.dies) * len(self.plan.subsites)

    @property
    def die_seconds(self) -> float:
        """Bench time of one die like the one rehearsed, s."""
        return self.found.seconds - self.settling

    @property
    def wafer_seconds(self) -> float:
        """Bench time of the wafer when all dies are like the one rehearsed, s."""
        return self.settling + len(self.plan.dies) * self.die_seconds


def rehearse_wafer(
    plan: WaferPlan, bench: BenchFile, find: Find, observers: Iterable[Observer] = ()
) -> WaferRehearsal:
    """Rehearse the die nearest to the wafer's centre on a virtual twin of `bench`; nothing moves on the bench.

    Raises LabError when the bench file is wrong. What the twin refuses is in `found.ended`.
    """
    tests = list(_tests(plan, bench, find))
    pulses = sum(count for _, _, count, _ in tests)
    by_centre = sorted(plan.dies, key=lambda die: hypot(*plan.geometry.centre(die)))
    watch, found, die = _SettlingWatch(), None, by_centre[0]
    for die in by_centre[:TRIES]:
        watch = _SettlingWatch()
        sequence = DieSequence(
            lot=plan.lot,
            wafer=plan.wafer,
            operator=plan.operator,
            die_x=die.x,
            die_y=die.y,
            settle=plan.temperature is not None,
            plan=BoundPlan(plan, find),
        )
        found = rehearse(bench.source, sequence, [*observers, watch], prepare=_stand_in)
        if found.totals.pulses or not pulses:
            break
    assert found is not None  # a plan has at least one die
    worst = tuple(_worst(subsite, test, each) for subsite, test, count, each in tests if count)
    return WaferRehearsal(plan, die, found, watch.seconds, pulses, worst)


def _stand_in(twin: Bench) -> None:
    """Where a person moves the wafer, nobody is asked to."""
    if twin.file.prober is not None and twin.file.prober.kind == OPERATOR:
        twin.use_prober(OperatorProber(lambda sentence: None))


class _SettlingWatch:
    """An observer that knows how long the stage took."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self, event: Event) -> None:
        if isinstance(event, Acquired) and isinstance(event.row, StageReading):
            self.seconds = event.row.time


def _tests(
    plan: WaferPlan, bench: BenchFile, find: Find
) -> Iterator[tuple[str, str, int, list[tuple[Stress, int]]]]:
    """Subsite, test, pulses on all its cells at most, its stresses with their pulses per cell."""
    for subsite in plan.subsites.values():
        for test in subsite.tests:
            procedure: Any = make(find(test.procedure), test.settings)
            cells = cells_of(procedure, subsite)
            most = int(bench.limits.run_pulses)
            each = [
                (stress, min(stress.pulses * test.repeat, most))
                for stress in stresses(procedure, cells, bench)
            ]
            yield subsite.name, test.name, sum(pulses for _, pulses in each) * len(cells), each


def _worst(subsite: str, test: str, each: list[tuple[Stress, int]]) -> Worst:
    routes = [stress.route() for stress, _ in each]
    return Worst(
        subsite=subsite,
        test=test,
        selected=max(_selected(route) for route in routes),
        others=max(_others(route) for route in routes),
        pulses=sum(pulses for _, pulses in each),
        energy=sum(stress.energy(pulses) for stress, pulses in each),
    )


def _selected(route: Route) -> float:
    return 0.0 if route.cell is None else float(route.worst_case[route.cell])


def _others(route: Route) -> float:
    others = route.worst_case.copy()
    if route.cell is not None:
        others[route.cell] = 0.0
    return float(others.max())
