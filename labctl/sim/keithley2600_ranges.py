"""Ranges of the Keithley 2636B with the errors its data sheet allows."""

from __future__ import annotations

from dataclasses import dataclass

from labctl.sim.ports import NoisePort


@dataclass(frozen=True)
class Range:
    """One range.

    full_scale: V or A.
    source, measure: (share of value, offset in V or A), the one-year accuracy; a range without `source` only
        measures.
    noise: rms of one reading at 1 power line cycle, V or A (typical peak-to-peak figure / 6).
    settling: s that the range needs when measuring begins on it.
    """

    full_scale: float
    source: tuple[float, float] | None
    measure: tuple[float, float]
    noise: float
    settling: float

    @property
    def source_maximum(self) -> float:
        """Largest programmable value: 101 % of full scale."""
        return 1.01 * self.full_scale

    @property
    def measure_maximum(self) -> float:
        """Largest value that is not an overflow: 102 % of full scale."""
        return 1.02 * self.full_scale


# Model 2636B data sheet (SPEC-2636B), accuracy 1 year 23 +-5 C. The three lowest current ranges and the
# settling below 10 uA are assumed (no sheet at hand); noise from the sheet's typical 0.1-10 Hz source noise.
VOLTAGE = (
    Range(0.2, (2e-4, 375e-6), (1.5e-4, 225e-6), 3.3e-6, 50e-6),
    Range(2.0, (2e-4, 600e-6), (2e-4, 350e-6), 8.3e-6, 50e-6),
    Range(20.0, (2e-4, 5e-3), (1.5e-4, 5e-3), 17e-6, 110e-6),
    Range(200.0, (2e-4, 50e-3), (1.5e-4, 50e-3), 83e-6, 700e-6),
)
CURRENT = (
    Range(100e-12, None, (1.5e-3, 120e-15), 5e-15, 100e-3),
    Range(1e-9, (1.5e-3, 2e-12), (1.5e-3, 240e-15), 20e-15, 50e-3),
    Range(10e-9, (1.5e-3, 5e-12), (1.5e-3, 3e-12), 100e-15, 10e-3),
    Range(100e-9, (6e-4, 50e-12), (6e-4, 40e-12), 0.8e-12, 2e-3),
    Range(1e-6, (3e-4, 700e-12), (2.5e-4, 400e-12), 4.2e-12, 500e-6),
    Range(10e-6, (3e-4, 5e-9), (2.5e-4, 1.5e-9), 10e-12, 150e-6),
    Range(100e-6, (3e-4, 60e-9), (2e-4, 25e-9), 0.5e-9, 150e-6),
    Range(1e-3, (3e-4, 300e-9), (2e-4, 200e-9), 1e-9, 150e-6),
    Range(10e-3, (3e-4, 6e-6), (2e-4, 2.5e-6), 33e-9, 150e-6),
    Range(100e-3, (3e-4, 30e-6), (2e-4, 20e-6), 0.1e-6, 150e-6),
    Range(1.0, (5e-4, 1.8e-3), (3e-4, 1.5e-3), 30e-6, 150e-6),
    Range(1.5, (6e-4, 4e-3), (5e-4, 3.5e-3), 50e-6, 150e-6),
)

_FAST_ADC = ((1.0, 0.0), (0.1, 1e-4), (0.01, 7.5e-4), (0.001, 7.5e-3))
"""(power line cycles, extra peak error as a share of the range) below 1 NPLC, middle of the sheet's span."""


def reading_noise(scale: Range, cycles: float) -> float:
    """Rms noise of a reading integrated over `cycles` power line cycles, in V or A."""
    if cycles >= 1.0:
        return scale.noise / float(cycles**0.5)
    extra = (
        next(share for limit, share in _FAST_ADC if cycles >= limit) if cycles >= 0.001 else _FAST_ADC[-1][1]
    )
    return scale.noise / float(cycles**0.5) + extra * scale.full_scale / 3.0


def smallest(
    ranges: tuple[Range, ...], value: float, *, lowest: float = 0.0, sourcing: bool = False
) -> Range:
    """The smallest range that holds |value|, not below `lowest`; the largest when none does."""
    usable = [scale for scale in ranges if not sourcing or scale.source is not None]
    for scale in usable:
        maximum = scale.source_maximum if sourcing else scale.measure_maximum
        if abs(value) <= maximum and scale.full_scale >= lowest * 0.999:
            return scale
    return usable[-1]


class Calibration:
    """Gain and offset errors of one channel: fixed for the life of the instrument, within the data sheet.

    quantity is "v" or "i" throughout.
    """

    def __init__(self, noise: NoisePort, channel: str) -> None:
        self._noise, self._channel = noise, channel
        self._errors: dict[tuple[str, str, float], tuple[float, float]] = {}
        self._noise_levels: dict[tuple[str, float, float], float] = {}
        self._streams = {quantity: f"smu{channel} measure {quantity}" for quantity in "vi"}

    def _error(
        self, half: str, quantity: str, scale: Range, bounds: tuple[float, float]
    ) -> tuple[float, float]:
        key = (half, quantity, scale.full_scale)
        found = self._errors.get(key)
        if found is None:
            name = f"smu{self._channel} {half} {quantity} {scale.full_scale!r}"
            gain, offset = (self._noise.constant(f"{name} {part}") for part in ("gain", "offset"))
            found = self._errors[key] = (
                bounds[0] * max(-1.0, min(1.0, gain / 2.0)),
                bounds[1] * max(-1.0, min(1.0, offset / 2.0)),
            )
        return found

    def sourced(self, quantity: str, scale: Range, level: float) -> float:
        """What stands at the terminal when `level` is programmed."""
        gain, offset = self._error("source", quantity, scale, scale.source or (0.0, 0.0))
        return level * (1.0 + gain) + offset

    def measured(self, quantity: str, scale: Range, value: float, cycles: float) -> float:
        """What is read when `value` stands at the terminal, integrated over `cycles` power line cycles."""
        gain, offset = self._error("measure", quantity, scale, scale.measure)
        key = (quantity, scale.full_scale, cycles)
        rms = self._noise_levels.get(key)
        if rms is None:
            rms = self._noise_levels[key] = reading_noise(scale, cycles)
        return value * (1.0 + gain) + offset + rms * self._noise.normal(self._streams[quantity])
