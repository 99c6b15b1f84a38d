"""Virtual instruments on loopback TCP sockets, where they outlive the program that measures with them."""

from __future__ import annotations

import selectors
import socket
from collections.abc import Mapping
from pathlib import Path

import tomlkit

from labctl.core.clock import Clock, WallClock
from labctl.core.errors import LabError
from labctl.sim.instrument import VirtualInstrument
from labctl.sim.workbench import Workbench

HOST = "127.0.0.1"
"""The only interface; never another one, for nobody asks for a password here."""
CONNECTIONS = 4
"""To one instrument at a time; one more is closed at once."""
LONGEST_MESSAGE = 1_000_000
"""Bytes without a line feed after which a connection is closed, and bytes not fetched after which an answer waits."""
SAVE_EVERY = 1.0
"""s of wall time between two savings of a sample that has changed."""
TICK = 0.05
"""s; how long the loop sleeps at most."""
AT_ONCE = 100.0
"""s of bench time that one message may take as fast as it can be computed; what takes longer goes on by ticks."""
STALLED = 2000
"""Slices without output and without bench time after which work goes on by ticks: an endless loop."""
_CHUNK = 65536


class BenchServer:
    """The instruments of one virtual bench, each behind a port of its own; one thread, one message at a time.

    Messages end with LF. Answers go to the connection that spoke last. A connection that closes ends what it had the
    instrument do and drops its answers, as tspnet.disconnect() describes it for Keithley instruments (2600AS-901-01
    rev. B p. 19-223); outputs stay as they are. That is the only device clear which a raw socket has.
    """

    def __init__(
        self, bench: Workbench, *, port: int = 0, speed: float = 1.0, wall: Clock | None = None
    ) -> None:
        """Listen for the instruments of `bench`, which the server closes in the end.

        port:  of the first instrument, the others follow; 0 takes free ones.
        speed: s of bench time that pass with each s of wall time in which no instrument works; their work takes its
               bench time whatever wall time the computing needs.

        Raises LabError when a port cannot be had.
        """
        self._bench = bench
        self._speed = speed
        self._wall = wall or WallClock()
        self._selector = selectors.DefaultSelector()
        self._is_stopped = False
        self._idle_since = self._saved = self._wall.now()
        self._is_changed = False
        self._working: list[_Served] = []  # who was spoken to last comes last
        self._served: list[_Served] = []
        try:
            for offset, (name, device) in enumerate(
                zip(bench.file.instruments, bench.instruments.values(), strict=True)
            ):
                listener = _listen(port + offset if port else 0)
                latency = bench.latency(bench.file.visa.addresses[name])
                self._served.append(_Served(name, device, latency, listener))
                self._selector.register(listener, selectors.EVENT_READ, self._served[-1])
        except OSError as error:
            wanted = port + len(self._served) if port else port
            self.close()
            raise LabError(
                f"Port {wanted} of {HOST} cannot be used ({error.strerror}): choose another --port, or 0 for free ones."
            ) from error

    @property
    def addresses(self) -> Mapping[str, str]:
        """VISA address of each instrument by its name in the bench file."""
        return {each.name: f"TCPIP::{HOST}::{each.port}::SOCKET" for each in self._served}

    def bench_text(self) -> str:
        """The bench file with which these sockets are used like a laboratory's instruments, through pyvisa-py.

        Its [virtual] section still says which sample is measured; nothing is simulated by it.
        """
        text = tomlkit.parse(self._bench.file.text)
        visa = tomlkit.table()
        visa["library"] = "@py"
        visa["simulated"] = True
        visa["addresses"] = dict(self.addresses)
        text["visa"] = visa
        return tomlkit.dumps(text)

    def write_bench(self, path: Path) -> None:
        """Write `bench_text` to `path` in one step; LabError when that cannot be."""
        fresh = path.with_name(f"{path.name}.new")
        try:
            fresh.write_text(self.bench_text(), encoding="utf-8")
            fresh.replace(path)
        except OSError as error:
            raise LabError(f"The bench file {path} cannot be written ({error.strerror}).") from error

    def stop(self) -> None:
        """Let `serve` return within a tick; any thread or signal handler may."""
        self._is_stopped = True

    def serve(self) -> None:
        """Answer until `stop`; then close every connection and save the sample."""
        try:
            while not self._is_stopped:
                self.turn()
        finally:
            self.close()

    def turn(self) -> None:
        """One round of `serve`: hear what has come, a slice of work, save the sample when it is time."""
        for key, events in self._selector.select(0.0 if self._hurries() else TICK):
            self._attend(key, events)
        self._work()
        self._save_when_due()

    def close(self) -> None:
        """Close every connection, end what runs, save the sample and let another program have it."""
        for served in self._served:
            for connection in tuple(served.connections):
                self._drop(connection)
            served.listener.close()
        self._served = []
        self._selector.close()
        self._bench.close()

    # Connections ------------------------------------------------------------------------------------------------------

    def _attend(self, key: selectors.SelectorKey, events: int) -> None:
        if isinstance(key.data, _Served):
            self._accept(key.data)
            return
        connection: _Connection = key.data
        if not connection.is_open:  # dropped by an event before this one
            return
        try:
            if events & selectors.EVENT_WRITE:
                self._send(connection)
            if events & selectors.EVENT_READ:
                self._hear(connection)
        except OSError:  # the other side is gone
            self._drop(connection)

    def _accept(self, served: _Served) -> None:
        link, _ = served.listener.accept()
        if len(served.connections) >= CONNECTIONS:
            link.close()
            return
        link.setblocking(False)
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = _Connection(link, served)
        served.connections.append(connection)
        self._selector.register(link, selectors.EVENT_READ, connection)

    def _drop(self, connection: _Connection) -> None:
        served = connection.served
        self._selector.unregister(connection.link)
        connection.close()
        served.connections.remove(connection)
        if served.speaker is connection:
            served.speaker = None
            served.device.clear()

    def _hear(self, connection: _Connection) -> None:
        """Take what has come; every line of it costs the latency of the bus."""
        data = connection.receive()
        connection.unended = 0 if b"\n" in data else connection.unended + len(data)
        if not data or connection.unended > LONGEST_MESSAGE:
            self._drop(connection)
            return
        served = connection.served
        if served.speaker is not connection:
            served.device.clear()
            served.speaker = connection
        self._let_idle_time_pass()
        self._bench.clock.wait(served.latency * data.count(b"\n"))
        self._is_changed = True
        served.begun, served.stalled = self._bench.clock.now(), 0
        served.device.receive(data, end=False)
        if served in self._working:
            self._working.remove(served)
        self._working.append(served)
        self._deliver(served)

    def _deliver(self, served: _Served) -> bool:
        """Hand the instrument's answers to the connection that spoke last; whether there were any."""
        connection, found = served.speaker, False
        while connection is not None and len(connection.outgoing) < LONGEST_MESSAGE:
            answer, _ = served.device.transmit(_CHUNK)
            if not answer:
                break
            connection.outgoing += answer
            found = True
        if connection is not None and found:
            try:
                self._send(connection)
            except OSError:
                self._drop(connection)
        return found

    def _send(self, connection: _Connection) -> None:
        try:
            sent = connection.link.send(connection.outgoing)
            del connection.outgoing[:sent]
        except BlockingIOError:
            pass
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if connection.outgoing else 0)
        self._selector.modify(connection.link, wanted, connection)

    # Work and time ----------------------------------------------------------------------------------------------------

    def _hurries(self) -> bool:
        """Whether an instrument has work that goes on as fast as it can be computed."""
        now = self._bench.clock.now()
        return any(each.stalled < STALLED and now - each.begun < AT_ONCE for each in self._working)

    def _let_idle_time_pass(self) -> None:
        now = self._wall.now()
        self._bench.clock.wait(max(0.0, now - self._idle_since) * self._speed)
        self._idle_since = now

    def _work(self) -> None:
        """One slice for the instrument spoken to last that gets on with it; the others follow the clock."""
        if not self._working:
            return
        self._is_changed = True
        leading = True
        for served in reversed(tuple(self._working)):
            before = self._bench.clock.now()
            more = served.device.proceed() if leading else served.device.catch_up()
            got_on = self._deliver(served) or self._bench.clock.now() != before
            served.stalled = 0 if got_on else served.stalled + 1
            leading = leading and not got_on
            if not more:
                self._working.remove(served)
        self._idle_since = self._wall.now()

    def _save_when_due(self) -> None:
        if self._is_changed and self._wall.now() - self._saved >= SAVE_EVERY:
            self._bench.save()
            self._is_changed = False
            self._saved = self._wall.now()


class _Served:
    """One instrument behind its port.

    speaker: the connection that spoke last. begun: s of bench time when it did. stalled: slices without progress since.
    """

    def __init__(self, name: str, device: VirtualInstrument, latency: float, listener: socket.socket) -> None:
        self.name, self.device, self.latency, self.listener = name, device, latency, listener
        self.port: int = listener.getsockname()[1]
        self.connections: list[_Connection] = []
        self.speaker: _Connection | None = None
        self.begun = 0.0
        self.stalled = 0


class _Connection:
    """One program's connection to one instrument."""

    def __init__(self, link: socket.socket, served: _Served) -> None:
        self.link, self.served = link, served
        self.outgoing = bytearray()
        self.unended = 0
        self.is_open = True

    def receive(self) -> bytes:
        """What has come; nothing when the other side has closed."""
        data = self.link.recv(_CHUNK)
        if hasattr(
            socket, "TCP_QUICKACK"
        ):  # else a client's second short message waits 40 ms for the receipt
            self.link.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        return data

    def close(self) -> None:
        """Hang up."""
        self.is_open = False
        self.link.close()


def _listen(port: int) -> socket.socket:
    listener = socket.create_server((HOST, port), backlog=CONNECTIONS)
    listener.setblocking(False)
    return listener
