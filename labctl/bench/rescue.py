"""Make a bench safe whose owner has died: each instrument is tried alone, none waits for another."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial
from typing import Any

from labctl.benchfile import BenchFile
from labctl.core.capabilities import SourceMainframe, SwitchMatrix
from labctl.core.errors import LabError
from labctl.driver.opening import Library
from labctl.instrumenttype import InstrumentKind


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
        frames: dict[str, SourceMainframe] = {}

        def connected(name: str) -> Any:
            instrument = file.instruments[name].type.driver(file.visa.addresses[name], name=name, **link)
            opened.callback(_closed, instrument.close)
            return instrument

        def request_zero(name: str) -> None:
            frames[name] = connected(name)
            frames[name].request_zero()

        def open_matrix(name: str) -> None:
            matrix: SwitchMatrix = connected(name)
            matrix.make_safe()

        for name in file.instruments_of(InstrumentKind.SOURCE):
            _attempt(name, partial(request_zero, name), unsafe)
        for name, frame in frames.items():
            _attempt(name, frame.confirm_zero, unsafe)
        for heater, (name, output) in sorted(file.relays.items()):
            if name in frames:
                _attempt(f"heater {heater}", partial(frames[name].write_digital, output, False), unsafe)
        for name in file.instruments_of(InstrumentKind.MATRIX):
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
