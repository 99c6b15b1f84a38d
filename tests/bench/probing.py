"""The bench with a prober and a virtual wafer, and what is done to a cell under the probes."""

from labctl.core.lines import Cell
from labctl.core.route import Scheme

BENCH = "virtual_wafer"
CELL = Cell(1, 1)


def read(bench, cell=CELL):
    with bench.connect_cell(bench.router.cell_read(cell, 0.1)) as view:
        return view.read(0.1).conductance


def form(bench, cell=CELL):
    """Pulses that it took to form `cell`."""
    with bench.connect_cell(bench.router.cell_form(cell, 1.8, Scheme.THIRD)) as view:
        for pulses in range(18):
            if view.read(0.1).conductance > 1e-6 or view.has_conducted(1e-6):
                return pulses
            view.pulse(0.9 + 0.05 * pulses, 500e-6)
    raise AssertionError("it did not form")
