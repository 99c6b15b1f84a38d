"""The virtual bench: one die, one loom of wires, one clock, and the instruments that meet it at their terminals."""

from __future__ import annotations

import atexit
from collections.abc import Mapping

from pyvisa.rname import to_canonical_name

from labctl.benchfile import BenchFile, load_bench
from labctl.core.errors import LabError
from labctl.physics.circuit import Drive, Source, SourcePoint
from labctl.physics.die import Die
from labctl.physics.noise import Streams
from labctl.physics.warm_up import warm_up
from labctl.sim.catalogue import build_instrument
from labctl.sim.chuck import CONTACT, VirtualChuck
from labctl.sim.clock import VirtualClock
from labctl.sim.instrument import VirtualInstrument
from labctl.sim.kept import KeptDie
from labctl.sim.sample import Sample, SampleFile
from labctl.sim.stage import VirtualStage
from labctl.sim.terminals import InstrumentNoise
from labctl.sim.wafer import Device, Site, Wafer
from labctl.sim.wiring import NO_PADS, WiringLoom

HOT_VOLTAGE = 10e-3
"""V; a relay that moves with more than this on its row has been switched hot."""
OPEN = Source(Drive.OPEN)


class Workbench:
    """Everything physical, in one place. Instruments reach it only through the ports that they are given."""

    def __init__(self, file: BenchFile) -> None:
        """Take the sample that `file` names and build its instruments.

        Raises LabError when the bench is not virtual, or its sample is in use or belongs to another bench file.
        """
        if file.virtual is None:
            raise LabError(
                f"{file.source}: bench '{file.name}' has no [virtual] section, it cannot be simulated."
            )
        self.file = file
        warm_up()
        self._sample_file = SampleFile(file)
        try:
            self._sample: Sample = self._sample_file.load()
            if not self._sample_file.path.exists():  # whose it is stands there before anything is kept of it
                self._sample_file.save(self._sample)
            streams = Streams(file.virtual.seed, f"die {self._sample.die_number}")
            self.wafer = None if file.virtual.wafer is None else Wafer(file, self._sample_file.devices)
            if self.wafer is not None:
                self._die = self._no_device = self.wafer.nothing()
            else:
                self._die = Die.build(file.array, file.virtual.cells, file.virtual.neurons, streams)
            if self._sample.die:
                self._die.restore(self._sample.die)
            self._kept: KeptDie | None = None
            if self.wafer is None:
                self._kept = KeptDie(self._die, self._sample_file.running_die, self._sample.clock)
                self._sample.clock = self._kept.lived
        except BaseException:
            self._sample_file.release()
            raise
        self._streams = streams
        self.chuck: VirtualChuck | None = None
        self.clock = VirtualClock(self._sample.clock)
        self._settled_until = self.clock.now()
        self._loom = WiringLoom(file)
        self._sources: tuple[Source, ...] = (OPEN,) * len(self._loom.terminals)
        self._closed: frozenset[tuple[str, int]] = frozenset()
        self._heaters: frozenset[int] = frozenset()
        if self.wafer is not None:
            self._loom.face(NO_PADS)
        self._topology = self._loom.topology(self._closed, self._heaters)
        self.stage = VirtualStage(
            self.clock, InstrumentNoise(self, "stage"), file.virtual.room_temperature, self._sample.stage
        )
        if self.wafer is not None:
            left = self._sample.chuck
            where = left.get("x", 0.0), left.get("y", 0.0), bool(left.get("contact", 0.0))
            try:
                self.chuck = VirtualChuck(self, self.wafer, *where)
            except BaseException:
                self._sample_file.release()
                raise
        self.instruments: Mapping[str, VirtualInstrument] = {
            to_canonical_name(file.visa.addresses[name]): build_instrument(name, self)
            for name in file.instruments
        }
        self._open = True
        atexit.register(self.close)

    @property
    def die(self) -> Die:
        """The true die, on a wafer the one under the probes.

        For tests and for comparing a measurement with the truth, out of reach of any instrument.
        """
        return self._die

    def latency(self, address: str) -> float:
        """Seconds that one message to `address` takes on the bus."""
        assert self.file.virtual is not None
        return self.file.virtual.bus_latency

    def save(self) -> None:
        """Save the sample as it was at the last change, and go on: a program that is killed has lost little."""
        self._sample.clock = self._settled_until
        self._sample.stage = self.stage.true_temperature()
        if self.chuck is not None:
            x, y = self.chuck.position
            self._sample.chuck = {"x": x, "y": y, "contact": float(self.chuck.height == CONTACT)}
        if self.wafer is None:
            self._sample.die = self._die.state()
        else:
            self._keep()
        self._sample_file.save(self._sample)

    def close(self) -> None:
        """Save the sample as it now is and let another program have it."""
        if not self._open:
            return
        self._open = False
        atexit.unregister(self.close)
        self.settle()
        self.save()
        self._sample_file.release()

    # What the ports do -----------------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Let the die live through the time that has passed since the last change."""
        elapsed = self.clock.now() - self._settled_until
        if elapsed > 0.0:
            self._die.advance(self._topology, self._sources, elapsed, self.stage.true_temperature())
            self._settled_until = self.clock.now()

    def drive(self, index: int, source: Source) -> None:
        """Replace the source at terminal `index` from this moment on."""
        if source == self._sources[index]:
            return
        self.settle()
        self._sources = (*self._sources[:index], source, *self._sources[index + 1 :])

    def source_point(self, index: int) -> SourcePoint:
        """What stands at terminal `index` at this moment."""
        self.settle()
        if self._kept is not None and self._kept.is_changed:  # what is answered is true of what is kept
            self._keep()
        return self._die.source_point(self._topology, self._sources, index)

    def close_crosspoints(self, crosspoints: frozenset[tuple[str, int]]) -> None:
        """Move matrix relays; what moves hot is written down in the sample."""
        moved = crosspoints ^ self._closed
        if not moved:
            return
        self.settle()
        hot = {row for row in {row for row, _ in moved} if self._is_hot(row)}
        for row, column in moved:
            name = f"{row}{column}"
            if (row, column) in crosspoints:
                self._sample.closures[name] = self._sample.closures.get(name, 0) + 1
            if row in hot:
                self._sample.hot[name] = self._sample.hot.get(name, 0) + 1
        self._closed = crosspoints
        self._rewire()

    def touch(self, site: Site | None) -> None:
        """What hangs on the probes from now on: the device at `site`, or nothing; done hot is written down."""
        assert self.wafer is not None
        device = self._kept if isinstance(self._kept, Device) else None
        if site == (None if device is None else device.site):
            return
        self.settle()
        if any(self._is_hot(row) for row in {row for row, _ in self._closed}):
            self._sample.hot["chuck"] = self._sample.hot.get("chuck", 0) + 1
        self.save()
        self._kept = device = None if site is None else self.wafer.device(site)
        self._die = self._no_device if device is None else device.die
        self._loom.face(NO_PADS if device is None else device.pads)
        if device is not None:
            alone = self._loom.topology(frozenset(), frozenset())
            elapsed = self.clock.now() - device.lived
            self._die.advance(alone, (OPEN,) * len(self._sources), elapsed, self.stage.true_temperature())
            device.lived = self._settled_until
        self._rewire()

    def _keep(self) -> None:
        """Keep what the probes touch as it was at the last change."""
        if self._kept is not None:
            self._kept.lived = self._settled_until
            self._kept.keep()

    def _is_hot(self, row: str) -> bool:
        """Whether a matrix row stands at more than `HOT_VOLTAGE`; solved only when a source could put it there."""
        node = self._loom.row_node(row)
        if node is None or not any(could_heat(source) for source in self._sources):
            return False
        return abs(self._die.potential(self._topology, self._sources, node)) > HOT_VOLTAGE

    def set_digital(self, instrument: str, line: int, high: bool) -> None:
        """Drive a digital output; one that is wired to an isolation relay moves it."""
        for heater, (owner, output) in self.file.relays.items():
            if (owner, output) != (instrument, line) or (heater in self._heaters) == high:
                continue
            self.settle()
            name = f"heater {heater}"
            if high:
                self._sample.closures[name] = self._sample.closures.get(name, 0) + 1
            self._heaters = self._heaters | {heater} if high else self._heaters - {heater}
            self._rewire()

    def relay_record(self) -> tuple[Mapping[str, int], Mapping[str, int]]:
        """Closures, and moves under load, of each relay of this bench since the sample was made."""
        return self._sample.closures, self._sample.hot

    def next_event(self, name: str) -> int:
        """A number never given before for this random quantity of this sample."""
        count = self._sample.events.get(name, 0)
        self._sample.events[name] = count + 1
        return count

    @property
    def streams(self) -> Streams:
        """The sample's randomness."""
        return self._streams

    def terminal_index(self, terminal: str) -> int:
        """Place of a source terminal such as `smu1.a` in the network."""
        return self._loom.terminals.index(terminal)

    def _rewire(self) -> None:
        self._topology = self._loom.topology(self._closed, self._heaters)


def could_heat(source: Source) -> bool:
    """Whether a source could hold a node above `HOT_VOLTAGE`.

    In a network of passive devices no node stands beyond the highest and the lowest level that sources hold.
    """
    if source.drive is Drive.CURRENT:
        return source.level != 0.0
    return source.drive is Drive.VOLTAGE and abs(source.level) > HOT_VOLTAGE


def open_workbench(name_or_path: str) -> Workbench:
    """The virtual bench of a bench file, found by name or path."""
    return Workbench(load_bench(name_or_path))


def new_sample(name_or_path: str, die_number: int = 0) -> None:
    """Throw the virtual sample of a bench away and put die `die_number` of the same seed in its place."""
    file = load_bench(name_or_path)
    sample_file = SampleFile(file)
    try:
        sample_file.discard()
        fresh = sample_file.load()
        fresh.die_number = die_number
        sample_file.save(fresh)
    finally:
        sample_file.release()
