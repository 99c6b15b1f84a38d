"""The bench: opens what the bench file names, makes it safe, hands out connections, closes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from labctl.bench import array
from labctl.bench import neurons as computing
from labctl.bench.books import Books
from labctl.bench.ledger import Ledger, namesakes, read_books
from labctl.bench.limits import BenchLimits
from labctl.bench.lock import hold, unended_sentence
from labctl.bench.opening import identity_of, opened_instrument, refuse_addresses
from labctl.bench.prober import GuardedProber
from labctl.bench.probing import WireProbe
from labctl.bench.relaybook import RelayBook, open_relay_book
from labctl.bench.relays import Relays
from labctl.bench.roll_call import CheckedInstrument, checked
from labctl.bench.router import Router
from labctl.bench.sites import SiteLedgers
from labctl.bench.sources import QUICK_NPLC, READ_NPLC, Sources
from labctl.bench.stage import GuardedStage
from labctl.bench.wiring_check import WiringCheck
from labctl.bench.wiring_proof import WiringProof, keep, made, standing_proof
from labctl.benchfile import BenchFile, load_bench
from labctl.benchmodel import OPERATOR
from labctl.core.capabilities import (
    MachineProber,
    Prober,
    SourceMainframe,
    Stage,
    SwitchMatrix,
    TemperatureController,
)
from labctl.core.clock import Clock
from labctl.core.errors import (
    InstrumentError,
    LabError,
    NotConfirmed,
    UnsupportedByBench,
)
from labctl.core.identity import met_twice
from labctl.core.orders import AbortOrder, HeedingClock
from labctl.core.route import Route
from labctl.core.views import CellView, ComputingArray, HeaterView
from labctl.driver.opening import Library
from labctl.instrumenttype import InstrumentKind


class Bench:
    """All instruments of one bench file, open. A `NeuronBench`; leave it as a context manager."""

    def __init__(self, file: BenchFile) -> None:
        """Open and identify every instrument, then make all safe.

        Raises LinkLost, InstrumentError or NotConfirmed with everything closed again when one does not
        answer, is not what the bench file says, or cannot be made safe.
        """
        self._file, self._order = file, AbortOrder()
        self._is_open = self._is_left_safe = False
        with ExitStack() as opened:
            self._lock = opened.enter_context(hold(file))
            opened.callback(self._give_back)
            # the books first: who does not get them has not disturbed the program that holds the bench
            self._ledgers = opened.enter_context(SiteLedgers(file))
            self._relay_book = opened.enter_context(open_relay_book(file))
            refuse_addresses(file)
            library = Library(file.library)
            opened.callback(library.close)
            self._clock = HeedingClock(library.clock(self._order.check), self._order)
            self._drivers: dict[str, Any] = {}  # each has the capabilities of its kind
            for name in file.instruments:
                self._drivers[name] = opened_instrument(file, name, library, self._clock, self._order)
                opened.callback(self._drivers[name].close)
            self._identities = {
                name: identity_of(file, name, self._drivers[name]) for name in file.instruments
            }
            twice = list(met_twice(self._identities, file.visa.addresses))
            if twice:
                raise InstrumentError("; ".join(twice))
            self._mainframes: dict[str, SourceMainframe] = {
                name: self._drivers[name] for name in file.instruments_of(InstrumentKind.SOURCE)
            }
            self._matrix: SwitchMatrix = self._drivers[file.instrument_of(InstrumentKind.MATRIX)]
            self._sources = Sources(self._mainframes)
            self._relays = Relays(file, self._matrix, self._mainframes, self._sources, self._relay_book)
            self._router = Router(file)
            unsafe = self.make_safe()
            if unsafe:
                raise NotConfirmed(" ".join(unsafe))
            self._prober = self._located_prober()
            self._is_open = True
            self._closing = opened.pop_all()

    def __enter__(self) -> Self:
        """The bench, safe."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Make safe and close; NotConfirmed, or a note on the error under way, for what could not be confirmed."""
        try:
            unsafe = self.make_safe()
            self._is_left_safe = not unsafe
        finally:
            self.close()
        if unsafe and error is not None:
            error.add_note(" ".join(unsafe))
        elif unsafe:
            raise NotConfirmed(" ".join(unsafe))

    def close(self) -> None:
        """End every connection."""
        self._closing.close()

    def _give_back(self) -> None:
        """Leave the mark that the next owner will find."""
        if not self._is_open:
            self._lock.put_back()
        elif self._is_left_safe:
            self._lock.mark_clean()

    # What the bench is --------------------------------------------------------------------------------------

    @property
    def file(self) -> BenchFile:
        """The bench file it was opened from."""
        return self._file

    @property
    def clock(self) -> Clock:
        """Time of this bench."""
        return self._clock

    @property
    def order(self) -> AbortOrder:
        """The order to end at once; any thread may give it."""
        return self._order

    @property
    def at_rest(self) -> bool:
        """Whether every output is off: nothing happens to the sample while one waits."""
        return self._sources.at_rest

    @property
    def word_lines(self) -> int:
        """Number of word lines."""
        return self._file.array.word_lines

    @property
    def bit_lines(self) -> int:
        """Number of bit lines."""
        return self._file.array.bit_lines

    @property
    def segment_resistance(self) -> float:
        """Ohm of a line between neighbouring cells."""
        return self._file.array.segment_resistance

    @property
    def path_resistance(self) -> float:
        """Ohm from a source to the first cell of a line: relay contact and lead."""
        return self._file.wiring.path_resistance

    @property
    def ground_resistance(self) -> float:
        """Ohm from the ground row to the star ground: common to every grounded line of a read."""
        return self._file.wiring.ground_resistance

    @property
    def router(self) -> Router:
        """Plans routes on this bench."""
        return self._router

    @property
    def messages(self) -> int:
        """Messages sent to all instruments since they were opened."""
        return sum(driver.messages for driver in self._drivers.values())

    def identities(self) -> Mapping[str, str]:
        """What each instrument said it is when it was opened."""
        return dict(self._identities)

    # What it has done ---------------------------------------------------------------------------------------

    @property
    def ledger(self) -> Ledger:
        """What the sample has taken: on a wafer, the device that the probes touch."""
        return self._ledgers.current

    def read_books(self) -> Books:
        """What that ledger holds, read from its file: any thread may ask."""
        return read_books(self._file, self._ledgers.place)

    @property
    def relay_book(self) -> RelayBook:
        """How often its relays have closed."""
        return self._relay_book

    def begin_run(self, label: str) -> None:
        """What is done from here on is booked under this run; the same label again goes on with it."""
        self._ledgers.begin_run(label)

    def warnings(self) -> list[str]:
        """Sentences on what a run should know: a program before that did not end as it should, worn relays, a namesake.

        Relays count as worn beyond 80 % of their rated life; a namesake is a sample found under another spelling.
        """
        unended = self._lock.unended
        left = [unended_sentence(unended)] if unended is not None else []
        return [*left, *namesakes(self._file), *self._relay_book.warnings()]

    @property
    def unended_run(self) -> str:
        """Folder of the run that was under way when the program before died; empty when there was none."""
        return "" if self._lock.unended is None else self._lock.unended.run

    def mark_run(self, folder: Path | None) -> None:
        """A run is under way in `folder`, or none is any more: who finds the bench left alone is told of it."""
        self._lock.mark_run(folder)

    # Wafer --------------------------------------------------------------------------------------------------

    @property
    def prober(self) -> GuardedProber:
        """What brings dies under the probes; UnsupportedByBench when there is none, or nobody to guide."""
        if self._file.prober is None:
            raise UnsupportedByBench(f"bench '{self._file.name}' has no prober (section [prober])")
        if self._prober is None:
            raise UnsupportedByBench(
                f"the prober of bench '{self._file.name}' is moved by a person (prober.kind), and nobody is asked here"
            )
        return self._prober

    def use_prober(self, prober: Prober) -> None:
        """Let `prober` move what the bench file leaves to a person; UnsupportedByBench when it does not."""
        if self._file.prober is None or self._file.prober.kind != OPERATOR:
            raise UnsupportedByBench(f"bench '{self._file.name}' leaves no prober to a person (prober.kind)")
        self._prober = GuardedProber(prober, self._sources, self._relays, self._ledgers, self._file.name)

    def put_wafer(self, name: str) -> None:
        """The wafer under the probes is `name`: what its dies take is booked apart from other wafers."""
        self._ledgers.put_wafer(name)

    def _located_prober(self) -> GuardedProber | None:
        """The machine that the bench file names, asked where its chuck stands."""
        entry = self._file.prober
        if entry is None or entry.instrument is None:
            return None
        driver: MachineProber = self._drivers[entry.instrument]
        driver.locate()
        return GuardedProber(driver, self._sources, self._relays, self._ledgers, self._file.name)

    def _refuse_without_contact(self) -> None:
        if self._prober is not None:
            self._prober.refuse_without_contact()

    # Neurons ------------------------------------------------------------------------------------------------

    @property
    def stage(self) -> Stage:
        """The stage controller, kept within the bench's temperatures."""
        if self._file.stage is None:
            raise UnsupportedByBench(f"bench '{self._file.name}' has no stage (section [stage])")
        controller: TemperatureController = self._drivers[self._file.stage.instrument]
        return GuardedStage(controller, BenchLimits(self._file.limits), self.ledger)

    def conditions(self) -> Mapping[str, float]:
        """For the record, as far as the bench has it.

        K of the stage now; numbers of the die, and m from its reference point; power line cycles of a read and of a
        quick one.
        """
        found = {"read_nplc": READ_NPLC, "quick_nplc": QUICK_NPLC}
        if self._file.stage is not None:
            found["stage_temperature"] = self.stage.temperature()
        if self._prober is not None and self._prober.position is not None:
            die = self._prober.position
            found |= {"die_x": die.x, "die_y": die.y, "die_dx": die.dx, "die_dy": die.dy}
        return found

    @property
    def level_rows(self) -> Sequence[str]:
        """Matrix rows that carry input levels, ground excluded."""
        if not self._file.roles.levels:
            raise UnsupportedByBench(
                f"bench '{self._file.name}' names no rows for input levels (roles.levels)"
            )
        return self._file.roles.levels

    @property
    def trim_row(self) -> str:
        """Matrix row of the bias word lines."""
        if self._file.roles.trim is None:
            raise UnsupportedByBench(f"bench '{self._file.name}' names no row for bias lines (roles.trim)")
        return self._file.roles.trim

    @property
    def ground_row(self) -> str:
        """Matrix row of the star ground."""
        return self._router.ground_row

    @property
    def heater_resistance(self) -> float:
        """Nominal ohm of one heater."""
        if self._file.neurons is None:
            raise UnsupportedByBench(f"bench '{self._file.name}' has no neurons (section [neurons])")
        return self._file.neurons.heater_resistance

    def ordered(self) -> Mapping[str, Any]:
        """For a display, without a message: what was ordered last, any thread may ask.

        closed: crosspoints as `A1`. heaters: those connected. on, levels: terminals whose output is on, and their V.
        """
        closed, heaters = self._relays.believed
        levels = self._sources.ordered
        return {
            "closed": [f"{row}{column}" for row, column in sorted(closed)],
            "heaters": sorted(heaters),
            "on": list(levels),
            "levels": levels,
        }

    # Connections --------------------------------------------------------------------------------------------

    def connect_cell(self, route: Route) -> AbstractContextManager[CellView]:
        """Connect a cell route cold, outputs on at 0 V with compliance confirmed; leaves 0 V and off."""
        self._refuse_without_contact()
        return array.connect_cell(route, self._file, self._relays, self._sources, self.ledger)

    def connect_heater(self, neuron: int, voltage: float) -> AbstractContextManager[HeaterView]:
        """Connect one neuron's heater alone, guarded, for up to `voltage` V at its tap."""
        self._refuse_without_contact()
        return computing.connect_heater(
            neuron, voltage, self._file, self._router, self._relays, self._sources, self.ledger
        )

    def connect_computing(
        self, levels: Mapping[str, float], neurons: Sequence[int]
    ) -> AbstractContextManager[ComputingArray]:
        """Connect the heaters of these neurons and make the named rows ready for up to these V."""
        self._refuse_without_contact()
        return computing.connect_computing(
            levels, neurons, self._file, self._router, self._relays, self._sources, self.ledger
        )

    # Wiring ---------------------------------------------------------------------------------------------------

    def prove_wiring(self, tell: Callable[[str], None] = lambda what: None) -> WiringProof:
        """Look along every wire with signals that harm nothing, keep what was found; `tell` hears what is looked at."""
        self._refuse_without_contact()
        probe = WireProbe(self._file, self._router, self._relays, self._sources, self.ledger)
        found = WiringCheck(self._file, probe, self.ledger.books.conductances(), tell).findings()
        proof = made(self._file, self._identities, found)
        keep(self._file, proof)
        return proof

    def proven(self) -> Mapping[str, Any]:
        """What is known of the wires by proof, for the record (see `standing_proof`)."""
        return standing_proof(self._file, self._identities)

    # Safety -------------------------------------------------------------------------------------------------

    def make_safe(self) -> list[str]:
        """Sources at 0 V and off, heaters isolated, every crosspoint open; tries all though some fail.

        Returns a sentence for each thing that could not be confirmed. The stage keeps its temperature: it
        harms nothing within the bench's limits, and takes long to settle.
        """
        unsafe: list[str] = []
        with self._order.exempt():
            # who owes an answer may hang: the others do not wait for it. All are at 0 V before one is asked about it
            frames = sorted(self._mainframes.items(), key=lambda item: item[1].answer_due)
            ordered = [
                (name, frame) for name, frame in frames if _attempted(name, frame.request_zero, unsafe)
            ]
            confirmed = [_attempted(name, frame.confirm_zero, unsafe) for name, frame in ordered]
            if len(ordered) == len(frames) and all(confirmed):
                self._sources.forget()
            _attempted("heater relays", self._relays.isolate_all, unsafe)
            _attempted(self._file.instrument_of(InstrumentKind.MATRIX), self._open_matrix, unsafe)
        return unsafe

    def _open_matrix(self) -> None:
        self._relays.forget()
        self._matrix.make_safe()

    def check(self) -> list[CheckedInstrument]:
        """Ask every instrument who it is, how it stands and what it complains about; nothing moves."""
        return [
            checked(self._file, name, driver, self._identities[name])
            for name, driver in self._drivers.items()
        ]


def _attempted(name: str, step: Callable[[], None], unsafe: list[str]) -> bool:
    """Take one step towards safety; whether it succeeded, with a sentence in `unsafe` when not."""
    try:
        step()
    except LabError as error:
        unsafe.append(f"{name} could not be made safe: {error}.")
        return False
    return True


def open_bench(name_or_path: str | Path) -> Bench:
    """Open the bench of a bench file, found by name or path: every instrument identified, everything safe.

    Raises BenchFileError for mistakes in the file, other LabErrors when an instrument is not as the file
    says.
    """
    return Bench(load_bench(name_or_path))
