"""One progress over a procedure that is made of others: counted through, in a total that is known before it begins."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

from labctl.core.rows import Progress

R = TypeVar("R")


class Phases:
    """Counts the steps of one phase after another."""

    def __init__(self, total: int) -> None:
        """`total` steps in all phases together."""
        self._total, self._done = total, 0

    def count(
        self, steps: int, phase: Generator[object, None, R], doing: str = ""
    ) -> Generator[object, None, R]:
        """What `phase` yields, its progress as a share of `steps` in the whole; its result.

        doing: stands before what the phase says that it does.
        """
        before, end = self._done, min(self._done + steps, self._total)
        try:
            while True:
                try:
                    item = next(phase)
                except StopIteration as over:
                    result: R = over.value
                    return result
                if isinstance(item, Progress):
                    share = min(item.done / item.total, 1.0) if item.total else 0.0
                    self._done = max(self._done, before + int(share * (end - before)))
                    words = f"{doing}: {item.doing}" if doing and item.doing else doing or item.doing
                    item = Progress(self._done, self._total, words)
                yield item
        finally:
            phase.close()
            self._done = end
