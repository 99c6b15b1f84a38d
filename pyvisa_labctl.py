"""PyVISA's name for the virtual bench: `pyvisa.ResourceManager("virtual_56x8@labctl")`."""

from labctl.sim import visa_library

WRAPPER_CLASS = visa_library.LabctlVisaLibrary
