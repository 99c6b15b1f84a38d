"""A plan is read whole; everything that is wrong with it is told at once, in a sentence each."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from labctl.catalogue import find
from labctl.core.errors import LabError
from labctl.wafer.fit import check_against, load_for
from labctl.wafer.geometry import Die
from labctl.wafer.plan import WaferPlanError, load_plan, read_plan
from labctl.wafer.planmodel import PathKind, Quality, Statistic, SubsiteKind
from tests.wafer.plans import PLAN, SOURCE, changed, mistakes, operated_bench, small_plan


def test_a_plan_is_read() -> None:
    plan = small_plan()
    assert (plan.name, plan.lot, plan.wafer, plan.operator) == ("small", "L1", "W1", "")
    assert plan.bench == "virtual_56x8"
    assert plan.geometry.die_size == pytest.approx((8e-3, 10e-3))
    assert plan.dies == (Die(0, 0), Die(3, -2))
    assert plan.selection.path is PathKind.SERPENTINE
    assert plan.temperature == pytest.approx(313.0)
    (array,) = plan.subsites.values()
    assert array.kind is SubsiteKind.ARRAY
    assert array.offset == pytest.approx((1e-3, -2e-3))
    assert (array.words, array.bits) == ((0, 1, 2, 3), (0, 1))
    assert [test.name for test in array.tests] == ["contact", "form", "transfer"]
    assert array.test("form").settings == {"cells": "0-3,0-1", "forming_max": "1.7"}
    assert array.test("contact").settings == {"neurons": "0 1"}
    assert array.test("transfer").repeat == 2
    assert array.test("transfer").if_passed == ("contact",)
    assert plan.pass_bin.quality is Quality.PASS
    assert plan.no_contact_bin is not None
    assert plan.no_contact_bin.number == 9
    forming, threshold = plan.limits
    assert (forming.statistic, forming.low, forming.high) == (Statistic.MEAN, 0.9, None)
    assert (threshold.low, threshold.high, threshold.unit) == pytest.approx((80e-6, 200e-6, "A"))
    assert plan.stop.consecutive_no_contact == 3
    assert plan.text == PLAN
    assert plan.sha256 == hashlib.sha256(PLAN.encode()).hexdigest()


def test_the_same_plan_serves_other_wafers() -> None:
    plan = small_plan().identified(wafer="7", operator="anna")
    assert (plan.lot, plan.wafer, plan.operator) == ("L1", "7", "anna")
    assert plan.sha256 == small_plan().sha256


def test_a_bench_file_is_looked_for_beside_the_plan() -> None:
    assert small_plan(('"virtual_56x8"', '"mine.toml"')).bench == str(SOURCE.parent / "mine.toml")


BAD = {
    "a die named twice": (("[3, -2]]", "[0, 0]]"), "dies.only: die (0, 0) is named twice"),
    "a die outside the wafer": (
        ("[3, -2]]", "[30, -2]]"),
        "dies.only: die (30, -2) is outside the wafer (diameter 100 mm, edge exclusion 3 mm)",
    ),
    "a die in the edge exclusion": (
        ("[3, -2]]", "[2, 4]]"),
        "dies.only: die (2, 4) is in the edge exclusion",
    ),
    "a limit that nothing fails": (
        ("low = 0.9", "low = nan"),
        "low: = nan, a bound must be a number; leave the key out where there is no bound",
    ),
    "a limit with a comma that has two meanings": (
        ("low = 0.9", 'low = "1,500 V"'),
        "low: '1,500 V' could mean 1.500 or 1500: write one of these",
    ),
    "no die at all": (
        ("only = [[0, 0], [3, -2]]", 'select = "within 1 mm"\nskip = [[0, 0]]'),
        "dies: none is left",
    ),
    "a die tested and skipped": (
        ("[3, -2]]", "[3, -2]]\nskip = [[3, -2]]"),
        "dies: die (3, -2) is to be tested and to be skipped",
    ),
    "rule and list": (("only =", 'select = "every 2nd"\nonly ='), "dies: `only` stands in for a rule"),
    "half a die": (("[3, -2]]", "[3]]"), "dies.only 2: [3] is no die: write [x, y]"),
    "broken die": (("[3, -2]]", "[3, 1.5]]"), "dies.only 2: [3, 1.5] is no die"),
    "a wafer too small": (('"100 mm"', '"8 mm"'), "geometry: the wafer holds no die"),
    "dies too small": (
        ('"8 mm", "10 mm"', '"10 um", "10 um"'),
        "geometry: die_size makes more than a million dies",
    ),
    "a length in volts": (
        ('"100 mm"', '"100 V"'),
        "geometry.diameter: '100 V' is in V, a value in m is wanted",
    ),
    "one length for two": (('["8 mm", "10 mm"]', '"8 mm"'), "geometry.die_size: must be two lengths"),
    "an axis": (("die_size", 'x_to = "down"\ndie_size'), "geometry.x_to: 'down' is not one of right, left"),
    "an offset beside the die": (
        ('"1 mm", "-2 mm"', '"5 mm", "0 mm"'),
        "subsites.array.offset: 5 mm, 0 m is outside",
    ),
    "two tests with one name": (
        ('name = "form"', 'name = "contact"'),
        "subsites.array: two tests are called 'contact'",
    ),
    "two bins with one number": (("number = 3", "number = 4"), "bins: two bins have the number 4"),
    "two bins with one name": (
        ('name = "neuron"', 'name = "forming"'),
        "bins: two bins are called 'forming'",
    ),
    "two subsites with one name": (
        ("[stop]", '[subsites.array]\nwords = "0"\n[stop]'),
        "the section [subsites.array] is there twice (at line ",
    ),
    "no pass bin": (('quality = "pass"', 'quality = "fail"'), 'bins: none has quality = "pass"'),
    "a bin without a number": (("number = 3\n", ""), "bins 2 (forming).number: is missing"),
    "a limit without a bin": (("low = 0.9\nbin = 3", "low = 0.9"), "limits 1 (form.formed).bin: is missing"),
    "a limit with an unknown bin": (
        ("low = 0.9\nbin = 3", "low = 0.9\nbin = 7"),
        "limits 1 (form.formed): there is no bin 7 in [[bins]]",
    ),
    "a limit into the pass bin": (("low = 0.9\nbin = 3", "low = 0.9\nbin = 1"), "cannot go into bin 1"),
    "a limit on an unknown test": (
        ('test = "form"', 'test = "from"'),
        "limits 1 (from.formed): there is no test 'from'",
    ),
    "a limit on an unknown value": (
        ('value = "formed"', 'value = "form"'),
        "limits 1 (form.form): cells_form gives no value 'form' (it gives: forming_voltage, formed, forming_pulses)",
    ),
    "a limit on an unknown subsite": (
        ("low = 0.9\n", 'low = 0.9\nsubsite = "cell"\n'),
        "limits 1 (form.formed): there is no subsite 'cell' (there are: array)",
    ),
    "a limit without a bound": (("low = 0.9\n", ""), "limits 1 (form.formed): has neither low nor high"),
    "bounds that leave nothing": (('"80 uA"', '"1 mA"'), "low = 1 mA is above high = 200 uA"),
    "a bound in another unit": (('"80 uA"', '"80 uV"'), "limits 2 (transfer.threshold).low: '80 uV' is in V"),
    "a bound that is a flag": (("low = 0.9", "low = true"), "limits 1 (form.formed).low: must be a number"),
    "an unknown quality": (
        ('quality = "fail"', 'quality = "bad"'),
        "bins 2 (forming).quality: 'bad' is not one of",
    ),
    "an unknown key": (
        ("repeat = 2", "repeats = 2"),
        "subsites.array.tests 3 (transfer).repeats: unknown key",
    ),
    "an unknown section": (("[stop]", "[halt]"), "halt: unknown key or section"),
    "no lines": (
        ('words = "0-3"', 'words = "all"'),
        "subsites.array.words: 'all' is no list: write for example 0-15",
    ),
    "a line twice": (
        ('words = "0-3"', 'words = "0-3,2"'),
        "subsites.array.words: '0-3,2' names 2 twice",
    ),
    "a cell between many lines": (
        ('words = "0-3"', 'kind = "cell"\nwords = "0-3"'),
        "subsites.array: a cell lies between one word line and one bit line",
    ),
    "forming before contact": (
        ('procedure = "contact_check"\nsettings = { neurons = [0, 1] }', 'procedure = "crossbar_read"'),
        "subsites.array.tests.form: forms cells before any contact_check",
    ),
    "no bin for no contact": (('name = "no contact"', 'name = "lost"'), "bins: none is called 'no contact'"),
    "another format": (("labctl-wafer-1", "labctl-wafer-9"), "format: 'labctl-wafer-9' is not known"),
    "no name": (('name = "small"\n', ""), "name: is missing"),
    "a lot that is no name": (('"L1"', '"L/1"'), "lot: 'L/1' is no name"),
    "no text": (('wafer = "W1"', "wafer = 1"), "wafer: must be a text"),
    "text that is no TOML": (("[stop]", "[stop"), "not valid TOML"),
    "a condition on a later test": (
        ('if_passed = ["contact"]', 'if_passed = ["transfer"]'),
        "subsites.array.tests.form: if_passed names 'transfer', which comes later",
    ),
    "a condition on an unknown test": (
        ('if_passed = ["contact"]', 'if_passed = ["touch"]'),
        "subsites.array.tests.form: if_passed names 'touch', which is no test of this subsite",
    ),
}


@pytest.mark.parametrize(("pair", "sentence"), BAD.values(), ids=BAD)
def test_a_mistake_gets_a_sentence(pair: tuple[str, str], sentence: str) -> None:
    found = mistakes(changed(pair))
    assert any(sentence in each for each in found), found
    assert all("\n" not in each and len(each) < 300 for each in found)


def test_one_mistake_gets_one_sentence() -> None:
    alone = {name: pair for name, (pair, _) in BAD.items()}
    several = {name: found for name, pair in alone.items() if len(found := mistakes(changed(pair))) > 1}
    assert set(several) == {  # where something else leant on what is not there any more
        "two tests with one name",
        "two bins with one number",
        "a bin without a number",
        "forming before contact",
    }, several


def test_all_mistakes_are_told_at_once() -> None:
    text = changed(
        ("[3, -2]]", "[30, -2]]"),
        ("number = 3", "number = 4"),
        ("low = 0.9\nbin = 3", "low = 0.9"),
        ('if_passed = ["contact"]', 'if_passed = ["transfer"]'),
        ('"8 mm", "10 mm"', '"8 mm", "10 mm"'),
        ("temperature", "kelvin"),
    )
    found = mistakes(text)
    for words in (
        "(30, -2)",
        "number 4",
        "limits 1",
        "comes later",
        "stage.kelvin",
        "stage.temperature: is missing",
    ):
        assert sum(words in each for each in found) == 1, (words, found)
    with pytest.raises(WaferPlanError, match=f"{len(found)} mistakes"):
        read_plan(text, SOURCE)


MISFITS = {
    "words that are not there": (
        ('words = "0-3"', 'words = "0-3,56-57"'),
        "subsites.array.words: the bench virtual_56x8 has no word 56-57, it has word 0 to 55",
    ),
    "bits that are not there": (('bits = "0,1"', 'bits = "0,1,8"'), "has no bit 8, it has bit 0 to 7"),
    "an unknown procedure": (
        ('procedure = "cells_form"', 'procedure = "cells_from"'),
        "subsites.array.tests.form: There is no procedure 'cells_from'; there are: ",
    ),
    "a setting out of range": (
        ("forming_max = 1.7", "forming_max = 170"),
        "forming_max = 170 V, allowed 50 mV to 20 V",
    ),
    "an unknown setting": (("forming_max = 1.7", "maximum = 1.7"), "no parameter 'maximum'"),
    "a cell beyond the subsite": (
        ("0-3,0-1", "0-4,0-1"),
        "subsites.array.tests.form: cell (4, 0) is not among the lines that subsite 'array' is wired to",
    ),
    "a neuron beyond the subsite": (
        ("neuron = 1", "neuron = 2"),
        "neuron 2 is not at a bit line that subsite 'array'",
    ),
    "a voltage beyond the limits": (
        ("forming_max = 1.7", "forming_max = 2.5"),
        "subsites.array.tests.form: voltage across the cell = 2.5 V, this bench permits 2 V (limits.write_voltage)",
    ),
    "a stage too hot": (
        ('"313 K"', '"353 K"'),
        "stage.temperature: stage temperature = 353 K, this bench permits",
    ),
}


def misfits(text: str) -> tuple[str, ...]:
    plan = read_plan(text, SOURCE)
    with pytest.raises(WaferPlanError) as refused:
        check_against(plan, operated_bench(), find)
    return refused.value.mistakes


def test_a_plan_that_fits_is_not_complained_about() -> None:
    check_against(small_plan(), operated_bench(), find)


@pytest.mark.parametrize(("pair", "sentence"), MISFITS.values(), ids=MISFITS)
def test_what_the_bench_cannot_do_gets_a_sentence(pair: tuple[str, str], sentence: str) -> None:
    found = misfits(changed(pair))
    assert any(sentence in each for each in found), found


def test_a_map_must_have_the_shape_of_the_array(tmp_path: Path) -> None:
    target = tmp_path / "target.csv"
    target.write_text("1e-5, 1e-5, nan\n" * 4)
    programs = f'procedure = "crossbar_program"\nsettings = {{ target = "{target.as_posix()}" }}'
    forms = 'procedure = "cells_form"\nsettings = { cells = "0-3,0-1", forming_max = 1.7 }'
    (found,) = misfits(changed((forms, programs), ('value = "formed"', 'value = "verified"')))
    assert found == (
        f"subsites.array.tests.form: {target} holds 4 x 3 conductances, the array of the bench virtual_56x8 has "
        "56 word lines x 8 bit lines"
    )
    whole = programs.replace(target.as_posix(), "corner_8x8")
    (found,) = misfits(changed((forms, whole), ('value = "formed"', 'value = "verified"')))
    assert "cell (0, 2) is not among the lines that subsite 'array' is wired to" in found


def test_mistakes_of_the_plan_and_of_the_bench_are_told_together(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(
        changed(
            ("[3, -2]]", "[30, -2]]"),
            ('words = "0-3"', 'words = "0-3,70"'),
            ("forming_max = 1.7", "forming_max = 170"),
            ('"313 K"', '"353 K"'),
        )
    )
    with pytest.raises(WaferPlanError) as refused:
        load_for(path, "virtual_56x8", find)
    for words in ("(30, -2)", "no word 70", "170 V", "353 K", "the bench virtual_56x8 has no prober"):
        assert sum(words in each for each in refused.value.mistakes) == 1, refused.value.mistakes


def test_a_plan_that_names_no_bench_wants_one(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(changed(('bench = "virtual_56x8"\n', "")))
    with pytest.raises(WaferPlanError, match="the plan names none, give --bench"):
        load_for(path, "", find)
    with pytest.raises(WaferPlanError, match="bench: There is no bench 'nowhere'"):
        load_for(path, "nowhere", find)


def test_plans_are_found_by_path_or_by_name(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="There is no wafer plan 'demo'; these travel with labctl: "):
        load_plan("demo")
    with pytest.raises(LabError, match="There is no wafer plan .*nothing.toml"):
        load_plan(tmp_path / "nothing.toml")
    path = tmp_path / "latin.toml"
    path.write_bytes(b'name = "M\xfcller"')
    with pytest.raises(LabError, match="cannot be read"):
        load_plan(path)
