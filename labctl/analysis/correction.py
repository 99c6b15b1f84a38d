"""Network correction of a read: the conductance of the cell itself, wires and sneak paths taken off.

A cell is read with its word line driven, its bit line sensed at 0 V and every other line at 0 V. Between the
terminals lies a linear network, and seen from the cell's two ends it is a Thevenin source. So the read obeys

    I / V = leak + share g / (1 + resistance g)

for the cell's own conductance g, exactly. The three coefficients follow from the geometry and from what is
known of the other cells, and depend on it weakly: their errors enter as line over cell resistance.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from labctl.core.lines import Cell
from labctl.physics.crossbar import Border, Crossbar, Terminals

Floats = NDArray[np.float64]

_PROBE = 1e-3
"""S of the stand-in cell that finds the coefficients: large, to move the network's answer clearly."""

_SETTLED = 1e-4
"""Relative change of a whole map below which its correction is finished."""

_LARGEST = 1.0
"""S; nothing in a crossbar conducts better, so a read that would say so is no cell."""

_MOST_SWEEPS = 20


@dataclass(frozen=True)
class CellCorrection:
    """What the network does to a read of one cell.

    leak:       S of current that flows although the cell does not conduct.
    share:      part of the cell's current that arrives at the sense terminal, times the part of the drive's
                voltage that stands at the open cell.
    resistance: ohm of the network as the cell sees it.
    """

    leak: float = 0.0
    share: float = 1.0
    resistance: float = 0.0

    def conductance(self, apparent: float) -> float:
        """The cell's own conductance in S when a read says `apparent` S (current over voltage)."""
        through = (apparent - self.leak) / self.share
        rest = 1.0 - through * self.resistance
        return through / rest if rest > through / _LARGEST else _LARGEST

    def apparent(self, conductance: float) -> float:
        """What a read says, in S, when the cell has `conductance` S: the inverse of `conductance`."""
        return self.leak + self.share * conductance / (1.0 + self.resistance * conductance)


@dataclass(frozen=True)
class ReadNetwork:
    """The wires around a cell while it is read; words are contacted at bit 0, bits at the last word line.

    segment_resistance: ohm of a line between neighbouring cells, and from its contact to its first cell.
    path_resistance:    ohm from a source to a line's contact: relay and lead.
    common_resistance:  ohm to ground shared by all lines that are not selected; 0 when a source holds them.
    """

    word_lines: int
    bit_lines: int
    segment_resistance: float
    path_resistance: float
    common_resistance: float = 0.0

    def correction(self, conductance: Floats, cell: Cell) -> CellCorrection:
        """How to correct reads of `cell` while the other cells have about `conductance` (M, N) S.

        Its own entry is not used. Cells that are not known (NaN) count as open.
        """
        known = np.maximum(np.nan_to_num(np.asarray(conductance, dtype=np.float64)), 0.0)
        known[cell] = 0.0
        current_open, voltage_open = self._read(known, cell)
        known[cell] = _PROBE
        current_probe, voltage_probe = self._read(known, cell)
        through = _PROBE * voltage_probe
        return CellCorrection(
            leak=current_open,
            share=(current_probe - current_open) / through * voltage_open,
            resistance=(voltage_open - voltage_probe) / through,
        )

    def corrected(self, apparent: Floats) -> Floats:
        """The cells' own conductances (M, N) S from a read of each; NaN stays NaN and counts as open."""
        estimate = np.array(apparent, dtype=np.float64)
        for _ in range(_MOST_SWEEPS):
            before = estimate.copy()
            for word, bit in np.argwhere(np.isfinite(apparent)):
                cell = Cell(int(word), int(bit))
                estimate[cell] = self.correction(estimate, cell).conductance(float(apparent[cell]))
            if np.nanmax(np.abs(estimate - before), initial=0.0) <= _SETTLED * np.nanmax(
                np.abs(estimate), initial=0.0
            ):
                break
        return estimate

    @cached_property
    def _wires(self) -> Crossbar:
        return Crossbar(self.word_lines, self.bit_lines, self.segment_resistance, self.segment_resistance)

    @cached_property
    def _ohmic(self) -> Floats:
        return np.zeros((self.word_lines, self.bit_lines))

    def _read(self, conductance: Floats, cell: Cell) -> tuple[float, float]:
        """Current (A) into the sense terminal and voltage (V) across the cell, for 1 V on its word line."""
        contact = 1.0 / max(self.path_resistance + self.segment_resistance, 1e-6)
        words, bits = np.full(self.word_lines, contact), np.full(self.bit_lines, contact)
        drive = np.zeros(self.word_lines)
        drive[cell.word] = 1.0
        border = None
        if self.common_resistance > 0.0:
            to_words, to_bits = words.copy(), bits.copy()
            to_words[cell.word] = to_bits[cell.bit] = 0.0
            words, bits = words - to_words, bits - to_bits
            total = to_words.sum() + to_bits.sum() + 1.0 / self.common_resistance
            border = Border(to_words[:, None], to_bits[:, None], np.array([[total]]), np.zeros(1))
        ends = Terminals(words, drive, bits, np.zeros(self.bit_lines))
        field = self._wires.solve(conductance, self._ohmic, ends, border)
        return contact * float(field.bit[-1, cell.bit]), float(field.cell_voltage[cell])
