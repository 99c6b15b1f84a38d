"""Runs to plot: small ones by hand, as views see them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from labctl.core.rows import Picture
from labctl.gui.run_data import GrowingTable
from labctl.record.outcome import Outcome

VERIFY = {
    "bench_time": "s",
    "word": "1",
    "bit": "1",
    "pulses": "1",
    "amplitude": "V",
    "conductance": "S",
    "target": "S",
    "low": "S",
    "high": "S",
}
TRANSFER = {
    "bench_time": "s",
    "neuron": "1",
    "branch": "",
    "tap_voltage": "V",
    "heater_current": "A",
    "output_current": "A",
}
FIT = {"neuron": "1", "threshold": "A", "gain": "1", "hysteresis": "A", "dark_current": "A"}


class StandIn:
    """A run whose tables and pictures a test fills as it likes. A `RunLike`."""

    def __init__(self, name: str, *, simulated: bool = True) -> None:
        self.folder = Path("runs") / name
        self.head: dict[str, Any] = {"simulated": simulated}
        self.parameters: dict[str, dict[str, Any]] = {}
        self.tables: dict[str, GrowingTable] = {}
        self.pictures: dict[str, Picture] = {}
        self.outcome: Outcome | None = None

    def add(self, table: str, units: dict[str, str], **columns: Any) -> None:
        """Rows; columns that are not given are 0."""
        rows = self.tables.setdefault(table, GrowingTable(units))
        length = len(next(iter(columns.values())))
        everything = {name: np.asarray(columns.get(name, np.zeros(length, dtype=int))) for name in units}
        rows.extend(everything)


def verify_run(name: str = "2026-01-01_program_verify_aaaa", *, simulated: bool = True) -> StandIn:
    """Cell (3, 5): read, two SET pulses, one RESET, a read that confirms; target 100 uS +- 5 %."""
    run = StandIn(name, simulated=simulated)
    add_verify(
        run, (3, 5), [0, 1, 2, 3, 3], [0, 0.55, 0.6, -0.5, -0.5], [20e-6, 60e-6, 130e-6, 102e-6, 101e-6]
    )
    return run


def add_verify(
    run: StandIn,
    cell: tuple[int, int],
    pulses: list[int],
    amplitudes: list[float],
    conductances: list[float],
    time: float = 0.0,
) -> None:
    """Reads of one cell with target 100 uS."""
    count = len(pulses)
    run.add(
        "VerifyRead",
        VERIFY,
        bench_time=np.full(count, time),
        word=np.full(count, cell[0]),
        bit=np.full(count, cell[1]),
        pulses=pulses,
        amplitude=amplitudes,
        conductance=conductances,
        target=np.full(count, 100e-6),
        low=np.full(count, 95e-6),
        high=np.full(count, 105e-6),
    )


def add_forming(run: StandIn, cell: tuple[int, int], time: float = 0.0) -> None:
    """Three pulses, the last of which forms the cell."""
    units = {name: unit for name, unit in VERIFY.items() if name not in ("target", "low", "high")}
    run.add(
        "FormingRead",
        units,
        bench_time=np.full(4, time),
        word=np.full(4, cell[0]),
        bit=np.full(4, cell[1]),
        pulses=[0, 1, 2, 3],
        amplitude=[0.0, 1.05, 1.1, 1.15],
        conductance=[1e-9, 2e-9, 3e-9, 4e-4],
    )


def transfer_run(name: str = "2026-01-02_neuron_transfer_bbbb") -> StandIn:
    """Neuron 3: up, down, after reset."""
    run = StandIn(name)
    add_transfer(run, 3)
    return run


def add_transfer(run: StandIn, neuron: int) -> None:
    """A loop of seven points, threshold 200 uA."""
    heater = np.array([0.0, 100e-6, 300e-6, 400e-6, 300e-6, 100e-6, 0.0])
    run.add(
        "TransferPoint",
        TRANSFER,
        neuron=np.full(7, neuron),
        branch=np.array(["up"] * 4 + ["down"] * 2 + ["after reset"], dtype=object),
        tap_voltage=heater * 250,
        heater_current=heater,
        output_current=np.array([1e-8, 1e-8, 2e-6, 4e-6, 3e-6, 1e-8, 1e-8]),
    )


def add_fit(run: StandIn, neuron: int) -> None:
    """Threshold 200 uA, gain 0.04."""
    run.add(
        "TransferFit",
        FIT,
        neuron=[neuron],
        threshold=[200e-6],
        gain=[0.04],
        hysteresis=[30e-6],
        dark_current=[1e-8],
    )


def array_run(name: str = "2026-01-03_crossbar_program_cccc", scale: float = 1.0) -> StandIn:
    """3 x 4 cells of 10 to 120 uS, cell (0, 0) 10 % above its target, one unread; cell (1, 1) was only RESET."""
    run = StandIn(name)
    target = np.arange(1, 13).reshape(3, 4) * 10e-6
    measured = target * scale
    measured[0, 0] *= 1.1
    measured[2, 3] = np.nan
    run.pictures["target conductance"] = Picture("target conductance", target, "S", ("word", "bit"))
    run.pictures["conductance"] = Picture("conductance", measured, "S", ("word", "bit"))
    for word, bit in np.ndindex(3, 4):
        add_verify(run, (word, bit), [1], [0.6], [float(target[word, bit])])
    last = len(run.tables["VerifyRead"])
    run.add(
        "VerifyRead", VERIFY, word=[1], bit=[1], pulses=[1], amplitude=[-0.9], conductance=[3e-6], high=[4e-6]
    )
    assert len(run.tables["VerifyRead"]) == last + 1
    return run


def sweep_run(name: str = "2026-01-04_sweep_dddd", sign: float = 1.0) -> StandIn:
    """Rows of a user's own procedure: a voltage sweep of two cells, negative currents too."""
    run = StandIn(name)
    voltage = np.tile(np.linspace(-1.0, 1.0, 5), 2)
    run.add(
        "MySweep",
        {"bench_time": "s", "word": "1", "bit": "1", "bias": "V", "leakage": "A", "note": ""},
        word=np.repeat([0, 1], 5),
        bit=np.repeat([2, 2], 5),
        bias=voltage,
        leakage=sign * voltage * 1e-6,
        note=np.array(["x"] * 10, dtype=object),
    )
    return run


FILLING = "output current, cat, filters from 0"


def maps_run(measured_rows: int) -> StandIn:
    """Two filters of an image of 4 x 5 pixels, of which some rows have been measured."""
    run = StandIn("2026-01-05_featuremap_eeee")
    values = np.arange(40.0).reshape(2, 4, 5) * 1e-7
    values[:, measured_rows:] = np.nan
    run.pictures[FILLING] = Picture(FILLING, values, "A", ("neuron", "row", "column"))
    return run


def finish_maps(run: StandIn) -> None:
    """What is recorded when the filters are through."""
    whole = np.arange(40.0).reshape(1, 2, 4, 5) / 40
    axes = ("image", "filter", "row", "column")
    run.pictures["measured"] = Picture("measured", whole, "1", axes)
    run.pictures["software_quantised"] = Picture("software_quantised", whole + 0.1, "1", axes)
    run.add(
        "MapAgreement",
        {"image": "", "filter": "1"},
        image=np.array(["cat", "cat"], dtype=object),
        filter=[7, 9],
    )
