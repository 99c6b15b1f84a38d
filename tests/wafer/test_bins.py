"""The first limit that fails decides; what was not tested to an end goes into no bin."""

from __future__ import annotations

import math

import pytest

from labctl.wafer.bins import allowed, broken, failing, sort_into_bin
from labctl.wafer.planmodel import Limit, Statistic
from tests.wafer.plans import small_plan

GOOD = {
    "contact": {"contact": [1.0, 1.0], "contact_resistance": [250.0, 251.0]},
    "form": {"formed": [1.0] * 8},
    "transfer": {"threshold": [100e-6, 110e-6]},
}


def limit(
    statistic: Statistic = Statistic.EACH, low: float | None = None, high: float | None = None
) -> Limit:
    return Limit(test="form", value="formed", statistic=statistic, low=low, high=high, bin=3)


@pytest.mark.parametrize(
    ("statistic", "numbers", "is_kept"),
    [
        (Statistic.EACH, [1.0, 2.0], True),
        (Statistic.EACH, [1.0, 2.1], False),
        (Statistic.MEAN, [0.0, 3.0], True),
        (Statistic.MEAN, [0.0, 5.0], False),
        (Statistic.MEDIAN, [1.5, 1.5, 90.0], True),
        (Statistic.MIN, [1.0, 90.0], True),
        (Statistic.MIN, [0.9, 1.5], False),
        (Statistic.MAX, [-3.0, 2.0], True),
        (Statistic.MAX, [1.5, 2.5], False),
        (Statistic.EACH, [], False),
        (Statistic.MIN, [1.5, math.nan], False),
        (Statistic.EACH, [1.5, math.inf], False),
    ],
)
def test_a_limit_looks_at_its_statistic(statistic: Statistic, numbers: list[float], is_kept: bool) -> None:
    assert (broken(limit(statistic, low=1.0, high=2.0), numbers) == "") is is_kept


def test_what_fails_is_said_with_its_numbers() -> None:
    one_sided = Limit(test="t", value="r", low=1e3, unit="ohm", bin=3)
    assert (
        broken(one_sided, [2e3, 500.0, 400.0]) == "t.r of 2 out of 3, first 500 ohm, allowed at least 1 kohm"
    )
    mean = Limit(test="t", value="r", statistic=Statistic.MEAN, high=1e3, unit="ohm", bin=3)
    assert broken(mean, [2e3]) == "mean of t.r = 2 kohm, allowed at most 1 kohm"
    assert allowed(Limit(test="t", value="r", low=1.0, high=2.0, unit="V", bin=3)) == "1 V to 2 V"


def test_a_die_that_fails_no_limit_passes() -> None:
    plan = small_plan()
    found = sort_into_bin(plan, {"array": GOOD})
    assert found.bin == plan.pass_bin
    assert found.reason == ""


def test_the_first_limit_of_the_plan_that_fails_gives_the_bin() -> None:
    plan = small_plan()
    bad_neuron = {**GOOD, "transfer": {"threshold": [100e-6, 1e-3]}}
    found = sort_into_bin(plan, {"array": bad_neuron})
    assert found.bin == plan.bin(4)
    assert found.reason == "array: transfer.threshold of 1 out of 2, first 1 mA, allowed 80 uA to 200 uA"
    bad_both = {**bad_neuron, "form": {"formed": [1.0, 0.0]}}
    assert sort_into_bin(plan, {"array": bad_both}).bin == plan.bin(3)


def test_a_value_that_a_test_could_not_find_fails_its_limit() -> None:
    plan = small_plan()
    found = sort_into_bin(plan, {"array": {**GOOD, "transfer": {}}})
    assert found.bin == plan.bin(4)
    assert "transfer.threshold was not found" in found.reason


def test_no_contact_has_a_bin_of_its_own_before_all_limits() -> None:
    plan = small_plan()
    found = sort_into_bin(plan, {"array": {"contact": {"contact": [0.0]}}}, no_contact=["array"])
    assert found.bin == plan.no_contact_bin == plan.bin(9)
    assert found.reason == "the probes do not touch array"


def test_tests_that_did_not_run_are_judged_by_no_limit_and_keep_a_die_from_passing() -> None:
    plan = small_plan()
    skipped = {"contact": GOOD["contact"], "form": {"formed": [0.0]}}
    assert sort_into_bin(plan, {"array": skipped}).bin == plan.bin(3)
    interrupted = sort_into_bin(plan, {"array": {"contact": GOOD["contact"]}})
    assert interrupted.bin is None
    assert interrupted.reason == "not tested: array.form, array.transfer"
    assert sort_into_bin(plan, {}).bin is None


def test_a_limit_can_be_that_of_one_subsite() -> None:
    second = changed_to_two_subsites()
    bad = {**GOOD, "form": {"formed": [0.0]}}
    assert second.limits[0].subsite == "array"
    assert sort_into_bin(second, {"array": GOOD, "other": bad}).bin == second.pass_bin
    assert sort_into_bin(second, {"array": bad, "other": GOOD}).bin == second.bin(3)
    assert failing(second, "array", "form", {"formed": [0.0]})
    assert not failing(second, "other", "form", {"formed": [0.0]})


def changed_to_two_subsites():
    table = (
        small_plan()
        .text.split("[subsites.array]")[1]
        .split("[[bins]]")[0]
        .replace("subsites.array", "subsites.other")
    )
    return small_plan(
        ("[[bins]]", f"[subsites.other]{table}[[bins]]"), ("low = 0.9\n", 'low = 0.9\nsubsite = "array"\n')
    )
