"""Lets cells switch while sources, their slow limits and the charge of the lines act on them."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from labctl.core.lines import LineKind
from labctl.physics import transient
from labctl.physics.cbram import CbramCells
from labctl.physics.circuit import Drive, Source
from labctl.physics.crossbar import Border, Field
from labctl.physics.kinetics import all_rates
from labctl.physics.network import Medium, Network, Solution, all_quiet
from labctl.physics.outside import Situation, arrange, node_currents

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

_ACTIVE = 0.02  # expected change of ln G above which a cell is solved together with the network
_STALE = 1e-4  # change of ln G after which solved fields of the network are out of date
_STIFF = 1e-2  # S to held nodes above which an outside node follows at once (300 pF: 30 ns)
_GROUP = 24  # cells that switch together in one port model
_PHASES = 500


@dataclass(eq=False)
class Ports:
    """The network linearised around a base point, as the switching cells and slow nodes see it."""

    z: Floats
    t: Floats
    y: Floats
    outflow: Floats
    source_cells: Floats
    source_nodes: Floats


class Switching:
    """Owns what cells, lines and limits remember between two stretches of time.

    node_voltage (K,): present potentials of the outside nodes, which is the charge of the lines on them.
    """

    def __init__(self, cells: CbramCells, line_voltage: Floats) -> None:
        """line_voltage: (M + N,) V, charge left on word and bit lines by an earlier topology."""
        self.cells = cells
        self._line_voltage = line_voltage
        self._network: Network | None = None
        self._sources: tuple[Source, ...] = ()
        self._node_voltage = np.zeros(0)
        self._pending: Medium | None = None
        self._acting = np.zeros(0, dtype=np.int8)
        self._deadline = np.zeros(0)
        self._rates = np.zeros(cells.shape)

    def meet(self, network: Network, sources: tuple[Source, ...]) -> None:
        """Take note of a new topology (charge is shared out) or of changed sources (their limits start afresh)."""
        if network is not self._network:
            self._line_voltage = self.line_voltage()
            self._network = network
            self._pending = None
            self._node_voltage = self._shared_charge(network)
            self._sources = ()
        if sources != self._sources:
            self._catch_up()
            fresh = len(sources) != len(self._sources)
            if fresh:
                self._acting = np.zeros(len(sources), dtype=np.int8)
                self._deadline = np.full(len(sources), inf)
            else:
                for index, (old, new) in enumerate(zip(self._sources, sources, strict=True)):
                    if old != new:
                        self._acting[index], self._deadline[index] = 0, inf
            self._sources = sources
            for source, node in zip(sources, network.topology.source_nodes, strict=True):
                if source.drive is Drive.VOLTAGE and source.resistance == 0.0:
                    self._node_voltage[node] = source.level

    def span(self) -> float:
        """V between the highest and the lowest potential that sources or charged lines hold; inf when unknown."""
        low = high = 0.0
        for source in self._sources:
            if source.drive is Drive.OPEN:
                continue
            level = source.level
            if source.drive is Drive.CURRENT and level != 0.0:
                level = float(np.copysign(source.limit, level))
            low, high = min(low, level), max(high, level)
        if self._pending is None:
            low = min(low, float(np.nanmin(self._node_voltage, initial=0.0)))
            high = max(high, float(np.nanmax(self._node_voltage, initial=0.0)))
        return high - low

    def rest(self, medium: Medium) -> None:
        """Nothing switched: lines and limits have settled at the operating point, found when somebody asks."""
        self._pending = medium

    def line_voltage(self) -> Floats:
        """(M + N,) V to which word and bit lines are charged; lines without contact count as discharged."""
        words, bits = self.cells.shape
        out = np.zeros(words + bits)
        if self._network is None:
            out[:] = self._line_voltage
            return out
        self._catch_up()
        for node, kind, line, _ in self._network.topology.contacts:
            if kind is not LineKind.NEURON:
                out[line if kind is LineKind.WORD else words + line] = np.nan_to_num(self._node_voltage[node])
        return out

    def live(self, duration: float, factor: float, films: Floats) -> float:
        """Let `duration` s pass with cells on the move; kinetics run `factor` times their reference rate.

        Returns the largest change of ln G (or of nucleation) of any cell.
        """
        assert self._network is not None
        self._catch_up()
        start = (self._node_voltage.copy(), self._acting.copy(), self._deadline.copy())
        done = np.zeros(self.cells.shape, dtype=np.bool_)
        moved, left_over = self._stretch(duration, factor, films, done, first=True)
        groups = 1
        while left_over and groups < 64:
            self._node_voltage, self._acting, self._deadline = (each.copy() for each in start)
            more, left_over = self._stretch(duration, factor, films, done, first=False)
            moved, groups = max(moved, more), groups + 1
        return moved

    def _stretch(
        self, duration: float, factor: float, films: Floats, done: NDArray[np.bool_], *, first: bool
    ) -> tuple[float, bool]:
        """One pass over `duration` with at most one group of switching cells; True when more cells wait."""
        network, sources, cells = self._network, self._sources, self.cells
        assert network is not None
        group = np.zeros(cells.shape, dtype=np.bool_)
        cycle = np.ones(cells.shape)
        before = cells.log_conductance + cells.nucleation
        time, left_over, moved = 0.0, False, 0.0
        for _ in range(_PHASES):
            left = duration - time
            if left <= 0.0:
                break
            target = network.settle(sources, cells.medium(films))
            ruling = self._ruling(sources, target)
            base = target if np.array_equal(ruling, target.ruling) else network.solve(sources, ruling, cells.medium(films))
            slow = self._slow_nodes(network, base)
            departure = np.nan_to_num(self._node_voltage[slow] - base.node_voltage[slow])
            pinned = {int(node): float(base.node_voltage[node]) for node in slow}
            situation = (
                arrange(network.outside, base.matrix, sources, ruling, pinned) if len(slow) else base.situation
            )
            answers = [_lift(network, base, situation, int(node)) for node in slow]
            settling = self._settling_time(network, base, slow)
            expected = self._expected(base, answers, departure, left, min(left, settling), factor)
            waiting = (np.abs(expected) > _ACTIVE) | (
                ~cells.formed & (cells.nucleation + expected > 0.9) & (expected > 0.0)
            )
            waiting &= ~done | group
            room = _GROUP - int(group.sum())
            fresh = waiting & ~group
            if int(fresh.sum()) > room:
                left_over = True
                order = np.argsort(-np.abs(np.where(fresh, expected, 0.0)), axis=None)[:room]
                fresh = np.zeros(cells.shape, dtype=np.bool_)
                fresh.flat[order] = True
            if fresh.any():
                words, bits = np.nonzero(fresh)
                cycle[fresh] = cells.cycle_factors(words, bits)
                cells.events[fresh] += 1
                group |= fresh
                done |= fresh
            active = waiting & group
            if not active.any():
                if first:
                    moved = max(moved, self._creep(base, target, left, settling, expected, factor, waiting | done))
                self._acting[:] = target.ruling
                self._node_voltage = target.node_voltage.copy()
                break
            step, event = self._integrate(
                network, base, situation, slow, answers, departure, active, cycle * factor, left
            )
            if first:
                moved = max(moved, self._creep(base, base, step, 0.0, None, factor, waiting | done))
            cells.revision += 1
            time += step
            if event == transient.FINISHED:
                break
        if group.any():
            change = np.abs(cells.log_conductance + cells.nucleation - before)
            moved = max(moved, float(change[group].max()))
        return moved, left_over

    def _ruling(self, sources: tuple[Source, ...], target: Solution) -> NDArray[np.int8]:
        """Which limits act at this moment: a voltage source's only once its response time is over."""
        at_once = np.array([s.drive is not Drive.VOLTAGE or s.response_time == 0.0 for s in sources])
        return np.where(at_once | (self._acting != 0), target.ruling, 0).astype(np.int8)

    @staticmethod
    def _slow_nodes(network: Network, base: Solution) -> Indices:
        """Free outside nodes on lines whose cable charges through a resistor or from a limited source."""
        free = base.situation.free
        if len(free) == 0:
            return free
        outside = network.outside
        outward = -base.matrix[np.ix_(free, base.situation.held)].sum(axis=1)
        np.add.at(leak := np.zeros(outside.topology.nodes), outside.source_nodes, base.situation.source_conductance)
        return free[outside.touches_array[free] & (outward + leak[free] < _STIFF)]

    @staticmethod
    def _settling_time(network: Network, base: Solution, slow: Indices) -> float:
        """s after which the slow nodes have settled, at most: ten of their longest time constants."""
        if len(slow) == 0:
            return 0.0
        outside = network.outside
        outward = -base.matrix[np.ix_(slow, base.situation.held)].sum(axis=1)
        with np.errstate(divide="ignore"):
            return float(10.0 * (outside.capacitance[slow] / np.maximum(outward, 1e-30)).max())

    def _expected(
        self, base: Solution, answers: list[Field], departure: Floats, left: float, settling: float, factor: float
    ) -> Floats:
        """(M, N) change of ln G or nucleation if voltages stayed as they are, charge of slow lines included."""
        cells = self.cells
        voltage = base.field.cell_voltage
        all_rates(cells.parameters, cells.formed, cells.log_conductance, np.ascontiguousarray(voltage), self._rates)
        expected: Floats = self._rates * (factor * left)
        if len(departure) and np.abs(departure).max() > 1e-3:
            for answer, volts in zip(answers, departure, strict=True):
                voltage = voltage + volts * answer.cell_voltage
            all_rates(cells.parameters, cells.formed, cells.log_conductance, np.ascontiguousarray(voltage), self._rates)
            charged = self._rates * (factor * settling)
            expected = np.where(np.abs(charged) > np.abs(expected), charged, expected)
        return expected

    def _creep(
        self,
        base: Solution,
        target: Solution,
        duration: float,
        settling: float,
        expected: Floats | None,
        factor: float,
        apart: NDArray[np.bool_],
    ) -> float:
        """Move all cells but those `apart` by their small changes over `duration`; return the largest."""
        cells = self.cells
        if expected is not None and target is base and settling == 0.0:
            change = np.where(apart, 0.0, expected)
        else:
            voltage = np.ascontiguousarray(target.field.cell_voltage)
            all_rates(cells.parameters, cells.formed, cells.log_conductance, voltage, self._rates)
            change = np.where(apart, 0.0, np.clip(self._rates * (factor * duration), -_ACTIVE, _ACTIVE))
        cells.log_conductance += np.where(cells.formed, change, 0.0)
        cells.nucleation += np.where(cells.formed, 0.0, change)
        largest = float(np.abs(change).max())
        cells.drift += largest
        if cells.drift > _STALE:
            cells.revision += 1
            cells.drift = 0.0
        return largest

    def _integrate(
        self,
        network: Network,
        base: Solution,
        situation: Situation,
        slow: Indices,
        lifts: list[Field],
        departure: Floats,
        active: NDArray[np.bool_],
        factor: Floats,
        duration: float,
    ) -> tuple[float, int]:
        """Run the port model until `duration` is over or an event; write cells, charge and limits back."""
        cells, sources = self.cells, self._sources
        words, bits = np.nonzero(active)
        ports = _ports(network, base, situation, slow, lifts, words, bits)
        watched = np.array(
            [
                i
                for i, source in enumerate(sources)
                if source.drive is Drive.VOLTAGE and source.limit < inf and base.ruling[i] == 0
            ],
            dtype=np.intp,
        )
        release_sign, release_at = np.zeros(len(slow)), np.zeros(len(slow))
        for place, node in enumerate(slow):
            for index, source in enumerate(sources):
                if network.outside.source_nodes[index] == node and base.ruling[index] and source.drive is Drive.VOLTAGE:
                    sign = float(base.ruling[index])
                    release_sign[place] = sign
                    release_at[place] = source.level - sign * source.limit * source.resistance - base.node_voltage[node]
        formed, nucleation = cells.formed[active], cells.nucleation[active]
        log_g, energy = cells.log_conductance[active], cells.energy[active]
        deadline, shift = self._deadline[watched], departure.copy()
        pair = np.array((1.0 / cells.preset.unformed_v0, 1.0 / cells.preset.formed_v0))
        step, event = transient.integrate(
            np.ascontiguousarray(cells.parameters[active]), factor[active], cells.unformed[active],
            np.tile(pair, (len(words), 1)), formed, nucleation, log_g, energy,
            base.field.cell_voltage[active], base.field.current[active], base.field.slope[active],
            ports.z, ports.t, ports.outflow, ports.y, network.outside.capacitance[slow], shift,
            base.source_current[watched], ports.source_cells[watched], ports.source_nodes[watched],
            np.array([sources[i].limit for i in watched]), np.array([sources[i].response_time for i in watched]),
            deadline, release_sign, release_at, duration,
        )  # fmt: skip
        cells.formed[active], cells.nucleation[active] = formed, nucleation
        cells.log_conductance[active], cells.energy[active] = log_g, energy
        self._node_voltage = base.node_voltage.copy()
        self._node_voltage[slow] += shift
        self._deadline[:] = inf
        for place, index in enumerate(watched):
            if deadline[place] == inf:
                continue
            self._deadline[index] = max(deadline[place] - step, 0.0)
            if event == transient.LIMIT_ACTS and self._deadline[index] <= 1e-12 * step:
                self._acting[index], self._deadline[index] = 1, inf
        if event == transient.LIMIT_RELEASES:
            for place, node in enumerate(slow):
                if release_sign[place] * (shift[place] - release_at[place]) > 0.0:
                    self._acting[network.outside.source_nodes == node] = 0
        return float(step), int(event)

    def _catch_up(self) -> None:
        """Find the potentials at which the lines have settled, if that was put off."""
        medium, self._pending = self._pending, None
        if medium is None or self._network is None:
            return
        if all_quiet(self._sources):
            self._node_voltage = np.zeros(self._network.topology.nodes)
            self._acting[:] = 0
            return
        solution = self._network.settle(self._sources, medium)
        self._node_voltage = solution.node_voltage.copy()
        self._acting[:] = solution.ruling

    def _shared_charge(self, network: Network) -> Floats:
        """(K,) V of the outside nodes once the lines on them have shared their charge (empty cables otherwise)."""
        topology, words = network.topology, self.cells.shape[0]
        charge = np.zeros(topology.nodes)
        if not self._line_voltage.any():
            return charge
        for node, kind, line, _ in topology.contacts:
            if kind is not LineKind.NEURON:
                volts = self._line_voltage[line if kind is LineKind.WORD else words + line]
                charge[node] += topology.line_capacitance * volts
        total = network.outside.capacitance
        return np.divide(charge, total, out=np.zeros_like(charge), where=total > 0.0)


def _lift(network: Network, base: Solution, situation: Situation, node: int) -> Field:
    """Answer of the linearised network to 1 V more on the pinned `node`."""
    outside, free = network.outside, situation.free
    border = Border(
        situation.border.word_coupling, situation.border.bit_coupling, situation.border.matrix,
        -base.matrix[free, node],
    )  # fmt: skip
    return network.store.wires.response(
        base.field.slope, situation.terminals, border,
        word_current=outside.word_coupling[:, node], bit_current=outside.bit_coupling[:, node],
    )  # fmt: skip


def _ports(
    network: Network,
    base: Solution,
    situation: Situation,
    slow: Indices,
    lifts: list[Field],
    words: Indices,
    bits: Indices,
) -> Ports:
    """Linearise: unit currents through the cells (words, bits), unit potentials on the `slow` nodes."""
    outside, matrix, free = network.outside, base.matrix, situation.free
    cells, nodes, sources = len(words), len(slow), len(outside.source_nodes)
    z, t = np.empty((cells, cells)), np.empty((cells, nodes))
    y = np.empty((nodes, nodes))
    by_cell, by_node = np.empty((sources, cells)), np.empty((sources, nodes))
    conductance, injection = situation.source_conductance, situation.source_injection
    ideal = (conductance == 0.0) & (injection == 0.0)
    leak, push = np.zeros(outside.topology.nodes), np.zeros(outside.topology.nodes)
    np.add.at(leak, outside.source_nodes, conductance)
    np.add.at(push, outside.source_nodes, injection)

    def at_sources(into: Floats, volts: Floats) -> Floats:
        at = outside.source_nodes
        return np.where(ideal, into[at], -conductance * volts[at])

    quiet = Border(
        situation.border.word_coupling, situation.border.bit_coupling, situation.border.matrix, np.zeros(len(free))
    )
    for place, cell in enumerate(zip(words.tolist(), bits.tolist(), strict=True)):
        answer = network.store.wires.response(base.field.slope, situation.terminals, quiet, cell=cell)
        volts = np.zeros(outside.topology.nodes)
        volts[free] = answer.outside
        z[:, place] = -answer.cell_voltage[words, bits]
        by_cell[:, place] = at_sources(node_currents(outside, matrix, volts, answer), volts)
    for place, (node, answer) in enumerate(zip(slow, lifts, strict=True)):
        volts = np.zeros(outside.topology.nodes)
        volts[free] = answer.outside
        volts[node] = 1.0
        into = node_currents(outside, matrix, volts, answer)
        t[:, place] = answer.cell_voltage[words, bits]
        y[:, place] = into[slow] + leak[slow] * volts[slow]
        by_node[:, place] = at_sources(into, volts)
    into = node_currents(outside, matrix, base.node_voltage, base.field)
    outflow = into[slow] + leak[slow] * base.node_voltage[slow] - push[slow]
    return Ports(z, t, y, outflow, by_cell, by_node)
