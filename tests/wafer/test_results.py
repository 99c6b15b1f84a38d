"""The record of a die, read back: tests with their worst cycle, values once each, a bin only for what was tested."""

from __future__ import annotations

import csv
import json
import math

import numpy as np
import pytest

from labctl.core.clock import WallClock
from labctl.core.errors import RecordError
from labctl.core.rows import Block, Verdict
from labctl.record.outcome import Outcome
from labctl.record.recorder import Recorder
from labctl.wafer import tests_on_die as told
from labctl.wafer.geometry import Die
from labctl.wafer.results import COLUMNS, read_die, replace_file, write_results
from labctl.wafer.tests_on_die import StepOutcome
from tests.wafer.plans import small_plan

DIE = Die(3, -2)
PASSED = StepOutcome.PASSED


def end(test, outcome=PASSED, *, cycle=1, verdict="done", reason=""):
    return told.TestEnd(
        subsite="array", test=test, cycle=cycle, outcome=outcome, verdict=verdict, reason=reason
    )


def values(test, *numbers, cycle=1):
    """One block of values: (row, col, name, value, unit, censored)."""
    columns = dict(
        zip(("row", "col", "name", "value", "unit", "censored"), zip(*numbers, strict=True), strict=True)
    )
    count = len(numbers)
    texts = {"subsite": "array", "test": test, "time_utc": "2026-11-25T20:00:00+00:00"}
    columns |= {name: [text] * count for name, text in texts.items()}
    columns["cycle"] = [cycle] * count
    texts_too = {*texts, "name", "unit"}
    return Block(
        told.Value,
        {name: np.array(each, dtype=object if name in texts_too else None) for name, each in columns.items()},
    )


CONTACT = values(
    "contact", (-1, 0, "contact", 1.0, "1", False), (-1, 1, "contact_resistance", math.nan, "ohm", False)
)
FORM = values("form", (0, 1, "forming_voltage", 1.8, "V", True), (0, 1, "formed", 1.0, "1", False))
TRANSFER = values("transfer", (-1, 1, "threshold", 1e-4, "A", False))
GOOD = (CONTACT, end("contact"), FORM, end("form"), TRANSFER, end("transfer"), end("transfer", cycle=2))


def recorded(folder, *items, outcome="finished", reason=""):
    folder.mkdir(parents=True)
    record = Recorder(folder, {"procedure": "die_sequence", "started": "2026-11-25T20:00:00"}, WallClock())
    for item in items:
        record.block(item) if isinstance(item, Block) else record.row(item)
    record.end({"outcome": outcome, "reason": reason})
    return folder


def test_a_die_that_keeps_its_limits_goes_into_the_pass_bin(tmp_path):
    plan = small_plan()
    report = read_die(plan, DIE, recorded(tmp_path / "die", *GOOD))
    assert report.sorted.bin == plan.pass_bin
    assert report.is_finished
    (subsite,) = report.subsites
    assert subsite.sorted.bin == plan.pass_bin
    assert [(test.name, test.outcome) for test in subsite.tests] == [
        ("contact", PASSED),
        ("form", PASSED),
        ("transfer", PASSED),
    ]


def test_the_table_has_a_line_per_value(tmp_path):
    plan = small_plan()
    write_results(tmp_path / "results.csv", [read_die(plan, DIE, recorded(tmp_path / "die", *GOOD))])
    with (tmp_path / "results.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.reader(file))
    assert tuple(lines[0]) == COLUMNS
    begin = ["L1", "W1", "3", "-2", "array"]
    when = "2026-11-25T20:00:00+00:00"
    assert lines[1:4] == [
        [*begin, "-1", "0", "contact.contact", "1", "1", "1", "1", when, "0"],
        [*begin, "-1", "1", "contact.contact_resistance", "1", "nan", "ohm", "1", when, "0"],
        [*begin, "0", "1", "form.forming_voltage", "1", "1.8", "V", "1", when, "1"],
    ]
    assert len(lines) == 6


def test_a_test_that_was_told_twice_counts_once_by_its_last_values(tmp_path):
    before = values("form", (0, 1, "formed", 0.0, "1", False), (0, 1, "forming_voltage", 1.7, "V", False))
    report = read_die(small_plan(), DIE, recorded(tmp_path / "die", before, *GOOD))
    assert report.sorted.bin == small_plan().pass_bin
    rows = list(csv.reader(report.lines.splitlines()))
    assert [row[9] for row in rows if row[7] == "form.forming_voltage"] == ["1.8"]
    assert [row[9] for row in rows if row[7] == "form.formed"] == ["1"]


def test_the_worst_cycle_tells_of_a_test(tmp_path):
    items = (*GOOD[:-1], end("transfer", StepOutcome.FAILED, cycle=2, verdict="no threshold", reason="none"))
    report = read_die(small_plan(), DIE, recorded(tmp_path / "die", *items))
    transfer = report.subsites[0].tests[-1]
    assert (transfer.outcome, transfer.reason) == (StepOutcome.FAILED, "none")


def test_without_contact_the_die_goes_into_the_bin_of_that_name(tmp_path):
    plan = small_plan()
    failed = end(
        "contact", StepOutcome.FAILED, verdict=Verdict.NO_CONTACT.value, reason="the probes do not touch"
    )
    skipped = end("form", StepOutcome.SKIPPED, verdict="", reason="contact did not pass")
    report = read_die(plan, DIE, recorded(tmp_path / "die", CONTACT, failed, skipped))
    assert report.sorted.bin == plan.no_contact_bin
    assert report.subsites[0].sorted.bin == plan.no_contact_bin


def test_a_die_that_met_an_error_has_no_bin_and_tells_the_error(tmp_path):
    error = end("form", StepOutcome.ERROR, verdict="", reason="smu1 does not answer.")
    folder = recorded(tmp_path / "die", *GOOD[:2], error, outcome="failed", reason="smu1 does not answer.")
    report = read_die(small_plan(), DIE, folder)
    assert (report.outcome, report.is_finished) == (Outcome.FAILED, False)
    assert (report.sorted.bin, report.reason) == (None, "smu1 does not answer.")
    assert [test.outcome for test in report.subsites[0].tests] == [PASSED, StepOutcome.ERROR]
    plain = report.plain(tmp_path)
    assert (plain["folder"], plain["bin"], plain["quality"], plain["outcome"]) == ("die", None, "", "failed")
    json.dumps(plain, allow_nan=False)


def test_an_error_that_was_overcome_is_forgotten(tmp_path):
    error = end("form", StepOutcome.ERROR, verdict="", reason="smu1 does not answer.")
    report = read_die(small_plan(), DIE, recorded(tmp_path / "die", *GOOD[:2], error, *GOOD[2:]))
    assert [test.outcome for test in report.subsites[0].tests] == [PASSED] * 3


def test_a_test_cut_short_by_a_limit_of_the_bench_passes_no_die(tmp_path):
    cut = end("transfer", StepOutcome.FAILED, verdict="", reason="the heater takes too much.")
    report = read_die(small_plan(), DIE, recorded(tmp_path / "die", *GOOD[:4], cut, GOOD[6]))
    assert report.sorted.bin != small_plan().pass_bin


def test_a_killed_die_is_read_from_its_journal(tmp_path):
    folder = tmp_path / "die"
    folder.mkdir()
    record = Recorder(folder, {"procedure": "die_sequence", "started": "2026-11-25T20:00:00"}, WallClock())
    record.block(CONTACT)
    record.row(end("contact"))
    report = read_die(small_plan(), DIE, folder)
    record.end({"outcome": "aborted", "reason": ""})
    assert (report.outcome, report.is_finished, report.sorted.bin) == (None, False, None)
    assert [test.name for test in report.subsites[0].tests] == ["contact"]


def test_a_folder_without_a_record_is_told(tmp_path):
    with pytest.raises(RecordError, match="holds no run"):
        read_die(small_plan(), DIE, tmp_path)


def test_a_file_is_replaced_in_one_step(tmp_path):
    path = tmp_path / "campaign.json"
    replace_file(path, "old")
    (tmp_path / "campaign.json.new").mkdir()
    with pytest.raises(OSError, match="directory"):
        replace_file(path, "new")
    assert path.read_text(encoding="utf-8") == "old"
