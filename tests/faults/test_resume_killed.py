"""A run is killed again and again and gone on with in the same folder until it is complete."""

import random

import numpy as np
import pytest

from labctl.record.journal import read_journal
from labctl.record.outcome import Outcome
from labctl.record.reading import read_run
from tests.faults.lab import BITS, WORDS, served, target_map
from tests.faults.recorded import formed_again, recorded_pulses

BLOWS = 3


def kill_after(lab, journal, command, lines, moment):
    """Start, kill `moment` s after the journal has grown by some lines; whether it was over before."""
    process = lab.start(*command)
    grown = lab.wait_until(
        lambda: process.poll() is not None or (journal() and journal().read_bytes().count(b"\n") > lines)
    )
    assert grown
    lab.wall.wait(moment)
    lab.kill(process)
    return process.returncode == 0


@pytest.mark.parametrize("seed", [1, 2])
def test_resume_completes_a_run_that_was_killed_again_and_again(seed, tmp_path):
    moments = random.Random(seed)
    with served(tmp_path, seed=seed) as lab:
        target = target_map(tmp_path, {(word, bit): 80e-6 for word in range(WORDS) for bit in range(BITS)})
        command = ("run", "crossbar_program", "--bench", str(lab.lab_file), "--out", str(lab.out))
        command += ("--set", f"target={target}")
        found = lambda: next(iter(lab.out.glob("*/journal.jsonl")), None)  # noqa: E731
        lines, over, kills = 1, False, 0
        for _ in range(BLOWS):
            formed = lab.bench.die.cells.formed.copy()
            rows = 0 if found() is None else len(read_run(found().parent).tables.get("FormingRead", ()))
            over = kill_after(lab, found, command, lines, moments.uniform(0.0, 0.4))
            folder = found().parent
            assert formed_again(read_run(folder), formed, first_row=rows) == []
            if over:
                break
            kills += 1
            lines = found().read_bytes().count(b"\n") + 1
            command = ("run", "--resume", str(folder))
        assert kills, "this test tells nothing without a kill"
        formed = lab.bench.die.cells.formed.copy()
        rows = len(read_run(folder).tables.get("FormingRead", ()))
        if not over:
            process = lab.start(*command)
            assert process.wait(60.0) == 0, process.communicate()[0]
            process.communicate()
        complete = read_run(folder)
        assert complete.outcome is Outcome.FINISHED
        assert formed_again(complete, formed, first_row=rows) == []
        assert set(complete.tables["CellSummary"].columns["verdict"]) == {"verified"}
        assert len(complete.tables["CellSummary"]) == WORDS * BITS
        seams = [line for line in read_journal(folder / "journal.jsonl") if line["line"] == "resumed"]
        assert len(seams) >= kills
        assert 0 <= lab.pulses() - recorded_pulses(complete) <= kills, "one pulse at most is unread per kill"
        assert lab.live_outputs() == {}
        truth = np.exp(lab.bench.die.cells.log_conductance)
        assert truth == pytest.approx(80e-6, rel=0.08)
