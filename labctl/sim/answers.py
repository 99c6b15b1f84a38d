"""Answers of a virtual instrument that wait to be fetched."""

from collections import deque


class Answers(deque[bytes]):
    """Oldest first."""

    def take(self, count: int) -> tuple[bytes, bool]:
        """Up to `count` bytes of the oldest answer, and whether they end it; (b"", False) where there is none."""
        if not self:
            return b"", False
        answer = self.popleft()
        if len(answer) > count:
            self.appendleft(answer[count:])
        return answer[:count], len(answer) <= count
