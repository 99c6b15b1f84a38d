"""The suite is killed at random moments of an array programming, the sample lives on in another process."""

import random

import numpy as np
import pytest

from labctl.record.catalogue import list_runs
from labctl.record.journal import first_line
from labctl.record.outcome import Outcome
from labctl.record.reading import read_run
from tests.faults.lab import served, target_map

TARGET = {(0, 0): 50e-6, (1, 1): 100e-6, (2, 0): 150e-6, (3, 1): 30e-6}
KILLS_IN_A_ROW = 4
LONGEST = 1.2
"""s after the first line of the journal within which the blow falls; a whole run takes about as long."""


def recorded_pulses(run):
    """Pulses that the rows of a record tell of: a read after another number of pulses than the one before."""
    count = 0
    for name in ("FormingRead", "VerifyRead"):
        if name not in run.tables:
            continue
        columns = run.tables[name].columns
        keys = list(zip(columns["word"], columns["bit"], columns["pulses"], strict=True))
        previous = [None, *keys[:-1]]
        count += sum(key[2] > 0 and key != before for key, before in zip(keys, previous, strict=True))
    return count


def formed_again(run, formed, first_row=0):
    """Cells of `formed` (M, N) that got a forming pulse in the rows from `first_row` on."""
    if "FormingRead" not in run.tables:
        return []
    columns = run.tables["FormingRead"].columns
    rows = zip(columns["word"], columns["bit"], columns["pulses"], strict=True)
    return [(word, bit) for word, bit, pulses in list(rows)[first_row:] if pulses > 0 and formed[word, bit]]


def kill_at(lab, command, moment):
    """Start a run, kill it `moment` s after its record began; its folder, None when it was over before."""
    known = set(lab.out.glob("*/journal.jsonl"))
    process = lab.start(*command)
    began = lab.wait_until(lambda: set(lab.out.glob("*/journal.jsonl")) - known or process.poll() is not None)
    assert began
    assert process.poll() is None, process.communicate()[0]
    (journal,) = set(lab.out.glob("*/journal.jsonl")) - known
    lab.wall.wait(moment)
    held = journal.read_bytes()
    process.kill()
    said = process.communicate()[0]
    assert lab.wait_until(lab.is_left_alone, 5.0)
    if "finished" in said:
        return None
    assert journal.read_bytes().startswith(held), "a line that the journal held is gone"
    return journal.parent


def test_a_run_that_is_killed_again_and_again_is_completed_and_no_pulse_is_given_twice(tmp_path, kill_seed):
    moments = random.Random(kill_seed)
    with served(tmp_path, seed=kill_seed) as lab:
        target = target_map(tmp_path, TARGET)
        command = ("run", "crossbar_program", "--bench", str(lab.lab_file), "--out", str(lab.out))
        command += ("--set", f"target={target}")
        for _ in range(KILLS_IN_A_ROW):
            formed, pulses = lab.bench.die.cells.formed.copy(), lab.pulses()
            folder = kill_at(lab, command, moments.uniform(0.0, LONGEST))
            if folder is None:
                continue
            assert first_line(folder / "journal.jsonl")["line"] == "start"
            killed = read_run(folder)
            assert killed.outcome is None
            given = lab.pulses() - pulses
            assert given - recorded_pulses(killed) in (0, 1), "only the last pulse may be without its read"
            assert formed_again(killed, formed) == []
        formed = lab.bench.die.cells.formed.copy()
        process = lab.start(*command)
        assert process.wait(60.0) == 0, process.communicate()[0]
        process.communicate()
        folder = list_runs(lab.out)[-1].folder
        complete = read_run(folder)
        assert complete.outcome is Outcome.FINISHED
        assert set(complete.tables["CellSummary"].columns["verdict"]) == {"verified"}
        assert formed_again(complete, formed) == []
        truth = np.exp(lab.bench.die.cells.log_conductance)
        for cell, wanted in TARGET.items():
            assert truth[cell] == pytest.approx(wanted, rel=0.08)
