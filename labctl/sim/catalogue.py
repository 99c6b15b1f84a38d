"""Builds the virtual instrument that answers for an entry of the bench file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labctl.core.errors import LabError
from labctl.sim.instrument import VirtualInstrument
from labctl.sim.keithley707 import Keithley707B
from labctl.sim.keithley2600 import Keithley2636B
from labctl.sim.lakeshore336 import LakeShore336
from labctl.sim.terminals import DigitalConnector, InstrumentNoise, MatrixRelays, Terminal
from labctl.sim.velox import VirtualVelox

if TYPE_CHECKING:
    from labctl.sim.workbench import Workbench


def build_instrument(name: str, bench: Workbench) -> VirtualInstrument:
    """The virtual instrument `name` of the bench file, wired to `bench`.

    Raises LabError for a driver whose instrument cannot be simulated yet.
    """
    driver = bench.file.instruments[name].driver
    serial = f"SIM{sorted(bench.file.instruments).index(name) + 1:04d}"
    match driver:
        case "keithley2636b":
            terminals = Terminal(bench, f"{name}.a"), Terminal(bench, f"{name}.b")
            noise = InstrumentNoise(bench, name)
            return Keithley2636B(serial, terminals, DigitalConnector(bench, name), noise, bench.clock)
        case "keithley707b":
            return Keithley707B(serial, MatrixRelays(bench), bench.clock)
        case "lakeshore336":
            return LakeShore336(serial, bench.stage, bench.clock)
        case "velox" if bench.chuck is not None:
            return VirtualVelox(serial, bench.chuck, bench.clock)
        case "velox":
            raise LabError(
                f"{bench.file.source}: {name} has no wafer to move, say of what it is made (section [virtual.wafer])."
            )
    raise LabError(
        f"{bench.file.source}: {name} is a {driver}, which cannot be simulated yet; use keithley2636b."
    )
