"""Driver names of the bench file and the classes behind them."""

from instruments.formfactor.velox import Velox
from instruments.keithley.k707 import Keithley707B, Keithley708B
from instruments.keithley.k2600 import Keithley2600B, Keithley2602B, Keithley2612B, Keithley2636B
from instruments.lakeshore.m336 import LakeShore336

SOURCES: dict[str, type[Keithley2600B]] = {
    "keithley2602b": Keithley2602B,
    "keithley2612b": Keithley2612B,
    "keithley2636b": Keithley2636B,
}
MATRICES: dict[str, type[Keithley707B]] = {"keithley707b": Keithley707B, "keithley708b": Keithley708B}
STAGES: dict[str, type[LakeShore336]] = {"lakeshore336": LakeShore336}
PROBERS: dict[str, type[Velox]] = {"velox": Velox}
