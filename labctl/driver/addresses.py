"""VISA addresses compared as VISA means them: one instrument has many names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from pyvisa.rname import InvalidResourceName, ResourceName

_THIS_COMPUTER = re.compile(
    r"localhost|localhost\.localdomain|ip6-localhost|127(\.\d{1,3}){3}|::1|\[::1\]", re.IGNORECASE
)


def canonical(address: str) -> str:
    """`address` as VISA completes it, in lower case: `GPIB::21` is `gpib0::21::instr`, `localhost` is `127.0.0.1`.

    An alias, which only the VISA installed on a computer knows, stays as it is.
    """
    try:
        name = ResourceName.from_string(address.strip().upper())
    except InvalidResourceName:
        return address.strip().casefold()
    host = getattr(name, "host_address", "")
    if host and _THIS_COMPUTER.fullmatch(host):
        name.host_address = "127.0.0.1"  # type: ignore[attr-defined]  # only names of the network have one
    return str(name).casefold()


def unreadable(addresses: Mapping[str, str]) -> Iterator[str]:
    """A sentence for each address that is not a VISA resource name; an alias of an installed VISA is none either."""
    for name, address in addresses.items():
        try:
            ResourceName.from_string(address.strip().upper())
        except InvalidResourceName:
            yield (
                f"visa.addresses.{name}: '{address}' is not a VISA address (write for example GPIB0::21::INSTR or "
                "TCPIP0::192.168.0.5::inst0::INSTR)"
            )


def shared(addresses: Mapping[str, str]) -> Iterator[str]:
    """A sentence for each address that leads where an earlier one leads."""
    taken: dict[str, str] = {}
    for name, address in addresses.items():
        other = taken.setdefault(canonical(address), name)
        if other != name:
            yield (
                f"visa.addresses.{name}: {address} is the same instrument as {other} ({addresses[other]}): "
                "each instrument is named once"
            )
