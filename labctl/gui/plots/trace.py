"""What a view wants drawn: curves as plain data."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.generic]
MUTED = -1
"""Colour of what stands behind: not one of the series."""


def _nothing(_place: int) -> str:
    return ""


@dataclass(frozen=True, eq=False)
class Trace:
    """One curve, in SI units.

    name: in the legend and above the exported columns. x, y: of one length. colour: place in the theme's series, or
    `MUTED`. symbol: of pyqtgraph, "" for none. joined: with a line. token: equal tokens promise that the samples that
    were there before are unchanged; None promises nothing. keys: columns, no line joins rows in which one differs.
    tell: what else is known of the sample at a place. behind: under the curves of the run shown.
    fills: the area under it is filled. legend: what the legend says, by default the
    name; "" where the axes say it all.
    """

    name: str
    x: Numbers
    y: Numbers
    colour: int = 0
    symbol: str = "o"
    joined: bool = True
    token: Hashable = None
    keys: Sequence[Numbers] = ()
    tell: Callable[[int], str] = field(default=_nothing)
    behind: bool = False
    fills: bool = False
    legend: str | None = None


def merged(name: str, traces: Sequence[Trace]) -> Trace:
    """Many curves as one, which is drawn at once; no line joins them."""
    starts = np.cumsum([0, *(len(trace.x) for trace in traces)])

    def tell(place: int) -> str:
        number = int(np.searchsorted(starts, place, side="right")) - 1
        trace = traces[number]
        return ", ".join(text for text in (trace.name, trace.tell(place - int(starts[number]))) if text)

    return Trace(
        name,
        np.concatenate([trace.x for trace in traces]),
        np.concatenate([trace.y for trace in traces]),
        MUTED,
        "",
        token=(name, *((trace.token, len(trace.x)) for trace in traces))
        if all(trace.token for trace in traces)
        else None,
        keys=[np.repeat(np.arange(len(traces)), [len(trace.x) for trace in traces])],
        tell=tell,
        behind=True,
    )
