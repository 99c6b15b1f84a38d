"""What a procedure holds in its hands: a bench, its router, and the views that a connected route gives."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from labctl.core.capabilities import Stage
from labctl.core.clock import Clock
from labctl.core.lines import Cell
from labctl.core.quantity import quantity
from labctl.core.route import Route, Scheme


@dataclass(frozen=True, kw_only=True)
class CellReading:
    """One read of a cell, offset subtracted: the difference of a reading at `voltage` and one at 0 V.

    `voltage` is what stood on the word line's source; with a series resistor the drop across it, from the measured
    source current, is already taken off. `current` flowed into the bit line's source.
    """

    voltage: float = quantity("V")
    current: float = quantity("A")
    source_current: float = quantity("A")
    limited: bool = False

    @property
    def conductance(self) -> float:
        """Apparent conductance in S: not corrected for the network."""
        return self.current / self.voltage


class CellView(Protocol):
    """One cell, connected: everything else is held by the route."""

    @property
    def cell(self) -> Cell:
        """Which cell this is."""
        ...

    def read(self, voltage: float) -> CellReading:
        """Read at `voltage` V (below the bench's read limit)."""
        ...

    def has_conducted(self, above: float) -> bool:
        """Whether any read of this cell, in this run or an earlier one, found `above` S or more."""
        ...

    def pulse(self, amplitude: float, width: float) -> None:
        """One rectangular pulse of `amplitude` V (positive = SET) for `width` s, bystanders at their share."""
        ...


class NeuronOutputs(Protocol):
    """Reads neuron outputs one after another while the inputs stay as they are."""

    def read_outputs(self, neurons: Sequence[int]) -> list[float]:
        """Current in A through the film of each neuron at the bench's output bias, one after another."""
        ...

    def release(self) -> None:
        """All inputs back to 0 V: the heaters cool, which resets the neurons' hysteresis."""
        ...


class HeaterView(NeuronOutputs, Protocol):
    """One heater driven alone through its bit line's tap, all word lines guarded at the tap's potential."""

    def drive(self, voltage: float) -> float:
        """Hold tap and word lines at `voltage` V; the current (A) that was measured into the tap."""
        ...


class ComputingArray(NeuronOutputs, Protocol):
    """The whole array driven by grouped word lines, its bit lines ending in the heaters, its taps open."""

    def arrange(self, rows: Sequence[str]) -> None:
        """Put each word line on the matrix row named for it (one per word line), at 0 V; only what changes moves."""
        ...

    def apply(self, levels: Mapping[str, float]) -> None:
        """Raise the named matrix rows to these V, in the order given."""
        ...


class RoutePlanner(Protocol):
    """Makes routes from requests; refuses in words what would harm (RouteRefused). Pure: nothing moves."""

    def cell_read(self, cell: Cell, voltage: float) -> Route:
        """Selected word line driven, selected bit line sensed, every other line at ground."""
        ...

    def cell_write(self, cell: Cell, amplitude: float, scheme: Scheme, cell_current: float) -> Route:
        """Direct write at up to |amplitude| V; `cell_current` A is what the cell itself may take."""
        ...

    def cell_form(self, cell: Cell, amplitude: float, scheme: Scheme) -> Route:
        """Forming through the series resistor at up to `amplitude` V."""
        ...


class CrossbarBench(Protocol):
    """A bench with a crossbar: what array procedures need."""

    @property
    def clock(self) -> Clock:
        """Time of this bench."""
        ...

    @property
    def word_lines(self) -> int:
        """Number of word lines."""
        ...

    @property
    def bit_lines(self) -> int:
        """Number of bit lines."""
        ...

    @property
    def segment_resistance(self) -> float:
        """Ohm of a line between neighbouring cells."""
        ...

    @property
    def path_resistance(self) -> float:
        """Ohm from a source to the first cell of a line: relay contact and lead."""
        ...

    @property
    def ground_resistance(self) -> float:
        """Ohm from the ground row to the star ground: common to every grounded line of a read."""
        ...

    @property
    def router(self) -> RoutePlanner:
        """Plans routes on this bench."""
        ...

    def connect_cell(self, route: Route) -> AbstractContextManager[CellView]:
        """Connect a cell route cold, outputs on at 0 V with compliance confirmed; leaves 0 V, off, open."""
        ...


class NeuronBench(CrossbarBench, Protocol):
    """A crossbar bench whose bit lines end in neurons. Raises UnsupportedByBench for what it lacks."""

    @property
    def stage(self) -> Stage:
        """The stage controller."""
        ...

    @property
    def level_rows(self) -> Sequence[str]:
        """Matrix rows that carry input levels, ground excluded."""
        ...

    @property
    def trim_row(self) -> str:
        """Matrix row of the bias word lines."""
        ...

    @property
    def ground_row(self) -> str:
        """Matrix row of the star ground."""
        ...

    @property
    def heater_resistance(self) -> float:
        """Nominal ohm of one heater."""
        ...

    def connect_heater(self, neuron: int, voltage: float) -> AbstractContextManager[HeaterView]:
        """Connect one neuron's heater alone, guarded, for up to `voltage` V at its tap."""
        ...

    def connect_computing(
        self, levels: Mapping[str, float], neurons: Sequence[int]
    ) -> AbstractContextManager[ComputingArray]:
        """Connect the heaters of `neurons` and make the named rows ready for up to these V."""
        ...
