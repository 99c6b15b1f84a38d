"""No call to an instrument may block for longer than 100 ms, whatever the work that it waits for."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyvisa.constants import ResourceAttribute

from labctl.bench import open_bench
from labctl.driver.door import BUS_CALL
from labctl.record.outcome import Outcome
from labctl.run.runner import run
from labctl.sim.visa_library import LabctlVisaLibrary
from labctl.testing import virtual_lab
from procedures.forming import Forming
from procedures.stage_settle import StageSettle


@pytest.mark.parametrize(
    "plan", [Forming(word=0, bit=0), StageSettle(temperature=297.0)], ids=["cell", "stage"]
)
def test_every_call_of_a_run_has_a_time_out_of_100_ms(plan, tmp_path: Path, monkeypatch) -> None:
    calls = {"read": [], "write": []}

    def watched(name):
        plain = getattr(LabctlVisaLibrary, name)

        def call(library, session, *rest):
            timeout, _ = library.get_attribute(session, ResourceAttribute.timeout_value)
            calls[name].append(timeout)
            return plain(library, session, *rest)

        return call

    for name in calls:
        monkeypatch.setattr(LabctlVisaLibrary, name, watched(name))
    (tmp_path / "run").mkdir()
    with open_bench(virtual_lab(tmp_path).bench_file) as bench:
        assert run(plan, bench, tmp_path / "run").outcome is Outcome.FINISHED
    assert BUS_CALL == 100
    assert len(calls["write"]) > 50
    assert len(calls["read"]) > 50
    assert max(*calls["read"], *calls["write"]) <= BUS_CALL
