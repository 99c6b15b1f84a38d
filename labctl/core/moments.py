"""Times as ISO 8601 with their offset from UTC: compared as instants, whatever clock on whatever wall wrote them."""

from __future__ import annotations

from datetime import datetime
from math import inf


def instant(text: str) -> float:
    """Seconds since 1970 in UTC of an ISO 8601 time; one without offset is local, what is none comes first."""
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError, OSError):
        return -inf


def in_words(text: str) -> str:
    """A time as a person reads it, `2026-11-23 19:45:02`, as the clock showed it where it was written.

    Its offset from UTC follows where it is not the one of this computer at that time. What is no time stays as it is.
    """
    try:
        found = datetime.fromisoformat(text)
        here = datetime.fromtimestamp(found.timestamp()).astimezone()
    except (ValueError, OverflowError, OSError):
        return text
    offset = "" if found.tzinfo is None or found.utcoffset() == here.utcoffset() else f"{found:%z}"
    return f"{found:%Y-%m-%d %H:%M:%S}" + (f" {offset[:3]}:{offset[3:5]}" if offset else "")
