"""Opens the instruments of a bench file: addresses that differ, drivers by their types, identities as the file says."""

from __future__ import annotations

from typing import Any

from labctl.benchfile import BenchFile
from labctl.core.capabilities import Instrument
from labctl.core.clock import Clock
from labctl.core.errors import BenchFileError, InstrumentError, LinkLost
from labctl.core.orders import AbortOrder
from labctl.driver.addresses import shared, unreadable
from labctl.driver.opening import Library


def refuse_addresses(file: BenchFile) -> None:
    """Raise BenchFileError for two names of one address, and for what no virtual bench can be asked for."""
    addresses = file.visa.addresses
    mistakes = list(shared(addresses))
    if file.library.endswith("@labctl"):
        mistakes += unreadable(addresses)
    if mistakes:
        raise BenchFileError(str(file.source), mistakes)


def opened_instrument(
    file: BenchFile, name: str, library: Library, clock: Clock, order: AbortOrder
) -> Instrument:
    """The driver of instrument `name`, connected; LinkLost with what the bus lists when nothing answers there."""
    link: dict[str, Any] = {"name": name, "visa_library": file.library, "clock": clock, "order": order}
    if file.stage is not None and file.stage.instrument == name:
        link |= {"loop": file.stage.loop, "thermometer": file.stage.input}
    try:
        opened: Instrument = file.instruments[name].type.driver(file.visa.addresses[name], **link)
    except LinkLost as error:
        raise LinkLost(f"{error}; {library.listed()}") from error
    return opened


def identity_of(file: BenchFile, name: str, driver: Instrument) -> str:
    """What the instrument answers that it is; InstrumentError when the bench file says another model."""
    answer = driver.identity()
    if file.instruments[name].type.model not in answer:
        raise InstrumentError(
            f"{name}: at {file.visa.addresses[name]} answers '{answer}', the bench file says "
            f"{file.instruments[name].driver}: correct [visa.addresses] or the driver"
        )
    return answer
