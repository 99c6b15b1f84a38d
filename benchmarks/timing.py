"""Timing and tables that the benchmarks share."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from rich.console import Console
from rich.table import Table

WIDTH = 118


def shortest(work: Callable[[], object], seconds: float = 1.0, calls: int = 1) -> float:
    """Seconds that one call of `work` takes, the shortest of what fits into `seconds`, at least 3 rounds of `calls`.

    The shortest, because whatever else runs on a computer only ever makes a call longer. One call beforehand, for
    compilers and caches, does not count.
    """
    work()
    found, end, rounds = float("inf"), time.perf_counter() + seconds, 0
    while rounds < 3 or time.perf_counter() < end:
        start = time.perf_counter()
        for _ in range(calls):
            work()
        found = min(found, (time.perf_counter() - start) / calls)
        rounds += 1
    return found


def readable(seconds: float) -> str:
    """`12.3 us`, `4.56 ms`: three digits."""
    if seconds >= 1.0:
        return f"{seconds:.3g} s"
    return f"{seconds * 1e3:.3g} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.3g} us"


def table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]], note: str = "") -> None:
    """Print a small table; numbers stand to the right, the first column to the left."""
    shown = Table(title=title, title_justify="left", caption=note, caption_justify="left")
    for place, name in enumerate(header):
        shown.add_column(name, justify="right" if place else "left")
    for row in rows:
        shown.add_row(*row)
    Console(width=WIDTH).print(shown)
