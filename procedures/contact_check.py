"""Contact check: whether the probes touch, told by the heaters, before anything is formed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from labctl.core.errors import LimitExceeded, PlanError
from labctl.core.quantity import check, option, quantity
from labctl.core.rows import Experiment, Progress, Verdict
from labctl.core.views import NeuronBench


@dataclass(frozen=True, kw_only=True)
class ContactRead:
    """One row of the record per heater: what was measured through it."""

    neuron: int = quantity("1")
    voltage: float = quantity("V", help="at its tap")
    current: float | None = quantity("A", help="into its tap; none where it was beyond the heater's limit")
    resistance: float | None = quantity(
        "ohm", help="voltage over current, leads included; none without current"
    )
    contact: bool = option(False, help="the resistance lies in the window")


@dataclass(frozen=True, kw_only=True)
class ContactCheck:
    """Drive each heater alone at a small voltage; a resistance inside the window is a contact.

    The heaters are the only known resistances of a virgin array: its cells do not conduct before they are formed. One
    dead neuron is no lost contact, so that a share of the heaters is enough.
    """

    title: ClassVar[str] = "whether the probes touch: resistance of each heater at a small voltage"

    voltage: float = quantity("V", 0.01, low=1e-3, high=0.1, help="at each tap", limit="heater_line_voltage")
    lowest: float = quantity("1", 0.4, low=0.0, high=1.0, help="of the nominal heater resistance")
    highest: float = quantity("1", 2.5, low=1.0, high=100.0, help="of the nominal heater resistance")
    share: float = quantity("1", 0.5, low=0.0, high=1.0, help="of the heaters that must answer")
    neurons: tuple[int, ...] = option((), help="whose heaters; none given = all")

    def __post_init__(self) -> None:
        """Refuse values out of range and neurons named twice; raises PlanError."""
        check(self)
        if len(set(self.neurons)) < len(self.neurons) or min(self.neurons, default=0) < 0:
            raise PlanError(
                f"ContactCheck: neurons = {self.neurons} must name each neuron once, counted from 0 upwards."
            )

    def run(self, bench: NeuronBench) -> Experiment:
        """Yield a ContactRead row per heater; DONE, or NO_CONTACT when too few heaters answer."""
        neurons = self.neurons or tuple(range(bench.bit_lines))
        if max(neurons) >= bench.bit_lines:
            raise PlanError(
                f"ContactCheck: there is no neuron {max(neurons)}, this bench has 0 to {bench.bit_lines - 1}."
            )
        nominal, touching = bench.heater_resistance, 0
        for done, neuron in enumerate(neurons):
            yield Progress(done, len(neurons), f"contact of heater {neuron}")
            row = self._read(bench, neuron, nominal)
            touching += row.contact
            yield row
        yield Progress(len(neurons), len(neurons), f"{touching} of {len(neurons)} heaters answer")
        return Verdict.DONE if touching >= max(1.0, self.share * len(neurons)) else Verdict.NO_CONTACT

    def _read(self, bench: NeuronBench, neuron: int, nominal: float) -> ContactRead:
        with bench.connect_heater(neuron, self.voltage) as heater:
            try:
                current = heater.drive(self.voltage)
            except LimitExceeded:  # a short: the bench has gone back to 0 V
                return ContactRead(neuron=neuron, voltage=self.voltage, current=None, resistance=None)
        resistance = self.voltage / current if current > 0.0 else None
        touches = resistance is not None and self.lowest * nominal <= resistance <= self.highest * nominal
        return ContactRead(
            neuron=neuron, voltage=self.voltage, current=current, resistance=resistance, contact=touches
        )
