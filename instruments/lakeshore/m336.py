"""Lake Shore Model 336 temperature controller: one control loop, one thermometer."""

from __future__ import annotations

from typing import Any

from labctl.core.errors import InstrumentError, NotConfirmed, SettingOutOfRange
from labctl.core.quantity import show
from labctl.driver import ScpiInstrument
from labctl.instrumenttype import InstrumentKind, InstrumentType

CLOSED_LOOP = 1
MEDIUM = 2
INPUTS = "ABCD"
STATUS = {
    0: "invalid reading",
    4: "below the curve",
    5: "above the curve",
    6: "sensor at zero",
    7: "sensor overrange",
}
"""Bits of `RDGST?` (same layout as Model 331, user's manual p. 6-37)."""
SETTLED_SETPOINT = 1e-3
"""K; resolution at which the setpoint reads back."""
COLDEST, HOTTEST = 250.0, 400.0


class LakeShore336(ScpiInstrument):
    """Heats a stage under one input's control. A `TemperatureController`."""

    model = "MODEL336"

    def __init__(
        self,
        adapter: object,
        *,
        loop: int = 1,
        thermometer: str = "A",
        heater_range: int = MEDIUM,
        **connection: Any,
    ) -> None:
        """Connect; `loop` is the output with the heater, `thermometer` the input that rules it."""
        super().__init__(adapter, **connection)
        if loop not in (1, 2) or thermometer not in INPUTS:
            raise SettingOutOfRange(
                f"{self.label}: loop {loop} with input {thermometer}, allowed loop 1 or 2, input A to D"
            )
        self._loop, self._input, self._heater_range = loop, thermometer, heater_range

    def set_setpoint(self, kelvin: float) -> None:
        """Regulate towards `kelvin`, heater on; NotConfirmed when setpoint or heater range read back otherwise."""
        if not COLDEST <= kelvin <= HOTTEST:
            raise SettingOutOfRange(
                f"{self.label}: setpoint = {show(kelvin, 'K')}, allowed {show(COLDEST, 'K')} to {show(HOTTEST, 'K')}"
            )
        self.send(f"OUTMODE {self._loop},{CLOSED_LOOP},{INPUTS.index(self._input) + 1},0")
        self.send(f"SETP {self._loop},{float(kelvin)!r}")
        answer = self.ask_number(f"SETP? {self._loop}")
        if abs(answer - kelvin) > SETTLED_SETPOINT:
            raise NotConfirmed(
                f"{self.label}: setpoint was set to {show(kelvin, 'K')}, but the instrument answers {show(answer, 'K')}"
            )
        self._set_heater(self._heater_range)

    def temperature(self) -> float:
        """Present reading in K; InstrumentError in words when the thermometer gives none."""
        status = int(self.ask_number(f"RDGST? {self._input}"))
        if status:
            wrong = ", ".join(text for bit, text in STATUS.items() if status & 1 << bit) or f"status {status}"
            raise InstrumentError(f"{self.label}: thermometer {self._input} gives no reading ({wrong})")
        return self.ask_number(f"KRDG? {self._input}")

    def status(self) -> str:
        """Present temperature in words."""
        return show(self.temperature(), "K")

    def make_safe(self) -> None:
        """Heater off, read back."""
        self.device_clear()
        self._set_heater(0)

    def _set_heater(self, heater_range: int) -> None:
        self.send(f"RANGE {self._loop},{heater_range}")
        answer = int(self.ask_number(f"RANGE? {self._loop}"))
        if answer != heater_range:
            raise NotConfirmed(
                f"{self.label}: heater range was set to {heater_range}, but the instrument answers {answer}"
            )


LAKESHORE_336 = InstrumentType(
    name="lakeshore336", kind=InstrumentKind.STAGE, driver=LakeShore336, model=LakeShore336.model
)
