"""One channel (smua, smub) of a virtual Keithley 2600B: its source, its measuring and its place in the tree."""

from __future__ import annotations

from collections.abc import Callable

from labctl.sim.keithley2600_measure import MeasureStage, Sample, Series
from labctl.sim.keithley2600_ranges import Calibration
from labctl.sim.keithley2600_source import SourceStage
from labctl.sim.ports import NoisePort, SourceTerminal
from labctl.sim.tsp_background import Task
from labctl.sim.tsp_buffer import ReadingBuffer
from labctl.sim.tsp_node import TspNode
from labctl.sim.tsp_status import RegisterSet
from labctl.sim.tsp_tree import Branch, Setting, whole

_CONSTANTS = {
    "OUTPUT_DCAMPS": 0,
    "OUTPUT_DCVOLTS": 1,
    "OUTPUT_OFF": 0,
    "OUTPUT_ON": 1,
    "OUTPUT_NORMAL": 0,
    "OUTPUT_ZERO": 1,
    "OUTPUT_HIGH_Z": 2,
    "AUTORANGE_OFF": 0,
    "AUTORANGE_ON": 1,
    "AUTOZERO_OFF": 0,
    "AUTOZERO_ONCE": 1,
    "AUTOZERO_AUTO": 2,
    "SENSE_LOCAL": 0,
    "SENSE_REMOTE": 1,
    "SENSE_CALA": 3,
    "DELAY_OFF": 0,
    "DELAY_AUTO": -1,
    "FILTER_OFF": 0,
    "FILTER_ON": 1,
    "FILTER_MOVING_AVG": 0,
    "FILTER_REPEAT_AVG": 1,
    "FILTER_MEDIAN": 2,
    "SETTLE_SMOOTH": 0,
    "SETTLE_FAST_RANGE": 1,
    "SETTLE_FAST_POLARITY": 2,
    "SETTLE_DIRECT_IRANGE": 3,
    "SETTLE_SMOOTH_100NA": 4,
    "SETTLE_FAST_ALL": 128,
    "ENABLE": 1,
    "DISABLE": 0,
    "ADC_INTEGRATE": 0,
    "ADC_FAST": 1,
}
_BUFFER_CAPACITY = 60_000
"""Readings per dedicated buffer with time stamps and source values (2600B manual: more than 60,000)."""


class SmuChannel:
    """`smuX` on a node, sourcing and measuring at `terminal`."""

    def __init__(
        self,
        node: TspNode,
        letter: str,
        terminal: SourceTerminal,
        noise: NoisePort,
        line_frequency: float,
        register: RegisterSet,
    ) -> None:
        self.letter = letter
        self._node = node
        calibration = Calibration(noise, letter)
        self.source = SourceStage(terminal, calibration, node.wait)
        self.measure = MeasureStage(terminal, self.source, calibration, node.clock, line_frequency, register)
        self.buffers = (
            ReadingBuffer(node.runtime, _BUFFER_CAPACITY),
            ReadingBuffer(node.runtime, _BUFFER_CAPACITY),
        )
        self._sense = Setting(0, 0, 3, step=1)
        self._resets: list[Callable[[], None]] = [self.source.reset, self.measure.reset, self._sense.reset]
        self.branch = self._hang(node.root(f"smu{letter}"))

    def reset(self) -> tuple[()]:
        """`smuX.reset()`: output off, settings as at power on, buffers emptied."""
        for reset in self._resets:
            reset()
        for buffer in self.buffers:
            buffer.reset()
        return ()

    def also_reset(self, reset: Callable[[], None]) -> None:
        """Have `reset` called with every `smuX.reset()`, before anything else."""
        self._resets.insert(0, reset)

    def complete(self, series: Series) -> Sample:
        """Carry a measurement through, the script waiting for it."""
        while True:
            try:
                seconds = next(series)
            except StopIteration as end:
                sample = end.value
                assert isinstance(sample, Sample)
                return sample
            self._node.wait(seconds)

    def _measure(self, function: str, *buffers: object) -> float | tuple[float, ...]:
        """`measure.i(buffer)` and its like; "iv" returns current, then voltage."""
        stored = self.measure.checked(buffers) if buffers.count(None) < len(buffers) else ()
        sample = self.complete(self.measure.series(function, stored))
        if len(function) == 1:
            return sample.value(function)
        return tuple(sample.value(letter) for letter in function)

    def _overlapped(self, function: str, *buffers: object) -> tuple[()]:
        """`measure.overlappedi(buffer)`: the same beside the script."""
        series = self.measure.series(function, self.measure.checked(buffers))

        def task() -> Task:
            yield from series

        self._node.background.start(task())
        return ()

    def _measure_and_step(self, function: str, level: object) -> float | tuple[float, ...]:
        """`smuX.measureYandstep(level)`: measure, then program the next level."""
        values = self._measure(function)
        self.source.set_level(self.source.function, level)
        return values

    # --- the tree -----------------------------------------------------------------------------------

    def _hang(self, branch: Branch) -> Branch:
        for name, value in _CONSTANTS.items():
            branch.constant(name, value)
        source = branch.branch("source", self._node.new_branch())
        self.source.hang(source)
        source.attribute("compliance", self.measure.limited)
        measure = branch.branch("measure", self._node.new_branch())
        self.measure.hang(measure, self._node.new_branch)
        for function in ("v", "i", "r", "p"):
            self._hang_function(branch, measure, function)
        measure.function("iv", lambda first=None, second=None: self._measure("iv", first, second))
        measure.function(
            "overlappediv", lambda first=None, second=None: self._overlapped("iv", first, second)
        )
        branch.function("measureivandstep", lambda level=None: self._measure_and_step("iv", level))
        branch.setting("sense", self._sense)
        branch.branch("nvbuffer1", self.buffers[0].branch)
        branch.branch("nvbuffer2", self.buffers[1].branch)
        branch.function("makebuffer", self._make_buffer)
        branch.function("reset", self.reset)
        branch.function("savebuffer", lambda buffer=None: ())
        return branch

    def _hang_function(self, branch: Branch, measure: Branch, function: str) -> None:
        measure.function(function, lambda buffer=None: self._measure(function, buffer))
        measure.function(f"overlapped{function}", lambda buffer=None: self._overlapped(function, buffer))
        branch.function(
            f"measure{function}andstep", lambda level=None: self._measure_and_step(function, level)
        )

    def _make_buffer(self, capacity: object) -> object:
        """`smuX.makebuffer(size)`."""
        return ReadingBuffer(self._node.runtime, whole(capacity, 1, 140_000)).branch.table
