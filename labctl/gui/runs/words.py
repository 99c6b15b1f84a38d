"""Words for a list of runs: how long, how they stand, with which parameters."""

from __future__ import annotations

from collections.abc import Mapping

from labctl.gui.theme import Colours

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
SYMBOLS = {
    "waiting": "\N{WHITE CIRCLE}",
    "running": "\N{BLACK RIGHT-POINTING TRIANGLE}",
    "finished": "\N{CHECK MARK}",
    "stopped": "\N{BLACK SQUARE}",
    "aborted": "\N{MULTIPLICATION X}",
    "failed": "\N{WARNING SIGN}",
    "killed": "\N{DAGGER}",
    "damaged": "\N{WARNING SIGN}",
}
"""Beside the word, so that a list can be read at a glance."""


def lasted(seconds: float | None) -> str:
    """How long something took, from s: `4.2 s`, `3 min 20 s`, `2 h 5 min`; empty for None."""
    if seconds is None:
        return ""
    if 0 < seconds < 0.05:
        return "< 0.1 s"
    if seconds < 10 and seconds != int(seconds):
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return _two(whole // 60, "min", whole % 60, "s")
    return _two(whole // 3600, "h", whole % 3600 // 60, "min")


def remaining(seconds: float) -> str:
    """About how long something will still take, from s, no finer than a guess can be."""
    if seconds < 7.5:
        return "a few seconds"
    if seconds < 57.5:
        return f"about {5 * round(seconds / 5)} s"
    if seconds < 1.5 * HOUR:
        return f"about {max(1, round(seconds / MINUTE))} min"
    tens = round(seconds / 600)
    if seconds < 10 * HOUR:
        return "about " + _two(tens // 6, "h", tens % 6 * 10, "min")
    if seconds < 2 * DAY:
        return f"about {round(seconds / HOUR)} h"
    return f"about {round(seconds / DAY)} days"


def standing(status: str) -> str:
    """The word of a status behind its symbol."""
    return f"{SYMBOLS.get(status, '?')} {status}"


def shade(status: str, colours: Colours) -> str:
    """The colour of a status, which says nothing that its word does not."""
    shades = {
        "running": colours.accent,
        "finished": colours.good,
        "stopped": colours.warn,
        "aborted": colours.warn,
        "failed": colours.bad,
        "killed": colours.bad,
        "damaged": colours.bad,
    }
    return shades.get(status, colours.text)


def in_short(settings: Mapping[str, str]) -> str:
    """Parameters as typed, in one line; `defaults` when none was."""
    return "  ".join(f"{name}={text}" for name, text in settings.items()) or "defaults"


def _two(large: int, unit: str, small: int, smaller: str) -> str:
    return f"{large} {unit} {small} {smaller}" if small else f"{large} {unit}"
