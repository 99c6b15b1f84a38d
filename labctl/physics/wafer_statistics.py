"""What a process does to the dies of one wafer: trends over the wafer, and what is broken where.

Everything follows from the seed and the die's own numbers: any die can be made alone, in any order. All rates are
generic and assumed; the bench file gives them.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import cos, exp, radians, sin

import numpy as np
from numpy.typing import NDArray

from labctl.physics.cbram import CbramPreset
from labctl.physics.crossbar import Crossbar
from labctl.physics.die import ArrayGeometry, Die
from labctl.physics.kinetics import PARAMETERS
from labctl.physics.noise import Streams
from labctl.physics.vo2 import Vo2Preset

Bools = NDArray[np.bool_]

OPEN = 1e-13
"""S of a cell without an electrode."""
SHORT = 5e-3
"""S of a cell that is a piece of metal."""
STUCK = 40e-6
"""S of a cell whose filament does not move."""
LOST = 0.7
"""Share of its pads that a badly contacted die does not touch."""
NO_FILM = 1e-9
"""What is left of a neuron's output when its film is broken."""


@dataclass(frozen=True, kw_only=True)
class Trend:
    """Relative change of a constant over the wafer.

    radial: from centre to edge, with the square of the radius. gradient: from centre to edge towards `direction`
    (degrees, from x towards y). spread: standard deviation from die to die.
    """

    radial: float = 0.0
    gradient: float = 0.0
    direction: float = 0.0
    spread: float = 0.0

    def factor(self, x: float, y: float, draw: float) -> float:
        """What the constant is multiplied by at (x, y), in radii of the wafer; `draw` is a standard normal number."""
        angle = radians(self.direction)
        slope = self.gradient * (x * cos(angle) + y * sin(angle))
        return (1.0 + self.radial * (x * x + y * y) + slope) * exp(self.spread * draw)


@dataclass(frozen=True, kw_only=True)
class WaferSpread:
    """Trends of a wafer, and the share of its dies, cells, lines and neurons that are broken."""

    forming_voltage: Trend = Trend()
    conductance_span: Trend = Trend()
    switching_threshold: Trend = Trend()
    neuron_threshold: Trend = Trend()
    dead_dies: float = 0.0
    bad_contacts: float = 0.0
    open_cells: float = 0.0
    shorted_cells: float = 0.0
    stuck_cells: float = 0.0
    broken_lines: float = 0.0
    dead_neurons: float = 0.0


@dataclass(frozen=True)
class DieFate:
    """What became of one die.

    is_dead: none of its cells ever forms. touches: the probes reach its pads. The rest: factors on the median forming
    voltage, on the conductances of formed cells, on SET and RESET thresholds, on the power at which neurons switch.
    """

    is_dead: bool
    touches: bool
    forming: float
    span: float
    threshold: float
    neuron: float


@dataclass(frozen=True)
class ArrayFaults:
    """What is broken in one array of M word lines and N bit lines.

    open_cells, shorted_cells, stuck_cells: (M, N), no cell is two of them. word_break (M,), bit_break (N,): number of
    the line's segment that is missing, 0 being the one to its pad; -1 where the line is whole. dead_heaters,
    dead_films: (N,), no neuron is both.
    """

    open_cells: Bools
    shorted_cells: Bools
    stuck_cells: Bools
    word_break: NDArray[np.intp]
    bit_break: NDArray[np.intp]
    dead_heaters: Bools
    dead_films: Bools


def die_streams(seed: int, x: int, y: int, part: str = "") -> Streams:
    """Randomness of die (x, y), or of a `part` of it."""
    return Streams(seed, f"wafer die {x},{y} {part}".strip())


def fate_of(spread: WaferSpread, seed: int, die: tuple[int, int], place: tuple[float, float]) -> DieFate:
    """What becomes of `die` whose centre lies at `place`, in radii of the wafer from its centre."""
    streams = die_streams(seed, *die)

    def factor(name: str, trend: Trend) -> float:
        return trend.factor(*place, float(streams.normal(f"trend/{name}", 0)))

    return DieFate(
        is_dead=bool(streams.uniform("dead die", 0) < spread.dead_dies),
        touches=not bool(streams.uniform("bad contact", 0) < spread.bad_contacts),
        forming=factor("forming voltage", spread.forming_voltage),
        span=factor("conductance span", spread.conductance_span),
        threshold=factor("switching threshold", spread.switching_threshold),
        neuron=factor("neuron threshold", spread.neuron_threshold),
    )


def faults_of(spread: WaferSpread, streams: Streams, shape: tuple[int, int]) -> ArrayFaults:
    """What is broken in the array of `shape` (words, bits) that `streams` belong to."""
    words, bits = shape
    lot = streams.uniform("fault/cell", np.arange(words * bits)).reshape(shape)
    ends = np.cumsum([0.0, spread.open_cells, spread.shorted_cells, spread.stuck_cells])
    hit = [(low <= lot) & (lot < high) for low, high in pairwise(ends)]
    neurons = streams.uniform("fault/neuron", np.arange(bits))
    dead = neurons < spread.dead_neurons
    by_heater = neurons < spread.dead_neurons / 2
    return ArrayFaults(
        open_cells=hit[0],
        shorted_cells=hit[1],
        stuck_cells=hit[2],
        word_break=_breaks(spread, streams, "word", words, bits),
        bit_break=_breaks(spread, streams, "bit", bits, words),
        dead_heaters=dead & by_heater,
        dead_films=dead & ~by_heater,
    )


def _breaks(spread: WaferSpread, streams: Streams, kind: str, lines: int, segments: int) -> NDArray[np.intp]:
    line = np.arange(lines)
    is_broken = streams.uniform(f"fault/{kind} line", line) < spread.broken_lines
    where = np.floor(streams.uniform(f"fault/{kind} segment", line) * segments).astype(np.intp)
    return np.where(is_broken, where, np.intp(-1))


def lost_pads(streams: Streams, count: int) -> Bools:
    """(count,) whether a pad of a badly contacted die is not reached: the first never is, others mostly not."""
    lost: Bools = streams.uniform("bad contact/pad", np.arange(count)) < LOST
    lost[0] = True
    return lost


def make_array(
    geometry: ArrayGeometry,
    cells: CbramPreset,
    neurons: Vo2Preset,
    streams: Streams,
    fate: DieFate,
    faults: ArrayFaults,
) -> Die:
    """A fresh array of a die with this `fate`, broken where `faults` say; a line's break at its pad is the probes'."""
    words, bits = geometry.word_lines, geometry.bit_lines
    along_word = np.full((words, bits - 1), geometry.segment_resistance)
    along_bit = np.full((words - 1, bits), geometry.segment_resistance)
    for line in np.flatnonzero(faults.word_break > 0):
        along_word[line, faults.word_break[line] - 1] = np.inf
    for line in np.flatnonzero(faults.bit_break > 0):  # bit lines are contacted behind the last word line
        along_bit[words - 1 - faults.bit_break[line], line] = np.inf
    die = Die(geometry, cells, neurons, streams, Crossbar(words, bits, along_word, along_bit))
    _set_trends(die, fate)
    _break_cells(die, faults)
    die.neurons.heaters_intact[...] = ~faults.dead_heaters
    die.neurons.output_factor[faults.dead_films] = NO_FILM
    die.cells.renew()
    return die


def make_resistor(siemens: float, neurons: Vo2Preset, cells: CbramPreset, streams: Streams) -> Die:
    """A die of one crosspoint that conducts `siemens` for good."""
    die = Die(ONE_CELL, cells, neurons, streams)
    _hold(die, np.ones((1, 1), dtype=bool), siemens)
    die.cells.renew()
    return die


@dataclass(frozen=True)
class _Geometry:
    word_lines: int = 1
    bit_lines: int = 1
    segment_resistance: float = 1.0


ONE_CELL = _Geometry()
"""Layout of a single cell with a pad on each side."""


def _set_trends(die: Die, fate: DieFate) -> None:
    cells = die.cells
    for name, factor in (
        ("forming_factor", np.inf if fate.is_dead else fate.forming),
        ("set_factor", fate.threshold),
        ("reset_factor", fate.threshold),
        ("highest_conductance", fate.span),
        ("lowest_conductance", fate.span),
    ):
        cells.parameters[..., PARAMETERS.index(name)] *= factor
    cells.parameters[..., PARAMETERS.index("log_contact")] += np.log(fate.span)
    cells.log_conductance += np.log(fate.span)
    die.neurons.thermal_resistance /= fate.neuron


def _break_cells(die: Die, faults: ArrayFaults) -> None:
    _hold(die, faults.stuck_cells, STUCK)
    _hold(die, faults.shorted_cells, SHORT)
    die.cells.unformed[faults.open_cells] = OPEN
    die.cells.parameters[faults.open_cells, PARAMETERS.index("forming_factor")] = np.inf


def _hold(die: Die, which: Bools, siemens: float) -> None:
    """Let `which` cells conduct `siemens`, whatever is done to them."""
    cells = die.cells
    cells.formed[which] = True
    cells.log_conductance[which] = np.log(siemens)
    for name in ("set_rate", "reset_rate"):
        cells.parameters[which, PARAMETERS.index(name)] = 0.0
