"""One die: crossbar, cells and neurons behind an outside of sources and relays; solves it and lets it live."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from labctl.core.paths import find_preset
from labctl.physics.cbram import CbramCells, CbramPreset
from labctl.physics.circuit import OperatingPoint, Source, Topology
from labctl.physics.crossbar import Crossbar
from labctl.physics.kinetics import largest_rate
from labctl.physics.network import FieldStore, Medium, Network, all_quiet
from labctl.physics.noise import Streams
from labctl.physics.outside import undefined
from labctl.physics.presets import load_preset
from labctl.physics.switching import Switching
from labctl.physics.vo2 import Neurons, Vo2Preset

Floats = NDArray[np.float64]

_STILL = 1e-7
"""Largest change of ln G in one stretch of time that is not even written down."""
_TOPOLOGIES = 256
"""Topologies whose tables are kept."""


class ArrayGeometry(Protocol):
    """What a die must know of its layout."""

    @property
    def word_lines(self) -> int: ...  # noqa: D102
    @property
    def bit_lines(self) -> int: ...  # noqa: D102
    @property
    def segment_resistance(self) -> float: ...  # noqa: D102


class Die:
    """Cells (M, N) between M word lines and N bit lines, N neurons at the feet of the bit lines.

    `advance` lets time pass under given sources; `solve` says what stands at the terminals at this moment, with the
    cells' read noise of this moment (a new moment begins whenever time passes). Charge is kept on outside nodes and
    the lines on them; lines that nothing contacts follow the network at once.
    """

    def __init__(
        self, geometry: ArrayGeometry, cell_preset: CbramPreset, neuron_preset: Vo2Preset, streams: Streams
    ) -> None:
        """A fresh die: every cell unformed, every neuron cold."""
        shape = (geometry.word_lines, geometry.bit_lines)
        self.cells = CbramCells(shape, cell_preset, streams)
        self.neurons = Neurons(geometry.bit_lines, neuron_preset, streams)
        self._segment = geometry.segment_resistance
        self._wires = Crossbar(*shape, self._segment, self._segment)
        self._store = FieldStore(self._wires)
        self._networks: OrderedDict[tuple[int, bytes], Network] = OrderedDict()
        self._no_films = np.full(shape[1], 1e-9)
        self._moment = 0
        self._switching = Switching(self.cells, np.zeros(sum(shape)))
        self._fastest = (-1.0, -1, 0.0)

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
        return self.cells.conductance()

    def solve(
        self, topology: Topology, sources: Sequence[Source], stage_temperature: float
    ) -> OperatingPoint:
        """What the network settles to with these sources; limits act as ideal hard limits."""
        network = self._network(topology)
        outside, films = network.outside, self._films(network)
        solution = network.settle(tuple(sources), self._noisy(films))
        voltage = solution.node_voltage
        return OperatingPoint(
            source_voltage=voltage[outside.source_nodes],
            source_current=solution.source_current,
            limited=solution.ruling != 0,
            node_voltage=np.where(undefined(outside, solution.situation), np.nan, voltage),
            cell_voltage=solution.field.cell_voltage,
            cell_current=solution.field.current,
            heater_current=outside.heater_current(solution.field, voltage),
            film_current=outside.film_current(films, voltage),
        )

    def advance(
        self, topology: Topology, sources: Sequence[Source], duration: float, stage_temperature: float
    ) -> None:
        """Let `duration` s pass: cells move under their voltages, lines charge, limits begin to act, neurons warm."""
        if duration <= 0.0:
            return
        network = self._network(topology)
        present = tuple(sources)
        films = self._films(network)
        self._switching.meet(network, present)
        self._moment += 1
        factor = self.cells.temperature_factor(stage_temperature)
        if self._can_move(duration, factor):
            self._switching.live(duration, factor, films)
        else:
            self._switching.rest(self.cells.medium(films))
        self._warm(network, present, duration, stage_temperature)

    def state(self) -> dict[str, Floats | NDArray[Any]]:
        """Everything that time has changed, as arrays: cells, wear, neurons, charge of the lines, counters."""
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
            "moment": np.array(self._moment, dtype=np.int64),
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
        self._moment = int(state["moment"])
        cells.revision += 1
        self._switching = Switching(cells, np.array(state["line_voltage"], dtype=float))

    def _network(self, topology: Topology) -> Network:
        heaters = self.neurons.heater_conductance() if topology.heaters else np.zeros(self.cells.shape[1])
        key = (id(topology), heaters.tobytes())
        network = self._networks.get(key)
        if network is None:
            network = Network(topology, self._store, self._segment, heaters)
            self._networks[key] = network
            if len(self._networks) > _TOPOLOGIES:
                self._networks.popitem(last=False)
        return network

    def _films(self, network: Network) -> Floats:
        """(N,) S of the films; any number where no output line is connected."""
        return self.neurons.film_conductance() if network.outside.has_neurons else self._no_films

    def _noisy(self, films: Floats) -> Medium:
        medium = self.cells.medium(films)
        conductance = medium.conductance * (1.0 + self.cells.noise(medium.conductance, self._moment))
        return Medium(conductance, medium.inverse_v0, films, (self.cells.revision, self._moment))

    def _can_move(self, duration: float, factor: float) -> bool:
        """Whether any cell could change by more than `_STILL`, judged by the largest potential difference there is."""
        span = self._switching.span()
        if span == 0.0:
            return False
        known, revision, rate = self._fastest
        if known != span or revision != self.cells.revision:
            rate = largest_rate(self.cells.parameters, self.cells.formed, self.cells.log_conductance, span)
            self._fastest = (span, self.cells.revision, rate)
        return bool(rate * factor * duration > _STILL)

    def _warm(
        self, network: Network, sources: tuple[Source, ...], duration: float, stage_temperature: float
    ) -> None:
        """Heat the neurons that the topology connects; let the others follow the stage."""
        outside, neurons = network.outside, self.neurons
        power, volts = np.zeros(len(neurons.temperature)), np.zeros(len(neurons.temperature))
        if (len(outside.heaters) or outside.has_neurons) and not all_quiet(sources):
            films = self._films(network)
            solution = network.settle(sources, self.cells.medium(films))
            conductance = outside.heater_conductance
            current = outside.heater_current(solution.field, solution.node_voltage)
            power = np.divide(current**2, conductance, out=power, where=conductance > 0.0)
            volts = outside.film_current(films, solution.node_voltage) / films
        neurons.warm(power, volts, stage_temperature, duration)
