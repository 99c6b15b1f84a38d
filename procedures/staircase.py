"""Sizes of write pulses of one polarity: an incremental step, scaled by what the last pulse did.

The change that a pulse makes in ln G grows about exponentially with its amplitude (switching time exponential
in voltage: Nayak 2010, J. Phys. Chem. Lett. 1 604; van den Hurk 2015, JPCC 119 18678). So a change
`wanted` after a change `answer` needs `slope` ln(wanted / answer) volts more. The law is only a guide: steps
are bounded both ways, and where a cell answers more abruptly the rising step halves until it is fine enough.
"""

from math import log

UNNOTICED = 0.03
"""Change of ln G below which a pulse did nothing that a read can tell."""

_STEPS_DOWN = 4.0
"""Most steps that an amplitude falls at once."""

_LOWEST = 0.5
"""Part of the first amplitude below which none falls."""

_TOO_MUCH = 2.0
"""A pulse that did more than this times what was wanted calls for finer steps."""

_FINEST = 1.0 / 16.0
"""Part of the full step below which the rising step is not halved any more."""


class Staircase:
    """The amplitudes (V, sizes) of one polarity for one cell."""

    def __init__(self, start: float, step: float, most: float, slope: float) -> None:
        """Begin at `start`, rise by at most `step` at once, never above `most`; V."""
        self._start, self._step, self._most, self._slope = start, step, most, slope
        self._rise = step
        self._last: float | None = None
        self._wanted = self._answer = UNNOTICED
        self._in_vain = 0

    def next(self, wanted: float) -> float | None:
        """The amplitude that should change ln G by `wanted`; None once the highest was tried in vain."""
        self._wanted = max(wanted, UNNOTICED)
        if self._last is None:
            self._last = self._start
            return self._last
        if self._in_vain and self._last >= self._most:
            return None
        move = self._rise
        if not self._in_vain:
            guess = self._slope * log(self._wanted / self._answer)
            move = min(max(guess, -_STEPS_DOWN * self._step), self._rise)
        self._last = min(max(self._last + move, _LOWEST * self._start), self._most)
        return self._last

    def answered(self, change: float) -> None:
        """Tell what the last pulse did: `change` of ln G in the wanted direction."""
        self._answer = max(change, UNNOTICED)
        if change <= UNNOTICED:
            self._in_vain += 1
            if self._in_vain > 1:
                self._rise = min(2.0 * self._rise, self._step)
            return
        self._in_vain = 0
        if change > _TOO_MUCH * self._wanted:
            self._rise = max(0.5 * self._rise, _FINEST * self._step)
