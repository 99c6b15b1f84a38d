"""The suite is killed at random moments of an array programming, the sample lives on in another process."""

import random

import numpy as np
import pytest

from labctl.record.catalogue import list_runs
from labctl.record.journal import first_line, last_line
from labctl.record.outcome import Outcome
from labctl.record.reading import read_run
from tests.faults.lab import served, target_map
from tests.faults.recorded import formed_again, recorded_pulses

TARGETS = (
    {(0, 0): 50e-6, (1, 1): 100e-6, (2, 0): 150e-6, (3, 1): 30e-6},
    {(0, 0): 120e-6, (1, 0): 60e-6, (2, 0): 40e-6, (3, 1): 90e-6},
)
"""In turn, so that there is always something to write."""
FORMED_ABOVE = "3.5u"
"""S; so close to the low state that most cells which were RESET read as if they had never been formed."""
KILLS = 10
LONGEST = 1.2
"""s after the first line of the journal within which the blow falls; a whole run takes about as long."""


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
    lab.kill(process)
    if last_line(journal).get("line") == "end":
        return None
    assert journal.read_bytes().startswith(held), "a line that the journal held is gone"
    return journal.parent


@pytest.mark.timeout(600)  # eleven programs start in it, on a machine that others may be using
def test_a_run_that_is_killed_again_and_again_is_completed_and_no_pulse_is_given_twice(tmp_path, sample_seed):
    moments = random.Random(sample_seed)
    with served(tmp_path, seed=sample_seed) as lab:
        targets = [target_map(tmp_path, target, f"target {n}") for n, target in enumerate(TARGETS)]
        command = ("run", "crossbar_program", "--bench", str(lab.lab_file), "--out", str(lab.out))
        command += ("--set", f"formed_above={FORMED_ABOVE}", "--set")
        for blow in range(KILLS):
            formed, pulses = lab.bench.die.cells.formed.copy(), lab.pulses()
            programming = (*command, f"target={targets[blow % 2]}")
            folder = kill_at(lab, programming, moments.uniform(0.0, LONGEST))
            if folder is None:
                continue
            if b"\n" not in (folder / "journal.jsonl").read_bytes():
                assert lab.pulses() == pulses, "nothing is done to the sample before its record has begun"
                continue
            assert first_line(folder / "journal.jsonl")["line"] == "start"
            killed = read_run(folder)
            assert killed.outcome is None
            given = lab.pulses() - pulses
            assert given - recorded_pulses(killed) in (0, 1), "only the last pulse may be without its read"
            assert formed_again(killed, formed) == []
        formed = lab.bench.die.cells.formed.copy()
        process = lab.start(*command, f"target={targets[0]}")
        assert process.wait(60.0) == 0, process.communicate()[0]
        process.communicate()
        complete = read_run(list_runs(lab.out)[-1].folder)
        assert complete.outcome is Outcome.FINISHED
        assert set(complete.tables["CellSummary"].columns["verdict"]) == {"verified"}
        assert formed_again(complete, formed) == []
        assert lab.live_outputs() == {}
        truth = np.exp(lab.bench.die.cells.log_conductance)
        for cell, wanted in TARGETS[0].items():
            assert truth[cell] == pytest.approx(wanted, rel=0.08)
