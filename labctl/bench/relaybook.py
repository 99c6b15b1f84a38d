"""Closures of every relay, kept across runs: warned of when a relay's rated life comes near, refused at its end."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from labctl.bench.ledgerfile import LedgerFile, Store, read_lines
from labctl.benchfile import BenchFile
from labctl.benchmodel import Limits
from labctl.core.errors import LabError, LimitExceeded, PlanError
from labctl.core.names import kept_path
from labctl.core.paths import RELAYS, relay_ledger, sample_file, samples_folder
from labctl.core.route import Crosspoint

WARN_AT = 0.8
"""Share of its rated life at which a relay is named."""
HEATER = "heater "


class RelayBook:
    """How often each relay has closed. Relays are named as `A3` (row, column) and `heater 0`."""

    def __init__(self, limits: Limits, store: Store, closures: dict[str, int]) -> None:
        """`closures` are the sum of what `store` has kept so far."""
        self._limits, self._store, self._closures = limits, store, closures

    def rated_life(self, relay: str) -> float:
        """Closures that the bench file permits a relay."""
        return self._limits.heater_relay_life if relay.startswith(HEATER) else self._limits.relay_life

    def closures(self) -> dict[str, int]:
        """Closures of every relay that has ever closed, most worn first."""
        return dict(sorted(self._closures.items(), key=lambda each: -each[1] / self.rated_life(each[0])))

    def book(self, crosspoints: Iterable[Crosspoint], heaters: Iterable[int]) -> None:
        """Book relays that are about to close; LimitExceeded, and nothing is booked, when one is at its life's end."""
        names = [f"{row}{column}" for row, column in crosspoints]
        names += [f"{HEATER}{heater}" for heater in heaters]
        if not names:
            return
        for name in names:
            done = self._closures.get(name, 0)
            if done + 1 > self.rated_life(name):
                key = "heater_relay_life" if name.startswith(HEATER) else "relay_life"
                raise LimitExceeded(
                    f"relay {name} has closed {done} times, its rated life is {self.rated_life(name):.12g} "
                    f"(limits.{key}): replace it and say so with `labctl bench ledger --bench B --renew '{name}'`, or "
                    "raise the limit"
                )
        self._store.append(json.dumps(["c", *names], separators=(",", ":")) + "\n")
        for name in names:
            self._closures[name] = self._closures.get(name, 0) + 1

    def renew(self, relay: str) -> None:
        """A relay was replaced: it counts from 0 again. Raises PlanError when it never closed."""
        if relay not in self._closures:
            raise PlanError(
                f"Relay '{relay}' has not closed on this bench (say for example A3, or 'heater 0')."
            )
        self._store.append(json.dumps(["new", relay]) + "\n")
        del self._closures[relay]

    def warnings(self) -> list[str]:
        """One sentence for each relay beyond `WARN_AT` of its rated life, most worn first."""
        return [
            f"Relay {name} has closed {done} times, {100.0 * done / self.rated_life(name):.0f} % of its rated life of "
            f"{self.rated_life(name):.12g}: have a replacement ready."
            for name, done in self.closures().items()
            if done >= WARN_AT * self.rated_life(name)
        ]


def relay_book_path(bench: BenchFile) -> Path:
    """Where closures are kept: beside a virtual sample, whose relays are new with it, else by the bench's name."""
    if bench.simulated and bench.virtual is not None:
        return relay_ledger(sample_file(bench.virtual.sample))
    return kept_path(samples_folder(), bench.name, RELAYS)


@contextmanager
def open_relay_book(bench: BenchFile) -> Iterator[RelayBook]:
    """The closures on `bench`, held as their only writer; LabError when another program is, or a line is damaged."""
    file = LedgerFile(relay_book_path(bench))
    try:
        closures = _added_up(file.lines())
        if file.is_long:
            file.rewrite([json.dumps(["n", closures]) + "\n"])
        yield RelayBook(bench.limits, file, closures)
    finally:
        file.close()


def read_relay_book(bench: BenchFile) -> RelayBook:
    """The closures on `bench`, read beside a program that may be writing them; it cannot be written to."""
    return RelayBook(bench.limits, _ReadOnly(), _added_up(read_lines(relay_book_path(bench))))


class _ReadOnly:
    def append(self, line: str) -> None:
        raise LabError("These closures were opened for reading only.")


def _added_up(lines: Iterable[list[Any]]) -> dict[str, int]:
    closures: dict[str, int] = {}
    for line in lines:
        match line:
            case ["c", *names]:
                for name in names:
                    closures[name] = closures.get(name, 0) + 1
            case ["new", relay]:
                closures.pop(relay, None)
            case ["n", dict(all_of_them)]:
                closures = dict(all_of_them)
            case _:
                raise LabError(f"The record of relay closures holds a line {line} that means nothing.")
    return closures
