"""What did not go as planned: dies that did not finish, tests that failed, met an error or were left out."""

from __future__ import annotations

from dataclasses import dataclass

from labctl.record.outcome import Outcome
from labctl.report.wafer.campaign import Campaign
from labctl.wafer.geometry import Die
from labctl.wafer.tests_on_die import StepOutcome

_ORDER = [each.value for each in (StepOutcome.ERROR, StepOutcome.FAILED, StepOutcome.SKIPPED)]


@dataclass(frozen=True)
class Failure:
    """One kind of failure, and the dies that met it in the order of testing."""

    subsite: str
    test: str
    outcome: str
    reason: str
    dies: tuple[Die, ...]

    @property
    def names(self) -> str:
        """The dies in words."""
        return ", ".join(str(die) for die in self.dies)


def unfinished(campaign: Campaign) -> list[tuple[Die, str, str]]:
    """Die, outcome and reason of every die that did not come to its end."""
    return [
        (end.die, end.outcome or "without an end", end.reason)
        for end in campaign.dies
        if end.outcome != Outcome.FINISHED.value
    ]


def failures(campaign: Campaign) -> list[Failure]:
    """Tests that did not pass, equal ones together; what failed comes before what was left out because of it."""
    found: dict[tuple[str, str, str, str], list[Die]] = {}
    for end in campaign.dies:
        for subsite in end.subsites:
            for test in subsite.tests:
                if test.outcome != StepOutcome.PASSED.value:
                    key = subsite.name, test.name, test.outcome, test.reason
                    found.setdefault(key, []).append(end.die)
    order = sorted(found.items(), key=lambda each: _ORDER.index(each[0][2]))
    return [Failure(*key, tuple(dies)) for key, dies in order]


def untested(campaign: Campaign) -> tuple[Die, ...]:
    """Planned dies that were not begun, in the order of the path."""
    begun = {end.die for end in campaign.dies}
    return tuple(die for die in campaign.plan.dies if die not in begun)
