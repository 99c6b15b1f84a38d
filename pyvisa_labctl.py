"""PyVISA's name for the virtual bench: `pyvisa.ResourceManager("virtual_56x8@labctl")`."""

from labctl.sim.visa_library import LabctlVisaLibrary as WRAPPER_CLASS  # noqa: F401
