"""PyMeasure's own Keithley2600 driver, unmodified, on the virtual 2636B."""

from collections.abc import Iterator

import pytest
from pymeasure.instruments.keithley import Keithley2600

from labctl.sim.keithley2600 import Keithley2636B
from labctl.sim.visa_library import LabctlVisaLibrary
from tests.sim.fakes import FakeClock, FakeDigital, FakeNoise, ResistorTerminal

pytestmark = pytest.mark.filterwarnings("ignore:It is not known whether this device:FutureWarning")

ADDRESS = "GPIB0::26::INSTR"


@pytest.fixture
def world() -> Iterator[tuple[Keithley2600, tuple[ResistorTerminal, ResistorTerminal], LabctlVisaLibrary]]:
    clock = FakeClock()
    terminals = ResistorTerminal(clock), ResistorTerminal(clock)
    virtual = Keithley2636B("4000001", terminals, FakeDigital(), FakeNoise(), clock)
    library = LabctlVisaLibrary.serving({ADDRESS: virtual}, clock)
    driver = Keithley2600(ADDRESS, visa_library=library)
    yield driver, terminals, library
    driver.adapter.manager.close()


def test_sources_and_measures(world) -> None:
    driver, _, _ = world
    driver.ChA.apply_voltage(compliance_current=0.01)
    driver.ChA.source_voltage = 0.5
    driver.ChA.source_output = "ON"
    driver.ChA.measure_current(nplc=0.1)
    assert driver.ChA.current == pytest.approx(5e-5)
    assert driver.ChA.resistance == pytest.approx(1e4)
    assert driver.ChA.source_output == "ON"
    driver.ChB.apply_current(compliance_voltage=2)
    driver.ChB.source_current = 1e-4
    driver.ChB.source_output = "ON"
    assert driver.ChB.voltage == pytest.approx(1.0)
    assert driver.next_error == (0, "Queue Is Empty")


def test_its_rounding_of_small_limits_is_refused_not_clipped(world) -> None:
    """PyMeasure 0.16 writes %f: 100 nA goes out as 0.000000, which the instrument must not take."""
    driver, _, _ = world
    driver.ChA.compliance_current = 1e-7
    assert driver.next_error == (1102, "Parameter Too Small")
    assert driver.ChA.compliance_current == pytest.approx(0.1)


def test_closing_one_adapter_leaves_the_others_open(world) -> None:
    driver, _, library = world
    other = Keithley2600(ADDRESS, visa_library=library)
    other.adapter.close()
    assert driver.ChA.source_voltage == 0.0
