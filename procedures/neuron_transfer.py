"""Transfer curve of one neuron: output current against heater current, up and down, then after a reset."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from labctl.analysis.neuron import fit_transfer
from labctl.core.errors import PlanError
from labctl.core.quantity import check, quantity
from labctl.core.rows import Experiment, Progress, Verdict
from labctl.core.views import HeaterView, NeuronBench


class Branch(Enum):
    """Where on the loop a point lies."""

    UP = "up"
    DOWN = "down"
    RESET = "after reset"


@dataclass(frozen=True, kw_only=True)
class TransferPoint:
    """One point of the transfer curve, both currents measured."""

    neuron: int = quantity("1")
    branch: Branch = quantity("")
    tap_voltage: float = quantity("V")
    heater_current: float = quantity("A")
    output_current: float = quantity("A")


@dataclass(frozen=True, kw_only=True)
class TransferFit:
    """What the curve says of the neuron."""

    neuron: int = quantity("1")
    threshold: float = quantity("A", help="heater current where the straight part meets the dark current")
    gain: float = quantity("1", help="slope of output current over heater current above threshold")
    hysteresis: float = quantity("A", help="heater current between the two branches at half output")
    dark_current: float = quantity("A", help="output current at zero heater current")
    reset_error: float = quantity("A", help="output after reset minus the first reading")


@dataclass(frozen=True, kw_only=True)
class NeuronTransfer:
    """Only this neuron's heater is connected; word lines are guarded at the tap's potential.

    A current driven into the tap of an unguarded array measures the array: without the guard a third of it leaves
    through the cells.
    """

    title = "transfer curve of one neuron: output against heater current, up, down and after reset"

    neuron: int = quantity("1", 0, low=0, help="which neuron")
    highest: float = quantity(
        "V", 0.095, low=1e-3, high=0.5, help="highest tap voltage", limit="heater_line_voltage"
    )
    points: int = quantity("1", 39, low=5, high=1000, help="points of one branch")

    def __post_init__(self) -> None:
        """Refuse values out of range."""
        check(self)

    def run(self, bench: NeuronBench) -> Experiment:
        """Yield TransferPoint rows and one TransferFit; DONE or NO_THRESHOLD."""
        if self.neuron >= bench.bit_lines:
            raise PlanError(f"neuron = {self.neuron}, this bench has 0 to {bench.bit_lines - 1}")
        taken: list[TransferPoint] = []
        with bench.connect_heater(self.neuron, self.highest) as heater:
            for branch, voltage in self._voltages():
                if branch is Branch.RESET:
                    heater.release()
                point = self._point(heater, branch, voltage)
                taken.append(point)
                yield point
                yield Progress(len(taken), 2 * self.points, f"neuron {self.neuron}")
        fit = fit_transfer(
            [(p.heater_current, p.output_current) for p in taken if p.branch is Branch.UP],
            [(p.heater_current, p.output_current) for p in taken if p.branch is Branch.DOWN],
        )
        if fit is None:
            return Verdict.NO_THRESHOLD
        yield TransferFit(
            neuron=self.neuron,
            threshold=fit.threshold,
            gain=fit.gain,
            hysteresis=fit.hysteresis,
            dark_current=fit.dark_current,
            reset_error=taken[-1].output_current - taken[0].output_current,
        )
        return Verdict.DONE

    def _voltages(self) -> Iterator[tuple[Branch, float]]:
        step = self.highest / (self.points - 1)
        for index in range(self.points):
            yield Branch.UP, index * step
        for index in reversed(range(self.points - 1)):
            yield Branch.DOWN, index * step
        yield Branch.RESET, 0.0

    def _point(self, heater: HeaterView, branch: Branch, voltage: float) -> TransferPoint:
        current = heater.drive(voltage)
        (output,) = heater.read_outputs([self.neuron])
        return TransferPoint(
            neuron=self.neuron,
            branch=branch,
            tap_voltage=voltage,
            heater_current=current,
            output_current=output,
        )
