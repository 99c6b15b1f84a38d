"""What the settings of a test can do to cells at most: routes, pulses, energy. Pure; nothing moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from labctl.bench.doses import largest_energy
from labctl.bench.router import Router
from labctl.benchfile import BenchFile
from labctl.core.lines import Cell, LineKind
from labctl.core.route import Role, Route
from labctl.wafer.planmodel import Subsite
from procedures.cells_pulse import CellsPulse
from procedures.contact_check import ContactCheck
from procedures.crossbar_program import CrossbarProgram
from procedures.forming import FormingRamp
from procedures.neuron_transfer import NeuronTransfer
from procedures.program_verify import WritePulses
from procedures.target_map import read_target


@dataclass(frozen=True)
class Stress:
    """One kind of connection that a test makes.

    route:  plans it at its largest voltage; raises LabError when the bench forbids that.
    pulses: most that one cell gets through it in one run of the test. width: of each, s.
    """

    route: Callable[[], Route]
    pulses: int = 0
    width: float = 0.0

    def energy(self, pulses: int) -> float:
        """J that one cell can take in so many pulses, if the source were at its limit in each."""
        if not pulses:
            return 0.0
        route = self.route()
        series, current = route.feed(Role.DRIVE).series_ohm, route.feed(Role.SENSE).compliance
        return pulses * largest_energy(route.amplitude, self.width, series, current)


def cells_of(procedure: Any, subsite: Subsite) -> tuple[Cell, ...]:
    """The cells that a procedure writes or reads on a subsite; PlanError for a map that cannot be read."""
    if isinstance(procedure, CrossbarProgram):
        wanted = np.argwhere(~np.isnan(read_target(procedure.target)))
        return tuple(Cell(int(word), int(bit)) for word, bit in wanted)
    if hasattr(procedure, "cells"):
        return tuple(Cell(*cell) for cell in procedure.cells)
    if hasattr(procedure, "word") and hasattr(procedure, "bit"):
        return (Cell(procedure.word, procedure.bit),)
    if hasattr(procedure, "words") and hasattr(procedure, "bits"):
        words, bits = procedure.words or subsite.words, procedure.bits or subsite.bits
        return tuple(Cell(word, bit) for word in words for bit in bits)
    return ()


def stresses(procedure: Any, cells: Sequence[Cell], bench: BenchFile) -> Iterator[Stress]:
    """Each kind of connection that `procedure` makes; all cells of an array are alike in that."""
    router = Router(bench)
    if isinstance(procedure, NeuronTransfer) and bench.neurons is not None:
        yield Stress(lambda: router.heater(procedure.neuron, procedure.highest))
    if isinstance(procedure, ContactCheck) and bench.neurons is not None:
        yield Stress(lambda: router.heater(0, procedure.voltage))
    words, bits = (len(bench.lines(kind)) for kind in (LineKind.WORD, LineKind.BIT))
    cell = next((each for each in cells if each.word < words and each.bit < bits), None)
    if cell is None:
        return
    if isinstance(procedure, FormingRamp):
        yield Stress(
            lambda: router.cell_form(cell, procedure.forming_max, procedure.forming_scheme),
            procedure.last_pulse,
            procedure.forming_width,
        )
    if isinstance(procedure, WritePulses):
        rounds = 2 + procedure.touch_up if isinstance(procedure, CrossbarProgram) else 1
        largest = max(procedure.set_max, procedure.reset_max)
        yield Stress(
            lambda: router.cell_write(cell, largest, procedure.scheme, procedure.cell_current),
            rounds * procedure.max_pulses,
            procedure.pulse_width,
        )
    if isinstance(procedure, CellsPulse):
        size = abs(procedure.amplitude)
        yield Stress(
            lambda: router.cell_write(cell, size, procedure.scheme, procedure.cell_current),
            1,
            procedure.pulse_width,
        )
    if hasattr(procedure, "read_voltage"):
        yield Stress(lambda: router.cell_read(cell, procedure.read_voltage))
