"""The virtual bench as a PyVISA backend: sessions, time-outs and service requests over virtual instruments."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol
from uuid import uuid4

from pyvisa import constants, rname
from pyvisa.constants import EventType, StatusCode
from pyvisa.highlevel import VisaLibraryBase
from pyvisa.typing import VISAEventContext, VISARMSession, VISASession
from pyvisa.util import DebugInfo, LibraryPath

from labctl.core.errors import LabError
from labctl.sim.instrument import VirtualInstrument
from labctl.sim.ports import SimClock
from labctl.sim.visa_session import Link, Session

_DEFAULT_BENCH = "virtual_56x8"
_STALLED_SLICES = 20
"""Slices in a row without output and without bench time after which a read gives up: an endless loop."""


class World(Protocol):
    """What the library needs of a virtual bench."""

    @property
    def instruments(self) -> Mapping[str, VirtualInstrument]:
        """Instruments by canonical VISA address."""
        ...

    @property
    def clock(self) -> SimClock:
        """Bench time."""
        ...

    def latency(self, address: str) -> float:
        """Seconds the bus takes for one message to or from `address`."""
        ...

    def close(self) -> None:
        """Put the sample away."""
        ...


@dataclass(frozen=True)
class _GivenWorld:
    """Instruments handed over by a test; nothing to save."""

    instruments: Mapping[str, VirtualInstrument]
    clock: SimClock
    bus_latency: float

    def latency(self, address: str) -> float:
        return self.bus_latency

    def close(self) -> None:
        return


class LabctlVisaLibrary(VisaLibraryBase):
    """VISA library whose resources are the instruments of one virtual bench.

    The library path is the name of a bench or the path of its bench file. Time passes only on `clock`:
    a message costs the latency of its bus, a read that times out costs its time-out, and nothing sleeps.
    """

    _open_world: Callable[[], World]
    _world: World | None
    _links: dict[str, Link]
    _sessions: dict[int, Session]
    _working: set[VirtualInstrument]
    _next_handle: int
    _manager_handle: int

    @staticmethod
    def get_library_paths() -> Iterable[LibraryPath]:
        """The bench that a bare "@labctl" means."""
        return (LibraryPath(_DEFAULT_BENCH, "default"),)

    @staticmethod
    def get_debug_info() -> DebugInfo:
        """One line for `pyvisa-info`."""
        return {"Version": "labctl virtual bench", "Default bench": _DEFAULT_BENCH}

    @classmethod
    def serving(
        cls, instruments: Mapping[str, VirtualInstrument], clock: SimClock, latency: float = 0.0
    ) -> LabctlVisaLibrary:
        """A library of its own for the given instruments; `latency` is in seconds per message."""
        canonical = {rname.to_canonical_name(address): device for address, device in instruments.items()}
        library = cls(LibraryPath(f"given instruments {uuid4()}", "given"))
        assert isinstance(library, LabctlVisaLibrary)
        library._open_world = lambda: _GivenWorld(canonical, clock, latency)
        return library

    def _init(self) -> None:
        self._open_world = self._open_bench
        self._world = None
        self._links = {}
        self._sessions = {}
        self._working = set()
        self._next_handle = 1
        self._manager_handle = 0

    def _open_bench(self) -> World:
        from labctl.sim.workbench import open_workbench

        return open_workbench(str(self.library_path))

    @property
    def clock(self) -> SimClock:
        """The virtual bench's clock; raises `LabError` when no resource manager is open."""
        if self._world is None:
            raise LabError(f"The virtual bench {self.library_path} is closed: open a resource manager first.")
        return self._world.clock

    # --- resource manager and sessions -------------------------------------------------------------

    def open_default_resource_manager(self) -> tuple[VISARMSession, StatusCode]:
        """Set the bench up; its sample is put away again when the session is closed."""
        if self._world is None:
            self._world = self._open_world()
            self._links = {
                address: Link(address, device, self._world.latency(address))
                for address, device in self._world.instruments.items()
            }
        handle = VISARMSession(self._handle())
        self._manager_handle = handle
        return handle, self.handle_return_value(handle, StatusCode.success)

    def _handle(self) -> int:
        handle, self._next_handle = self._next_handle, self._next_handle + 1
        return handle

    def list_resources(self, session: VISARMSession, query: str = "?*::INSTR") -> tuple[str, ...]:
        """Addresses of the bench that match the VISA expression `query`."""
        return rname.filter(sorted(self._links), query)

    def open(
        self,
        session: VISARMSession,
        resource_name: str,
        access_mode: constants.AccessModes = constants.AccessModes.no_lock,
        open_timeout: int = constants.VI_TMO_IMMEDIATE,
    ) -> tuple[VISASession, StatusCode]:
        """Open an instrument; `VisaIOError` VI_ERROR_RSRC_NFOUND when the bench has none at that address."""
        try:
            link = self._links.get(rname.to_canonical_name(resource_name))
        except rname.InvalidResourceName:
            link = None
        if link is None:
            self._fail(None, StatusCode.error_resource_not_found)
        opened = VISASession(self._handle())
        self._sessions[opened] = Session(opened, link)
        if access_mode == constants.AccessModes.exclusive_lock:
            self.lock(opened, constants.Lock.exclusive, open_timeout)
        return opened, self.handle_return_value(opened, StatusCode.success)

    def close(self, session: VISASession | VISAEventContext | VISARMSession) -> StatusCode:
        """Close a session, an event context or, with the resource manager, the bench."""
        opened = self._sessions.pop(session, None)
        if opened is not None:
            opened.link.release_locks(opened.handle)
        elif session == self._manager_handle:
            world, self._world = self._world, None
            self._sessions.clear()
            self._links = {}
            working, self._working = self._working, set()
            for device in working:
                device.clear()
            if world is not None:
                world.close()
        return StatusCode.success

    def _session(self, session: VISASession) -> Session:
        try:
            return self._sessions[session]
        except KeyError:
            self._fail(None, StatusCode.error_invalid_object)

    def _fail(self, session: VISASession | None, status: StatusCode) -> NoReturn:
        """Record the error and raise it as `VisaIOError`."""
        self.handle_return_value(session, status)
        raise AssertionError(f"{status!r} is not an error")

    # --- messages -----------------------------------------------------------------------------------

    def _exchange(self, session: VISASession, *, leap: bool = True) -> tuple[Session, World]:
        """Begin a message: locks, bus latency, and time for every instrument with work left.

        The instrument addressed goes on for a slice (unless `leap` is False); all others only as far as the
        clock has come.
        """
        opened, world = self._session(session), self._world
        if world is None:
            self._fail(session, StatusCode.error_connection_lost)
        link = opened.link
        if link.locked_for(session):
            self._fail(session, StatusCode.error_resource_locked)
        if link.latency:
            world.clock.wait(link.latency)
        if self._working:
            addressed = link.device if leap else None
            self._working = {
                device
                for device in self._working
                if (device.proceed() if device is addressed else device.catch_up())
            }
        return opened, world

    def write(self, session: VISASession, data: bytes) -> tuple[int, StatusCode]:
        """Hand `data` to the instrument; returns after the first slice of what it sets going."""
        opened, _ = self._exchange(session)
        opened.link.device.receive(data, opened.send_end)
        self._working.add(opened.link.device)
        return len(data), self._ok(session)

    def _ok(self, session: VISASession, status: StatusCode = StatusCode.success) -> StatusCode:
        self._last_status = self._last_status_in_session[session] = status
        return status

    def read(self, session: VISASession, count: int) -> tuple[bytes, StatusCode]:
        """Up to `count` bytes, as far as END or the termination character.

        While there is nothing to read the instrument's unfinished work goes on; when none is left, or when it
        passes the time-out on the bench's clock, the read fails with VI_ERROR_TMO.
        """
        opened, world = self._exchange(session)
        link, received, now = opened.link, bytearray(), world.clock.now()
        deadline, stalled, more = now + opened.timeout_s, 0, True
        while True:
            chunk, ended = link.take(count - len(received), opened.stop_byte)
            if chunk:
                received += chunk
                if ended and not opened.suppress_end:
                    return bytes(received), self._ok(session)
                if received[-1] == opened.stop_byte:
                    return bytes(received), self._ok(session, StatusCode.success_termination_character_read)
                if len(received) >= count:
                    return bytes(received), self._ok(session, StatusCode.success_max_count_read)
                continue
            if not more or now >= deadline or stalled > _STALLED_SLICES:
                self._time_out(session, world, deadline)
            before, more = now, link.device.proceed()
            now = world.clock.now()
            stalled = stalled + 1 if now == before else 0

    def _time_out(self, session: VISASession, world: World, deadline: float) -> NoReturn:
        """Let the rest of the time-out pass on the bench's clock, then raise."""
        left = deadline - world.clock.now()
        if 0.0 < left < float("inf"):
            world.clock.wait(left)
        self._fail(session, StatusCode.error_timeout)

    def clear(self, session: VISASession) -> StatusCode:
        """Device clear: the running script ends, input and output queues are emptied."""
        opened, _ = self._exchange(session, leap=False)
        opened.link.clear()
        return self._ok(session)

    def read_stb(self, session: VISASession) -> tuple[int, StatusCode]:
        """Serial poll."""
        opened, _ = self._exchange(session)
        return opened.link.device.status_byte(), self._ok(session)

    def assert_trigger(self, session: VISASession, protocol: constants.TriggerProtocol) -> StatusCode:
        """Group execute trigger."""
        opened, _ = self._exchange(session)
        opened.link.device.trigger()
        self._working.add(opened.link.device)
        return self._ok(session)

    def flush(self, session: VISASession, mask: constants.BufferOperation) -> StatusCode:
        """Discard what was read from the instrument and not yet delivered; nothing else is buffered here."""
        discard = constants.BufferOperation
        if mask & (
            discard.discard_read_buffer | discard.discard_read_buffer_no_io | discard.discard_receive_buffer
        ):
            self._session(session).link.discard_partial()
        return self._ok(session)

    def gpib_control_ren(self, session: VISASession, mode: constants.RENLineOperation) -> StatusCode:
        """Remote enable: the virtual instruments are always remote."""
        self._session(session)
        return self._ok(session)

    def set_buffer(self, session: VISASession, mask: constants.BufferType, size: int) -> StatusCode:
        """Buffers have no fixed size here: accepted."""
        self._session(session)
        return self._ok(session)

    # --- attributes ---------------------------------------------------------------------------------

    def get_attribute(self, session: Any, attribute: Any) -> tuple[Any, StatusCode]:
        """Value of a session attribute; VI_ERROR_NSUP_ATTR for one that these interfaces lack."""
        opened = self._sessions.get(session)
        if opened is None:
            self._fail(None, StatusCode.error_nonsupported_attribute)
        value = opened.attribute(attribute)
        if value is None:
            self._fail(session, StatusCode.error_nonsupported_attribute)
        return value, self._ok(session)

    def set_attribute(self, session: Any, attribute: Any, attribute_state: Any) -> StatusCode:
        """Set a session attribute; VI_ERROR_NSUP_ATTR or VI_ERROR_ATTR_READONLY when it cannot be."""
        opened = self._session(session)
        if not opened.set_attribute(attribute, attribute_state):
            known = opened.attribute(attribute) is not None
            refused = (
                StatusCode.error_attribute_read_only if known else StatusCode.error_nonsupported_attribute
            )
            self._fail(session, refused)
        return self._ok(session)

    # --- locks --------------------------------------------------------------------------------------

    def lock(
        self, session: VISASession, lock_type: constants.Lock, timeout: int, requested_key: str | None = None
    ) -> tuple[str, StatusCode]:
        """Lock the instrument against other sessions; VI_ERROR_RSRC_LOCKED at once when another holds it."""
        opened = self._session(session)
        key = opened.link.lock(session, lock_type == constants.Lock.shared, requested_key)
        if key is None:
            self._fail(session, StatusCode.error_resource_locked)
        return key, self._ok(session)

    def unlock(self, session: VISASession) -> StatusCode:
        """Give the lock back; VI_ERROR_SESN_NLOCKED when this session holds none."""
        if not self._session(session).link.unlock(session):
            self._fail(session, StatusCode.error_session_not_locked)
        return self._ok(session)

    # --- events -------------------------------------------------------------------------------------

    def enable_event(
        self,
        session: VISASession,
        event_type: EventType,
        mechanism: constants.EventMechanism,
        context: None = None,
    ) -> StatusCode:
        """Queue service requests; other kinds of event or mechanism do not exist here."""
        if event_type != EventType.service_request or mechanism != constants.EventMechanism.queue:
            self._fail(session, StatusCode.error_invalid_event)
        self._session(session).events.add(event_type)
        return self._ok(session)

    def disable_event(
        self, session: VISASession, event_type: EventType, mechanism: constants.EventMechanism
    ) -> StatusCode:
        """No longer queue the event."""
        self._session(session).events.clear()
        return self._ok(session)

    def discard_events(
        self, session: VISASession, event_type: EventType, mechanism: constants.EventMechanism
    ) -> StatusCode:
        """Nothing is stored: a service request stands as long as the status byte says so."""
        self._session(session)
        return self._ok(session)

    def wait_on_event(
        self, session: VISASession, in_event_type: EventType, timeout: int
    ) -> tuple[EventType, VISAEventContext, StatusCode]:
        """Wait, on the bench's clock, until the instrument requests service."""
        opened, world = self._exchange(session)
        if EventType.service_request not in opened.events:
            self._fail(session, StatusCode.error_not_enabled)
        forever = timeout == constants.VI_TMO_INFINITE
        now = world.clock.now()
        deadline, stalled, more = now + (float("inf") if forever else timeout / 1000.0), 0, True
        while not opened.link.device.status_byte() & 0x40:
            if not more or now >= deadline or stalled > _STALLED_SLICES:
                self._time_out(session, world, deadline)
            before, more = now, opened.link.device.proceed()
            now = world.clock.now()
            stalled = stalled + 1 if now == before else 0
        return EventType.service_request, VISAEventContext(self._handle()), self._ok(session)
