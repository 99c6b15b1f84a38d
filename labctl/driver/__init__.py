"""The VISA door: base of every driver, typed settings, Keithley's TSP, SCPI."""

from labctl.driver.door import Driver
from labctl.driver.scpi import ScpiInstrument
from labctl.driver.setting import Setting, confirm
from labctl.driver.tsp import TspInstrument

__all__ = ["Driver", "ScpiInstrument", "Setting", "TspInstrument", "confirm"]
