"""Switching loop of one cell: rising and falling pulses of both polarities, a read after each."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import floor
from typing import ClassVar

from labctl.core.errors import PlanError
from labctl.core.lines import Cell
from labctl.core.quantity import check, device_line, option, quantity, show
from labctl.core.route import Scheme
from labctl.core.rows import Experiment, Progress, Verdict
from labctl.core.views import CellReading, CrossbarBench
from procedures.forming import refuse_floating
from procedures.reading import existing_cell, formed_above


@dataclass(frozen=True, kw_only=True)
class LoopPoint:
    """One row of the record: the read after a pulse of `amplitude` (negative = RESET, 0 = none yet)."""

    word: int = quantity("1")
    bit: int = quantity("1")
    cycle: int = quantity("1", help="which time around, from 1")
    amplitude: float = quantity("V")
    current: float = quantity("A", help="at the read voltage, into the bit line")
    conductance: float = quantity("S", help="apparent: current over voltage")
    limited: bool = option(False, help="a source was at its compliance")


@dataclass(frozen=True, kw_only=True)
class SwitchingLoop:
    """Pulses up to `highest`, down to `-lowest`, back to 0, a step apart; the cell is read between any two.

    What is seen is the state that each pulse leaves behind, not the current while it lasts: current against the
    amplitude of the pulse before is the loop of a non-volatile cell. Pulses no larger than a read are left out.
    """

    title: ClassVar[str] = "switching loop of one cell: pulses of both polarities, a read after each"

    word: int = device_line(help="word line of the cell")
    bit: int = device_line(help="bit line of the cell")
    highest: float = quantity("V", 0.75, low=0.05, high=20.0, help="largest SET pulse", limit="write_voltage")
    lowest: float = quantity(
        "V", 0.85, low=0.05, high=20.0, help="largest RESET pulse, size", limit="write_voltage"
    )
    step: float = quantity("V", 0.05, low=1e-3, high=1.0, help="between two pulses")
    cycles: int = quantity("1", 1, low=1, high=1000, help="times around the loop")
    pulse_width: float = quantity("s", 200e-6, low=200e-6, high=1.0, help="of every pulse")
    cell_current: float = quantity(
        "A", 300e-6, low=1e-7, high=0.1, help="most that the cell may take", limit="compliance"
    )
    formed_above: float = formed_above()
    read_voltage: float = quantity("V", 0.1, low=0.01, high=0.3, help="of every read", limit="read_voltage")
    scheme: Scheme = option(Scheme.HALF, help="share of unselected lines in a pulse: V/2 or V/3")

    def __post_init__(self) -> None:
        """Refuse values out of range and a loop without pulses; raises PlanError."""
        check(self)
        refuse_floating(self, "scheme")
        for name in ("highest", "lowest"):
            most = getattr(self, name)
            if most < self.step or most <= self.read_voltage:
                raise PlanError(
                    f"SwitchingLoop: {name} = {show(most, 'V')} leaves no pulse: give more than the read voltage "
                    f"({show(self.read_voltage, 'V')}) and at least one step ({show(self.step, 'V')})."
                )

    def run(self, bench: CrossbarBench) -> Experiment:
        """Yield LoopPoint rows; DONE or NEVER_FORMED."""
        cell = existing_cell(bench, self.word, self.bit)
        around = list(self._amplitudes())
        route = bench.router.cell_write(cell, max(self.highest, self.lowest), self.scheme, self.cell_current)
        with bench.connect_cell(route) as view:
            first = view.read(self.read_voltage)
            yield _point(cell, 1, 0.0, first)
            if not (first.limited or view.has_conducted(self.formed_above)):
                return Verdict.NEVER_FORMED
            for cycle in range(1, self.cycles + 1):
                for place, amplitude in enumerate(around, start=1):
                    view.pulse(amplitude, self.pulse_width)
                    yield _point(cell, cycle, amplitude, view.read(self.read_voltage))
                    done = (cycle - 1) * len(around) + place
                    yield Progress(done, self.cycles * len(around), f"cell {cell}, cycle {cycle}")
        return Verdict.DONE

    def _amplitudes(self) -> Iterator[float]:
        """V of the pulses once around, in their order."""
        for sign, most in ((1.0, self.highest), (-1.0, self.lowest)):
            steps = floor(most / self.step * (1.0 + 1e-9))
            sizes = [step * self.step for step in range(1, steps + 1) if step * self.step > self.read_voltage]
            yield from (sign * size for size in (*sizes, *reversed(sizes[:-1])))


def _point(cell: Cell, cycle: int, amplitude: float, reading: CellReading) -> LoopPoint:
    return LoopPoint(
        word=cell.word,
        bit=cell.bit,
        cycle=cycle,
        amplitude=amplitude,
        current=reading.current,
        conductance=reading.conductance,
        limited=reading.limited,
    )
