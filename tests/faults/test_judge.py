"""A suite in another process is judged by what its instruments hear: a ledger that is late is caught when it dies."""

import subprocess
import sys

import pytest

from tests.faults.lab import served

PROGRAM = """
import os, signal, sys
from labctl.bench import open_bench
from labctl.bench.ledger import Ledger
from labctl.bench.sources import Sources
from labctl.core.lines import Cell
from labctl.core.route import Scheme

def late(ledger, line, keep=Ledger._append):
    if not line.startswith('["p"'):
        keep(ledger, line)

def dying(sources, *order, pulse=Sources.pulse):
    pulse(sources, *order)
    os.kill(os.getpid(), signal.SIGKILL)

Sources.pulse = dying
if sys.argv[2] == "late":
    Ledger._append = late
with open_bench(sys.argv[1]) as bench:
    with bench.connect_cell(bench.router.cell_write(Cell(1, 1), 0.9, Scheme.HALF, 1e-4)) as view:
        view.pulse(0.9, 1e-3)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("ledger", ["in time", "late"])
def test_a_pulse_that_reached_the_sample_is_in_the_ledger_of_a_killed_program(ledger, tmp_path, invariants):
    with served(tmp_path) as lab:
        command = [sys.executable, "-c", PROGRAM, str(lab.lab_file), ledger]
        assert subprocess.run(command, check=False).returncode == -9
        assert lab.pulses() == 1
        assert lab.wait_until(lab.is_left_alone)
        lab.account()
        found = invariants.violations
        assert found == {"in time": [], "late": ["cell (1, 1) took 1 pulses, the ledger tells of 0"]}[ledger]
        invariants.forgive()
