"""What is known of a cell or a line, in a sentence with units."""

from __future__ import annotations

import math

from labctl.core.lines import Cell, Line, LineKind
from labctl.core.rows import Verdict
from labctl.gui.array.neurons import NeuronState, short
from labctl.gui.array.state import ArrayState, CellState

_TOLD_BY_STATE = {
    CellState.PROGRAMMED: (Verdict.VERIFIED.value,),
    CellState.FORMED: (Verdict.FORMED.value, Verdict.ALREADY_FORMED.value),
}
"""Verdicts that say no more than the state."""


def of_cell(state: ArrayState, cell: Cell) -> str:
    """Conductance, resistance, state, pulses, target and last verdict as far as they are known."""
    conductance, stands = float(state.conductance[cell]), state.state(cell)
    parts = []
    if math.isfinite(conductance):
        parts.append(f"{short(conductance, 'S')}")
        if conductance > 0.0:
            parts[0] += f" ({short(1.0 / conductance, 'ohm')})"
    parts.append(stands.value)
    pulses = int(state.pulses[cell])
    if pulses >= 0:
        parts.append(f"{pulses} pulse{'' if pulses == 1 else 's'}")
    if math.isfinite(state.target[cell]):
        parts.append(f"target {short(float(state.target[cell]), 'S')}")
    if state.verdict[cell] and state.verdict[cell] not in _TOLD_BY_STATE.get(stands, ()):
        parts.append(f"last verdict: {state.verdict[cell]}")
    return f"Cell {cell}: " + ", ".join(parts)


def of_line(line: Line, neurons: NeuronState) -> str:
    """What a click on a line's header does, or what is known of a neuron."""
    if line.kind is LineKind.NEURON:
        return neurons.sentence(line.index)
    kind = "Word line" if line.kind is LineKind.WORD else "Bit line"
    return f"{kind} {line.index}: a click selects its cells, Ctrl and click adds them"


def of_selection(cells: tuple[Cell, ...]) -> str:
    """How many cells are chosen."""
    if not cells:
        return "selected: none"
    return f"selected: {cells[0]}" if len(cells) == 1 else f"selected: {len(cells)} cells"
