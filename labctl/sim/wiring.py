"""Turns a bench file's wires, the closed relays and the present sources into what hangs on the die."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field

from labctl.benchfile import BenchFile
from labctl.core.lines import Line, LineKind
from labctl.core.route import GROUND as GROUND_TERMINAL
from labctl.physics.circuit import GROUND, Topology
from labctl.virtualmodel import read_line

TINY_RESISTANCE = 1e-3
"""ohm; stands for a wire whose resistance the bench file leaves at 0."""

RECENT = 64
"""Topologies that are kept: reading all outputs of an array comes back to the same ones."""


@dataclass(frozen=True)
class Pads:
    """What the probes touch.

    resistance: ohm of each probe that touches its line. heaters: those that the device has.
    """

    resistance: Mapping[Line, float] = field(default_factory=dict)
    heaters: frozenset[int] = frozenset()


NO_PADS = Pads()
"""Nothing is under the probes."""


class WiringLoom:
    """Fixed wires of one bench: matrix rows, source terminals, columns; makes a Topology of the closed relays."""

    def __init__(self, file: BenchFile) -> None:
        """Read every wire from `file`, which must have a virtual section."""
        if file.virtual is None:
            raise ValueError("a bench without a virtual section has no loom")
        self._virtual = file.virtual
        self._pads: Pads | None = None
        self._lines: Mapping[int, Line] = {column: line for line, column in file.columns.items()}
        self._rows: dict[str, int] = {}
        nodes: dict[str, int] = {GROUND_TERMINAL: GROUND}
        count = 1
        for letter, wire in file.wiring.rows.items():
            if wire.series == 0.0 and wire.terminal != GROUND_TERMINAL and wire.terminal not in nodes:
                nodes[wire.terminal] = self._rows[letter] = count
            else:
                self._rows[letter] = count
            count += 1
        self.terminals: list[str] = []
        for name, entry in file.instruments.items():
            for channel in entry.channels:
                self.terminals.append(f"{name}.{channel}")
        for terminal in self.terminals:
            if terminal not in nodes:
                nodes[terminal] = count
                count += 1
        self.nodes = count
        self.source_nodes = tuple(nodes[terminal] for terminal in self.terminals)
        bridges = []
        for letter, wire in file.wiring.rows.items():
            row, inner = self._rows[letter], nodes[wire.terminal]
            if row != inner:
                series = (
                    wire.series
                    if wire.terminal != GROUND_TERMINAL
                    else wire.series + file.wiring.ground_resistance
                )
                bridges.append((row, inner, 1.0 / max(series, TINY_RESISTANCE)))
        self._bridges = tuple(bridges)
        self._shorts: list[tuple[int, LineKind, int, float]] = []
        faults = file.virtual.faults
        for pair in faults.shorts.items():
            for line in map(read_line, pair):
                self._shorts.append((self.nodes, line.kind, line.index, 2.0 / faults.short_resistance))
            self.nodes += 1
        self._dead = frozenset((name[0], int(name[1:])) for name in faults.dead_crosspoints)
        self._always_connected = frozenset(faults.heaters_connected)
        self._recent: OrderedDict[tuple[frozenset[tuple[str, int]], frozenset[int]], Topology] = OrderedDict()

    def face(self, pads: Pads | None) -> None:
        """Lead to `pads` from now on; None: to a device that is bonded to the wires for good."""
        self._pads = pads
        self._recent.clear()

    def topology(self, closed: frozenset[tuple[str, int]], heaters: frozenset[int]) -> Topology:
        """The network's shape with these crosspoints and heater relays closed; what is unwired leads nowhere.

        The same object as before when it was asked for recently: a die knows topologies by identity.
        """
        found = self._recent.get((closed, heaters))
        if found is None:
            found = self._recent[closed, heaters] = self._made(closed, heaters)
            if len(self._recent) > RECENT:
                self._recent.popitem(last=False)
        return found

    def _made(self, closed: frozenset[tuple[str, int]], heaters: frozenset[int]) -> Topology:
        contacts = list(self._shorts)
        bridges = list(self._bridges)
        heaters = heaters | self._always_connected
        loose: dict[
            int, int
        ] = {}  # columns that lead to no device still join the rows that are closed on them
        for letter, column in sorted(closed - self._dead):
            line, row = self._lines.get(column), self._rows.get(letter)
            if row is None:
                continue
            probe = None if line is None else self._probe(line)
            if line is not None and probe is not None:
                conductance = 1.0 / (self._virtual.contact_resistance + probe)
                contacts.append((row, line.kind, line.index, conductance))
            else:
                node = loose.setdefault(column, self.nodes + len(loose))
                bridges.append((row, node, 1.0 / self._virtual.contact_resistance))
        return Topology(
            nodes=self.nodes + len(loose),
            source_nodes=self.source_nodes,
            bridges=tuple(bridges),
            contacts=tuple(contacts),
            heaters=heaters if self._pads is None else heaters & self._pads.heaters,
            node_capacitance=self._virtual.row_capacitance,
            line_capacitance=self._virtual.line_capacitance,
        )

    def _probe(self, line: Line) -> float | None:
        """Ohm between the wire to `line` and the device; None where nothing touches."""
        return 0.0 if self._pads is None else self._pads.resistance.get(line)

    def row_node(self, letter: str) -> int | None:
        """Outside node of a matrix row; None when nothing is wired to it."""
        return self._rows.get(letter)
