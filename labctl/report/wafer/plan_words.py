"""The plan of a wafer in words: geometry, tests, limits, rules to stop."""

from __future__ import annotations

from dataclasses import dataclass

from labctl.core.lines import show_indices
from labctl.core.quantity import show
from labctl.report.wafer.campaign import Campaign
from labctl.report.wafer.placing import State, marks
from labctl.wafer.bins import allowed
from labctl.wafer.plan import WaferPlan


@dataclass(frozen=True)
class TestLine:
    """One planned test of a subsite."""

    __test__ = False  # no test of ours, whatever its name

    subsite: str
    name: str
    procedure: str
    settings: str
    condition: str
    repeat: int


@dataclass(frozen=True)
class LimitLine:
    """One limit: what is looked at, what it must keep to, where a die goes that does not."""

    value: str
    subsite: str
    statistic: str
    allowed: str
    bin: str


def geometry_lines(campaign: Campaign) -> list[tuple[str, str]]:
    """Name and value of what the map is drawn by, and how many dies there are of each kind."""
    plan = campaign.plan
    wafer, states = plan.geometry, [mark.state for mark in marks(campaign)]
    across, along = "right" if wafer.x_sign > 0 else "left", "upwards" if wafer.y_sign > 0 else "downwards"
    offset = ", ".join(show(each, "m") for each in wafer.reference_offset)
    lines = [
        ("wafer", f"{show(wafer.diameter, 'm')}, notch drawn at {wafer.notch:g}° (counter-clockwise from the right)"),
        ("die", " x ".join(show(each, "m") for each in wafer.die_size)),
        ("the prober's axes", f"in the map x grows to the {across}, y grows {along}"),
        ("reference die", f"{wafer.reference_die}, its centre at ({offset}) from the wafer's centre"),
        ("edge exclusion", show(wafer.edge_exclusion, "m")),
        ("dies", f"{len(plan.dies)} planned, {states.count(State.SKIPPED)} whole ones not in the plan"),
        ("path", f"{plan.selection.path.value}, from the {plan.selection.start.value}"),
    ]  # fmt: skip
    if plan.temperature is not None:
        lines.append(("stage", show(plan.temperature, "K")))
    return lines


def test_lines(plan: WaferPlan) -> list[TestLine]:
    """Every test of every subsite in its order."""
    return [
        TestLine(
            subsite=name,
            name=test.name,
            procedure=test.procedure,
            settings="; ".join(f"{key} = {value}" for key, value in test.settings.items()),
            condition=", ".join(test.if_passed),
            repeat=test.repeat,
        )
        for name, subsite in plan.subsites.items()
        for test in subsite.tests
    ]


def subsite_lines(plan: WaferPlan) -> list[tuple[str, str, str, str]]:
    """Name, kind, offset and lines of every subsite."""
    return [
        (
            name,
            each.kind.value,
            ", ".join(show(length, "m") for length in each.offset),
            f"word lines {show_indices(each.words)}, bit lines {show_indices(each.bits)}",
        )
        for name, each in plan.subsites.items()
    ]


def limit_lines(plan: WaferPlan) -> list[LimitLine]:
    """The limits in their order: the first one that fails decides."""
    return [
        LimitLine(
            value=f"{limit.test}.{limit.value}",
            subsite=limit.subsite or "each that has the test",
            statistic=limit.statistic.value,
            allowed=allowed(limit),
            bin=f"{limit.bin} {plan.bin(limit.bin).name}",
        )
        for limit in plan.limits
    ]


def stop_lines(plan: WaferPlan) -> list[str]:
    """When the wafer is not gone on with."""
    rules = (
        (plan.stop.consecutive_no_contact, "dies without contact one after another"),
        (plan.stop.consecutive_fails, "dies that fail one after another"),
        (plan.stop.errors, "dies ended by an error"),
    )
    return [f"{count} {words}" for count, words in rules if count]
