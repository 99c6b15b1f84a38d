"""The ports of the virtual bench: terminals, relays, digital lines, noise, each of one instrument."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from labctl.core.errors import LabError
from labctl.physics.circuit import Source
from labctl.sim.ports import (
    ChuckPort,
    DigitalPort,
    MatrixPort,
    NoisePort,
    SimClock,
    SourceTerminal,
    StagePort,
    TerminalReading,
)

if TYPE_CHECKING:
    from labctl.sim.workbench import Workbench


class Terminal:
    """The HI terminal of one channel. A `SourceTerminal`."""

    def __init__(self, bench: Workbench, name: str) -> None:
        """The terminal `name`, such as `smu1.a`."""
        self._bench, self._index = bench, bench.terminal_index(name)

    def drive(self, source: Source) -> None:
        """Present `source` to the bench from this moment on."""
        self._bench.drive(self._index, source)

    def sense(self) -> TerminalReading:
        """What stands at the terminal at this moment."""
        return TerminalReading(*self._bench.source_point(self._index))


class MatrixRelays:
    """All relays of the bench's matrix. A `MatrixPort`."""

    def __init__(self, bench: Workbench) -> None:
        """The relays of `bench`."""
        self._bench = bench

    def set_closed(self, crosspoints: frozenset[tuple[str, int]]) -> None:
        """Close exactly these crosspoints."""
        self._bench.close_crosspoints(crosspoints)


class DigitalConnector:
    """The digital outputs of one instrument. A `DigitalPort`."""

    def __init__(self, bench: Workbench, instrument: str) -> None:
        """The connector of `instrument`."""
        self._bench, self._instrument = bench, instrument

    def set_line(self, line: int, high: bool) -> None:
        """Drive output `line`."""
        self._bench.set_digital(self._instrument, line, high)


class InstrumentNoise:
    """Randomness of one instrument, from the sample's seed and counters. A `NoisePort`."""

    BLOCK = 256

    def __init__(self, bench: Workbench, instrument: str) -> None:
        """Noise of `instrument`: its name decides the stream, not the order of use."""
        self._bench, self._name = bench, instrument
        self._blocks: dict[str, tuple[int, NDArray[np.float64]]] = {}
        self._constants: dict[str, float] = {}

    def normal(self, quantity: str) -> float:
        """The next standard normal number of `quantity`."""
        name = f"{self._name}/{quantity}"
        number, place = divmod(self._bench.next_event(name), self.BLOCK)
        held = self._blocks.get(quantity)
        if held is None or held[0] != number:
            held = number, self._bench.streams.block(f"noise/{name}", number, self.BLOCK)
            self._blocks[quantity] = held
        return float(held[1][place])

    def constant(self, quantity: str) -> float:
        """A standard normal number fixed for the life of this instrument."""
        if quantity not in self._constants:
            name = f"constant/{self._name}/{quantity}"
            self._constants[quantity] = float(self._bench.streams.block(name, 0, 1)[0])
        return self._constants[quantity]


class BenchPorts:
    """What one instrument of the bench file is wired to. `Ports`."""

    def __init__(self, bench: Workbench, name: str) -> None:
        """The ports of the instrument that the bench file calls `name`."""
        self._bench, self._name = bench, name

    @property
    def serial(self) -> str:
        """`SIM0003` for the third instrument by name."""
        return f"SIM{sorted(self._bench.file.instruments).index(self._name) + 1:04d}"

    @property
    def clock(self) -> SimClock:
        """The bench's time."""
        return self._bench.clock

    @property
    def noise(self) -> NoisePort:
        """Its own randomness."""
        return InstrumentNoise(self._bench, self._name)

    @property
    def digital(self) -> DigitalPort:
        """Its digital outputs."""
        return DigitalConnector(self._bench, self._name)

    @property
    def relays(self) -> MatrixPort:
        """The relays of the matrix."""
        return MatrixRelays(self._bench)

    @property
    def stage(self) -> StagePort:
        """The stage."""
        return self._bench.stage

    @property
    def chuck(self) -> ChuckPort:
        """The chuck with the wafer on it; LabError when the bench file describes no wafer."""
        if self._bench.chuck is None:
            raise LabError(
                f"{self._bench.file.source}: {self._name} has no wafer to move, say of what it is made "
                "(section [virtual.wafer])."
            )
        return self._bench.chuck

    def terminal(self, channel: str) -> SourceTerminal:
        """The terminal of its `channel`."""
        return Terminal(self._bench, f"{self._name}.{channel}")
