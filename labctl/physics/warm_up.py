"""Has every compiled function ready before anybody waits for a measurement: the smallest die, driven once each way."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from labctl.core.lines import LineKind
from labctl.physics.circuit import Drive, Source, Topology
from labctl.physics.die import Die
from labctl.physics.noise import Streams


@dataclass(frozen=True)
class _Smallest:
    word_lines: int = 2
    bit_lines: int = 2
    segment_resistance: float = 1.0


LAST = "transient.integrate-*.nbi"
"""What stands in the cache once everything was compiled."""


@cache
def warm_up() -> None:
    """Compile everything now, some 15 s, where the cache on the disk has nothing yet; else leave it to be loaded.

    A read and a pulse from a source with a limit, which charges its line, into cells that switch.
    """
    cache_folder = os.environ.get("NUMBA_CACHE_DIR", "")
    if cache_folder and any(Path(cache_folder).glob(f"*/{LAST}")):
        return
    die = Die.build(_Smallest(), "generic_ag_cbram", "generic_vo2", Streams(0, "warm-up"))
    contacts = tuple((1 + line, LineKind.WORD, line, 1.0) for line in range(2)) + tuple(
        (3 + line, LineKind.BIT, line, 1.0) for line in range(2)
    )
    topology = Topology(
        nodes=5,
        source_nodes=(1, 2, 3, 4),
        contacts=contacts,
        heaters=frozenset({0}),
        node_capacitance=3e-10,
        line_capacitance=2e-10,
    )
    for level in (0.1, 1.6):
        driven = Source(Drive.VOLTAGE, level, limit=1e-4, response_time=2e-5)
        rest = Source(Drive.VOLTAGE, 0.0, limit=1e-3, response_time=2e-5)
        sources = (driven, rest, rest, rest)
        die.source_point(topology, sources, 0)
        die.advance(topology, sources, 1e-3, 300.0)
