"""The trigger model of a 2600B channel: sweeps of source, measure and end-pulse actions (`smuX.trigger`)."""

from __future__ import annotations

from collections.abc import Sequence

from labctl.sim.keithley2600_channel import SmuChannel
from labctl.sim.keithley2600_source import AMPS, VOLTS
from labctl.sim.tsp_background import Task
from labctl.sim.tsp_buffer import ReadingBuffer
from labctl.sim.tsp_events import Detector, Events
from labctl.sim.tsp_node import TspNode
from labctl.sim.tsp_status import ActivityRegister
from labctl.sim.tsp_tree import Branch, Setting, TspError, whole, within

_IDLE_ACTION, _HOLD_ACTION = 0, 1
_LIMIT_AUTO = 0.0
_EVENTS = (
    "ARMED",
    "SOURCE_COMPLETE",
    "MEASURE_COMPLETE",
    "PULSE_COMPLETE",
    "SWEEPING",
    "SWEEP_COMPLETE",
    "IDLE",
)
_LARGEST = {VOLTS: 202.0, AMPS: 1.515}


class TriggerModel:
    """Runs sweeps beside the script.

    Idle, then the arm layer, then for each point: wait for the source stimulus, source; wait for the measure
    stimulus, measure; wait for the end-pulse stimulus, end the pulse. A layer without stimulus passes at once.
    sweeping, bit: where the sweep shows while it runs (status.operation.sweeping).
    """

    def __init__(
        self, node: TspNode, channel: SmuChannel, events: Events, sweeping: ActivityRegister, bit: int
    ) -> None:
        self._node, self._channel, self._events = node, channel, events
        self._sweeping, self._bit = sweeping, bit
        self._ids = {name: events.new() for name in _EVENTS}
        self._arm, self._source, self._measure, self._end = (Detector(events) for _ in range(4))
        self._count, self._arm_count = Setting(1, 0, 1e9, step=1), Setting(1, 0, 1e9, step=1)
        self._source_action, self._measure_action = Setting(0, 0, 1, step=1), Setting(0, 0, 2, step=1)
        self._end_pulse = Setting(_HOLD_ACTION, _IDLE_ACTION, _HOLD_ACTION, step=1)
        self._end_sweep = Setting(_IDLE_ACTION, _IDLE_ACTION, _HOLD_ACTION, step=1)
        self._limit = {VOLTS: Setting(_LIMIT_AUTO, 0.0, 202.0), AMPS: Setting(_LIMIT_AUTO, 0.0, 1.515)}
        self._autoclear = Setting(0, 0, 1, step=1)
        self._levels: tuple[float, ...] = ()
        self._levels_of = VOLTS
        self._functions, self._buffers = "", tuple[ReadingBuffer | None, ...]()
        self._task: Task | None = None
        channel.also_reset(self.reset)
        self._hang(channel.branch.branch("trigger", node.new_branch()))

    def reset(self) -> None:
        """Settings as at power on; a sweep under way is dropped."""
        self.abort()
        for detector in (self._arm, self._source, self._measure, self._end):
            detector.reset()
        for setting in (
            *(self._count, self._arm_count, self._source_action, self._measure_action),
            *(self._end_pulse, self._end_sweep, self._autoclear, *self._limit.values()),
        ):
            setting.reset()
        self._levels, self._functions, self._buffers = (), "", ()

    def abort(self) -> tuple[()]:
        """`smuX.abort()`: end the sweep where it stands."""
        if self._task is not None:
            self._node.background.cancel(self._task)
            self._task = None
        self._sweeping.set(self._bit, False)
        return ()

    # --- the sweep ----------------------------------------------------------------------------------------

    def _initiate(self) -> tuple[()]:
        """`smuX.trigger.initiate()`: leave idle; returns at once."""
        if self._source_action.value:
            if not self._levels or self._levels_of != self._channel.source.function:
                raise TspError(5059, "trigger.source.action enabled without configuration")
            self._channel.source.prepare_sweep(self._levels)
        if self._measure_action.value and not self._functions:
            raise TspError(5060, "trigger.measure.action enabled without configuration")
        self.abort()
        for detector in (self._arm, self._source, self._measure, self._end):
            detector.take()
        for buffer in self._buffers:
            if buffer is not None:
                buffer.begin()
        self._sweeping.set(self._bit, True)
        self._task = self._sweep()
        self._node.background.start(self._task)
        return ()

    def _emit(self, name: str) -> None:
        self._events.emit(self._ids[name])

    def _sweep(self) -> Task:
        self._emit("SWEEPING")
        for _ in range(int(self._arm_count.value)):
            yield from self._arm.wait()
            self._emit("ARMED")
            for point in range(int(self._count.value)):
                yield from self._point(point)
            if self._end_sweep.value == _IDLE_ACTION:
                self._channel.source.apply()
            elif self._levels and self._source_action.value:
                self._channel.source.level[self._levels_of] = self._level(int(self._count.value) - 1)
                self._channel.source.apply()
            self._emit("SWEEP_COMPLETE")
        self._sweeping.set(self._bit, False)
        self._task = None
        self._emit("IDLE")

    def _level(self, point: int) -> float:
        return self._levels[point % len(self._levels)]

    def _point(self, point: int) -> Task:
        channel = self._channel
        yield from self._source.wait()
        if self._source_action.value:
            limit = self._limit[1 - self._levels_of].value
            channel.source.step(self._level(point), limit if limit != _LIMIT_AUTO else None)
            if channel.source.settling_delay:
                yield channel.source.settling_delay
        self._emit("SOURCE_COMPLETE")
        yield from self._measure.wait()
        if self._measure_action.value:
            taken = yield from channel.measure.sample(self._functions)
            level = self._level(point) if self._source_action.value else None
            channel.measure.store(self._functions, self._buffers, taken, level)
        self._emit("MEASURE_COMPLETE")
        yield from self._end.wait()
        if self._end_pulse.value == _IDLE_ACTION:
            channel.source.apply()
        self._emit("PULSE_COMPLETE")

    # --- configuration ------------------------------------------------------------------------------------

    def _set_levels(self, function: int, levels: Sequence[float]) -> tuple[()]:
        self._levels = tuple(within(level, -_LARGEST[function], _LARGEST[function]) for level in levels)
        self._levels_of = function
        return ()

    def _list(self, function: int, table: object) -> tuple[()]:
        """`listv({...})`."""
        levels = self._node.runtime.numbers(table)
        if not levels:
            raise TspError(1401, "Parameter 1 is invalid")
        return self._set_levels(function, levels)

    def _linear(self, function: int, start: object, stop: object, points: object) -> tuple[()]:
        """`linearv(start, stop, points)`."""
        low, high, count = within(start, -202, 202), within(stop, -202, 202), whole(points, 1, 10**6)
        step = (high - low) / (count - 1) if count > 1 else 0.0
        return self._set_levels(function, [low + step * place for place in range(count)])

    def _logarithmic(self, function: int, start: object, stop: object, points: object) -> tuple[()]:
        """`logv(start, stop, points, asymptote 0)`: levels of one sign, evenly spaced in their logarithm."""
        low, high, count = within(start, -202, 202), within(stop, -202, 202), whole(points, 2, 10**6)
        if low * high <= 0.0:
            raise TspError(1401, "Parameter 1 is invalid")
        ratio = (high / low) ** (1.0 / (count - 1))
        return self._set_levels(function, [low * ratio**place for place in range(count)])

    def _configure_measure(self, functions: str, *buffers: object) -> tuple[()]:
        """`trigger.measure.iv(buffer, buffer)`."""
        self._buffers = self._channel.measure.checked(buffers)
        self._functions = functions
        return ()

    # --- the tree -----------------------------------------------------------------------------------------

    def _hang(self, branch: Branch) -> None:
        new = self._node.new_branch
        for name, event in self._ids.items():
            branch.constant(f"{name}_EVENT_ID", event)
        branch.setting("count", self._count)
        branch.setting("autoclear", self._autoclear)
        branch.function("initiate", self._initiate)
        arm = self._layer(branch, "arm", self._arm)
        arm.setting("count", self._arm_count)
        source = self._layer(branch, "source", self._source)
        source.setting("action", self._source_action)
        self._hang_source(source)
        measure = self._layer(branch, "measure", self._measure)
        measure.setting("action", self._measure_action)
        for functions in ("v", "i", "r", "p"):
            self._hang_measure(measure, functions)
        measure.function("iv", lambda first=None, second=None: self._configure_measure("iv", first, second))
        self._layer(branch, "endpulse", self._end).setting("action", self._end_pulse)
        branch.branch("endsweep", new()).setting("action", self._end_sweep)
        for name, value in {"SOURCE_IDLE": _IDLE_ACTION, "SOURCE_HOLD": _HOLD_ACTION, "ASYNC": 2}.items():
            self._channel.branch.constant(name, value)
        self._channel.branch.constant("LIMIT_AUTO", _LIMIT_AUTO)
        self._channel.branch.function("abort", self.abort)

    def _layer(self, branch: Branch, name: str, detector: Detector) -> Branch:
        """One layer with its stimulus."""
        layer = branch.branch(name, self._node.new_branch())
        layer.attribute("stimulus", detector.read, detector.write)
        layer.function("set", detector.set)
        return layer

    def _hang_measure(self, measure: Branch, functions: str) -> None:
        measure.function(functions, lambda buffer=None: self._configure_measure(functions, buffer))

    def _hang_source(self, source: Branch) -> None:
        for function, letter in ((VOLTS, "v"), (AMPS, "i")):
            self._hang_levels(source, function, letter)

    def _hang_levels(self, source: Branch, function: int, letter: str) -> None:
        source.function(f"list{letter}", lambda levels=None: self._list(function, levels))
        source.function(
            f"linear{letter}",
            lambda start=None, stop=None, points=None: self._linear(function, start, stop, points),
        )
        source.function(
            f"log{letter}",
            lambda start=None, stop=None, points=None: self._logarithmic(function, start, stop, points),
        )
        source.setting(f"limit{letter}", self._limit[function])
