"""Builds the virtual instrument that answers for an entry of a bench file; installed packages offer them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from labctl.core.errors import LabError
from labctl.sim.instrument import VirtualInstrument
from labctl.sim.ports import Ports
from labctl.sim.terminals import BenchPorts

if TYPE_CHECKING:
    from labctl.sim.workbench import Workbench

GROUP = "labctl.virtual_instruments"
"""Entry-point group: name of the driver in a bench file = a function from its `Ports` to its virtual instrument."""

Builder = Callable[[Ports], VirtualInstrument]


def build_instrument(name: str, bench: Workbench) -> VirtualInstrument:
    """The virtual instrument `name` of the bench file, wired to `bench`.

    Raises LabError for a driver whose instrument cannot be simulated, or that the bench has nothing for.
    """
    driver = bench.file.instruments[name].driver
    build = _builder(driver)
    if build is None:
        raise LabError(
            f"{bench.file.source}: {name} is a {driver}, which cannot be simulated yet (there are virtual ones of: "
            f"{', '.join(virtual_names())})."
        )
    return build(BenchPorts(bench, name))


def virtual_names() -> tuple[str, ...]:
    """Names of the drivers whose instruments can be simulated, sorted."""
    return tuple(sorted({entry.name for entry in entry_points(group=GROUP)}))


@cache
def _builder(driver: str) -> Builder | None:
    for entry in entry_points(group=GROUP):
        if entry.name == driver:
            found: Builder = entry.load()
            return found
    return None
