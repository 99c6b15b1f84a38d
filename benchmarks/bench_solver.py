"""One operating point of a crossbar with line resistance: our solver, SciPy's sparse LU, badcrossbar if installed.

`python -m benchmarks.bench_solver`
"""

from __future__ import annotations

import importlib
import logging
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.nodal import NodalCrossbar
from benchmarks.timing import readable, shortest, table
from labctl.physics.crossbar import Crossbar, Terminals

Floats = NDArray[np.float64]
SHAPES = ((56, 8), (64, 64), (128, 128))
SEGMENT = 2.0
V0 = 0.25
HEADER = (
    "array, cells", "ours, cold", "noise only", "SciPy LU", "badcrossbar", "LU / cold", "bad / cold", "differ by"
)  # fmt: skip


def main() -> None:
    """Print the table."""
    peer = find_badcrossbar()
    rows = [row(shape, sinh, peer) for shape in SHAPES for sinh in (False, True)]
    note = (
        f"cells of 5 to 200 uS, {SEGMENT:g} ohm per segment, word lines at 0.1 V, bit lines at 0 V; 'noise only': the "
        "next point when all cells changed by 1 % or less; 'differ by': largest relative difference of a current "
        "between ours and SciPy's, both solved to 1e-10 (residual over the largest line current); SciPy's time: "
        "the faster of SuperLU's default and symmetric modes"
    )
    if peer is None:
        note += "; badcrossbar is not installed (pip install badcrossbar)"
    table("One operating point", HEADER, rows, note)


def row(shape: tuple[int, int], sinh: bool, peer: Callable[..., Any] | None) -> list[str]:
    """Times of one array."""
    words, bits = shape
    random = np.random.default_rng(1)
    conductance = np.exp(random.uniform(np.log(5e-6), np.log(200e-6), shape))
    later = conductance * (1.0 + 0.01 * random.uniform(-1.0, 1.0, shape))
    inverse_v0 = np.full(shape, 1.0 / V0 if sinh else 0.0)
    volts = np.full(words, 0.1)
    ours = Crossbar(words, bits, SEGMENT, SEGMENT)
    ends = Terminals(
        left_conductance=np.full(words, 1.0 / SEGMENT),
        left_voltage=volts,
        bottom_conductance=np.full(bits, 1.0 / SEGMENT),
        bottom_voltage=np.zeros(bits),
    )
    field = ours.solve(conductance, inverse_v0, ends)
    cold = shortest(lambda: ours.solve(conductance, inverse_v0, ends))
    warm = shortest(lambda: ours.solve(later, inverse_v0, ends, start=field))

    def by_lu(lu: NodalCrossbar) -> Floats:
        return lu.sinh_cells(conductance, V0, volts) if sinh else lu.resistors(conductance, volts)

    peers = [NodalCrossbar(words, bits, SEGMENT, symmetric=symmetric) for symmetric in (False, True)]
    factored = min(shortest(partial(by_lu, lu)) for lu in peers)
    currents = by_lu(peers[0])
    difference = float(np.abs(field.current.sum(axis=0) / currents - 1.0).max())
    bad = "-"
    ratio = "-"
    if peer is not None and not sinh:
        resistances, applied = 1.0 / conductance, volts[:, None]
        taken = shortest(lambda: peer(applied, resistances, SEGMENT, node_voltages=False, all_currents=False))
        bad, ratio = readable(taken), f"{taken / cold:.0f}"
    kind = "sinh" if sinh else "linear"
    return [
        f"{words} x {bits}, {kind}", readable(cold), readable(warm), readable(factored), bad,
        f"{factored / cold:.1f}", ratio, f"{difference:.0e}",
    ]  # fmt: skip


def find_badcrossbar() -> Callable[..., Any] | None:
    """Badcrossbar's `compute` (resistors only), or None when it is not installed."""
    try:
        with warnings.catch_warnings(record=True):  # it warns that it cannot draw
            badcrossbar = importlib.import_module("badcrossbar")
    except ImportError:
        return None
    logging.getLogger("badcrossbar").setLevel(logging.WARNING)  # it reports every solution
    found: Callable[..., Any] = badcrossbar.compute
    return found


if __name__ == "__main__":
    main()
