"""Numbers as people type them: understood exactly, or refused in one sentence that says how to write them."""

from __future__ import annotations

import re
from typing import NoReturn

from labctl.core.errors import PlanError

PREFIXES = {
    "T": 12, "G": 9, "M": 6, "k": 3,
    "m": -3, "u": -6, "\N{MICRO SIGN}": -6, "\N{GREEK SMALL LETTER MU}": -6, "n": -9, "p": -12, "f": -15, "a": -18,
}  # fmt: skip
"""SI prefixes with their powers of ten; both characters for micro that keyboards and programs write."""
SPELLINGS = {"ohm": ("ohm", "Ohm", "\N{GREEK CAPITAL LETTER OMEGA}", "\N{OHM SIGN}")}
"""Other spellings of a unit, of which no other unit has one."""
UNITS = ("V", "A", "S", "ohm", "s", "Hz", "F", "J", "W", "K", "m")
"""Units that are told from a prefix in a sentence about a wrong one."""
EXAMPLES = "write for example 0.1, 1e-5 or 10u"
_BLANKS = " \t\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}\N{THIN SPACE}"
_NUMBER = re.compile(
    r"(?P<sign>[+-]?)(?P<whole>[0-9]*)(?:(?P<mark>[.,])(?P<part>[0-9]*))?(?:[eE](?P<power>[+-]?[0-9]{1,3}))?"
    rf"(?P<gap>[{_BLANKS}]?)(?P<unit>[^\d.,{_BLANKS}+-]*)"
)
_GROUPED = re.compile(rf"[0-9][{_BLANKS}'\N{{RIGHT SINGLE QUOTATION MARK}}_][0-9]")
_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}")


def read_number(text: str, unit: str) -> float:
    """Read `10u`, `10 uA`, `1e-5` or `0,05 mS` as a number in `unit` ("" or "1": a plain number).

    A point or a comma divides the whole from the fraction. Raises PlanError, in a sentence that says how to write it,
    for what has not exactly one meaning: `1,500`, grouped digits, both marks, other digits than 0-9, another unit,
    `2m` in metres (`2 m` and `2 mm` are read), a number that is not finite.
    """
    plain = text.strip(_BLANKS + "\r\n").replace("\N{MINUS SIGN}", "-")
    found = _NUMBER.fullmatch(plain)
    if found is None or not (found["whole"] or found["part"]):
        _refuse(text, plain)
    whole, part = found["whole"], found["part"] or ""
    if found["mark"] == ",":
        if not whole or not part:
            _refuse(text, plain)
        if len(part) == 3 and _THOUSANDS.fullmatch(whole):
            raise PlanError(f"'{text}' could mean {whole}.{part} or {whole}{part}: write one of these")
    typed = found["unit"]
    if typed == unit and typed in PREFIXES and not found["gap"]:
        raise PlanError(
            f"'{text}' could mean the unit {typed} or the prefix {typed}: write {plain[:-1]} {typed}"
        )
    power = _power(typed, unit, text)
    number = float(f"{found['sign']}{whole or '0'}.{part or '0'}e{int(found['power'] or 0) + power}")
    if number in (float("inf"), float("-inf")):
        raise PlanError(f"'{text}' is too large for a number")
    return number


def read_whole(text: str) -> int:
    """Read a whole number written in the digits 0-9, with a sign or without; raises PlanError."""
    plain = text.strip(_BLANKS).replace("\N{MINUS SIGN}", "-")
    if not re.fullmatch(r"[+-]?[0-9]{1,18}", plain):
        raise PlanError(f"'{text}' is not a whole number (write for example 12)")
    return int(plain)


def _power(typed: str, unit: str, text: str) -> int:
    """Power of ten of a prefix, 0 of the bare unit."""
    names = () if unit in ("", "1") else SPELLINGS.get(unit, (unit,))
    if not typed or typed in names:
        return 0
    if typed in PREFIXES:
        return PREFIXES[typed]
    if typed[1:] in names and typed[0] in PREFIXES:
        return PREFIXES[typed[0]]
    wanted = f"a value in {unit}" if names else "a plain number"
    hint = "; kilo is a small k" if names and typed in ("K", *(f"K{name}" for name in names)) else ""
    named = typed[1:] if typed[0] in PREFIXES and typed[1:] in UNITS else typed
    raise PlanError(f"'{text}' is in {named}, {wanted} is wanted{hint}")


def _refuse(text: str, plain: str) -> NoReturn:
    """Say in the most helpful words why `text` is not a number."""
    if not plain:
        raise PlanError(f"an empty text is not a number ({EXAMPLES})")
    if _GROUPED.search(plain) or len(re.findall("[.,]", plain)) > 1:
        raise PlanError(
            f"'{text}' is not a number: digits are not grouped, and one point divides whole from fraction ({EXAMPLES})"
        )
    if any(each.isdigit() and each not in "0123456789" for each in plain):
        raise PlanError(f"'{text}' is not a number: its digits are other characters than 0 to 9 ({EXAMPLES})")
    raise PlanError(f"'{text}' is not a number ({EXAMPLES})")
