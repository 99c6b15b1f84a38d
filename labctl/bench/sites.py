"""Which ledger books what is done: each place on a wafer has one of its own, the bench's own takes the rest."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from labctl.bench.books import Books
from labctl.bench.ledger import Ledger, open_ledger, read_books
from labctl.benchfile import BenchFile
from labctl.core.capabilities import DiePosition
from labctl.core.names import kept_path
from labctl.core.paths import DEVICES, device_name, devices_folder, sample_file, samples_folder

LEDGER = ".ledger.jsonl"


class SiteLedgers:
    """The ledger of the device under the probes, and while there is none, that of the bench's own sample."""

    def __init__(self, bench: BenchFile) -> None:
        """Open the ledger of the sample on `bench`; LabError as `open_ledger`."""
        self._bench = bench
        self._wafer, self._label = "", ""
        self._place: Path | None = None
        self._position: DiePosition | None = None
        self._opened = ExitStack()
        self._under_probes = ExitStack()
        self._own = self._opened.enter_context(open_ledger(bench))
        self._current = self._own

    def __enter__(self) -> Self:
        """Open."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let other programs have them."""
        self._under_probes.close()
        self._opened.close()

    @property
    def current(self) -> Ledger:
        """The ledger that books what is done now."""
        return self._current

    @property
    def place(self) -> Path | None:
        """File of the device under the probes; None while the bench's own ledger books."""
        return self._place

    def begin_run(self, label: str) -> None:
        """What is done from here on is booked under this run, wherever the probes go."""
        self._label = label
        self._own.begin_run(label)
        if self._current is not self._own:
            self._current.begin_run(label)

    def put_wafer(self, name: str) -> None:
        """The wafer on the chuck is `name`: its dies have ledgers apart from those of other wafers."""
        self._wafer = name
        self.meet(self._position)

    def meet(self, position: DiePosition | None) -> None:
        """The probes touch the device at `position`, or nothing; LabError as `open_ledger`."""
        place, self._position = None, position
        if position is not None and position.in_contact:
            place = site_ledger(self._bench, position, self._wafer)
        if place == self._place:
            return
        self._under_probes.close()
        self._current, self._place = self._own, None
        if place is not None:
            self._current = self._under_probes.enter_context(open_ledger(self._bench, place))
            self._current.begin_run(self._label)
            self._place = place


def site_ledger(bench: BenchFile, position: DiePosition, wafer: str = "") -> Path:
    """Where the ledger of the device at `position` lies."""
    name = device_name(position.x, position.y, position.dx, position.dy)
    return _folder(bench, wafer) / f"{name}{LEDGER}"


def device_ledgers(bench: BenchFile, wafer: str = "") -> Mapping[str, Path]:
    """The ledger of every device of the wafer on `bench` that has one, by the device's name."""
    found = sorted(_folder(bench, wafer).glob(f"*{LEDGER}"))
    return {path.name.removesuffix(LEDGER): path for path in found}


def read_all_books(bench: BenchFile, wafer: str = "") -> Mapping[str, Books]:
    """What every device of the wafer on `bench` has taken, by its name; the bench's own sample is called ""."""
    devices = {name: read_books(bench, path) for name, path in device_ledgers(bench, wafer).items()}
    return {"": read_books(bench), **devices}


def _folder(bench: BenchFile, wafer: str) -> Path:
    """Folder of what is kept of each device of the wafer on `bench`.

    Beside a virtual wafer, whatever it is called: it is the same one; else by the wafer's or the sample's name.
    """
    if bench.simulated and bench.virtual is not None:
        return devices_folder(sample_file(bench.virtual.sample).with_suffix(""))
    name = wafer or (bench.name if bench.sample is None else bench.sample.name)
    return kept_path(samples_folder(), name, DEVICES)
