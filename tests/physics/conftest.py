"""A small die with four instruments: what the tests of the physics share."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import inf

import pytest

from labctl.core.lines import LineKind
from labctl.core.paths import find_preset
from labctl.physics.cbram import CbramPreset
from labctl.physics.circuit import Drive, Source, Topology
from labctl.physics.die import Die
from labctl.physics.noise import Streams
from labctl.physics.presets import load_preset
from labctl.physics.vo2 import Vo2Preset

STAGE = 300.0


@dataclass(frozen=True)
class Geometry:
    """Layout of a die under test."""

    word_lines: int = 6
    bit_lines: int = 4
    segment_resistance: float = 2.0


def volts(level: float, limit: float = inf, *, ohm: float = 0.0, response: float = 0.0) -> Source:
    """A voltage source."""
    return Source(Drive.VOLTAGE, level, limit, ohm, response)


def write_topology(
    word: int, bit: int, *, series: float = 0.0, shape: tuple[int, int] = (6, 4), cable: float = 0.0
) -> Topology:
    """Source 0 drives the word line (through `series` ohm), 1 the unselected lines, 2 senses the bit line."""
    drive = 4 if series else 1
    contacts = [(drive, LineKind.WORD, word, 1.0), (3, LineKind.BIT, bit, 1.0)]
    contacts += [(2, LineKind.WORD, i, 1.0) for i in range(shape[0]) if i != word]
    contacts += [(2, LineKind.BIT, j, 1.0) for j in range(shape[1]) if j != bit]
    bridges = ((1, 4, 1.0 / series),) if series else ()
    return Topology(
        nodes=5, source_nodes=(1, 2, 3), bridges=bridges, contacts=tuple(contacts),
        node_capacitance=cable, line_capacitance=cable,
    )  # fmt: skip


@pytest.fixture
def cells() -> CbramPreset:
    """The shipped cell preset without spread and noise."""
    shipped = load_preset(CbramPreset, find_preset("generic_ag_cbram"))
    return replace(
        shipped, forming_spread=0.0, threshold_spread=0.0, rate_spread=0.0, cycle_rate_spread=0.0,
        unformed_spread=0.0, read_noise=0.0,
    )  # fmt: skip


@pytest.fixture
def films() -> Vo2Preset:
    """The shipped neuron preset without spread."""
    shipped = load_preset(Vo2Preset, find_preset("generic_vo2"))
    return replace(shipped, thermal_spread=0.0, output_spread=0.0)


@pytest.fixture
def make_die(cells: CbramPreset, films: Vo2Preset) -> Callable[..., Die]:
    """Builds a die; keyword arguments replace constants of the cell preset."""

    def make(geometry: Geometry | None = None, seed: int = 1, die: int = 0, **constants: float) -> Die:
        return Die(geometry or Geometry(), replace(cells, **constants), films, Streams(seed, die))

    return make


def pulse(die: Die, topology: Topology, level: float, *, width: float = 200e-6, limit: float = inf,
          response: float = 0.0, bias: float = 0.5, stage: float = STAGE) -> None:  # fmt: skip
    """One V/2 write pulse and the return to 0 V."""
    high = (volts(level, limit, response=response), volts(bias * level), volts(0.0))
    low = (volts(0.0, limit, response=response), volts(0.0), volts(0.0))
    die.advance(topology, high, width, stage)
    die.advance(topology, low, 1e-3, stage)
