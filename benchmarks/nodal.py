"""The same crossbar as our solver's, as a peer would do it: one sparse nodal matrix, factored by SciPy (SuperLU)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csc_array
from scipy.sparse.linalg import SuperLU, splu

Floats = NDArray[np.float64]


class NodalCrossbar:
    """Word lines driven at the left, bit lines at 0 V at the bottom, `segment` ohm per pitch and before the first."""

    def __init__(self, words: int, bits: int, segment: float, *, symmetric: bool) -> None:
        """Assemble what does not depend on the cells. symmetric: SuperLU's symmetric mode instead of its default."""
        self._symmetric = symmetric
        self._shape = (words, bits)
        word = np.arange(words * bits).reshape(words, bits)
        bit = word + words * bits
        self._cells = word.ravel(), bit.ravel()
        along = np.concatenate((word[:, :-1].ravel(), bit[:-1].ravel()))
        to = np.concatenate((word[:, 1:].ravel(), bit[1:].ravel()))
        ends = np.concatenate((word[:, 0], bit[-1]))
        self._left, self._bottom, self._siemens = word[:, 0], bit[-1], 1.0 / segment
        count = 2 * words * bits
        rows = np.concatenate((along, to, along, to, ends))
        columns = np.concatenate((along, to, to, along, ends))
        signs = np.concatenate((np.ones(2 * len(along)), -np.ones(2 * len(along)), np.ones(len(ends))))
        self._wires = csc_array(coo_array((self._siemens * signs, (rows, columns)), shape=(count, count)))

    def resistors(self, conductance: Floats, word_voltage: Floats) -> Floats:
        """(N,) A out of the bit lines when cells are resistors."""
        return self._outputs(self._factored(self._matrix(conductance)).solve(self._drive(word_voltage)))

    def sinh_cells(
        self, conductance: Floats, v0: float, word_voltage: Floats, accuracy: float = 1e-10
    ) -> Floats:
        """(N,) A out of the bit lines when I = G V0 sinh(V / V0): Newton's method from zero."""
        drive = self._drive(word_voltage)
        potential = np.zeros(len(drive))
        word, bit = self._cells
        g = conductance.ravel()
        for _ in range(50):
            volts = potential[word] - potential[bit]
            current = g * v0 * np.sinh(volts / v0)
            residual = drive - self._wires @ potential
            residual[word] -= current
            residual[bit] += current
            if np.abs(residual).max() <= accuracy * np.abs(current.reshape(self._shape).sum(axis=1)).max():
                break
            potential += self._factored(self._matrix(g * np.cosh(volts / v0))).solve(residual)
        return self._outputs(potential)

    def _factored(self, matrix: csc_array) -> SuperLU:
        if not self._symmetric:
            return splu(matrix)
        return splu(
            matrix, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True}
        )

    def _matrix(self, slope: Floats) -> csc_array:
        word, bit = self._cells
        g = slope.ravel()
        rows = np.concatenate((word, bit, word, bit))
        columns = np.concatenate((word, bit, bit, word))
        cells = coo_array((np.concatenate((g, g, -g, -g)), (rows, columns)), shape=self._wires.shape)
        return csc_array(self._wires + csc_array(cells))

    def _drive(self, word_voltage: Floats) -> Floats:
        drive = np.zeros(self._wires.shape[0])
        drive[self._left] = self._siemens * word_voltage
        return drive

    def _outputs(self, potential: Floats) -> Floats:
        return np.asarray(self._siemens * potential[self._bottom], dtype=np.float64)
