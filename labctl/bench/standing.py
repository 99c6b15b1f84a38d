"""How the cells of an array stand, for a display: what the ledger remembers of each."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from labctl.bench.books import Books

CONDUCTS = 1e-6
"""S; a cell that was ever read above this has been formed."""


RUNS_TOLD = 30
"""Labels of so many runs are told."""


def array_standing(books: Books) -> dict[str, Any]:
    """Plain data, each (M, N) as lists of rows.

    conductance: S at the last read, apparent; None before the first. pulses: in its life. conducted: was ever formed.
    runs: labels of the latest runs on this sample, the oldest first.
    """
    conductance = [
        [None if math.isnan(found) else found for found in row] for row in books.conductances().tolist()
    ]
    pulses = np.zeros(books.shape, dtype=int)
    conducted = np.zeros(books.shape, dtype=bool)
    for cell, dose in tuple(books.cells.items()):
        pulses[cell] = dose.pulses
        conducted[cell] = dose.highest >= CONDUCTS
    labels = [each.label for each in (*books.past, books.run) if each.label]
    return {
        "conductance": conductance,
        "pulses": pulses.tolist(),
        "conducted": conducted.tolist(),
        "runs": list(dict.fromkeys(labels))[-RUNS_TOLD:],
    }
