"""A 2636B on two resistors, opened through plain PyVISA."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import pyvisa

from labctl.sim.keithley2600 import Keithley2636B
from labctl.sim.visa_library import LabctlVisaLibrary
from tests.sim.fakes import FakeClock, FakeDigital, FakeNoise, ResistorTerminal

SMU_ADDRESS = "GPIB0::26::INSTR"


@dataclass
class Smu:
    """The instrument, its world and a PyVISA resource to it."""

    instrument: Keithley2636B
    clock: FakeClock
    terminals: tuple[ResistorTerminal, ResistorTerminal]
    digital: FakeDigital
    noise: FakeNoise
    manager: pyvisa.ResourceManager
    visa: Any

    def ask(self, command: str) -> str:
        return str(self.visa.query(command)).removesuffix("\n")

    def errors(self) -> list[tuple[int, str]]:
        """Empty the error queue."""
        found = []
        while (entry := self.ask("print(errorqueue.next())").split("\t"))[1] != "Queue Is Empty":
            found.append((int(float(entry[0])), entry[1]))
        return found


@pytest.fixture
def smu() -> Iterator[Smu]:
    clock = FakeClock()
    terminals = (ResistorTerminal(clock), ResistorTerminal(clock))
    digital, noise = FakeDigital(), FakeNoise()
    instrument = Keithley2636B("4000001", terminals, digital, noise, clock)
    manager = pyvisa.ResourceManager(LabctlVisaLibrary.serving({SMU_ADDRESS: instrument}, clock))
    yield Smu(instrument, clock, terminals, digital, noise, manager, manager.open_resource(SMU_ADDRESS))
    manager.close()
