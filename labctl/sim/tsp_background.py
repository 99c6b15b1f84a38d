"""What an instrument does beside its script: sweeps, timers, overlapped measurements, on the bench's clock."""

from __future__ import annotations

from collections.abc import Callable, Generator
from math import inf

from labctl.sim.ports import SimClock

Task = Generator[float, None, None]
"""A piece of background work: yields the seconds until it wants to go on, `inf` to wait for an event."""


class Background:
    """Steps tasks in the order of their times while somebody lets the clock run."""

    def __init__(self, clock: SimClock) -> None:
        self._clock = clock
        self._tasks: dict[Task, float] = {}
        self._when_idle: list[Callable[[], object]] = []

    @property
    def busy(self) -> bool:
        """Whether any task is unfinished."""
        return bool(self._tasks)

    def start(self, task: Task) -> None:
        """Begin `task` at once, up to its first wait."""
        self._tasks[task] = self._clock.now()
        self._step(task)

    def _step(self, task: Task) -> None:
        try:
            delay = next(task)
        except StopIteration:
            self._tasks.pop(task, None)
            if not self._tasks:
                self._report_idle()
        else:
            if task in self._tasks:
                self._tasks[task] = self._clock.now() + delay

    def then(self, callback: Callable[[], object]) -> None:
        """Call `callback` once no task is left, at once when there is none."""
        self._when_idle.append(callback)
        if not self._tasks:
            self._report_idle()

    def _report_idle(self) -> None:
        callbacks, self._when_idle = self._when_idle, []
        for callback in callbacks:
            callback()

    def wake(self) -> None:
        """An event happened: every task that waits for one looks whether it was its own."""
        now = self._clock.now()
        for task, due in self._tasks.items():
            if due == inf:
                self._tasks[task] = now

    def wait(self, seconds: float) -> None:
        """Let `seconds` pass; tasks due meanwhile are stepped at their time."""
        if not self._tasks:
            self._clock.wait(seconds)
            return
        end = self._clock.now() + seconds
        while self._tasks and (due := min(self._tasks.values())) <= end:
            self._run_at(due)
        if (left := end - self._clock.now()) > 0.0:
            self._clock.wait(left)

    def next_event(self) -> bool:
        """Let the clock run to the next task and step it; False when all wait for an event or none is left."""
        due = min(self._tasks.values(), default=inf)
        if due == inf:
            return False
        self._run_at(due)
        return bool(self._tasks)

    def catch_up(self) -> None:
        """Step the tasks that are due by now, without letting time pass."""
        self._run_at(self._clock.now())

    def _run_at(self, due: float) -> None:
        if (ahead := due - self._clock.now()) > 0.0:
            self._clock.wait(ahead)
        now = self._clock.now()
        for task in [task for task, time in self._tasks.items() if time <= max(now, due)]:
            if task in self._tasks:
                self._step(task)

    def cancel(self, task: Task) -> None:
        """Drop one task where it stands."""
        if self._tasks.pop(task, None) is not None:
            task.close()

    def clear(self) -> None:
        """Drop every task where it stands."""
        tasks, self._tasks, self._when_idle = self._tasks, {}, []
        for task in tasks:
            task.close()
