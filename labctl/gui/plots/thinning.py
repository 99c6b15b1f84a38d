"""Which samples of a long curve are drawn: enough that its picture is the same, few enough to be quick."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Places = NDArray[np.intp]

CHUNK = 32
"""Samples that are looked at once, when they are new; later only their extremes are."""
ALL = 8192
"""Samples up to which each one is drawn."""
GROUPS = 1200
"""Stretches that a longer curve is drawn as, with the extremes of each."""
RECENT = 2048
"""Samples at the end of a curve that are drawn as they are: the sweep that is being measured."""
BREAK = -1
"""Stands between places that no line joins."""


@dataclass(frozen=True)
class Window:
    """What can be seen, in the coordinates of the plot (logarithms on a logarithmic axis)."""

    left: float
    right: float
    bottom: float
    top: float


@dataclass(frozen=True)
class Scales:
    """Which axes are logarithmic. A logarithmic axis shows the magnitude; zero has no place on it."""

    log_x: bool = False
    log_y: bool = False

    def x(self, values: NDArray[np.generic]) -> Floats:
        """Numbers along x as plotted; NaN where they have no place."""
        return _scaled(values, self.log_x)

    def y(self, values: NDArray[np.generic]) -> Floats:
        """Numbers along y as plotted; NaN where they have no place."""
        return _scaled(values, self.log_y)


def _scaled(values: NDArray[np.generic], is_log: bool) -> Floats:
    plain: Floats = np.asarray(values, dtype=np.float64)
    if not is_log:
        return plain
    size = np.abs(plain)
    return np.log10(size, out=np.full(size.shape, np.nan), where=size > 0.0)


class Thinning:
    """Follows a growing curve; new samples cost once, a picture costs about the same for any length.

    Unlike down-sampling along x it takes curves that run back and forth: a loop keeps its corners.
    """

    def __init__(self) -> None:
        """Of an empty curve."""
        self._x: NDArray[np.generic] = np.empty(0)
        self._y: NDArray[np.generic] = np.empty(0)
        self._scales = Scales()
        self._chunks = 0
        self._places: Places = np.empty((0, 7), dtype=np.intp)
        self._extremes: Floats = np.empty((0, 4))
        self._boxes: Floats = np.empty((0, 4))

    def __len__(self) -> int:
        """Samples of the curve."""
        return len(self._x)

    def start(self, x: NDArray[np.generic], y: NDArray[np.generic], scales: Scales) -> None:
        """Another curve, or the same on other scales."""
        self._scales, self._chunks = scales, 0
        self.extend(x, y)

    def extend(self, x: NDArray[np.generic], y: NDArray[np.generic]) -> None:
        """The same curve, now longer: what was there before is unchanged."""
        self._x, self._y = x, y
        ready = (len(x) - 1) // CHUNK if len(x) > ALL else 0  # a chunk ends with the sample after it
        if ready <= self._chunks:
            return
        self._make_room(ready)
        samples = slice(self._chunks * CHUNK, ready * CHUNK + 1)
        xs, ys = self._scales.x(x[samples]), self._scales.y(y[samples])
        self._look_at(slice(self._chunks, ready), xs, ys)
        self._chunks = ready

    def chosen(self, window: Window | None) -> Places:
        """Places of the samples to draw, in their order, `BREAK` where no line is; None: all is visible."""
        if len(self._x) <= ALL:
            return np.arange(len(self._x))
        first_recent = max(self._chunks - RECENT // CHUNK, 0)
        recent = np.arange(first_recent * CHUNK, len(self._x))
        visible = np.arange(first_recent) if window is None else self._visible(window, first_recent)
        if not len(visible):
            return recent
        each_one = len(visible) * CHUNK <= ALL
        groups = _groups(visible, 1 if each_one else -(-len(visible) // GROUPS))
        inside = groups[:, :1] * CHUNK + np.arange(CHUNK) if each_one else self._of_groups(groups)
        following = groups[:, -1] + 1
        starts = np.append(groups[1:, 0], first_recent)
        joined = np.where(starts == following, following * CHUNK, BREAK)
        rows = np.column_stack((inside, following * CHUNK, joined))
        places: Places = np.concatenate((rows.ravel(), recent))
        distinct: Places = places[np.diff(places, prepend=-2) != 0]  # one sample may be several extremes
        return distinct

    def _visible(self, window: Window, chunks: int) -> Places:
        left, right, bottom, top = self._boxes[:chunks].T
        inside = (left <= window.right) & (right >= window.left)
        inside &= (bottom <= window.top) & (top >= window.bottom)
        return np.flatnonzero(inside)

    def _of_groups(self, groups: Places) -> Places:
        """(groups, 7) first, extremes and last of each, in the order in which they were measured."""
        at = np.arange(len(groups))
        low_x, high_x, low_y, high_y = (self._extremes[groups, number] for number in range(4))
        chunk = (
            groups[:, 0],
            groups[at, low_x.argmin(axis=1)],
            groups[at, high_x.argmax(axis=1)],
            groups[at, low_y.argmin(axis=1)],
            groups[at, high_y.argmax(axis=1)],
            groups[:, -1],
        )
        found = [self._places[each, number] for number, each in enumerate(chunk)]
        gaps = self._places[groups, 6]
        found.append(np.where(gaps.max(axis=1) == BREAK, found[0], gaps.max(axis=1)))
        return np.sort(np.column_stack(found), axis=1)

    def _look_at(self, chunks: slice, xs: Floats, ys: Floats) -> None:
        count = chunks.stop - chunks.start
        base = np.arange(chunks.start, chunks.stop) * CHUNK
        lacking = np.isnan(xs) | np.isnan(ys)
        x, y, gap = (each[:-1].reshape(count, CHUNK) for each in (xs, ys, lacking))
        at = np.arange(count)
        low = [np.where(gap, np.inf, each) for each in (x, y)]
        high = [np.where(gap, -np.inf, each) for each in (x, y)]
        inner = (
            low[0].argmin(axis=1),
            high[0].argmax(axis=1),
            low[1].argmin(axis=1),
            high[1].argmax(axis=1),
        )
        gap_at = np.where(gap.any(axis=1), base + gap.argmax(axis=1), BREAK)
        self._places[chunks] = np.column_stack(
            (base, *(base + each for each in inner), base + CHUNK - 1, gap_at)
        )
        for number, values in enumerate((low[0], high[0], low[1], high[1])):
            self._extremes[chunks, number] = values[at, inner[number]]
        for number, after in ((0, xs[CHUNK::CHUNK]), (2, ys[CHUNK::CHUNK])):
            self._boxes[chunks, number] = np.fmin(self._extremes[chunks, number], after)
            self._boxes[chunks, number + 1] = np.fmax(self._extremes[chunks, number + 1], after)

    def _make_room(self, chunks: int) -> None:
        if len(self._places) >= chunks:
            return
        room = max(2 * len(self._places), chunks)
        self._places, old = np.empty((room, 7), dtype=np.intp), self._places
        self._places[: self._chunks] = old[: self._chunks]
        self._extremes, self._boxes = (
            np.concatenate((each[: self._chunks], np.empty((room - self._chunks, 4))))
            for each in (self._extremes, self._boxes)
        )


def _groups(chunks: Places, size: int) -> Places:
    """(groups, size) chunks that follow one another; a shorter group repeats its last."""
    ends = np.append(np.flatnonzero(np.diff(chunks) > 1) + 1, len(chunks))
    lengths = np.diff(ends, prepend=0)
    repeats = np.ones(len(chunks), dtype=np.intp)
    repeats[ends - 1] += -lengths % size
    return np.repeat(chunks, repeats).reshape(-1, size)
