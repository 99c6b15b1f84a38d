"""One die: crossbar, cells and neurons behind an outside of sources and relays; solves it and lets it live."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil, exp, log, nan
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from labctl.core.paths import find_preset
from labctl.physics.cbram import CbramCells, CbramPreset
from labctl.physics.circuit import OperatingPoint, Source, SourcePoint, Topology
from labctl.physics.crossbar import Crossbar
from labctl.physics.kinetics import fastest_rate
from labctl.physics.network import Medium, Network, Solution, all_quiet
from labctl.physics.noise import Streams
from labctl.physics.outside import undefined
from labctl.physics.parts import Networks, Parts
from labctl.physics.presets import load_preset
from labctl.physics.switching import Switching
from labctl.physics.vo2 import Neurons, Vo2Preset

Floats = NDArray[np.float64]

_STILL = 1e-7
"""Largest change of ln G in one stretch of time that is not even written down."""
_SPAN_STEP = 0.01
"""Relative step of the potential differences for which the largest rate of any cell is known; between, the higher."""


class ArrayGeometry(Protocol):
    """What a die must know of its layout."""

    @property
    def word_lines(self) -> int: ...  # noqa: D102 - the name says it
    @property
    def bit_lines(self) -> int: ...  # noqa: D102 - the name says it
    @property
    def segment_resistance(self) -> float: ...  # noqa: D102 - the name says it


class Die:
    """Cells (M, N) between M word lines and N bit lines, N neurons at the feet of the bit lines.

    `advance` lets time pass under given sources; `solve`, `source_point` and `potential` say what stands outside at
    this moment, the last two without solving what does not matter to the answer. Who looks at the array meets the
    cells' read noise: the first look after time has passed begins a new moment of it, further looks share that one.
    What cells and neurons do themselves follows the cells without read noise. Charge is kept on outside nodes and the
    lines on them; lines that nothing contacts follow the network at once.
    """

    def __init__(
        self,
        geometry: ArrayGeometry,
        cell_preset: CbramPreset,
        neuron_preset: Vo2Preset,
        streams: Streams,
        wires: Crossbar | None = None,
    ) -> None:
        """A fresh die: every cell unformed, every neuron cold; `wires` when they are not all as `geometry` says."""
        shape = (geometry.word_lines, geometry.bit_lines)
        self.cells = CbramCells(shape, cell_preset, streams)
        self.neurons = Neurons(geometry.bit_lines, neuron_preset, streams)
        segment = geometry.segment_resistance
        self._networks = Networks(wires or Crossbar(*shape, segment, segment), segment)
        self._moment = 0
        self._noisy: Medium | None = None
        self._switching = Switching(self.cells, np.zeros(sum(shape)))
        self._nothing = np.zeros(shape[1])
        self._fastest: dict[int, float] = {}

    @classmethod
    def build(cls, geometry: ArrayGeometry, cells: str, neurons: str, streams: Streams) -> Self:
        """A fresh die of named presets (or paths of preset files). Raises BenchFileError, LabError."""
        return cls(
            geometry,
            load_preset(CbramPreset, find_preset(cells)),
            load_preset(Vo2Preset, find_preset(neurons)),
            streams,
        )

    def conductance(self) -> Floats:
        """(M, N) S, the true low-field conductances: for tests and for judging a measurement, never for one."""
        return self.cells.conduction()[0].copy()

    def solve(
        self, topology: Topology, sources: Sequence[Source], stage_temperature: float
    ) -> OperatingPoint:
        """What the network settles to with these sources; limits act as ideal hard limits."""
        parts, present, films = self._parts(topology), tuple(sources), self.neurons.film_conductance()
        array, beside = self._look(parts, present), self._look_beside(parts, present)
        outside, other = parts.array.outside, parts.beside.outside
        at = outside.source_nodes
        elsewhere = np.where(undefined(other, beside.situation), np.nan, beside.node_voltage)
        return OperatingPoint(
            source_voltage=np.where(parts.on_array, array.node_voltage[at], beside.node_voltage[at]),
            source_current=np.where(parts.on_array, array.source_current, beside.source_current),
            limited=np.where(parts.on_array, array.ruling, beside.ruling) != 0,
            node_voltage=np.where(undefined(outside, array.situation), elsewhere, array.node_voltage),
            cell_voltage=array.field.cell_voltage,
            cell_current=array.field.current,
            heater_current=outside.heater_current(array.field, array.node_voltage),
            film_current=outside.film_current(films, array.node_voltage)
            + other.film_current(films, beside.node_voltage),
        )

    def source_point(self, topology: Topology, sources: Sequence[Source], index: int) -> SourcePoint:
        """The operating point of source `index` alone; the array is left out when the source does not reach it."""
        parts = self._parts(topology)
        look = self._look if parts.on_array[index] else self._look_beside
        solution = look(parts, tuple(sources))
        return SourcePoint(
            voltage=float(solution.node_voltage[topology.source_nodes[index]]),
            current=float(solution.source_current[index]),
            limited=bool(solution.ruling[index]),
        )

    def potential(self, topology: Topology, sources: Sequence[Source], node: int) -> float:
        """V of an outside node, NaN where nothing defines it; the array is left out when the node does not reach it."""
        parts = self._parts(topology)
        near = node in parts.array_nodes
        network, look = (parts.array, self._look) if near else (parts.beside, self._look_beside)
        solution = look(parts, tuple(sources))
        nothing = undefined(network.outside, solution.situation)[node]
        return nan if nothing else float(solution.node_voltage[node])

    def advance(
        self, topology: Topology, sources: Sequence[Source], duration: float, stage_temperature: float
    ) -> None:
        """Let `duration` s pass: cells move under their voltages, lines charge, limits begin to act, neurons warm."""
        if duration <= 0.0:
            return
        self._end_moment()
        if all_quiet(sources) and self._switching.is_quiet():  # relays may move: it matters to neurons alone
            self.neurons.warm(self._nothing, self._nothing, stage_temperature, duration)
            return
        parts = self._parts(topology)
        array, beside = parts.facing(tuple(sources))
        medium = self.cells.medium(self.neurons.film_conductance())
        self._switching.meet(parts.array, array)
        factor = self.cells.temperature_factor(stage_temperature)
        if self._can_move(duration, factor):
            self._switching.live(duration, factor, medium.films)
            medium = self.cells.medium(medium.films)
        else:
            self._switching.rest(medium)
        power, volts = self._heating(parts, array, beside, medium)
        self.neurons.warm(power, volts, stage_temperature, duration)

    def state(self) -> dict[str, Floats | NDArray[Any]]:
        """Everything that time has changed, as arrays: cells, wear, neurons, charge of the lines, counters.

        The die that takes it over begins with a moment of read noise that nobody has met.
        """
        cells, neurons = self.cells, self.neurons
        return {
            "formed": cells.formed.copy(),
            "nucleation": cells.nucleation.copy(),
            "log_conductance": cells.log_conductance.copy(),
            "switching_events": cells.events.copy(),
            "switching_energy": cells.energy.copy(),
            "neuron_temperature": neurons.temperature.copy(),
            "neuron_branch": neurons.branch.copy(),
            "neuron_hottest": neurons.hottest.copy(),
            "line_voltage": self._switching.line_voltage(),
            "moment": np.array(self._moment + (self._noisy is not None), dtype=np.int64),
        }

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Take over what `state` of a die of the same geometry, presets and streams returned.

        Raises ValueError naming what is missing or of the wrong shape.
        """
        for name, own in self.state().items():
            if name not in state:
                raise ValueError(f"the state of the die lacks '{name}'")
            if np.shape(state[name]) != own.shape:
                raise ValueError(f"'{name}' is of shape {np.shape(state[name])}, this die has {own.shape}")
        cells = self.cells
        cells.formed[...] = state["formed"]
        cells.nucleation[...] = state["nucleation"]
        cells.log_conductance[...] = state["log_conductance"]
        cells.events[...] = state["switching_events"]
        cells.energy[...] = state["switching_energy"]
        self.neurons.restore(
            *(np.array(state[f"neuron_{name}"], dtype=float) for name in ("temperature", "branch", "hottest"))
        )
        self._moment, self._noisy = int(state["moment"]), None
        cells.renew()
        self._switching = Switching(cells, np.array(state["line_voltage"], dtype=float))

    def _parts(self, topology: Topology) -> Parts:
        return self._networks.of(topology, self.neurons.heater_conductance())

    def _look(self, parts: Parts, sources: tuple[Source, ...]) -> Solution:
        """The array's part as somebody sees it who looks now: with the read noise of this moment."""
        if self._noisy is None:
            token = (self.cells.revision, self._moment)
            self._noisy = Medium(self._noisy_conduction, self.neurons.film_conductance(), token)
        return parts.array.settle(parts.facing(sources)[0], self._noisy)

    def _noisy_conduction(self) -> tuple[Floats, Floats]:
        conductance, inverse_v0 = self.cells.conduction()
        return conductance * (1.0 + self.cells.noise(self._moment)), inverse_v0

    def _end_moment(self) -> None:
        """Time passes: the next look meets other read noise, if anybody has met the present one."""
        if self._noisy is not None:
            self._moment += 1
            self._noisy = None

    def _look_beside(self, parts: Parts, sources: tuple[Source, ...]) -> Solution:
        """The part beside the array, which does not depend on cells."""
        return parts.beside.settle(
            parts.facing(sources)[1], self.cells.medium(self.neurons.film_conductance())
        )

    def _can_move(self, duration: float, factor: float) -> bool:
        """Whether any cell could change by more than `_STILL`, judged by the largest potential difference there is."""
        span = self._switching.span()
        if span == 0.0:
            return False
        step = ceil(log(span) / _SPAN_STEP)
        rate = self._fastest.get(step)
        if rate is None:
            rate = self._fastest[step] = float(fastest_rate(self.cells.parameters, exp(step * _SPAN_STEP)))
        return rate * factor * duration > _STILL

    def _heating(
        self, parts: Parts, array: tuple[Source, ...], beside: tuple[Source, ...], medium: Medium
    ) -> tuple[Floats, Floats]:
        """(N,) W in the heaters and (N,) V across the films that sources, seen by either part, drive."""
        power, volts = self._driven(parts.array, array, medium)
        _, beside_volts = self._driven(parts.beside, beside, medium)
        return power, volts if beside_volts is self._nothing else volts + beside_volts

    def _driven(self, network: Network, sources: tuple[Source, ...], medium: Medium) -> tuple[Floats, Floats]:
        """(N,) W in the heaters and (N,) V across the films of one part, remembered for its latest solution."""
        outside = network.outside
        if not (len(outside.heaters) or outside.has_neurons) or all_quiet(sources):
            return self._nothing, self._nothing
        solution = network.settle(sources, medium)
        if network.driven is None or network.driven[0] is not solution:
            power = volts = self._nothing
            if len(outside.heaters):
                power = outside.heater_power(solution.field, solution.node_voltage)
            if outside.has_neurons:
                volts = outside.film_current(medium.films, solution.node_voltage) / medium.films
            network.driven = solution, power, volts
        return network.driven[1:]
