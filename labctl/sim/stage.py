"""The heated stage under the die: it follows its controller with a lag."""

from math import exp

from labctl.sim.ports import NoisePort, SimClock

LAG = 15.0
"""s; closed-loop time constant of a small heated chuck. Generic, assumed."""
SENSOR_NOISE = 0.01
"""K rms of one reading. Generic, assumed."""


class VirtualStage:
    """First-order approach to the setpoint when heated, to the room when not. A `StagePort`."""

    def __init__(self, clock: SimClock, noise: NoisePort, room: float, start: float | None = None) -> None:
        """A stage in a room of `room` K; `start` K is where the sample was left."""
        self._clock, self._noise, self._room = clock, noise, room
        self._temperature = room if start is None else start
        self._target = room
        self._since = clock.now()

    def true_temperature(self) -> float:
        """What the die feels, in K."""
        now = self._clock.now()
        self._temperature = self._target + (self._temperature - self._target) * exp(
            -(now - self._since) / LAG
        )
        self._since = now
        return self._temperature

    def regulate(self, setpoint: float, heater_on: bool) -> None:
        """Heat towards `setpoint` K, or let the stage drift to the room. A heater cannot cool."""
        self.true_temperature()
        self._target = max(setpoint, self._room) if heater_on else self._room

    def temperature(self) -> float:
        """One reading of the thermometer in K."""
        return self.true_temperature() + SENSOR_NOISE * self._noise.normal("stage temperature")
