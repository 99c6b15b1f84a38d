"""Operating point of a crossbar with line resistance, sinh-like cells and arbitrary line terminals.

Nothing here knows sources, relays or devices: conductances and terminal conditions in, potentials out. The
measuring side uses `solve_lines` to correct reads for line resistance; the virtual die uses `Crossbar.solve`.
Method: Newton with Schur conjugate gradients (`labctl.physics.newton`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from types import ModuleType

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

INSULATION = 1e-16
"""S from every wire node to ground (as a circuit simulator's gmin): gives an isolated line a potential."""

SMALLEST_RESISTANCE = 1e-6
"""ohm that stand in for an ideal wire segment or an ideal terminal: below 1e-8 of any cell's resistance."""


def _compiled() -> ModuleType:
    """What numba compiles: it takes half a second to load, and many programs solve nothing."""
    from labctl.physics import newton

    return newton


class NoConvergence(ArithmeticError):
    """The network solver did not reach its accuracy: a defect of the model or absurd values."""


@dataclass(frozen=True)
class Terminals:
    """What stands at the two ends of every line: a conductance to a potential, an injected current, or nothing.

    Conductances (S) and currents (A, into the array): `left`, `right` are (M,), `top`, `bottom` are (N,). Arrays
    left out mean a floating end. The conductance counts from the first or last crosspoint of the line to the
    fixed potential, the outer wire segment included.
    """

    left_conductance: Floats | None = None
    left_voltage: Floats | None = None
    bottom_conductance: Floats | None = None
    bottom_voltage: Floats | None = None
    right_conductance: Floats | None = None
    right_voltage: Floats | None = None
    top_conductance: Floats | None = None
    top_voltage: Floats | None = None
    left_current: Floats | None = None
    right_current: Floats | None = None
    top_current: Floats | None = None
    bottom_current: Floats | None = None


@dataclass(frozen=True)
class Border:
    """Outside nodes of unknown potential (K of them) and how they hang on the array.

    word_coupling (M, K), bit_coupling (N, K): S from the left / bottom end of each line to each node; matrix
    (K, K): nodal matrix of the outside nodes, those couplings counted in its diagonal; injection (K,): A.
    """

    word_coupling: Floats
    bit_coupling: Floats
    matrix: Floats
    injection: Floats

    @cached_property
    def inverse(self) -> Floats:
        """(K, K) ohm; potentials of the outside nodes per A when nothing hangs on them but each other."""
        return np.linalg.inv(self.matrix).astype(np.float64, copy=False)


@dataclass(frozen=True)
class Field:
    """A solved network.

    word, bit: (M, N) V of the wire nodes; outside: (K,) V; current, slope: (M, N) A and S of the cells.
    """

    word: Floats
    bit: Floats
    outside: Floats
    current: Floats
    slope: Floats

    @property
    def cell_voltage(self) -> Floats:
        """(M, N) V across the cells, word side minus bit side."""
        return self.word - self.bit


@dataclass(frozen=True)
class LineSolution:
    """What the terminals of an array read.

    word_current (M,): A from each word-line terminal into the array; bit_current (N,): A from the array into each
    bit-line terminal; cell_voltage (M, N): V.
    """

    word_current: Floats
    bit_current: Floats
    cell_voltage: Floats


class Crossbar:
    """The wires of an array of `words` x `bits` crosspoints.

    word_segment: ohm between neighbouring crosspoints of a word line: one number, or (M, N - 1);
    bit_segment:  ohm along a bit line: one number, or (M - 1, N). `inf` is a broken wire, 0 an ideal one.
    """

    def __init__(self, words: int, bits: int, word_segment: ArrayLike, bit_segment: ArrayLike) -> None:
        self.shape = (words, bits)
        along_word = np.broadcast_to(np.asarray(word_segment, float), (words, bits - 1))
        along_bit = np.broadcast_to(np.asarray(bit_segment, float), (words - 1, bits))
        self._word = np.ascontiguousarray(1.0 / np.maximum(along_word, SMALLEST_RESISTANCE).T)
        self._bit = np.ascontiguousarray(1.0 / np.maximum(along_bit, SMALLEST_RESISTANCE))
        self._insulated = np.full((bits, words), INSULATION), np.full((words, bits), INSULATION)
        nowhere = Terminals()
        self._latest_ends = nowhere, self._made_ends(nowhere)
        self._no_border = Border(np.zeros((words, 0)), np.zeros((bits, 0)), np.zeros((0, 0)), np.zeros(0))

    def solve(
        self,
        conductance: Floats,
        inverse_v0: Floats,
        terminals: Terminals,
        border: Border | None = None,
        start: Field | None = None,
        accuracy: float = 1e-10,
    ) -> Field:
        """Operating point for cells I = G V0 sinh(V / V0); a resistor has inverse_v0 = 0.

        conductance (S), inverse_v0 (1/V): (M, N). `start` is a neighbouring solution. `accuracy`: Kirchhoff residual
        relative to the largest line current. Raises `NoConvergence`.
        """
        lw, jw, lb, jb = self._ends(terminals)
        border = border or self._no_border
        nodes = len(border.injection)
        if start is None or start.outside.shape != (nodes,):
            w, b, x = np.zeros(self.shape[::-1]), np.zeros(self.shape), np.zeros(nodes)
        else:
            w, b, x = start.word.T.copy(), start.bit.copy(), start.outside.copy()
        current, slope, _, converged = _compiled().newton(
            conductance, inverse_v0, self._word, self._bit, lw, jw, lb, jb,
            border.word_coupling, border.bit_coupling, border.matrix, border.injection, w, b, x, accuracy,
        )  # fmt: skip
        if not converged:
            raise NoConvergence("the crossbar network did not converge: check conductances and terminals")
        return Field(w.T, b, x, current, slope)

    def response(
        self,
        slope: Floats,
        terminals: Terminals,
        border: Border | None = None,
        word_current: Floats | None = None,
        bit_current: Floats | None = None,
        cell: tuple[int, int] | None = None,
        accuracy: float = 1e-9,
    ) -> Field:
        """Change of all potentials and cell currents in the network linearised at cell slopes `slope` (S).

        Caused by currents into the line ends (`word_current` (M,) at the left, `bit_current` (N,) at the bottom),
        into the outside nodes (`border.injection`), or by 1 A drawn through `cell` from its word to its bit line
        (not counted in the cell's own current). Fixed potentials stay fixed.
        """
        words, bits = self.shape
        lw, _, lb, _ = self._ends(terminals)
        border = border or self._no_border
        rw, rb = np.zeros((bits, words)), np.zeros((words, bits))
        if word_current is not None:
            rw[0] += word_current
        if bit_current is not None:
            rb[-1] += bit_current
        if cell is not None:
            rw[cell[1], cell[0]] -= 1.0
            rb[cell] += 1.0
        largest = max(np.abs(rw).max(), np.abs(rb).max(), np.abs(border.injection).max(initial=0.0))
        w, b, x, _ = _compiled().linear_solve(
            slope, self._word, self._bit, lw, lb, border.word_coupling, border.bit_coupling, border.matrix,
            rw, rb, border.injection, accuracy * largest,
        )  # fmt: skip
        return Field(w.T, b, x, slope * (w.T - b), slope)

    def _ends(self, terminals: Terminals) -> tuple[Floats, Floats, Floats, Floats]:
        """Leaks and injections (word lw, jw, bit lb, jb) at all wire nodes; remembered for the latest terminals."""
        if terminals is not self._latest_ends[0]:
            self._latest_ends = terminals, self._made_ends(terminals)
        return self._latest_ends[1]

    def _made_ends(self, t: Terminals) -> tuple[Floats, Floats, Floats, Floats]:
        words, bits = self.shape
        lw, jw = self._insulated[0].copy(), np.zeros((bits, words))
        lb, jb = self._insulated[1].copy(), np.zeros((words, bits))
        ends = (
            (lw[0], jw[0], t.left_conductance, t.left_voltage, t.left_current),
            (lw[-1], jw[-1], t.right_conductance, t.right_voltage, t.right_current),
            (lb[0], jb[0], t.top_conductance, t.top_voltage, t.top_current),
            (lb[-1], jb[-1], t.bottom_conductance, t.bottom_voltage, t.bottom_current),
        )
        for leak, injection, conductance, voltage, current in ends:
            if conductance is not None:
                leak += conductance
                if voltage is not None:
                    injection += conductance * voltage
            if current is not None:
                injection += current
        return lw, jw, lb, jb


def solve_lines(
    conductance: ArrayLike,
    word_voltage: ArrayLike,
    bit_voltage: ArrayLike,
    *,
    segment_resistance: float,
    word_resistance: ArrayLike,
    bit_resistance: ArrayLike,
    v0: float = np.inf,
    accuracy: float = 1e-10,
) -> LineSolution:
    """What the terminals of an array read, given its cells: the forward model of a network correction.

    conductance: (M, N) S at low field. word_voltage (M,), bit_voltage (N,): V of the terminals, words contacted at
    the left, bits at the bottom. segment_resistance: ohm per crosspoint pitch, also between terminal and first
    crosspoint. word_resistance, bit_resistance: ohm of each path outside the array (`inf` = floating; its
    voltage is then ignored). v0: V of the cells' sinh law, `inf` for resistors.
    """
    g = np.ascontiguousarray(conductance, dtype=float)
    words, bits = g.shape
    left = 1.0 / np.maximum(np.broadcast_to(np.asarray(word_resistance, float), (words,)) + segment_resistance,
                            SMALLEST_RESISTANCE)  # fmt: skip
    bottom = 1.0 / np.maximum(np.broadcast_to(np.asarray(bit_resistance, float), (bits,)) + segment_resistance,
                              SMALLEST_RESISTANCE)  # fmt: skip
    terminals = Terminals(
        left_conductance=left,
        left_voltage=np.nan_to_num(np.broadcast_to(np.asarray(word_voltage, float), (words,))),
        bottom_conductance=bottom,
        bottom_voltage=np.nan_to_num(np.broadcast_to(np.asarray(bit_voltage, float), (bits,))),
    )
    wires = Crossbar(words, bits, segment_resistance, segment_resistance)
    field = wires.solve(g, np.full(g.shape, 1.0 / v0), terminals, accuracy=accuracy)
    return LineSolution(field.current.sum(axis=1), field.current.sum(axis=0), field.cell_voltage)
