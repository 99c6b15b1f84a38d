"""Texts of wafer plans out of pieces, each a few lines of TOML."""

from __future__ import annotations

WAFER = ('lot = "L1"', 'wafer = "W1"')
BINS = {1: ("pass", "pass"), 3: ("forming", "fail"), 4: ("programming", "fail"), 9: ("no contact", "fail")}


def _lines(*lines: str) -> str:
    return "\n".join(lines) + "\n"


def plan_text(name: str, dies: str, *pieces: str, head: tuple[str, ...] = WAFER) -> str:
    """A plan for some dies of 8 mm on a wafer of 100 mm."""
    return _lines(
        'format = "labctl-wafer-1"', f'name = "{name}"', *head,
        "[geometry]", 'diameter = "100 mm"', 'die_size = ["8 mm", "8 mm"]',
        "[dies]", f"only = {dies}",
    ) + "".join(pieces)  # fmt: skip


def subsite(name: str, *keys: str) -> str:
    return _lines(f"[subsites.{name}]", *keys)


def die_test(name: str, procedure: str, *keys: str, on: str = "array") -> str:
    return _lines(f"[[subsites.{on}.tests]]", f'name = "{name}"', f'procedure = "{procedure}"', *keys)


CONTACT = die_test("contact", "contact_check")


def forming(cells: str) -> str:
    """Form them where the probes touch."""
    return die_test("form", "cells_form", f'settings = {{ cells = "{cells}" }}', 'if_passed = ["contact"]')


def programming(cells: str, settings: str, after: str, *keys: str) -> str:
    """Program them when the test `after` has passed."""
    return die_test(
        "program", "cells_program", f'settings = {{ cells = "{cells}", {settings} }}',
        f'if_passed = ["{after}"]', *keys,
    )  # fmt: skip


def bins(*numbers: int) -> str:
    """These of `BINS`."""
    return "".join(
        _lines(
            "[[bins]]", f"number = {number}", f'name = "{BINS[number][0]}"', f'quality = "{BINS[number][1]}"'
        )
        for number in numbers
    )


def limit(test: str, value: str, low: float, number: int, statistic: str = "mean") -> str:
    """Dies below `low` go into bin `number`."""
    return _lines(
        "[[limits]]", f'test = "{test}"', f'value = "{value}"', f'statistic = "{statistic}"', f"low = {low}",
        f"bin = {number}",
    )  # fmt: skip
