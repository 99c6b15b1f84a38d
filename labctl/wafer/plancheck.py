"""Mistakes of a plan that no section can see alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence

from labctl.core.quantity import show
from labctl.wafer.geometry import Die, Place, WaferGeometry
from labctl.wafer.measurands import VALUES, plain_name, unit_of
from labctl.wafer.path import chosen
from labctl.wafer.planmodel import (
    NO_CONTACT,
    Bin,
    Limit,
    PlannedTest,
    Quality,
    Selection,
    Subsite,
    SubsiteKind,
)
from labctl.wafer.planparts import Parts

CONTACT_CHECK = "contact_check"
FORMS = frozenset({"forming", "cells_form", "crossbar_program"})
"""Procedures that form cells: never without having seen that the probes touch."""


def contradictions(parts: Parts) -> Iterator[str]:
    """One sentence for each; only what is sound by itself is compared."""
    if parts.grid is not None:
        yield from _die_mistakes(parts.grid.geometry, parts.selection)
    for subsite in parts.subsites.values():
        yield from _subsite_mistakes(subsite, parts)
    yield from _bin_mistakes(parts.bins)
    for place, limit in parts.limits:
        yield from _limit_mistakes(place, limit, parts)
    yield from _contact_mistakes(parts)


def _die_mistakes(geometry: WaferGeometry, selection: Selection) -> Iterator[str]:
    if not geometry.all_dies():
        yield "geometry: the wafer holds no die: look at diameter, die_size, reference_offset and edge_exclusion"
        return
    for key in ("only", "add", "skip"):
        dies: tuple[Die, ...] = getattr(selection, key)
        for die in _twice(dies):
            yield f"dies.{key}: die {die} is named twice"
        for die in dict.fromkeys(dies):
            place = geometry.place(die)
            if place is not Place.INSIDE:
                yield f"dies.{key}: die {die} is {place.value} ({_of(geometry)})"
    if selection.only and selection.select != type(selection.select)():
        yield "dies: `only` stands in for a rule, leave `select` or `only` out"
    named = set(selection.only) | set(selection.add)
    both = sorted(named & set(selection.skip))
    yield from (f"dies: die {die} is to be tested and to be skipped" for die in both)
    if not both and not chosen(geometry, selection):
        yield "dies: none is left to be tested"


def _subsite_mistakes(subsite: Subsite, parts: Parts) -> Iterator[str]:
    place = f"subsites.{subsite.name}"
    if not subsite.tests:
        yield f"{place}: has no tests; write [[{place}.tests]]"
    for name in _twice(test.name for test in subsite.tests):
        yield f"{place}: two tests are called '{name}'"
    if parts.grid is not None:
        size = parts.grid.die_size
        if abs(subsite.offset[0]) > size[0] / 2 or abs(subsite.offset[1]) > size[1] / 2:
            yield (
                f"{place}.offset: {show(subsite.offset[0], 'm')}, {show(subsite.offset[1], 'm')} is outside the die "
                f"of {show(size[0], 'm')} x {show(size[1], 'm')}"
            )
    if subsite.kind is not SubsiteKind.ARRAY and (len(subsite.words), len(subsite.bits)) != (1, 1):
        yield f"{place}: a {subsite.kind.value} lies between one word line and one bit line"
    yield from _order_mistakes(place, subsite)


def _order_mistakes(place: str, subsite: Subsite) -> Iterator[str]:
    earlier: list[str] = []
    names = {test.name for test in subsite.tests}
    is_checked = subsite.kind is not SubsiteKind.ARRAY  # elsewhere there is no heater to tell a contact by
    for test in subsite.tests:
        for name in test.if_passed:
            if name == test.name:
                yield f"{place}.tests.{test.name}: if_passed names the test itself"
            elif name not in names:
                yield f"{place}.tests.{test.name}: if_passed names '{name}', which is no test of this subsite"
            elif name not in earlier:
                yield f"{place}.tests.{test.name}: if_passed names '{name}', which comes later"
        earlier.append(test.name)
        is_checked = is_checked or plain_name(test.procedure) == CONTACT_CHECK
        if plain_name(test.procedure) in FORMS and not is_checked:
            yield f"{place}.tests.{test.name}: forms cells before any contact_check, put one before it"


def _bin_mistakes(bins: Sequence[Bin]) -> Iterator[str]:
    for number in _twice(each.number for each in bins):
        yield f"bins: two bins have the number {number}"
    for name in _twice(each.name for each in bins):
        yield f"bins: two bins are called '{name}'"
    if not any(each.quality is Quality.PASS for each in bins):
        yield 'bins: none has quality = "pass", where a die goes that no limit fails'


def _limit_mistakes(place: str, limit: Limit, parts: Parts) -> Iterator[str]:
    if limit.low is None and limit.high is None:
        yield f"{place}: has neither low nor high"
    elif limit.low is not None and limit.high is not None and limit.low > limit.high:
        yield f"{place}: low = {show(limit.low, limit.unit)} is above high = {show(limit.high, limit.unit)}"
    passes = next((each for each in parts.bins if each.quality is Quality.PASS), None)
    if limit.bin not in parts.numbered:
        yield f"{place}: there is no bin {limit.bin} in [[bins]]"
    elif passes is not None and passes.number == limit.bin:
        yield f"{place}: a die that fails it cannot go into bin {limit.bin}, where dies go that fail no limit"
    if limit.subsite is not None and limit.subsite not in parts.named:
        yield f"{place}: there is no subsite '{limit.subsite}' (there are: {', '.join(sorted(parts.named))})"
        return
    subsites = [each for each in parts.subsites.values() if limit.subsite in (None, each.name)]
    tests = [test for subsite in subsites for test in subsite.tests if test.name == limit.test]
    if tests:
        yield from _value_mistakes(place, limit, tests)
    elif len(subsites) == len(parts.named if limit.subsite is None else (limit.subsite,)):
        where = "" if limit.subsite is None else f" in subsite '{limit.subsite}'"
        yield f"{place}: there is no test '{limit.test}'{where}"


def _value_mistakes(place: str, limit: Limit, tests: Sequence[PlannedTest]) -> Iterator[str]:
    units = set()
    for test in tests:
        try:
            units.add(unit_of(test.procedure, limit.value))
        except KeyError:
            known = ", ".join(VALUES[plain_name(test.procedure)])
            yield f"{place}: {test.procedure} gives no value '{limit.value}' (it gives: {known})"
            return
    if len(units) > 1:
        yield f"{place}: '{limit.test}' has several units in several subsites: name the subsite"


def _contact_mistakes(parts: Parts) -> Iterator[str]:
    has_bin = any(each.name == NO_CONTACT for each in parts.bins)
    checked = [
        test.name
        for subsite in parts.subsites.values()
        for test in subsite.tests
        if plain_name(test.procedure) == CONTACT_CHECK
    ]
    if (checked or parts.stop.consecutive_no_contact) and not has_bin:
        yield f"bins: none is called '{NO_CONTACT}', where a die goes that the probes do not touch"
    if parts.stop.consecutive_no_contact and not checked and len(parts.subsites) == len(parts.named):
        yield "stop.consecutive_no_contact: no test is a contact_check, nothing would be counted"


def _of(geometry: WaferGeometry) -> str:
    rim = f", edge exclusion {show(geometry.edge_exclusion, 'm')}" if geometry.edge_exclusion else ""
    return f"diameter {show(geometry.diameter, 'm')}{rim}"


def _twice(items: Iterable[Hashable]) -> list[Hashable]:
    return [item for item, count in Counter(items).items() if count > 1]
