"""One bench, one owner: who holds it, and whether its last owner ended as one should."""

from __future__ import annotations

import getpass
import hashlib
import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout

from labctl.benchfile import BenchFile
from labctl.core.errors import LabError
from labctl.core.names import file_name
from labctl.core.paths import CAMPAIGN_FILE, state_folder
from labctl.core.textfile import printable

IN_PROCESS = "@labctl"
"""End of the name of the VISA library whose instruments live and die with the program."""

_STARTED = datetime.now().astimezone().isoformat(timespec="seconds")
"""When this program began, to the second in which it loaded this."""
RESCUE = 10.0
"""s that a start waits for the watchdog of a dead owner."""


@dataclass(frozen=True)
class Owner:
    """Who holds a bench, or held it last.

    since, started: when it took the bench, and when its process began, ISO 8601. run: folder of the run under way,
    empty between runs. clean: it ended with everything safe.
    """

    bench: str
    user: str
    host: str
    process: int
    since: str
    run: str = ""
    clean: bool = False
    started: str = ""

    def __str__(self) -> str:
        """`anna on lab3, process 4711 started 2026-11-23 21:50:00, since 2026-11-23 21:50:02`."""
        started = f" started {_plain(self.started)}" if self.started else ""
        return f"{self.user} on {self.host}, process {self.process}{started}, since {_plain(self.since)}"


def _plain(moment: str) -> str:
    return moment.replace("T", " ")[:19]


class BenchLock:
    """A bench that is held. The lock is the operating system's: it ends with the program, whatever kills it.

    What stands in the file beside it are words only: who it is, and, left behind, who did not end as one should.
    """

    def __init__(self, path: Path, owner: Owner, previous: Owner | None) -> None:
        """Held by `owner` with its words at `path`; `previous` is who held it before."""
        self._path, self._owner, self._previous = path, owner, previous
        self._write()

    @property
    def unended(self) -> Owner | None:
        """Who held the bench before and did not end it; None when it was left in order."""
        return self._previous if self._previous is not None and not self._previous.clean else None

    def mark_run(self, folder: Path | None) -> None:
        """A run is under way in `folder`, or none is any more."""
        self._owner = replace(self._owner, run="" if folder is None else str(folder.resolve()))
        self._write()

    def mark_clean(self) -> None:
        """Everything is confirmed to be safe and the bench is given back."""
        self._owner = replace(self._owner, run="", clean=True)
        self._write()

    def put_back(self) -> None:
        """The bench could not be opened: leave what was found."""
        if self._previous is None:
            self._path.unlink(missing_ok=True)
        else:
            _write(self._path, self._previous)

    def _write(self) -> None:
        _write(self._path, self._owner)


def lock_path(bench: BenchFile) -> Path:
    """Where the lock of these instruments lies: the same for every bench file that names the same addresses."""
    here = bench.library if bench.library.endswith(IN_PROCESS) else ""
    which = json.dumps([here, sorted(bench.visa.addresses.values())])
    digest = hashlib.sha256(which.encode()).hexdigest()[:12]
    return state_folder() / f"{file_name(bench.name)[:40] if here else 'bench'}-{digest}.lock"


@contextmanager
def hold(bench: BenchFile) -> Iterator[BenchLock]:
    """Hold the bench; LabError naming the owner when another program does."""
    path = lock_path(bench)
    words = path.with_suffix(".json")
    lock = FileLock(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _acquire(lock, path)
    except Timeout:
        owner = _read(words)
        by = f" by {owner}" if owner is not None else " by another program"
        run = f", which records {owner.run}" if owner is not None and owner.run else ""
        raise LabError(
            f"The bench {bench.name} is in use{by}{run}: wait for it or end it there, one bench has one owner."
        ) from None
    except OSError as error:
        raise LabError(f"The bench cannot be locked with {path}: {error.strerror}.") from None
    try:
        yield BenchLock(words, _myself(bench.name), _read(words))
    finally:
        lock.release()


@contextmanager
def hold_quietly(bench: BenchFile) -> Iterator[bool]:
    """Hold the bench for a rescue and leave the words as they are; whether nobody else holds it."""
    path = lock_path(bench)
    lock, mark = FileLock(path), path.with_suffix(".rescue")
    try:
        lock.acquire(timeout=0)
    except (Timeout, OSError):
        yield False
        return
    try:
        with suppress(OSError):
            mark.touch()
        yield True
    finally:
        with suppress(OSError):
            mark.unlink(missing_ok=True)
        lock.release()


def _acquire(lock: BaseFileLock, path: Path) -> None:
    """Take the lock, or raise Timeout; a rescue under way is waited for."""
    try:
        lock.acquire(timeout=0)
    except Timeout:
        if not path.with_suffix(".rescue").exists():
            raise
        lock.acquire(timeout=RESCUE)


def unended_sentence(owner: Owner) -> str:
    """What the next owner is told."""
    told = f"The program before ({owner}) did not end as it should; every output was made safe first."
    if owner.run:
        told += f" Its run did not end: {_going_on(Path(owner.run))}"
    return told


def _going_on(run: Path) -> str:
    """The command that goes on with `run`; the record of a die belongs to a whole wafer."""
    wafer = run.parents[1] if len(run.parents) > 1 else run
    if (wafer / CAMPAIGN_FILE).is_file():
        return f"labctl wafer run PLAN --out {wafer} --resume"
    return f"labctl run --resume {run}"


def _myself(bench: str) -> Owner:
    try:
        user = printable(getpass.getuser())
    except (OSError, KeyError, ImportError):  # an account without a name, as in some containers
        user = "somebody"
    now = datetime.now().astimezone().isoformat(timespec="seconds")
    return Owner(bench, user, platform.node(), os.getpid(), now, started=_STARTED)


def _read(path: Path) -> Owner | None:
    try:
        return Owner(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _write(path: Path, owner: Owner) -> None:
    fresh = path.with_suffix(".new")
    try:
        fresh.write_text(json.dumps(asdict(owner)), encoding="utf-8")
        fresh.replace(path)
    except OSError as error:
        raise LabError(f"The lock of the bench cannot be written to {path}: {error.strerror}.") from None
