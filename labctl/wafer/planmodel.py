"""The sections of a wafer plan, each checked by itself: kinds, units, ranges, unknown keys."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from math import inf, isfinite
from typing import Annotated

from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError, model_validator

from labctl.benchmodel import Section, in_unit, whole
from labctl.core.errors import PlanError
from labctl.core.lines import read_indices
from labctl.core.names import normal_name
from labctl.core.numbers import read_number
from labctl.core.quantity import write
from labctl.wafer.geometry import Die, WaferGeometry

FURTHEST = 10_000
"""Dies are counted up to this far from 0."""
NO_CONTACT = "no contact"
"""Name of the bin for dies on which the probes did not touch."""


class SubsiteKind(Enum):
    """What hangs on the probes at a subsite."""

    ARRAY = "array"
    CELL = "cell"
    MONITOR = "monitor"


class Quality(Enum):
    """Whether a bin counts for or against the yield."""

    PASS = "pass"
    FAIL = "fail"


class Statistic(Enum):
    """Which number out of many a limit looks at; `each`: all of them."""

    EACH = "each"
    MEAN = "mean"
    MEDIAN = "median"
    MIN = "min"
    MAX = "max"


class PathKind(Enum):
    """How the chuck goes through the rows of the drawn map."""

    SERPENTINE = "serpentine"
    ROWS = "rows"


class Corner(Enum):
    """Where the path begins, in the drawn map."""

    UPPER_LEFT = "upper left"
    UPPER_RIGHT = "upper right"
    LOWER_LEFT = "lower left"
    LOWER_RIGHT = "lower right"


def choice(kind: type[Enum]) -> BeforeValidator:
    """Read a member of `kind` by its value."""

    def read(value: object) -> Enum:
        for member in kind:
            if value in (member, member.value):
                return member
        raise ValueError(f"'{value}' is not one of {', '.join(str(member.value) for member in kind)}")

    return BeforeValidator(read)


def _die(value: object) -> Die:
    if not isinstance(value, list | tuple) or len(value) != 2 or not all(type(each) is int for each in value):
        raise ValueError(f"{value} is no die: write [x, y], the prober's whole numbers, for example [3, -2]")
    if max(abs(each) for each in value) > FURTHEST:
        raise ValueError(f"{value} is no die: its numbers run from -{FURTHEST} to {FURTHEST}")
    return Die(*value)


def _lines(value: object) -> tuple[int, ...]:
    """Indices out of `0-3,5`."""
    try:
        return read_indices(str(value))
    except PlanError as error:
        raise ValueError(str(error)) from None


def _setting(value: object) -> str:
    """A parameter's value as text, whether written as text, number, flag or list."""
    if isinstance(value, list):
        return write(tuple(value), "1")
    if isinstance(value, bool | int | float | str):
        return write(value, "1")
    raise ValueError("must be a text, a number, a flag or a list of numbers")


def _finite(value: object) -> object:
    """A bound as it is; a limit of nan, which nothing fails, is refused."""
    if isinstance(value, float) and not isfinite(value):
        raise ValueError(f"= {value}, a bound must be a number; leave the key out where there is no bound")
    return value


def _name(value: object) -> str:
    plain = normal_name(value) if isinstance(value, str) else ""
    if not re.fullmatch(r"[\w][\w -]*", plain):
        raise ValueError(f"'{value}' is no name (letters, digits, space and - _ can be in it)")
    return plain


def _identity(value: object) -> str:
    plain = normal_name(value) if isinstance(value, str) else "-"
    if plain and not re.fullmatch(r"[\w][\w .+-]*", plain):
        raise ValueError(f"'{value}' is no name (letters, digits, space and . + - _ can be in it)")
    return plain


Name = Annotated[str, BeforeValidator(_name)]
Identity = Annotated[str, BeforeValidator(_identity)]
DieName = Annotated[Die, BeforeValidator(_die)]
Lines = Annotated[tuple[int, ...], BeforeValidator(_lines)]
Setting = Annotated[str, BeforeValidator(_setting)]


def _pair(low: float, high: float) -> BeforeValidator:
    """Read two lengths in m: drawn or stepped along x, then along y."""
    length = TypeAdapter(Annotated[float, in_unit("m", low, high)])

    def read(value: object) -> tuple[float, float]:
        if not isinstance(value, list | tuple) or len(value) != 2:
            raise ValueError('must be two lengths, along x and along y, for example ["8 mm", "8 mm"]')
        try:
            return length.validate_python(value[0]), length.validate_python(value[1])
        except ValidationError as error:
            raise ValueError(error.errors()[0]["msg"].removeprefix("Value error, ")) from None

    return BeforeValidator(read)


Sizes = Annotated[tuple[float, float], _pair(1e-6, 1.0)]
Offsets = Annotated[tuple[float, float], _pair(-1.0, 1.0)]


def _one_of(*allowed: str) -> BeforeValidator:
    def read(value: object) -> str:
        if value not in allowed:
            raise ValueError(f"'{value}' is not one of {', '.join(allowed)}")
        return str(value)

    return BeforeValidator(read)


class Grid(Section):
    """Section [geometry]: how the wafer is drawn, and where its dies lie."""

    diameter: Annotated[float, in_unit("m", 1e-3, 1.0)]
    notch: Annotated[float, in_unit("1", 0.0, 360.0)] = 270.0
    die_size: Sizes
    x_to: Annotated[str, _one_of("right", "left")] = "right"
    y_to: Annotated[str, _one_of("up", "down")] = "up"
    reference_die: DieName = Die(0, 0)
    reference_offset: Offsets = (0.0, 0.0)
    edge_exclusion: Annotated[float, in_unit("m", 0.0, 1.0)] = 0.0

    @model_validator(mode="after")
    def _fits(self) -> Grid:
        if self.edge_exclusion >= self.diameter / 2:
            raise ValueError("edge_exclusion leaves nothing of the wafer")
        if self.diameter**2 / (self.die_size[0] * self.die_size[1]) > 1e6:
            raise ValueError("die_size makes more than a million dies")
        return self

    @property
    def geometry(self) -> WaferGeometry:
        """The same as a pure geometry."""
        return WaferGeometry(
            diameter=self.diameter,
            die_size=self.die_size,
            notch=self.notch % 360.0,
            x_sign=1 if self.x_to == "right" else -1,
            y_sign=1 if self.y_to == "up" else -1,
            reference_die=self.reference_die,
            reference_offset=self.reference_offset,
            edge_exclusion=self.edge_exclusion,
        )


_RULE = re.compile(r"all|every (?P<step>[1-9]\d{0,3})(st|nd|rd|th)|within (?P<radius>.+)")


@dataclass(frozen=True)
class Rule:
    """Which dies are selected before hands add and skip.

    step: of so many dies along the path the first one. radius: m from the wafer's centre to the furthest die's centre.
    """

    step: int = 1
    radius: float = inf

    @classmethod
    def read(cls, value: object) -> Rule:
        """`all`, `every 2nd` or `within 30 mm`; raises ValueError for other texts."""
        if isinstance(value, cls):
            return value
        found = _RULE.fullmatch(str(value))
        if found is None:
            raise ValueError(f"'{value}' is no rule: write all, every 2nd (3rd, ...) or within 30 mm")
        if found["radius"] is None:
            return cls(step=int(found["step"] or 1))
        try:
            return cls(radius=read_number(found["radius"], "m"))
        except PlanError as error:
            raise ValueError(str(error)) from None


class Selection(Section):
    """Section [dies]: which dies are tested, by rule and by hand, and in which order.

    `only` stands in for the rule; then `add` adds and `skip` takes away.
    """

    select: Annotated[Rule, BeforeValidator(Rule.read)] = Rule()
    only: tuple[DieName, ...] = ()
    add: tuple[DieName, ...] = ()
    skip: tuple[DieName, ...] = ()
    path: Annotated[PathKind, choice(PathKind)] = PathKind.SERPENTINE
    start: Annotated[Corner, choice(Corner)] = Corner.UPPER_LEFT


class PlannedTest(Section):
    """One test of a subsite: a procedure with its settings, run when those in `if_passed` passed."""

    name: Name
    procedure: Name
    settings: Mapping[str, Setting] = Field(default_factory=dict)
    if_passed: tuple[Name, ...] = ()
    repeat: Annotated[int, whole(1, 10_000)] = 1


class Subsite(Section):
    """A place on each die where the probes make contact once, and what is measured there.

    offset: m from the die's reference point, in the prober's x and y. words, bits: lines of the bench wired to it.
    """

    name: Name
    offset: Offsets = (0.0, 0.0)
    kind: Annotated[SubsiteKind, choice(SubsiteKind)] = SubsiteKind.ARRAY
    words: Lines = (0,)
    bits: Lines = (0,)
    tests: tuple[PlannedTest, ...] = ()

    def test(self, name: str) -> PlannedTest:
        """The test called `name`; KeyError when there is none."""
        for each in self.tests:
            if each.name == name:
                return each
        raise KeyError(name)


class Bin(Section):
    """A bin: dies and subsites are sorted into bins by the plan's limits."""

    number: Annotated[int, whole(0, 65_535)]
    name: Name
    quality: Annotated[Quality, choice(Quality)]


class StopRules(Section):
    """Section [stop]: the wafer is not gone on with after so many; 0 = never."""

    consecutive_no_contact: Annotated[int, whole(0, 1_000_000)] = 0
    consecutive_fails: Annotated[int, whole(0, 1_000_000)] = 0
    errors: Annotated[int, whole(0, 1_000_000)] = 1


class StagePlan(Section):
    """Section [stage]: the temperature that the wafer is tested at."""

    temperature: Annotated[float, in_unit("K", 1.0, 1000.0)]


class Limit(Section):
    """What a value of a test must keep to; dies that do not go into `bin`.

    low, high: SI, in the value's `unit`; None: no bound. subsite: None means every subsite that has the test.
    """

    test: Name
    value: Name
    statistic: Annotated[Statistic, choice(Statistic)] = Statistic.EACH
    low: Annotated[float | None, BeforeValidator(_finite)] = None
    high: Annotated[float | None, BeforeValidator(_finite)] = None
    unit: str = "1"
    bin: Annotated[int, whole(0, 65_535)]
    subsite: Name | None = None
