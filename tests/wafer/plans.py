"""Small wafer plans for tests, and how to change the first one."""

from __future__ import annotations

from pathlib import Path

import pytest

from labctl.benchfile import BenchFile, load_bench, read_bench
from labctl.wafer.plan import WaferPlan, WaferPlanError, read_plan
from tests.wafer.pieces import bins, die_test, forming, plan_text, subsite

SOURCE = Path("/lab/plan.toml")
PLAN = """
format = "labctl-wafer-1"
name = "small"
lot = "L1"
wafer = "W1"
bench = "virtual_56x8"

[geometry]
diameter = "100 mm"
die_size = ["8 mm", "10 mm"]
edge_exclusion = "3 mm"

[dies]
only = [[0, 0], [3, -2]]

[stage]
temperature = "313 K"

[subsites.array]
offset = ["1 mm", "-2 mm"]
words = "0-3"
bits = "0,1"

[[subsites.array.tests]]
name = "contact"
procedure = "contact_check"
settings = { neurons = [0, 1] }

[[subsites.array.tests]]
name = "form"
procedure = "cells_form"
settings = { cells = "0-3,0-1", forming_max = 1.7 }
if_passed = ["contact"]

[[subsites.array.tests]]
name = "transfer"
procedure = "neuron_transfer"
settings = { neuron = 1 }
if_passed = ["contact"]
repeat = 2

[[bins]]
number = 1
name = "pass"
quality = "pass"

[[bins]]
number = 3
name = "forming"
quality = "fail"

[[bins]]
number = 4
name = "neuron"
quality = "fail"

[[bins]]
number = 9
name = "no contact"
quality = "fail"

[[limits]]
test = "form"
value = "formed"
statistic = "mean"
low = 0.9
bin = 3

[[limits]]
test = "transfer"
value = "threshold"
low = "80 uA"
high = "0.2 mA"
bin = 4

[stop]
consecutive_no_contact = 3
"""
CORNER = plan_text(
    "corner",
    "[[0, 0], [-4, 2]]",
    subsite("cell", 'offset = ["2 mm", "0 mm"]', 'kind = "cell"'),
    die_test("form", "cells_form", 'settings = { cells = "0,0" }', on="cell"),
    subsite("array", 'words = "0-15"', 'bits = "0-3"'),
    die_test("contact", "contact_check", "settings = { neurons = [0, 1] }"),
    forming("0,0-1"),
    bins(1, 9),
    head=(),
)
"""Another one: cells and arrays, without limits."""
OPERATED = """
[prober]
kind = "operator"
"""


def operated_bench() -> BenchFile:
    """The bench of 56 x 8 cells with a person at the prober."""
    found = load_bench("virtual_56x8")
    return read_bench(found.text + OPERATED, found.source)


def changed(*pairs: tuple[str, str]) -> str:
    """The plan's text with some words exchanged, each of which must be in it."""
    text = PLAN
    for old, new in pairs:
        assert old in text, f"the plan no longer holds {old!r}"
        text = text.replace(old, new, 1)
    return text


def small_plan(*pairs: tuple[str, str]) -> WaferPlan:
    """The plan with some words exchanged."""
    return read_plan(changed(*pairs), SOURCE)


def mistakes(text: str) -> tuple[str, ...]:
    """Everything that is wrong with a plan's text."""
    with pytest.raises(WaferPlanError) as refused:
        read_plan(text, SOURCE)
    return refused.value.mistakes
