"""Forming: make a virgin cell conduct, by pulses through a series resistor that grow until it does."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from labctl.core.errors import PlanError
from labctl.core.quantity import check, device_line, option, quantity, show
from labctl.core.route import Scheme
from labctl.core.rows import Earlier, Experiment, Verdict, Yielded
from labctl.core.views import CellView, CrossbarBench
from procedures.cells_chosen import earlier_rows
from procedures.reading import existing_cell


@dataclass(frozen=True, kw_only=True)
class FormingRead:
    """One row of the record: the read after `pulses` forming pulses, the last one of `amplitude`."""

    word: int = quantity("1")
    bit: int = quantity("1")
    pulses: int = quantity("1")
    amplitude: float = quantity("V")
    conductance: float = quantity("S", help="apparent: current over voltage")
    limited: bool = option(False, help="a source was at its compliance")


@dataclass(frozen=True)
class Formed:
    """How forming one cell ended."""

    verdict: Verdict
    pulses: int
    conductance: float


@dataclass(frozen=True, kw_only=True)
class FormingRamp:
    """Read; stop when the cell conducts; otherwise pulse, a step higher each time.

    A formed cell gets no pulse, nor does one that conducted once and has been RESET since to less than `formed_above`:
    the bench remembers. V/3 spares formed cells on the same lines: V/2 of a forming pulse would SET them.
    """

    forming_start: float = quantity("V", 1.05, low=0.05, high=20.0, help="first pulse", limit="write_voltage")
    forming_step: float = quantity("V", 0.05, low=1e-3, high=1.0, help="each pulse is higher by this")
    forming_max: float = quantity("V", 1.8, low=0.05, high=20.0, help="highest pulse", limit="write_voltage")
    forming_width: float = quantity("s", 500e-6, low=200e-6, high=1.0, help="width of each pulse")
    formed_above: float = quantity(
        "S", 1e-6, low=1e-9, high=1e-3, help="a cell is formed above this conductance"
    )
    form_again: bool = option(
        False, help="pulse a cell that does not conduct though it once did: to revive a dead one on purpose"
    )
    read_voltage: float = quantity("V", 0.1, low=0.01, high=0.3, help="of every read", limit="read_voltage")
    forming_scheme: Scheme = option(Scheme.THIRD, help="share of unselected lines while forming: V/2 or V/3")

    def __post_init__(self) -> None:
        """Refuse values out of range and ramps that cannot rise; raises PlanError."""
        check(self)
        refuse_floating(self, "forming_scheme")
        refuse_falling(self, "forming_start", "forming_max")

    @property
    def last_pulse(self) -> int:
        """Pulses after which the ramp is at its end."""
        pulses = 0
        while self._amplitude(pulses) is not None:
            pulses += 1
        return pulses

    def form(self, view: CellView, given: int | None = None) -> Generator[Yielded, None, Formed]:
        """Form the cell in `view`, yielding a FormingRead for each read.

        given: pulses after which an interrupted run had read this cell; one more may have gone out, so that a cell
        which conducts now was formed by it. The ramp goes on from there.
        """
        pulses = given or 0
        amplitude = self._amplitude(pulses - 1) or 0.0 if pulses else 0.0
        unknown = given is not None
        while True:
            reading = view.read(self.read_voltage)
            yield FormingRead(
                word=view.cell.word,
                bit=view.cell.bit,
                pulses=pulses,
                amplitude=amplitude,
                conductance=reading.conductance,
                limited=reading.limited,
            )
            if reading.conductance >= self.formed_above:
                pulses += unknown
                verdict = Verdict.FORMED if pulses else Verdict.ALREADY_FORMED
                return Formed(verdict, pulses, reading.conductance)
            unknown = False
            if not self.form_again and view.has_conducted(self.formed_above):
                verdict = Verdict.FORMED if pulses else Verdict.ALREADY_FORMED
                return Formed(verdict, pulses, reading.conductance)
            following = self._amplitude(pulses)
            if following is None:
                return Formed(Verdict.NOT_FORMED, pulses, reading.conductance)
            amplitude = following
            view.pulse(amplitude, self.forming_width)
            pulses += 1

    def ended_by(self, last: Mapping[str, Any]) -> Formed | None:
        """How forming a cell ended, when its FormingRead row `last` tells it; None when something is left to do."""
        pulses, conductance = int(last["pulses"]), float(last["conductance"])
        if conductance >= self.formed_above:
            return Formed(Verdict.FORMED if pulses else Verdict.ALREADY_FORMED, pulses, conductance)
        return Formed(Verdict.NOT_FORMED, pulses, conductance) if pulses >= self.last_pulse else None

    def amplitude_of(self, pulse: int) -> float:
        """V of the `pulse`-th pulse of the ramp, counted from 1."""
        return self.forming_start + (pulse - 1) * self.forming_step

    def _amplitude(self, pulses: int) -> float | None:
        """V of the pulse after so many; None when it would be beyond the highest."""
        amplitude = self.amplitude_of(pulses + 1)
        return None if amplitude > self.forming_max * (1 + 1e-9) else amplitude


@dataclass(frozen=True, kw_only=True)
class Forming(FormingRamp):
    """Form one cell through the series resistor; a cell that conducts, or ever did, is left as it is."""

    title: ClassVar[str] = "form one cell through the series resistor"

    word: int = device_line(help="word line of the cell")
    bit: int = device_line(help="bit line of the cell")

    def run(self, bench: CrossbarBench) -> Experiment:
        """Yield FormingRead rows; FORMED, ALREADY_FORMED or NOT_FORMED."""
        return (yield from self._complete(bench, None))

    def resume(self, bench: CrossbarBench, earlier: Earlier) -> Experiment:
        """Go on with an interrupted run: the cell is read first, the ramp goes on after the last pulse that was."""
        last = next(reversed(list(earlier_rows(earlier, "FormingRead"))), None)
        known = None if last is None else self.ended_by(last[1])
        if known is not None:
            return known.verdict
        return (yield from self._complete(bench, None if last is None else int(last[1]["pulses"])))

    def _complete(self, bench: CrossbarBench, given: int | None) -> Experiment:
        cell = existing_cell(bench, self.word, self.bit)
        with bench.connect_cell(bench.router.cell_form(cell, self.forming_max, self.forming_scheme)) as view:
            formed = yield from self.form(view, given)
        return formed.verdict


def refuse_floating(plan: object, name: str) -> None:
    """Raise PlanError when a write plan's field `name` would leave unselected lines floating."""
    if getattr(plan, name) is Scheme.FLOAT:
        raise PlanError(
            f"{type(plan).__name__}: {name} = float leaves unselected cells at the full amplitude; "
            "write with V/2 or V/3."
        )


def refuse_falling(plan: object, start: str, most: str) -> None:
    """Raise PlanError when a ramp's field `start` lies above its field `most` (both V)."""
    first, last = getattr(plan, start), getattr(plan, most)
    if first > last:
        raise PlanError(
            f"{type(plan).__name__}: {start} = {show(first, 'V')} lies above {most} = {show(last, 'V')}; "
            "a ramp starts below its highest pulse."
        )
