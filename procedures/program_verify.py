"""Program-verify: bring one cell to a conductance by incremental-step pulses in both directions."""

from collections.abc import Generator
from dataclasses import dataclass
from math import inf, log
from typing import ClassVar

from labctl.analysis.correction import CellCorrection
from labctl.core.errors import PlanError
from labctl.core.lines import Cell
from labctl.core.quantity import check, device_line, option, quantity, show
from labctl.core.route import Route, Scheme
from labctl.core.rows import Experiment, Verdict, Yielded
from labctl.core.views import CellView, CrossbarBench
from procedures.forming import refuse_falling, refuse_floating
from procedures.reading import existing_cell, formed_above, network_of, read_neighbours
from procedures.staircase import Staircase

IDEAL = CellCorrection()
"""A network that takes nothing: the apparent conductance is the cell's."""


@dataclass(frozen=True, kw_only=True)
class VerifyRead:
    """One row of the record: the read after `pulses` pulses, the last of `amplitude` (negative = RESET)."""

    word: int = quantity("1")
    bit: int = quantity("1")
    pulses: int = quantity("1")
    amplitude: float = quantity("V")
    apparent: float = quantity("S", help="current over voltage")
    conductance: float = quantity("S", help="network-corrected: the verdict rests on it")
    target: float = quantity("S")
    low: float = quantity("S", help="lower end of the verify window")
    high: float = quantity("S", help="upper end of the verify window")
    limited: bool = option(False, help="a source was at its compliance")


@dataclass(frozen=True)
class Window:
    """Where a conductance shall come to lie, S."""

    target: float
    low: float
    high: float

    @classmethod
    def around(cls, target: float, tolerance: float) -> "Window":
        """The window of +- `tolerance` (relative) about `target`."""
        return cls(target, target * (1.0 - tolerance), target * (1.0 + tolerance))

    @classmethod
    def below(cls, high: float) -> "Window":
        """Anything up to `high`; pulses aim at 0.7 of it."""
        return cls(0.7 * high, -inf, high)

    @property
    def two_sided(self) -> bool:
        """Whether it can be missed on both sides."""
        return self.low > -inf

    def holds(self, conductance: float) -> bool:
        """Whether `conductance` lies inside."""
        return self.low <= conductance <= self.high

    def distance(self, conductance: float) -> float:
        """ln(target / conductance), positive asks for SET; below 1/1000 of the target it stays at that."""
        return log(self.target / max(conductance, 1e-3 * self.target))


@dataclass(frozen=True)
class Programmed:
    """How programming one cell ended."""

    verdict: Verdict
    pulses: int
    conductance: float


@dataclass(frozen=True, kw_only=True)
class WritePulses:
    """Read; stop inside the window; otherwise pulse towards it, each pulse sized by what the last one did.

    An amplitude rises by at most a step while pulses do too little; crossing the target reverses the
    polarity, which restarts below the amplitude that worked last. See `procedures.staircase`.
    """

    tolerance: float = quantity("1", 0.05, low=0.002, high=0.5, help="half width of the verify window")
    set_start: float = quantity("V", 0.55, low=0.0, high=20.0, help="first SET pulse", limit="write_voltage")
    set_step: float = quantity("V", 0.05, low=1e-4, high=1.0, help="a SET pulse is higher by at most this")
    set_max: float = quantity("V", 0.90, low=0.0, high=20.0, help="highest SET pulse", limit="write_voltage")
    reset_start: float = quantity(
        "V", 0.50, low=0.0, high=20.0, help="first RESET pulse, size", limit="write_voltage"
    )
    reset_step: float = quantity(
        "V", 0.05, low=1e-4, high=1.0, help="a RESET pulse is larger by at most this"
    )
    reset_max: float = quantity(
        "V", 1.00, low=0.0, high=20.0, help="largest RESET pulse, size", limit="write_voltage"
    )
    slope: float = quantity("V", 0.05, low=1e-3, high=1.0, help="amplitude per e-fold of a pulse's effect")
    aim: float = quantity("1", 0.8, low=0.05, high=1.0, help="share of the way to the target a pulse aims at")
    pulse_width: float = quantity("s", 200e-6, low=200e-6, high=1.0, help="of SET and RESET pulses")
    max_pulses: int = quantity("1", 100, low=1, high=100_000, help="pulse budget of a cell")
    cell_current: float = quantity(
        "A", 300e-6, low=1e-7, high=0.1, help="most that the cell may take", limit="compliance"
    )
    formed_above: float = formed_above()
    read_voltage: float = quantity("V", 0.1, low=0.01, high=0.3, help="of every read", limit="read_voltage")
    scheme: Scheme = option(Scheme.HALF, help="share of unselected lines in a write: V/2 or V/3")

    def __post_init__(self) -> None:
        """Refuse values out of range and ramps that cannot rise; raises PlanError."""
        check(self)
        refuse_floating(self, "scheme")
        refuse_falling(self, "set_start", "set_max")
        refuse_falling(self, "reset_start", "reset_max")
        first = min(self.set_start, self.reset_start)
        if self.read_voltage >= first:
            raise PlanError(
                f"{type(self).__name__}: read_voltage = {show(self.read_voltage, 'V')} is not below the "
                f"first write pulses ({show(first, 'V')}); a read must not write."
            )

    def write_route(self, bench: CrossbarBench, cell: Cell) -> Route:
        """The route in which both polarities of these pulses reach `cell`."""
        largest = max(self.set_max, self.reset_max)
        return bench.router.cell_write(cell, largest, self.scheme, self.cell_current)

    def program(
        self,
        view: CellView,
        window: Window,
        correction: CellCorrection = IDEAL,
        first_reset: float | None = None,
    ) -> Generator[Yielded, None, Programmed]:
        """Bring the cell in `view` into `window`, yielding a VerifyRead for each read.

        `correction` takes the network's share off every read. A read inside the window counts when a second
        one confirms it, unless the window is open at one side. `first_reset` V (size) stands in for
        `reset_start` where the way down is known to be long. A cell that no read ever found above `formed_above`
        gets no pulse: without its series resistor it would form into a short.
        """
        rising = Staircase(self.set_start, self.set_step, self.set_max, self.slope)
        falling = Staircase(first_reset or self.reset_start, self.reset_step, self.reset_max, self.slope)
        amplitude, pulses, confirming = 0.0, 0, False
        stairs: Staircase | None = None
        before = 0.0
        while True:
            reading = view.read(self.read_voltage)
            conductance = correction.conductance(reading.conductance)
            yield VerifyRead(
                word=view.cell.word,
                bit=view.cell.bit,
                pulses=pulses,
                amplitude=amplitude,
                apparent=reading.conductance,
                conductance=conductance,
                target=window.target,
                low=max(window.low, 0.0),
                high=window.high,
                limited=reading.limited,
            )
            if window.holds(conductance) and not reading.limited:
                if confirming or not window.two_sided:
                    return Programmed(Verdict.VERIFIED, pulses, conductance)
                confirming = True
                continue
            confirming = False
            distance = window.distance(conductance)
            if reading.limited:  # the cell conducts better than the source lets us see
                distance = min(distance, -1.0)
            if not (pulses or reading.limited or view.has_conducted(self.formed_above)):
                return Programmed(Verdict.NEVER_FORMED, 0, conductance)
            if stairs is not None:
                stairs.answered((before - distance) * (1 if stairs is rising else -1))
            if pulses == self.max_pulses:
                return Programmed(Verdict.OUT_OF_PULSES, pulses, conductance)
            stairs = rising if distance > 0 else falling
            size = stairs.next(self.aim * abs(distance))
            if size is None:
                return Programmed(Verdict.OUT_OF_RANGE, pulses, conductance)
            amplitude = size if stairs is rising else -size
            view.pulse(amplitude, self.pulse_width)
            pulses += 1
            before = distance


@dataclass(frozen=True, kw_only=True)
class ProgramVerify(WritePulses):
    """Program one cell to a conductance and verify it; the cell must be formed."""

    title: ClassVar[str] = "program one cell to a conductance and verify it"

    word: int = device_line(help="word line of the cell")
    bit: int = device_line(help="bit line of the cell")
    target: float = quantity("S", low=1e-7, high=1e-2, help="conductance wanted")
    corrected: bool = option(
        True, help="take the network's share off; reads the cells on the same lines first"
    )

    def run(self, bench: CrossbarBench) -> Experiment:
        """Yield VerifyRead rows; VERIFIED, OUT_OF_RANGE, OUT_OF_PULSES or NEVER_FORMED."""
        cell = existing_cell(bench, self.word, self.bit)
        route = self.write_route(bench, cell)
        correction = IDEAL
        if self.corrected:
            known = read_neighbours(bench, cell, self.read_voltage)
            correction = network_of(bench, route).correction(known, cell)
        with bench.connect_cell(route) as view:
            done = yield from self.program(view, Window.around(self.target, self.tolerance), correction)
        return done.verdict
