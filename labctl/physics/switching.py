"""Lets cells switch while sources, their slow limits and the charge of the lines act on them."""

from __future__ import annotations

from math import inf

import numpy as np
from numpy.typing import NDArray

from labctl.core.lines import LineKind
from labctl.physics import transient
from labctl.physics.cbram import CbramCells
from labctl.physics.circuit import GROUND, Drive, Source
from labctl.physics.crossbar import Field
from labctl.physics.kinetics import NEARLY_FORMED, all_rates, creep
from labctl.physics.network import Medium, Network, Solution, all_quiet
from labctl.physics.outside import STIFF, Situation
from labctl.physics.ports import lift, linearise

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

_ACTIVE = 0.02  # expected change of ln G above which a cell is solved together with the network
_ACTIVE_CHARGED = 0.005  # the same while lines charge or discharge
_SETTLED = 1e-3  # V of departure below which a slow node counts as settled
_GROUP = 64  # cells that switch together in one port model
_PHASES = 500


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
        self._levels = (0.0, 0.0)
        self._node_voltage = np.zeros(0)
        self._settled_with: tuple[tuple[Source, ...], Medium] | None = None
        self._may_be_slow = np.zeros(0, dtype=np.intp)
        self._acting = np.zeros(0, dtype=np.int8)
        self._deadline = np.zeros(0)
        self._rates = np.zeros(cells.shape)

    def meet(self, network: Network, sources: tuple[Source, ...]) -> None:
        """Take note of a new topology (charge is shared out) or of changed sources (their limits start afresh)."""
        if network is not self._network:
            self._line_voltage = self.line_voltage()
            self._network = network
            self._node_voltage = self._shared_charge(network)
            self._sources = ()
            self._may_be_slow = _slow_candidates(network)
        if sources == self._sources:
            return
        if len(sources) != len(self._sources):
            self._acting = np.zeros(len(sources), dtype=np.int8)
            self._deadline = np.full(len(sources), inf)
        else:
            for index, (old, new) in enumerate(zip(self._sources, sources, strict=True)):
                if old is not new and old != new:
                    self._acting[index], self._deadline[index] = 0, inf
        self._sources, self._levels = sources, _levels(sources)
        for source, node in zip(sources, network.topology.source_nodes, strict=True):
            if source.drive is Drive.VOLTAGE and source.resistance == 0.0:
                self._node_voltage[node] = source.level

    def span(self) -> float:
        """V between the highest and the lowest potential that sources or charged lines hold; inf when unknown."""
        low, high = self._levels
        charged = self._node_voltage[self._may_be_slow]
        if len(charged):
            earlier = _levels(self._settled_with[0]) if self._settled_with else (0.0, 0.0)
            low, high = (
                min(low, float(charged.min()), earlier[0]),
                max(high, float(charged.max()), earlier[1]),
            )
        return high - low

    def is_quiet(self) -> bool:
        """Whether all lines have been discharged by quiet sources."""
        return self._settled_with is not None and all_quiet(self._settled_with[0])

    def rest(self, medium: Medium) -> None:
        """Nothing switched: lines and limits have settled at the operating point, found when somebody asks."""
        self._settled_with = (self._sources, medium)

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
                out[line if kind is LineKind.WORD else words + line] = self._node_voltage[node]
        return out

    def live(self, duration: float, factor: float, films: Floats) -> float:
        """Let `duration` s pass with cells on the move; kinetics run `factor` times their reference rate.

        Returns the largest change of ln G (or of nucleation) of any cell.
        """
        assert self._network is not None
        calm = self._creep_calmly(duration, factor, films)
        if calm is not None:
            return calm
        voltage, acting, deadline = self._node_voltage.copy(), self._acting.copy(), self._deadline.copy()
        settled_with = self._settled_with
        done = np.zeros(self.cells.shape, dtype=np.bool_)
        moved, left_over = self._stretch(duration, factor, films, done, first=True)
        groups = 1
        while left_over and groups < 64:
            self._node_voltage, self._acting = voltage.copy(), acting.copy()
            self._deadline, self._settled_with = deadline.copy(), settled_with
            more, left_over = self._stretch(duration, factor, films, done, first=False)
            moved, groups = max(moved, more), groups + 1
        return moved

    def _creep_calmly(self, duration: float, factor: float, films: Floats) -> float | None:
        """The common case, cheaply: no limit rules, no line is on its way, no cell does more than creep.

        None, and nothing has changed, when it is not the case.
        """
        network, cells = self._network, self.cells
        assert network is not None
        target = network.settle(self._sources, cells.medium(films))
        if target.ruling.any():
            return None
        slow = target.situation.pattern.slow
        if len(slow):
            self._catch_up()
            if np.abs(self._node_voltage[slow] - target.node_voltage[slow]).max() > _SETTLED:
                return None
        largest = creep(
            cells.parameters, cells.formed, cells.nucleation, cells.log_conductance,
            np.ascontiguousarray(target.field.cell_voltage), factor * duration, _ACTIVE, self._rates,
        )  # fmt: skip
        if largest < 0.0:
            return None
        cells.crept(largest)
        self._acting[:] = 0
        self._node_voltage = target.node_voltage.copy()
        self._settled_with = None
        return float(largest)

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
            medium = cells.medium(films)
            target = network.settle(sources, medium)
            if target.ruling.any():
                self._catch_up()
            ruling = self._ruling(sources, target)
            base = target if np.array_equal(ruling, target.ruling) else network.solve(sources, ruling, medium)
            slow = base.situation.pattern.slow
            situation = base.situation
            if len(slow):
                self._catch_up()
                pinned = {int(node): float(base.node_voltage[node]) for node in slow}
                situation = network.situation(sources, ruling, medium, pinned)
            departure = self._node_voltage[slow] - base.node_voltage[slow]
            answers = (
                [lift(network, base, situation, int(node)) for node in slow]
                if np.abs(departure).max(initial=0.0) > _SETTLED
                else []
            )
            settling = base.situation.pattern.settling
            expected = self._expected(base, answers, departure, left, min(left, settling), factor)
            waiting = (np.abs(expected) > (_ACTIVE_CHARGED if answers else _ACTIVE)) | (
                ~cells.formed & (cells.nucleation + expected > NEARLY_FORMED) & (expected > 0.0)
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
            if not group.any() and not (answers and left < settling):
                final = self._let_limits_act(sources, base, target, left)
                if first:
                    moved = max(moved, self._creep([(final.field.cell_voltage, left)], factor, done))
                self._node_voltage = final.node_voltage.copy()
                self._settled_with = None
                break
            if not answers:
                answers = [lift(network, base, situation, int(node)) for node in slow]
            step, event = self._integrate(
                network, base, situation, slow, answers, departure, group, cycle * factor, left
            )
            if first:
                after = self._node_voltage[slow] - base.node_voltage[slow]
                early = min(step, 0.1 * settling)
                halfway = np.sign(after) * np.sqrt(np.abs(after * departure))
                spells = [(_lifted(base, answers, after), step - early * 5.0 / 6.0)]
                if early > 0.0:  # Simpson's rule along an exponential
                    spells.append((_lifted(base, answers, halfway), early * 4.0 / 6.0))
                    spells.append((_lifted(base, answers, departure), early / 6.0))
                moved = max(moved, self._creep(spells, factor, done))
            cells.renew()
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

    def _expected(
        self,
        base: Solution,
        answers: list[Field],
        departure: Floats,
        left: float,
        settling: float,
        factor: float,
    ) -> Floats:
        """(M, N) change of ln G or nucleation if voltages stayed as they are, charge of slow lines included."""
        cells = self.cells
        voltage = base.field.cell_voltage
        all_rates(
            cells.parameters, cells.formed, cells.log_conductance, np.ascontiguousarray(voltage), self._rates
        )
        expected: Floats = self._rates * (factor * left)
        if answers:
            voltage = _lifted(base, answers, departure)
            all_rates(
                cells.parameters,
                cells.formed,
                cells.log_conductance,
                np.ascontiguousarray(voltage),
                self._rates,
            )
            charged = self._rates * (factor * settling)
            expected = np.where(np.abs(charged) > np.abs(expected), charged, expected)
        return expected

    def _creep(self, spells: list[tuple[Floats, float]], factor: float, apart: NDArray[np.bool_]) -> float:
        """Move all cells but those `apart` by their small changes; return the largest.

        spells: (voltages (M, N) V, seconds that they last).
        """
        cells = self.cells
        change = np.zeros(cells.shape)
        for voltage, seconds in spells:
            volts = np.ascontiguousarray(voltage)
            all_rates(cells.parameters, cells.formed, cells.log_conductance, volts, self._rates)
            change += self._rates * (factor * seconds)
        change = np.where(apart, 0.0, np.clip(change, -_ACTIVE, _ACTIVE))
        cells.log_conductance += np.where(cells.formed, change, 0.0)
        cells.nucleation += np.where(cells.formed, 0.0, change)
        largest = float(np.abs(change).max())
        cells.crept(largest)
        return largest

    def _let_limits_act(
        self, sources: tuple[Source, ...], base: Solution, target: Solution, left: float
    ) -> Solution:
        """Run the clocks of exceeded limits for the last `left` s; the operating point at their end."""
        waits = False
        for index in np.flatnonzero((target.ruling != 0) & (base.ruling == 0)):
            due = min(self._deadline[index], sources[index].response_time)
            waits = waits or due > left
            self._deadline[index] = due - left if due > left else inf
        final = base if waits else target
        self._acting[:] = final.ruling
        return final

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
        ports = linearise(network, base, situation, slow, lifts, words, bits)
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
                if (
                    network.outside.source_nodes[index] == node
                    and base.ruling[index]
                    and source.drive is Drive.VOLTAGE
                ):
                    sign = float(base.ruling[index])
                    release_sign[place] = sign
                    release_at[place] = (
                        source.level - sign * source.limit * source.resistance - base.node_voltage[node]
                    )
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
        self._settled_with = None
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
        """Find the potentials at which the lines had settled, if that was put off."""
        if self._settled_with is None or self._network is None:
            return
        (sources, medium), self._settled_with = self._settled_with, None
        ideal = [
            (node, source.level)
            for source, node in zip(self._sources, self._network.topology.source_nodes, strict=True)
            if source.drive is Drive.VOLTAGE and source.resistance == 0.0
        ]
        if all_quiet(sources):
            self._node_voltage = np.zeros(self._network.topology.nodes)
        else:
            solution = self._network.settle(sources, medium)
            self._node_voltage = solution.node_voltage.copy()
            unchanged = np.array([old == new for old, new in zip(sources, self._sources, strict=True)])
            self._acting[unchanged] = solution.ruling[unchanged]
        for node, level in ideal:
            self._node_voltage[node] = level

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


def _lifted(base: Solution, answers: list[Field], departure: Floats) -> Floats:
    """(M, N) V across the cells while the slow nodes depart from the base point by `departure` V."""
    voltage = base.field.cell_voltage
    for answer, volts in zip(answers, departure.tolist(), strict=True):
        voltage = voltage + volts * answer.cell_voltage
    return voltage


def _levels(sources: tuple[Source, ...]) -> tuple[float, float]:
    """Lowest and highest V that sources can hold, ground included."""
    low = high = 0.0
    for source in sources:
        if source.drive is Drive.OPEN:
            continue
        level = source.level
        if source.drive is Drive.CURRENT and level != 0.0:
            level = float(np.copysign(source.limit, level))
        low, high = min(low, level), max(high, level)
    return low, high


def _slow_candidates(network: Network) -> Indices:
    """Outside nodes with lines on them but no source and no stiff bridge: their charge outlives a change of level."""
    topology, outside = network.topology, network.outside
    bridged = np.zeros(topology.nodes)
    for one, other, siemens in topology.bridges:
        bridged[one] += siemens
        bridged[other] += siemens
    loose = outside.touches_array & (bridged < STIFF)
    loose[[GROUND, *topology.source_nodes]] = False
    return np.flatnonzero(loose)
