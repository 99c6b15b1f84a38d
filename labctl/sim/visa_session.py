"""One opened VISA session and the link to the instrument behind it."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from pyvisa import constants, rname
from pyvisa.constants import EventType, ResourceAttribute

from labctl.sim.instrument import VirtualInstrument

_INTERFACES = {
    "GPIB": constants.InterfaceType.gpib,
    "USB": constants.InterfaceType.usb,
    "TCPIP": constants.InterfaceType.tcpip,
    "ASRL": constants.InterfaceType.asrl,
}


class Link:
    """What all sessions to one instrument share: bytes taken from it and not yet delivered, and its locks."""

    def __init__(self, address: str, device: VirtualInstrument, latency: float) -> None:
        self.address, self.device, self.latency = address, device, latency
        self._fetched, self._fetched_end = b"", False
        self._exclusive: list[int] = []
        self._shared: list[int] = []
        self._key = ""

    def take(self, count: int, stop_byte: int) -> tuple[bytes, bool]:
        """Up to `count` bytes, no further than `stop_byte` (-1: none), and whether they end a message."""
        if self._fetched:
            chunk, ended = self._fetched[:count], self._fetched_end
            rest = self._fetched[count:]
        else:
            chunk, ended = self.device.transmit(count)
            rest = b""
        if stop_byte >= 0 and (stop := chunk.find(stop_byte) + 1):
            chunk, rest = chunk[:stop], chunk[stop:] + rest
        self._fetched, self._fetched_end = rest, ended
        return chunk, ended and not rest

    def discard_partial(self) -> None:
        """Forget bytes taken from the instrument and not yet delivered."""
        self._fetched = b""

    def clear(self) -> None:
        """Device clear."""
        self.discard_partial()
        self.device.clear()

    def locked_for(self, session: int) -> bool:
        """Whether another session's lock keeps `session` out."""
        if self._exclusive:
            return session not in self._exclusive
        return bool(self._shared) and session not in self._shared

    def lock(self, session: int, shared: bool, key: str | None) -> str | None:
        """Take a lock and return its key ("" when exclusive); None when another session's lock forbids it."""
        if not shared:
            if self.locked_for(session) or any(other != session for other in self._shared):
                return None
            self._exclusive.append(session)
            return ""
        if self._exclusive and session not in self._exclusive:
            return None
        if not self._shared:
            self._key = key or str(uuid4())
        elif key != self._key and session not in self._shared:
            return None
        self._shared.append(session)
        return self._key

    def unlock(self, session: int) -> bool:
        """Give back the latest lock of `session`; False when it holds none."""
        for locks in (self._exclusive, self._shared):
            if session in locks:
                locks.remove(session)
                return True
        return False

    def release_locks(self, session: int) -> None:
        """Give back every lock of a session that closes."""
        while self.unlock(session):
            pass

    def lock_state(self) -> constants.AccessModes:
        """How the instrument is locked."""
        if self._exclusive:
            return constants.AccessModes.exclusive_lock
        return constants.AccessModes.shared_lock if self._shared else constants.AccessModes.no_lock


class Session:
    """Attributes of one opened session."""

    def __init__(self, handle: int, link: Link) -> None:
        self.handle, self.link = handle, link
        self.events: set[EventType] = set()
        self.timeout_s = 2.0
        self.stop_byte = -1
        self.send_end = True
        self.suppress_end = False
        name = rname.parse_resource_name(link.address)
        interface = name.interface_type
        board = getattr(name, "board", "0")
        self._writable: dict[Any, Any] = {
            ResourceAttribute.timeout_value: 2000,
            ResourceAttribute.termchar: ord("\n"),
            ResourceAttribute.termchar_enabled: False,
            ResourceAttribute.send_end_enabled: True,
            ResourceAttribute.suppress_end_enabled: False,
            ResourceAttribute.io_prot: constants.IOProtocol.normal,
            ResourceAttribute.max_queue_length: 50,
            ResourceAttribute.user_data: 0,
        }
        self._fixed: dict[Any, Any] = {
            ResourceAttribute.resource_name: link.address,
            ResourceAttribute.resource_class: name.resource_class,
            ResourceAttribute.interface_type: _INTERFACES.get(interface, constants.InterfaceType.unknown),
            ResourceAttribute.interface_number: int(board) if str(board).isdigit() else 0,
            ResourceAttribute.resource_manufacturer_name: "labctl",
            ResourceAttribute.resource_impl_version: 0x00100000,
            ResourceAttribute.resource_spec_version: 0x00700000,
        }
        if interface == "GPIB":
            self._fixed[ResourceAttribute.gpib_primary_address] = int(getattr(name, "primary_address", 0))
            self._fixed[ResourceAttribute.gpib_secondary_address] = constants.VI_NO_SEC_ADDR
            self._fixed[ResourceAttribute.gpib_ren_state] = constants.LineState.asserted

    def attribute(self, attribute: Any) -> Any:
        """Value of an attribute, None when this session has no such attribute."""
        if attribute == ResourceAttribute.resource_lock_state:
            return self.link.lock_state()
        value = self._writable.get(attribute)
        return self._fixed.get(attribute) if value is None else value

    def set_attribute(self, attribute: Any, value: Any) -> bool:
        """Set an attribute; False when it cannot be set."""
        if attribute not in self._writable:
            return False
        settings = self._writable
        settings[attribute] = value
        forever = settings[ResourceAttribute.timeout_value] == constants.VI_TMO_INFINITE
        self.timeout_s = float("inf") if forever else settings[ResourceAttribute.timeout_value] / 1000.0
        self.stop_byte = (
            settings[ResourceAttribute.termchar] if settings[ResourceAttribute.termchar_enabled] else -1
        )
        self.send_end = bool(settings[ResourceAttribute.send_end_enabled])
        self.suppress_end = bool(settings[ResourceAttribute.suppress_end_enabled])
        return True
