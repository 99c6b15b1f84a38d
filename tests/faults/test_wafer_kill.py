"""A wafer is killed twice at random moments and gone on with: as if nothing had happened, but for noise.

What an uninterrupted campaign of the same seed finds is found again: which rows there are, which cells formed, at which
voltage, after how many pulses, which are verified, bins, contact. Numbers that carry the noise of a read (resistances,
conductances, thresholds) are measured at other moments: they agree within that noise.
"""

from __future__ import annotations

import json
import random

import numpy as np
import pandas as pd
import pytest

from labctl.benchfile import load_bench
from labctl.core.clock import WallClock
from labctl.core.paths import device_name
from labctl.record.outcome import Outcome
from labctl.record.reading import read_run
from labctl.sim.sample import SampleFile
from labctl.sim.wafer import Site, Wafer
from labctl.wafer.campaign import run_wafer
from labctl.wafer.plan import load_plan
from tests.programs import start
from tests.wafer.pieces import (
    CONTACT,
    WAFER,
    bins,
    die_test,
    forming,
    limit,
    plan_text,
    programming,
    subsite,
)

CELLS = "0,0-1 1,0-1"
PLAN = plan_text(
    "killed",
    "[[0, 0], [3, 1], [1, -2]]",
    subsite("array", 'words = "0-15"', 'bits = "0-3"'),
    CONTACT,
    forming(CELLS),
    programming(CELLS, 'target = "60 uS", corrected = "no"', "contact"),
    die_test(
        "transfer", "neuron_transfer", "settings = { neuron = 1, points = 11 }", 'if_passed = ["contact"]'
    ),
    subsite("monitor", 'kind = "monitor"', 'offset = ["2 mm", "1 mm"]'),
    die_test("resistance", "cells_read", 'settings = { cells = "0,0" }', "repeat = 2", on="monitor"),
    bins(1, 3, 9),
    limit("form", "formed", 0.7, 3),
    head=(*WAFER, 'bench = "virtual_wafer"'),
)
KILLS = 2
KEYS = ["die_x", "die_y", "subsite", "row", "col", "test", "cycle", "unit", "bin", "censored"]
SAME = ["contact.contact", "form.formed", "form.forming_voltage", "form.forming_pulses", "program.verified"]
NOISY = {
    "contact.contact_resistance": {"rel": 0.01},
    "program.conductance": {
        "rel": 0.1,
        "abs": 50e-9,
    },  # two windows of +-5 %; a cell that never formed is noise
    "transfer.threshold": {"rel": 0.05},
    "resistance.resistance": {"rel": 0.01},
}
"""How far numbers may differ that were read at other moments."""
FORMED_ABOVE, FIRST_PULSE = 1e-6, 1.05
wall = WallClock()


def journals(out):
    return sorted((out / "dies").glob("*/journal.jsonl"))


def lines(out):
    return sum(journal.read_bytes().count(b"\n") for journal in journals(out))


def begin(plan, out, samples, *more):
    command = ("wafer", "run", str(plan), "--out", str(out), *more)
    return start(command, plan.parent, LABCTL_SAMPLES=str(samples))


def kill_after(process, out, grown):
    """kill -9 once the journals hold `grown` lines; whether it was still running by then."""
    while process.poll() is None and lines(out) < grown:
        wall.wait(0.002)
    process.kill()
    process.communicate()
    return process.returncode != 0


def formed_twice(ledger):
    """Cells that were given a forming pulse after a read had found them conducting, as the ledger of a device tells."""
    conducts, again = set(), []
    for line in map(json.loads, ledger.read_text(encoding="utf-8").splitlines()):
        match line:
            case ["r", word, bit, _, _, _, found] if found >= FORMED_ABOVE:
                conducts.add((word, bit))
            case ["p", word, bit, amplitude, *_] if amplitude >= FIRST_PULSE and (word, bit) in conducts:
                again.append((word, bit))
    return again


def truth(patch, samples, x, y):
    """Which cells of the array on die (x, y) are truly formed, and the ledger of it."""
    patch.setenv("LABCTL_SAMPLES", str(samples))
    file = load_bench("virtual_wafer")
    sample = SampleFile(file)
    sample.release()
    device = Wafer(file, sample.devices).device(Site(x, y, "array"))
    return device.die.cells.formed, sample.devices / f"{device_name(x, y)}.ledger.jsonl"


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The plan, and the folder of a campaign that nobody has killed."""
    folder = tmp_path_factory.mktemp("whole")
    plan = folder / "killed.toml"
    plan.write_text(PLAN, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LABCTL_SAMPLES", str(folder / "samples"))
        end = run_wafer(load_plan(plan), "virtual_wafer", folder / "out")
    assert (end.outcome, end.finished) == (Outcome.FINISHED, 3), end.reason
    return plan, folder / "out"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_wafer_that_is_killed_twice_ends_with_the_numbers_of_one_that_was_not(
    wafer_seed, whole, tmp_path, monkeypatch
):
    plan, uninterrupted = whole
    moments, out, samples = random.Random(wafer_seed), tmp_path / "out", tmp_path / "samples"
    monkeypatch.setenv("LABCTL_SAMPLES", str(samples))
    total, more, kills = lines(uninterrupted), (), 0
    for blow in range(KILLS):
        grown = moments.randint(blow * total // KILLS + 2, (blow + 1) * total // KILLS - 2)
        kills += kill_after(begin(plan, out, samples, *more), out, grown)
        more = ("--resume",)
    assert kills == KILLS
    process = begin(plan, out, samples, *more)
    said = process.communicate()[0]
    assert process.returncode == 0, said

    found, wanted = (pd.read_csv(folder / "results.csv") for folder in (out, uninterrupted))
    pd.testing.assert_frame_equal(found[KEYS], wanted[KEYS])
    for name in SAME:
        of = lambda table, name=name: table[table.test == name].value.tolist()  # noqa: E731
        assert of(found) == of(wanted), name
    for name, tolerance in NOISY.items():
        of = lambda table, name=name: table[table.test == name].value.tolist()  # noqa: E731
        assert of(found) == pytest.approx(of(wanted), **tolerance), name
    told, expected = (
        json.loads((folder / "campaign.json").read_text(encoding="utf-8")) for folder in (out, uninterrupted)
    )
    assert told["outcome"] == "finished"
    assert len(told["resumed"]) == KILLS
    for die, other in zip(told["dies"], expected["dies"], strict=True):
        assert {**die, "started": "", "seconds": 0} == {**other, "started": "", "seconds": 0}
    runs = [read_run(journal.parent) for journal in journals(out)]
    assert all(run.outcome is Outcome.FINISHED for run in runs)
    assert 1 <= sum(len(run.seams) for run in runs) <= KILLS

    for x, y in {(die["x"], die["y"]) for die in told["dies"]}:
        here = found[(found.die_x == x) & (found.die_y == y) & (found.test == "form.formed")]
        formed, ledger = truth(monkeypatch, samples, x, y)
        for row, col, told_formed in zip(here.row, here.col, here.value, strict=True):
            assert bool(formed[row, col]) is bool(told_formed)
        expected_formed, _ = truth(monkeypatch, uninterrupted.parent / "samples", x, y)
        np.testing.assert_array_equal(formed, expected_formed)
        assert '["p",0,0,' in ledger.read_text(encoding="utf-8")
        assert formed_twice(ledger) == []
