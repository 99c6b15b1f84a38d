"""A wafer plan read from its text: checked whole, every mistake told at once, before anything moves."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from labctl.core.errors import PlanError
from labctl.core.paths import find_wafer_plan
from labctl.core.textfile import read_text
from labctl.wafer.geometry import Die, WaferGeometry
from labctl.wafer.path import chosen
from labctl.wafer.plancheck import contradictions
from labctl.wafer.planmodel import NO_CONTACT, Bin, Limit, Quality, Selection, StopRules, Subsite
from labctl.wafer.planparts import Parts, read_parts

Also = Callable[[Parts], Iterable[str]]
"""Looks for more mistakes in the parts of a plan, those left out that are not sound by themselves."""


def nothing_more(parts: Parts) -> Iterable[str]:
    """No more mistakes."""
    return ()


class WaferPlanError(PlanError):
    """A wafer plan that cannot be used; holds every mistake at once."""

    def __init__(self, source: str, mistakes: Sequence[str]) -> None:
        self.source, self.mistakes = source, tuple(mistakes)
        count = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
        super().__init__(f"{source}: {count}\n" + "\n".join(f"  - {mistake}" for mistake in mistakes))


@dataclass(frozen=True)
class WaferPlan:
    """Everything that is done on one wafer, in its order.

    bench:       name or path of the bench that the plan is for; empty: must be given.
    dies:        those that are tested, in the order of the path.
    subsites:    by name, in the order in which they are visited on each die.
    limits:      the first one that fails gives the bin; none fails: `pass_bin`.
    temperature: of the stage, K; None: it is left as it is.
    text, sha256: of the plan file as it was read.
    """

    name: str
    lot: str
    wafer: str
    operator: str
    bench: str
    geometry: WaferGeometry
    selection: Selection
    dies: tuple[Die, ...]
    subsites: Mapping[str, Subsite]
    bins: tuple[Bin, ...]
    limits: tuple[Limit, ...]
    stop: StopRules
    temperature: float | None
    text: str
    source: Path
    description: str = ""

    @property
    def sha256(self) -> str:
        """Of the plan's text, hexadecimal."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def pass_bin(self) -> Bin:
        """Where a die goes that no limit fails: the first bin of quality pass."""
        return next(each for each in self.bins if each.quality is Quality.PASS)

    @property
    def no_contact_bin(self) -> Bin | None:
        """The bin named "no contact"; None when the plan has none."""
        return next((each for each in self.bins if each.name == NO_CONTACT), None)

    def bin(self, number: int) -> Bin:
        """The bin of this number; KeyError when there is none."""
        for each in self.bins:
            if each.number == number:
                return each
        raise KeyError(number)

    def identified(self, *, lot: str = "", wafer: str = "", operator: str = "") -> WaferPlan:
        """The same plan for another lot or wafer, or by another operator; what is empty stays."""
        return replace(
            self, lot=lot or self.lot, wafer=wafer or self.wafer, operator=operator or self.operator
        )


def load_plan(name_or_path: str | Path, also: Also = nothing_more) -> WaferPlan:
    """Read and check a plan, found by path or by name among those that travel with labctl.

    Raises WaferPlanError with every mistake: its place, what is allowed, the unit.
    """
    path = find_wafer_plan(name_or_path)
    return read_plan(read_text(path), path, also)


def read_plan(text: str, source: Path, also: Also = nothing_more) -> WaferPlan:
    """Check the text of a plan that stands (or stood) at `source`; raises WaferPlanError with every mistake.

    also: looks for more mistakes in what could be read, for example whether it fits a bench.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise WaferPlanError(str(source), [_not_toml(error)]) from None
    parts, mistakes = read_parts(raw)
    mistakes += [*contradictions(parts), *also(parts)]
    if mistakes or parts.grid is None:
        raise WaferPlanError(str(source), mistakes)
    geometry = parts.grid.geometry
    return WaferPlan(
        name=parts.head["name"],
        lot=parts.head["lot"],
        wafer=parts.head["wafer"],
        operator=parts.head["operator"],
        bench=bench_named(parts, source),
        geometry=geometry,
        selection=parts.selection,
        dies=chosen(geometry, parts.selection),
        subsites=parts.subsites,
        bins=parts.bins,
        limits=tuple(limit for _, limit in parts.limits),
        stop=parts.stop,
        temperature=None if parts.stage is None else parts.stage.temperature,
        text=text,
        source=source,
        description=parts.head["description"],
    )


def bench_named(parts: Parts, source: Path) -> str:
    """The bench that a plan at `source` names, a path as seen from the plan's folder; empty when it names none."""
    bench = parts.head["bench"]
    return str(source.parent / bench) if bench.endswith(".toml") else bench


def _not_toml(error: tomllib.TOMLDecodeError) -> str:
    twice = re.fullmatch(r"Cannot declare \((?P<keys>.*)\) twice (?P<where>\(.*\))", str(error))
    if twice is None:
        return f"not valid TOML: {error}"
    name = ".".join(re.findall(r"'([^']*)'", twice["keys"]))
    return f"the section [{name}] is there twice {twice['where']}: each needs a name of its own"
