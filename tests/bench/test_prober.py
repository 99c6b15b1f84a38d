"""The prober over a virtual wafer: each device has a ledger and a life of its own."""

import subprocess
import sys

import numpy as np
import pytest

from labctl.bench import open_bench
from labctl.bench.sites import SiteLedgers, device_ledgers, read_all_books, site_ledger
from labctl.benchfile import load_bench
from labctl.core.capabilities import DiePosition
from labctl.core.errors import LabError
from labctl.core.lines import Cell
from labctl.core.paths import samples_folder
from labctl.sim.workbench import new_sample, open_workbench
from tests.bench.benches import small_bench
from tests.bench.probing import BENCH, CELL, form, read

pytestmark = pytest.mark.usefixtures("samples")


def test_a_die_is_formed_and_its_neighbour_is_another_device():
    with open_bench(BENCH) as bench:
        bench.begin_run("one")
        prober = bench.prober
        prober.to_die(3, -2)
        prober.contact()
        assert read(bench) < 1e-7
        pulses = form(bench)
        assert pulses > 0
        formed = read(bench)
        assert formed > 1e-6
        prober.to_die(2, -2)
        prober.contact()
        assert read(bench) < 1e-7
        prober.to_die(3, -2)
        prober.contact()
        assert read(bench) == pytest.approx(formed, rel=0.05)
        assert form(bench) == 0
        assert bench.ledger.books.run.label == "one"
    books = read_all_books(load_bench(BENCH))
    assert {name: each.of(CELL).pulses for name, each in books.items()} == {
        "": 0,
        "x002_y-002": 0,
        "x003_y-002": pulses,
    }


def test_the_ledger_remembers_each_device_and_the_chuck_stays_where_it_is():
    with open_bench(BENCH) as bench:
        bench.prober.to_die(3, -2)
        bench.prober.contact()
        form(bench)
        assert bench.make_safe() == []
        assert bench.prober.position == DiePosition(3, -2, in_contact=True)
    with open_bench(BENCH) as bench:
        assert bench.prober.position == DiePosition(3, -2, in_contact=True)
        assert bench.ledger.has_conducted(CELL, 1e-6)
        states = {row.name: (row.role, row.state, row.verdict) for row in bench.check()}
        assert states["prober"] == ("prober", "die (3, -2), in contact", "in order")
        bench.prober.to_subsite(2e-3, 0.0, "cell")
        bench.prober.contact()
        assert not bench.ledger.has_conducted(CELL, 1e-6)
        read(bench)
        assert str(bench.prober.position) == "die (3, -2), cell"
    assert list(device_ledgers(load_bench(BENCH))) == ["x003_y-002", "x003_y-002_+2000_+0um"]


def test_a_single_cell_and_a_monitor_hang_between_the_first_two_lines():
    with open_bench(BENCH) as bench:
        prober = bench.prober
        prober.to_die(0, 1)
        prober.to_subsite(2e-3, 1e-3, "monitor")
        prober.contact()
        assert 1.0 / read(bench, Cell(0, 0)) == pytest.approx(1e3, rel=0.02)
        assert abs(read(bench, Cell(1, 0))) < 1e-7
        prober.to_subsite(2e-3, 0.0, "cell")
        prober.contact()
        assert form(bench, Cell(0, 0)) > 0
        assert read(bench, Cell(0, 0)) > 1e-6
        assert abs(read(bench, Cell(0, 1))) < 1e-7
        prober.to_subsite(1e-3, 0.0)
        prober.contact()
        assert abs(read(bench, Cell(0, 0))) < 1e-7


def test_moves_take_a_second_or_so_and_no_bus_call_is_long():
    with open_bench(BENCH) as bench:
        before = bench.clock.now()
        bench.prober.to_die(1, 0)
        bench.prober.contact()
        assert 0.8 < bench.clock.now() - before < 3.0
        driver = bench._drivers["prober"]
        assert driver._bus.connection.timeout == 100


def test_a_badly_contacted_die_is_open_and_a_dead_one_only_does_not_form(altered):
    bad = altered(("bad_contacts = 0.04", "bad_contacts = 1.0"))
    with open_bench(bad) as bench:
        bench.prober.contact()
        with bench.connect_heater(0, 0.01) as heater:
            assert abs(heater.drive(0.01)) < 1e-7
    dead = altered(("dead_dies = 0.04", "dead_dies = 1.0"), ("bad_contacts = 0.04", "bad_contacts = 0.0"))
    new_sample(str(dead))
    with open_bench(dead) as bench:
        bench.prober.contact()
        with bench.connect_heater(0, 0.01) as heater:
            assert 0.01 / heater.drive(0.01) == pytest.approx(260, rel=0.1)
        with pytest.raises(AssertionError, match="did not form"):
            form(bench)


def test_any_die_is_made_alone_and_a_wafer_of_another_make_is_refused(altered):
    workbench = open_workbench(BENCH)
    first = workbench.wafer.device(workbench.wafer.under(-2 * 8e-3, 3 * 8e-3)).die.cells.parameters
    assert len(workbench.wafer.dies) == 100
    workbench.close()
    workbench = open_workbench(BENCH)
    for x, y in ((0, 0), (4, 1)):
        workbench.wafer.device(workbench.wafer.under(x * 8e-3, y * 8e-3))
    again = workbench.wafer.device(workbench.wafer.under(-2 * 8e-3, 3 * 8e-3)).die.cells.parameters
    np.testing.assert_array_equal(first, again)
    workbench.close()
    with pytest.raises(LabError, match="made for another bench file.*wafer.*new-sample"):
        open_workbench(str(altered(("dead_dies = 0.04", "dead_dies = 0.05"))))


def test_a_new_sample_is_a_virgin_wafer_with_empty_ledgers():
    with open_bench(BENCH) as bench:
        bench.prober.contact()
        form(bench)
    new_sample(BENCH)
    assert device_ledgers(load_bench(BENCH)) == {}
    with open_bench(BENCH) as bench:
        assert bench.prober.position == DiePosition(0, 0)
        bench.prober.contact()
        assert form(bench) > 0


KILLED = """
import os
from labctl.bench import open_bench
from tests.bench.probing import form
bench = open_bench("virtual_wafer")
bench.prober.to_die(3, -2)
bench.prober.contact()
print(form(bench), flush=True)
os._exit(9)  # as kill -9: nothing is put away
"""


def test_what_a_killed_program_did_to_a_device_is_kept():
    killed = subprocess.run(
        [sys.executable, "-c", KILLED], check=False, capture_output=True, text=True, timeout=100
    )
    assert (killed.returncode, killed.stderr) == (9, "")
    assert int(killed.stdout) > 0
    with open_bench(BENCH) as bench:
        assert bench.prober.position == DiePosition(3, -2, in_contact=True)
        assert read(bench) > 1e-6
        assert bench.ledger.books.of(CELL).pulses == int(killed.stdout)


def test_a_damaged_device_is_told():
    with open_bench(BENCH) as bench:
        bench.prober.contact()
    device = samples_folder() / "virtual_wafer.devices" / "x000_y000.device"
    device.write_bytes(device.read_bytes()[:200])
    with pytest.raises(LabError, match=r"x000_y000.device cannot be read .*new-sample"):
        open_workbench(BENCH)


def test_the_record_says_which_die_it_was():
    with open_bench(BENCH) as bench:
        bench.prober.to_die(3, -2)
        bench.prober.to_subsite(2e-3, 1e-3, "monitor")
        found = bench.conditions()
    assert [found[name] for name in ("die_x", "die_y", "die_dx", "die_dy")] == [3, -2, 2e-3, 1e-3]


def test_wafers_are_kept_apart_by_name_on_a_real_bench():
    bench = small_bench()
    place = DiePosition(3, -2, in_contact=True)
    assert site_ledger(bench, place).parent == samples_folder() / "small.devices"
    with SiteLedgers(bench) as ledgers:
        ledgers.begin_run("a")
        ledgers.put_wafer("L1_W1")
        ledgers.meet(place)
        ledgers.current.book_read(CELL, 0.1, 1e-5, 1e-3)
        assert ledgers.current.has_conducted(CELL, 1e-6)
        ledgers.put_wafer("L1_W2")
        assert not ledgers.current.has_conducted(CELL, 1e-6)
        ledgers.put_wafer("L1_W1")
        assert ledgers.current.has_conducted(CELL, 1e-6)
    assert list(device_ledgers(bench, "L1_W1")) == ["x003_y-002"]


def test_places_that_differ_by_less_than_a_micrometre_share_a_ledger():
    bench = small_bench()
    near, far = (DiePosition(0, 0, None, True, dx, 0.0) for dx in (0.4e-6, 0.6e-6))
    assert site_ledger(bench, near) == site_ledger(bench, DiePosition(0, 0, "array", True))
    assert site_ledger(bench, far) != site_ledger(bench, near)
