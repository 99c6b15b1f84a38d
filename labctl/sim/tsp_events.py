"""Trigger events of a TSP instrument: who emits, who listens; timers, blenders, generators."""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from labctl.sim.tsp_background import Background, Task
from labctl.sim.tsp_node import TspNode
from labctl.sim.tsp_tree import Branch, Setting, TspError, whole, within

_TIMERS, _BLENDERS, _BLENDER_INPUTS, _GENERATORS = 8, 6, 4, 2
_LARGEST_ID = 1000
_POLL = 1e-3
"""s between two looks of a script that waits for an event."""


class Detector:
    """Latches one event until it is taken. With stimulus 0 it listens to nothing."""

    def __init__(self, events: Events, hit: Callable[[], None] | None = None) -> None:
        self.stimulus = 0
        self._latched, self._hit = False, hit
        events.listeners.append(self)

    def see(self, event: int) -> None:
        """An event happened somewhere."""
        if self.stimulus == event:
            self.set()

    def set(self) -> tuple[()]:
        """Latch as if the stimulus had come (`smuX.trigger.arm.set()`)."""
        self._latched = True
        if self._hit is not None:
            self._hit()
        return ()

    def take(self) -> bool:
        """Whether an event is latched; forgets it."""
        latched, self._latched = self._latched, False
        return latched

    def wait(self) -> Task:
        """Background work: wait for the stimulus; returns at once when there is none."""
        while self.stimulus and not self.take():
            yield inf

    def read(self) -> int:
        """The event id listened to."""
        return self.stimulus

    def write(self, event: object) -> None:
        """Listen to another event id; 0: to none."""
        self.stimulus = whole(event, 0, _LARGEST_ID)
        self._latched = False

    def reset(self) -> None:
        """Listen to nothing."""
        self.stimulus, self._latched = 0, False


class Events:
    """Numbers the events of one node and carries them from emitters to listeners."""

    def __init__(self, background: Background) -> None:
        self.listeners: list[Detector] = []
        self._background = background
        self._last = 0

    def new(self) -> int:
        """A fresh event id."""
        self._last += 1
        return self._last

    def emit(self, event: int) -> None:
        """Tell every listener."""
        for listener in self.listeners:
            listener.see(event)
        self._background.wake()


class _Blender:
    """Emits when any (`orenable`) or all of its stimuli have come."""

    def __init__(self, events: Events) -> None:
        self._events, self.event, self._any = events, events.new(), False
        self._seen = [False] * _BLENDER_INPUTS
        self.inputs = [Detector(events, self._hit(place)) for place in range(_BLENDER_INPUTS)]

    def _hit(self, place: int) -> Callable[[], None]:
        def hit() -> None:
            self._seen[place] = True
            used = [seen for seen, one in zip(self._seen, self.inputs, strict=True) if one.stimulus]
            if self._any or (used and all(used)):
                self._seen = [False] * _BLENDER_INPUTS
                self._events.emit(self.event)

        return hit

    def _set_any(self, value: object) -> None:
        if not isinstance(value, (bool, int, float)):
            raise TspError(-104, "Data Type")
        self._any = bool(value)

    def reset(self) -> tuple[()]:
        """Settings as at power on."""
        self._any, self._seen = False, [False] * _BLENDER_INPUTS
        for one in self.inputs:
            one.reset()
        return ()

    def hang(self, branch: Branch, stimuli: Branch) -> None:
        """Offer `trigger.blender[N]`."""
        branch.constant("EVENT_ID", self.event)
        branch.attribute("orenable", lambda: self._any, self._set_any)
        branch.function("reset", self.reset)
        branch.branch("stimulus", stimuli)
        for place, one in enumerate(self.inputs, start=1):
            stimuli.attribute(place, one.read, one.write)


class _Timer:
    """Emits `count` events, `delay` s apart, after its stimulus; with `passthrough` also at the stimulus."""

    def __init__(self, events: Events, background: Background) -> None:
        self._events, self._background, self.event = events, background, events.new()
        self.detector = Detector(events, self._start)
        self._delay = Setting(10e-6, 0.0, 1e5)
        self._count = Setting(1, 0, 1_048_575, step=1)
        self._passthrough = False

    def _start(self) -> None:
        self._background.start(self._run())

    def _run(self) -> Task:
        if self._passthrough:
            self._events.emit(self.event)
        for _ in range(int(self._count.value)):
            yield self._delay.value
            self._events.emit(self.event)

    def _set_passthrough(self, value: object) -> None:
        if not isinstance(value, (bool, int, float)):
            raise TspError(-104, "Data Type")
        self._passthrough = bool(value)

    def reset(self) -> tuple[()]:
        """Settings as at power on."""
        self.detector.reset()
        self._delay.reset()
        self._count.reset()
        self._passthrough = False
        return ()

    def hang(self, branch: Branch) -> None:
        """Offer `trigger.timer[N]`."""
        branch.constant("EVENT_ID", self.event)
        branch.setting("delay", self._delay)
        branch.setting("count", self._count)
        branch.attribute("passthrough", lambda: self._passthrough, self._set_passthrough)
        branch.attribute("stimulus", self.detector.read, self.detector.write)
        branch.function("reset", self.reset)


class TriggerRoot:
    """`trigger.*` of a node: the bus trigger, timers, blenders and generators."""

    def __init__(self, node: TspNode, events: Events) -> None:
        self._node, self._events = node, events
        self._bus_event = events.new()
        self._bus = Detector(events)
        self._timers = [_Timer(events, node.background) for _ in range(_TIMERS)]
        self._blenders = [_Blender(events) for _ in range(_BLENDERS)]
        self.reset()
        self._hang(node.root("trigger"))

    def reset(self) -> None:
        """Settings as at power on."""
        for timer in self._timers:
            timer.reset()
        for blender in self._blenders:
            blender.reset()
        self._bus.stimulus = self._bus_event

    def bus_trigger(self) -> None:
        """`*TRG` or a group execute trigger arrived."""
        self._events.emit(self._bus_event)

    def _wait(self, seconds: object) -> bool:
        """`trigger.wait(timeout)`: True when a bus trigger comes in time."""
        node = self._node
        end = node.clock.now() + within(seconds, 0.0, 1e5)
        while not self._bus.take():
            if (left := end - node.clock.now()) <= 0.0:
                return False
            node.wait(min(left, _POLL))
        return True

    def _clear(self) -> tuple[()]:
        self._bus.take()
        return ()

    def _hang(self, branch: Branch) -> None:
        new = self._node.new_branch
        branch.constant("EVENT_ID", self._bus_event)
        branch.function("wait", self._wait)
        branch.function("clear", self._clear)
        timers, blenders = branch.branch("timer", new()), branch.branch("blender", new())
        generators = branch.branch("generator", new())
        for place, timer in enumerate(self._timers, start=1):
            timer.hang(timers.branch(place, new()))
        for place, blender in enumerate(self._blenders, start=1):
            blender.hang(blenders.branch(place, new()), new())
        for place in range(1, _GENERATORS + 1):
            self._hang_generator(generators.branch(place, new()))

    def _hang_generator(self, branch: Branch) -> None:
        event = self._events.new()

        def emit() -> tuple[()]:
            self._events.emit(event)
            return ()

        branch.constant("EVENT_ID", event)
        branch.function("assert", emit)
