"""What a bench file must know of an instrument's kind before one is opened, and where installed packages say it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from labctl.core.errors import LabError

GROUP = "labctl.instruments"
"""Entry-point group: name of the driver in a bench file = its `InstrumentType`."""


class InstrumentKind(Enum):
    """What an instrument is on a bench; decides which capabilities its driver must have."""

    SOURCE = "source"
    MATRIX = "matrix"
    STAGE = "stage"
    PROBER = "prober"


@dataclass(frozen=True)
class InstrumentType:
    """One type of instrument, as the last line of its driver's file says it.

    name:            what a bench file calls the driver.
    driver:          opens it: `driver(address, name=, visa_library=, clock=, order=)` and the options of its section.
    model:           what the answer to the question for its identity must contain.
    channels:        letters or numbers of its source-measure channels.
    digital_outputs: how many there are, counted from 1.
    rows:            names of a matrix's rows.
    slots, cards:    how many cards a matrix holds, and the columns of each card that fits.
    """

    name: str
    kind: InstrumentKind
    driver: Callable[..., Any] = field(repr=False)
    model: str
    channels: tuple[str, ...] = ()
    digital_outputs: int = 0
    rows: tuple[str, ...] = ()
    slots: int = 0
    cards: Mapping[str, int] = field(default_factory=dict)


def instrument_names() -> tuple[str, ...]:
    """Names of all drivers that installed packages offer, sorted; LabError when two offer the same."""
    return tuple(sorted(_offered()))


@cache
def instrument_type(name: str) -> InstrumentType:
    """The type that a bench file calls `name`.

    Raises LabError when no installed package offers it, or what is offered is no `InstrumentType` of this name.
    """
    entry = _offered().get(name)
    if entry is None:
        raise LabError(f"unknown driver '{name}' (there are: {', '.join(instrument_names())})")
    found = entry.load()
    if not isinstance(found, InstrumentType) or found.name != name:
        raise LabError(
            f"The package {_package(entry)} offers '{name}' as an instrument, but {entry.value} is not an "
            f"InstrumentType of this name."
        )
    return found


@cache
def _offered() -> Mapping[str, EntryPoint]:
    found: dict[str, EntryPoint] = {}
    for entry in entry_points(group=GROUP):
        if entry.name in found and entry.value != found[entry.name].value:
            raise LabError(
                f"The packages {_package(found[entry.name])} and {_package(entry)} both offer an instrument "
                f"'{entry.name}': uninstall one of them."
            )
        found[entry.name] = entry
    return found


def _package(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist is not None else entry.value.partition(":")[0]
