"""One message and its answer: raw PyVISA and our driver on the virtual bench, raw PyVISA on pyvisa-sim if installed.

`python -m benchmarks.bench_wire`
"""

from __future__ import annotations

import importlib.util
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pyvisa

from benchmarks.timing import readable, shortest, table
from instruments.keithley.k2600 import Keithley2636B
from labctl.driver.opening import Library
from labctl.testing import virtual_lab

ADDRESS = "GPIB0::21::INSTR"
CALLS = 500
SIMULATED = """
spec: "1.1"
devices:
  source meter:
    eom:
      GPIB INSTR:
        q: "\\n"
        r: "\\n"
    error: ERROR
    dialogues:
      - q: "*IDN?"
        r: "Keithley Instruments Inc., Model 2636B, 1, 1"
resources:
  GPIB0::21::INSTR:
    device: source meter
"""


def main() -> None:
    """Print the table."""
    with TemporaryDirectory() as folder:
        rows = [*virtual(Path(folder)), *peer(Path(folder))]
    note = "a reading is solved, with noise: output on, 1 power line cycle; the computer's time, the bench's costs none"
    if len(rows) < 5:
        note += "; pyvisa-sim is not installed (pip install pyvisa-sim)"
    table("One message and its answer", ("what", "time", "per second"), rows, note)


def virtual(folder: Path) -> list[tuple[str, str, str]]:
    """Messages to a source meter of the virtual bench."""
    library = virtual_lab(folder).bench_file.as_posix() + "@labctl"
    rows = []
    manager = pyvisa.ResourceManager(library)
    device = manager.open_resource(ADDRESS, read_termination="\n", write_termination="\n")
    assert isinstance(device, pyvisa.resources.MessageBasedResource)
    for what in ("*IDN?", "print(smua.source.levelv)"):
        rows.append(line(f"PyVISA, {what}", shortest(partial(device.query, what), calls=CALLS)))
    device.write("smua.source.output = 1")
    rows.append(
        line(
            "PyVISA, print(smua.measure.i())",
            shortest(lambda: device.query("print(smua.measure.i())"), calls=CALLS),
        )
    )
    device.close()
    manager.close()
    opened = Library(library)
    driver = Keithley2636B(ADDRESS, name="smu1", visa_library=library, clock=opened.clock())
    channel = driver.channels["a"]
    rows.append(line("our driver, measure_current()", shortest(channel.measure_current, calls=CALLS)))
    driver.close()
    opened.close()
    return rows


def peer(folder: Path) -> list[tuple[str, str, str]]:
    """The same identification from pyvisa-sim, which looks answers up in a list."""
    if importlib.util.find_spec("pyvisa_sim") is None:
        return []
    definition = folder / "sim.yaml"
    definition.write_text(SIMULATED, encoding="utf-8")
    manager = pyvisa.ResourceManager(f"{definition.as_posix()}@sim")
    device = manager.open_resource(ADDRESS, read_termination="\n", write_termination="\n")
    assert isinstance(device, pyvisa.resources.MessageBasedResource)
    taken = shortest(lambda: device.query("*IDN?"), calls=CALLS)
    device.close()
    manager.close()
    return [line("PyVISA on pyvisa-sim, *IDN?", taken)]


def line(what: str, seconds: float) -> tuple[str, str, str]:
    """A row of the table."""
    return what, readable(seconds), f"{1.0 / seconds:.0f}"


if __name__ == "__main__":
    main()
