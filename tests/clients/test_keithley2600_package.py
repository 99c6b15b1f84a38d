"""The keithley2600 package, unmodified, on the virtual 2636B: it walks the whole command tree by itself."""

from collections.abc import Iterator
from typing import Any

import pytest

from labctl.sim.keithley2600 import Keithley2636B
from labctl.sim.visa_library import LabctlVisaLibrary
from tests.sim.fakes import FakeClock, FakeDigital, FakeNoise, ResistorTerminal

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

ADDRESS = "GPIB0::26::INSTR"


@pytest.fixture
def device() -> Iterator[Any]:
    package = pytest.importorskip("keithley2600.keithley_driver")  # its factory hands out closed devices
    clock = FakeClock()
    terminals = ResistorTerminal(clock), ResistorTerminal(clock)
    virtual = Keithley2636B("4000001", terminals, FakeDigital(), FakeNoise(), clock)
    library = LabctlVisaLibrary.serving({ADDRESS: virtual}, clock, latency=5e-4)
    device = package.Keithley2600(ADDRESS, visa_library=library, raise_keithley_errors=True)
    yield device
    device.disconnect()


def test_sources_measures_and_reports_errors(device: Any) -> None:
    device.smua.source.levelv = 0.5
    device.smua.source.output = device.smua.OUTPUT_ON
    assert device.smua.measure.iv() == pytest.approx((5e-5, 0.5))
    with pytest.raises(Exception, match="Parameter Too Big"):
        device.smua.source.levelv = 1e6


@pytest.mark.parametrize("pulsed", [False, True])
def test_voltage_sweep(device: Any, pulsed: bool) -> None:
    levels = [0.0, 0.1, 0.2, 0.3]
    voltages, currents = device.voltage_sweep_single_smu(
        device.smua, levels, t_int=0.01, delay=-1, pulsed=pulsed
    )
    assert voltages == pytest.approx(levels)
    assert currents == pytest.approx([level / 1e4 for level in levels])
