"""Make a bench safe whose owner has died: each instrument is tried alone, none waits for another."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial
from typing import Any

from instruments.catalogue import MATRICES, SOURCES
from instruments.keithley.k707 import Keithley707B
from instruments.keithley.k2600 import Keithley2600B
from labctl.benchfile import BenchFile
from labctl.core.errors import LabError
from labctl.driver.opening import Library


def rescue(file: BenchFile) -> list[str]:
    """Sources to 0 V and off, heaters isolated, every crosspoint open; sentences about what could not be confirmed.

    Needs no ledger and no lock and no answer of an instrument before the next is spoken to. Raises LabError only
    when the VISA library cannot be opened.
    """
    unsafe: list[str] = []
    with ExitStack() as opened:
        library = Library(file.library)
        opened.callback(library.close)
        link: dict[str, Any] = {"visa_library": file.library, "clock": library.clock()}
        frames: dict[str, Keithley2600B] = {}
        kinds = {name: entry.driver for name, entry in file.instruments.items()}

        def quench(name: str) -> None:
            frames[name] = SOURCES[kinds[name]](file.visa.addresses[name], name=name, **link)
            opened.callback(_closed, frames[name].close)
            frames[name].quench()

        def open_matrix(name: str) -> None:
            matrix: Keithley707B = MATRICES[kinds[name]](file.visa.addresses[name], name=name, **link)
            opened.callback(_closed, matrix.close)
            matrix.make_safe()

        for name in (name for name, kind in kinds.items() if kind in SOURCES):
            _attempt(name, partial(quench, name), unsafe)
        for name, frame in frames.items():
            _attempt(name, frame.confirm_quenched, unsafe)
        for heater, (name, output) in sorted(file.relays.items()):
            if name in frames:
                _attempt(f"heater {heater}", partial(frames[name].write_digital, output, False), unsafe)
        for name in (name for name, kind in kinds.items() if kind in MATRICES):
            _attempt(name, partial(open_matrix, name), unsafe)
    return unsafe


def _attempt(name: str, step: Callable[[], None], unsafe: list[str]) -> None:
    try:
        step()
    except LabError as error:
        unsafe.append(f"{name} could not be made safe: {error}.")


def _closed(close: Callable[[], None]) -> None:
    with suppress(LabError, OSError):
        close()
