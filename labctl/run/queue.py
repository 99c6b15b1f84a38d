"""The queue of runs: what waits, what runs, what became of the rest. Kept in a file, it outlives the program."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import Any

from labctl.core.errors import PlanError, RecordError
from labctl.record.outcome import Outcome

FORMAT = "labctl-queue-1"
ENDED_KEPT = 200
"""So many ended runs stay in the list, the latest; their records are elsewhere."""


class Status(Enum):
    """How an item of the queue stands."""

    WAITING = "waiting"
    RUNNING = "running"
    FINISHED = "finished"
    STOPPED = "stopped"
    ABORTED = "aborted"
    FAILED = "failed"
    KILLED = "killed"

    @classmethod
    def of(cls, outcome: Outcome) -> Status:
        """The status that an outcome leaves."""
        return cls(outcome.value)


@dataclass(frozen=True)
class Item:
    """One run that was asked for.

    settings: parameters as typed. folder: of its record, once it runs. started: ISO 8601. seconds: s it took, or None.
    """

    number: int
    procedure: str
    settings: Mapping[str, str] = field(default_factory=dict)
    out: str = "runs"
    status: Status = Status.WAITING
    folder: str = ""
    verdict: str = ""
    reason: str = ""
    started: str = ""
    seconds: float | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing will happen to it any more."""
        return self.status not in (Status.WAITING, Status.RUNNING)


class RunQueue:
    """Items in their order; any thread may ask and change. `changed` is called after each change."""

    def __init__(self, path: Path, changed: Callable[[], None] = lambda: None) -> None:
        """The queue kept at `path`. It begins held: what an earlier program left waiting starts by order only.

        An item that ran when that program died is `killed`. A file that cannot be read is put aside, see `trouble`.
        """
        self._path, self._changed = path, changed
        self._lock = threading.RLock()
        self._held = True
        self.trouble = ""
        self._items = self._restored()

    @property
    def items(self) -> list[Item]:
        """All items: those that are over and the one that runs before those that wait."""
        with self._lock:
            return list(self._items)

    @property
    def is_held(self) -> bool:
        """Whether no item may begin."""
        return self._held

    def hold(self) -> None:
        """Let no item begin; the one that runs goes on."""
        self._set_held(True)

    def go(self) -> None:
        """Let items begin, one after the other."""
        self._set_held(False)

    def add(self, procedure: str, settings: Mapping[str, str], out: str) -> Item:
        """A new item at the end."""
        with self._lock:
            number = 1 + max((item.number for item in self._items), default=0)
            item = Item(number, procedure, dict(settings), out)
            self._items.append(item)
            self._keep()
        self._changed()
        return item

    def duplicate(self, number: int) -> Item:
        """The same once more, at the end."""
        twin = self.item(number)
        return self.add(twin.procedure, twin.settings, twin.out)

    def remove(self, number: int) -> None:
        """Take an item out; PlanError for the one that runs."""
        with self._lock:
            item = self.item(number)
            if item.status is Status.RUNNING:
                raise PlanError(f"Item {number} of the queue runs: stop or abort it first.")
            self._items.remove(item)
            self._keep()
        self._changed()

    def move(self, number: int, by: int) -> None:
        """Move a waiting item by so many places among those that wait; PlanError for any other."""
        with self._lock:
            item = self.item(number)
            if item.status is not Status.WAITING:
                raise PlanError(
                    f"Item {number} of the queue does not wait any more: only waiting items move."
                )
            waiting = [each for each in self._items if each.status is Status.WAITING]
            place = waiting.index(item)
            waiting.insert(max(0, min(place + by, len(waiting) - 1)), waiting.pop(place))
            self._items = [each for each in self._items if each.status is not Status.WAITING] + waiting
            self._keep()
        self._changed()

    def clear(self) -> None:
        """Take out every item that is over."""
        with self._lock:
            self._items = [item for item in self._items if not item.is_over]
            self._keep()
        self._changed()

    def take(self) -> Item | None:
        """The next item, now running; None when none waits or the queue is held."""
        with self._lock:
            waiting = [item for item in self._items if item.status is Status.WAITING]
            return None if self._held or not waiting else self.begin(waiting[0].number)

    def begin(self, number: int) -> Item:
        """Let one item run out of turn, whether the queue is held or not."""
        return self.change(number, status=Status.RUNNING)

    def change(self, number: int, **values: Any) -> Item:
        """Change fields of an item; the changed item."""
        with self._lock:
            before = self.item(number)
            after = replace(before, **values)
            self._items[self._items.index(before)] = after
            over = [item for item in self._items if item.is_over]
            for item in over[: max(0, len(over) - ENDED_KEPT)]:
                self._items.remove(item)
            self._items.sort(key=lambda item: item.status is Status.WAITING)
            self._keep()
        self._changed()
        return after

    def item(self, number: int) -> Item:
        """The item of this number; PlanError when there is none."""
        with self._lock:
            for item in self._items:
                if item.number == number:
                    return item
        raise PlanError(f"There is no item {number} in the queue.")

    def plain(self) -> dict[str, Any]:
        """Held or not, and the items, as plain data."""
        with self._lock:
            items = [{**asdict(item), "status": item.status.value} for item in self._items]
            return {"held": self._held, "items": items}

    def _set_held(self, held: bool) -> None:
        if self._held is not held:
            self._held = held
            self._changed()

    def _keep(self) -> None:
        """Into the file, in one step."""
        fresh = self._path.with_suffix(".new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_text(json.dumps({"format": FORMAT, **self.plain()}), encoding="utf-8")
            fresh.replace(self._path)
        except OSError as error:
            raise RecordError(f"The queue cannot be kept in {self._path}: {error.strerror}.") from None

    def _restored(self) -> list[Item]:
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
            items = [Item(**{**each, "status": Status(each["status"])}) for each in found["items"]]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, TypeError, KeyError):
            aside = self._path.with_suffix(".damaged")
            with suppress(OSError):
                self._path.replace(aside)
            self.trouble = f"The saved queue could not be read and was put aside as {aside}."
            return []
        return [_after_a_crash(item) if item.status is Status.RUNNING else item for item in items]


def _after_a_crash(item: Item) -> Item:
    return replace(item, status=Status.KILLED, reason="The program ended in the middle of this run.")
