"""What the bench file forbids: voltages, currents, heaters. Every refusal says the number and the remedy."""

from __future__ import annotations

from dataclasses import dataclass

from labctl.benchmodel import Limits
from labctl.core.errors import LimitExceeded
from labctl.core.quantity import show

ROUNDING = 1e-9
"""Relative slack for sums of floats."""


@dataclass(frozen=True)
class BenchLimits:
    """The static limits of one bench; each method raises LimitExceeded or returns."""

    limits: Limits

    def read(self, voltage: float) -> None:
        """A voltage at which cells are read or lines are driven while the array computes."""
        _refuse(
            voltage,
            self.limits.read_voltage,
            "V",
            "read voltage",
            "read_voltage",
            "read lower, a read must not write",
        )

    def write(self, voltage: float) -> None:
        """The voltage across a selected cell."""
        _refuse(
            voltage, self.limits.write_voltage, "V", "voltage across the cell", "write_voltage", "write lower"
        )

    def half_select(self, voltage: float, where: str) -> None:
        """The voltage across a cell that is not selected."""
        _refuse(
            voltage,
            self.limits.half_select_voltage,
            "V",
            f"voltage across the unselected {where}",
            "half_select_voltage",
            "write lower, or with V/3",
        )

    def compliance(self, current: float, where: str) -> None:
        """The current that a source must be allowed."""
        _refuse(
            current,
            self.limits.compliance,
            "A",
            f"current that {where} must be allowed",
            "compliance",
            "write lower, RESET half-selected cells first, or raise the limit",
        )

    def ratio(self, compliance: float, expected: float, where: str) -> None:
        """A compliance so far above what must flow that it protects nothing."""
        largest = self.limits.compliance_ratio * expected
        if compliance > largest * (1.0 + ROUNDING):
            raise LimitExceeded(
                f"compliance of {where} = {show(compliance, 'A')} is more than {self.limits.compliance_ratio:g} times "
                f"the {show(expected, 'A')} that must flow: it would protect nothing, lower it"
            )

    def heater_line(self, voltage: float, neuron: int) -> None:
        """The potential of a bit line whose heater is connected."""
        _refuse(
            voltage,
            self.limits.heater_line_voltage,
            "V",
            f"bit line {neuron} with its heater connected",
            "heater_line_voltage",
            "drive lower, or isolate the heater",
        )

    def heater(self, current: float, neuron: int) -> None:
        """The current through a heater."""
        _refuse(
            current,
            self.limits.heater_current,
            "A",
            f"current through heater {neuron}",
            "heater_current",
            "drive lower",
        )

    def stage(self, kelvin: float) -> None:
        """A setpoint of the stage."""
        low, high = self.limits.stage_temperature_low, self.limits.stage_temperature_high
        if not low <= kelvin <= high:
            raise LimitExceeded(
                f"stage temperature = {show(kelvin, 'K')}, this bench permits {show(low, 'K')} to {show(high, 'K')} "
                "(limits.stage_temperature_low, stage_temperature_high)"
            )


def _refuse(value: float, limit: float, unit: str, what: str, key: str, remedy: str) -> None:
    if not abs(value) <= limit * (1.0 + ROUNDING):
        raise LimitExceeded(
            f"{what} = {show(abs(value), unit)}, this bench permits {show(limit, unit)} (limits.{key}): {remedy}"
        )
