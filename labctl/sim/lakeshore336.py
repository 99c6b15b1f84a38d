"""Virtual Lake Shore 336 temperature controller: one heated stage on input A and output 1."""

from __future__ import annotations

from collections.abc import Sequence

from labctl.sim.ports import Ports, SimClock, StagePort
from labctl.sim.scpi import EXECUTION_ERROR, CommandError, ScpiInstrument, number, whole

_INPUTS = "ABCD"
_OUTPUTS = 4
_CLOSED_LOOP = 1
_UNITS_ZERO = 64
"""RDGST? of an input without a sensor."""
_ROOM = 295.0


class _Loop:
    """Settings of one output."""

    def __init__(self) -> None:
        self.setpoint, self.range, self.mode, self.input, self.powerup = 0.0, 0, 0, 0, 0
        self.pid = (50.0, 20.0, 0.0)
        self.ramp, self.rate = 0, 0.0
        self.manual = 0.0


class LakeShore336(ScpiInstrument):
    """A `VirtualInstrument`; answers end with CR LF. Output 1 heats the stage, input A reads it.

    A ramp moves the setpoint whenever the instrument is given time to work.
    """

    def __init__(self, serial: str, stage: StagePort, clock: SimClock) -> None:
        super().__init__(f"LSCI,MODEL336,{serial}/{serial},1.0", terminator=b"\r\n")
        self._stage, self._clock = stage, clock
        self._loops = [_Loop() for _ in range(_OUTPUTS)]
        self._working_setpoint = _ROOM
        self._ramped_until = clock.now()
        self._offer_readings()
        self._offer_control()

    def reset(self) -> None:
        """All heaters off, settings as at power on."""
        self._loops = [_Loop() for _ in range(_OUTPUTS)]
        self._regulate()

    # --- the heated stage ---------------------------------------------------------------------------------

    @property
    def _main(self) -> _Loop:
        return self._loops[0]

    def _heating(self) -> bool:
        loop = self._main
        return loop.range > 0 and loop.mode == _CLOSED_LOOP and loop.input == 1

    def _ramping(self) -> bool:
        return (
            bool(self._main.ramp) and self._main.rate > 0.0 and self._working_setpoint != self._main.setpoint
        )

    def _regulate(self) -> None:
        if not self._ramping():
            self._working_setpoint = self._main.setpoint
        self._stage.regulate(self._working_setpoint, self._heating())

    def receive(self, data: bytes, end: bool) -> None:
        """Move a ramp up to the present, then take the message."""
        self.proceed()
        super().receive(data, end)

    def proceed(self) -> bool:
        """Move the setpoint along its ramp; True while it is under way."""
        now = self._clock.now()
        elapsed, self._ramped_until = now - self._ramped_until, now
        if self._ramping():
            step = self._main.rate / 60.0 * elapsed
            left = self._main.setpoint - self._working_setpoint
            self._working_setpoint += max(-step, min(step, left))
            self._stage.regulate(self._working_setpoint, self._heating())
        return self._ramping()

    def _heater_percent(self) -> float:
        """What a proportional controller would give: the true heater is the stage's affair."""
        if not self._heating():
            return 0.0
        return max(0.0, min(100.0, self._main.pid[0] * (self._working_setpoint - self._stage.temperature())))

    # --- readings -----------------------------------------------------------------------------------------

    @staticmethod
    def _input(arguments: Sequence[str]) -> str:
        letter = arguments[0].upper() if arguments else "A"
        if letter not in _INPUTS or len(letter) != 1:
            raise CommandError(EXECUTION_ERROR)
        return letter

    def _kelvin(self, arguments: Sequence[str]) -> str:
        value = self._stage.temperature() if self._input(arguments) == "A" else 0.0
        return f"{value:+08.3f}"

    def _celsius(self, arguments: Sequence[str]) -> str:
        value = self._stage.temperature() - 273.15 if self._input(arguments) == "A" else 0.0
        return f"{value:+08.3f}"

    def _ohms(self, arguments: Sequence[str]) -> str:
        """Sensor units: a platinum resistor, 100 ohm at 273.15 K, 0.385 ohm/K."""
        value = 100.0 + 0.385 * (self._stage.temperature() - 273.15) if self._input(arguments) == "A" else 0.0
        return f"{value:+08.3f}"

    def _reading_status(self, arguments: Sequence[str]) -> str:
        return "000" if self._input(arguments) == "A" else f"{_UNITS_ZERO:03d}"

    def _input_type(self, arguments: Sequence[str]) -> str:
        """Platinum resistor, auto range, reversal compensated, kelvin; 0 where nothing is connected."""
        return "2,1,0,1,1" if self._input(arguments) == "A" else "0,0,0,0,1"

    def _offer_readings(self) -> None:
        self.offer("KRDG?", self._kelvin)
        self.offer("CRDG?", self._celsius)
        self.offer("SRDG?", self._ohms)
        self.offer("RDGST?", self._reading_status)
        self.offer("INTYPE?", self._input_type)
        self.offer(
            "HTR?",
            lambda arguments: f"{self._heater_percent() if self._output(arguments) == 1 else 0:+06.1f}",
        )
        self.offer("HTRST?", lambda arguments: "0")
        self.offer("RAMPST?", lambda arguments: str(int(self._output(arguments) == 1 and self._ramping())))

    # --- control ------------------------------------------------------------------------------------------

    @staticmethod
    def _output(arguments: Sequence[str]) -> int:
        return whole(arguments[0], 1, _OUTPUTS)

    def _loop(self, arguments: Sequence[str]) -> _Loop:
        return self._loops[self._output(arguments) - 1]

    def _set_setpoint(self, arguments: Sequence[str]) -> None:
        loop, kelvin = self._loop(arguments), number(arguments[1], 0.0, 1505.0)
        if loop is self._main and loop.ramp:
            self._working_setpoint = (
                self._stage.temperature() if not self._heating() else self._working_setpoint
            )
        loop.setpoint = kelvin
        self._regulate()

    def _set_range(self, arguments: Sequence[str]) -> None:
        self._loop(arguments).range = whole(arguments[1], 0, 3)
        self._regulate()

    def _set_mode(self, arguments: Sequence[str]) -> None:
        mode, used = whole(arguments[1], 0, 5), whole(arguments[2], 0, 8)
        powerup = whole(arguments[3], 0, 1) if len(arguments) > 3 else 0
        loop = self._loop(arguments)
        loop.mode, loop.input, loop.powerup = mode, used, powerup
        self._regulate()

    def _set_pid(self, arguments: Sequence[str]) -> None:
        loop = self._loop(arguments)
        loop.pid = (
            number(arguments[1], 0.1, 1000.0),
            number(arguments[2], 0.0, 1000.0),
            number(arguments[3], 0.0, 200.0),
        )

    def _set_ramp(self, arguments: Sequence[str]) -> None:
        loop = self._loop(arguments)
        loop.ramp, loop.rate = whole(arguments[1], 0, 1), number(arguments[2], 0.0, 100.0)
        self._regulate()

    def _set_manual(self, arguments: Sequence[str]) -> None:
        self._loop(arguments).manual = number(arguments[1], 0.0, 100.0)

    def _tell_mode(self, arguments: Sequence[str]) -> str:
        loop = self._loop(arguments)
        return f"{loop.mode},{loop.input},{loop.powerup}"

    def _tell_setpoint(self, arguments: Sequence[str]) -> str:
        loop = self._loop(arguments)
        return f"{self._working_setpoint if loop is self._main and self._ramping() else loop.setpoint:+08.3f}"

    def _offer_control(self) -> None:
        self.offer("SETP", self._set_setpoint)
        self.offer("SETP?", self._tell_setpoint)
        self.offer("RANGE", self._set_range)
        self.offer("RANGE?", lambda arguments: str(self._loop(arguments).range))
        self.offer("OUTMODE", self._set_mode)
        self.offer("OUTMODE?", self._tell_mode)
        self.offer("PID", self._set_pid)
        self.offer("PID?", lambda arguments: ",".join(f"{term:+07.1f}" for term in self._loop(arguments).pid))
        self.offer("RAMP", self._set_ramp)
        self.offer(
            "RAMP?", lambda arguments: f"{self._loop(arguments).ramp},{self._loop(arguments).rate:+08.3f}"
        )
        self.offer("MOUT", self._set_manual)
        self.offer("MOUT?", lambda arguments: f"{self._loop(arguments).manual:+08.3f}")


def lakeshore336(ports: Ports) -> LakeShore336:
    """The virtual 336 of a bench."""
    return LakeShore336(ports.serial, ports.stage, ports.clock)
