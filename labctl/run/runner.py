"""Runs a procedure on a bench: records what it yields, tells observers, ends every run the same way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from labctl.benchfile import BenchFile
from labctl.core.clock import Clock
from labctl.core.errors import Aborted, LabError, LimitExceeded, PlanError, RouteRefused, UnsupportedByBench
from labctl.core.orders import AbortOrder
from labctl.core.rows import Block, Earlier, Experiment, Picture, Progress, Yielded
from labctl.record.catalogue import BENCH_COPY, run_uuid
from labctl.record.hdf5 import FILE_NAME
from labctl.record.outcome import Outcome
from labctl.record.provenance import head, now_iso
from labctl.record.reading import read_run
from labctl.record.recorder import Recorder
from labctl.run.control import Control, PausePoint
from labctl.run.events import (
    Acquired,
    Ended,
    Event,
    Observer,
    Paused,
    Pictured,
    Progressed,
    Resumed,
    Started,
)
from labctl.run.inputs import keep_inputs
from labctl.run.interrupts import INTERRUPTED, Interrupts
from labctl.run.reasons import sentence

REFUSALS = (PlanError, LimitExceeded, RouteRefused, UnsupportedByBench)
"""What a procedure or a bench says no to; before anything is recorded the run counts as never begun."""


class Bench(Protocol):
    """All that the engine knows of a bench; what a procedure needs of it is the procedure's matter."""

    @property
    def clock(self) -> Clock:
        """Time of this bench."""
        ...

    @property
    def file(self) -> BenchFile:
        """The bench file it was opened from."""
        ...

    def identities(self) -> Mapping[str, str]:
        """What each instrument says it is."""
        ...

    def make_safe(self) -> Sequence[str]:
        """Every output at 0 V and off, every relay open; sentences about what could not be confirmed."""
        ...


@runtime_checkable
class CountsMessages(Protocol):
    """A bench that counts what it says to its instruments."""

    @property
    def messages(self) -> int:
        """Messages on the bus since it was opened."""
        ...


@runtime_checkable
class KnowsConditions(Protocol):
    """A bench that can say under which conditions a run begins."""

    def conditions(self) -> Mapping[str, Any]:
        """Plain values by name, in SI units."""
        ...


@runtime_checkable
class KnowsProof(Protocol):
    """A bench that can say whether its wiring was proven."""

    def proven(self) -> Mapping[str, Any]:
        """Plain values by name; `state` in words."""
        ...


@runtime_checkable
class KeepsLedger(Protocol):
    """A bench that keeps what its devices and relays have taken."""

    def begin_run(self, label: str) -> None:
        """What is done from here on belongs to this run; the same label again goes on with it."""
        ...

    def warnings(self) -> Sequence[str]:
        """Sentences about what is near its end."""
        ...


@runtime_checkable
class TakesOrders(Protocol):
    """A bench whose exchanges and waits end at the order to abort."""

    @property
    def order(self) -> AbortOrder:
        """The order to end at once."""
        ...

    @property
    def at_rest(self) -> bool:
        """Whether every output is off."""
        ...


@runtime_checkable
class MarksRuns(Protocol):
    """A bench that leaves a note of the run under way for whoever finds it after a crash."""

    def mark_run(self, folder: Path | None) -> None:
        """A run is under way in `folder`, or none is any more."""
        ...


class Procedure(Protocol):
    """A frozen dataclass of quantities with a `run`."""

    def run(self, bench: Any) -> Experiment:
        """Yield rows, blocks, pictures and progress; return the verdict."""
        ...


@runtime_checkable
class Resumable(Protocol):
    """A procedure that can go on with a run of its own that was interrupted."""

    def resume(self, bench: Any, earlier: Earlier) -> Experiment:
        """As `run`; what was ordered last before the interruption is unknown and never ordered again unseen."""
        ...


def run(
    procedure: Procedure,
    bench: Bench,
    folder: Path,
    observers: Iterable[Observer] = (),
    given: Mapping[str, str] | None = None,
) -> Ended:
    """Run `procedure` to one of its ends and record it in `folder` (see `Runner`)."""
    return Runner(bench, observers).run(procedure, folder, given)


class Runner:
    """One bench, one run at a time, all in the calling thread."""

    def __init__(
        self, bench: Bench, observers: Iterable[Observer] = (), interrupts: Interrupts | None = None
    ) -> None:
        """Runs on `bench`; each observer is called with every event, and left out once it raises.

        interrupts: given by a caller that guards more than the run, such as the bench's closing.
        """
        self._bench = bench
        self._interrupts = interrupts
        self._observers = list(observers)
        self._control, self._over = Control(), False
        self._order = bench.order if isinstance(bench, TakesOrders) else AbortOrder()

    # Orders, which any thread or observer may give. The generator is only ever touched by the thread that runs it.

    def pause(self, point: PausePoint = PausePoint.SAFE) -> None:
        """Hold the run at its next row, or at its next safe point."""
        self._control.pause(point)

    def resume(self) -> None:
        """Let a held run go on."""
        self._control.resume()

    def stop(self) -> None:
        """End the run at the next yield, a held one at once."""
        self._control.stop()

    def abort(self, reason: str = "Aborted by order.") -> None:
        """End the run at once: the next exchange or wait raises, then every output goes to 0 V and off."""
        if not self._over:
            self._order.give(reason)
            self._control.wake()

    def expect(self) -> None:
        """A run will begin: an abort that is ordered from here on ends it before it has begun."""
        self._over = False

    def forget(self) -> None:
        """No run is under way: orders that met none are forgotten."""
        self._over, self._control = True, Control()
        self._order.withdraw()

    def run(self, procedure: Procedure, folder: Path, given: Mapping[str, str] | None = None) -> Ended:
        """Run to one of the four ends, with outputs off and the outcome in the record, whatever happens.

        folder: an empty run folder, see `labctl.record.catalogue.new_run_folder`.
        given:  parameters as they were typed, for the record.

        Raises LabError only before anything moved; later errors are the outcome. A second Ctrl-C changes nothing.
        """
        bench = self._bench
        (folder / BENCH_COPY).write_text(bench.file.text, encoding="utf-8")
        conditions = bench.conditions() if isinstance(bench, KnowsConditions) else {}
        reading, inputs = keep_inputs(procedure, folder)
        known = head(
            run_uuid(),
            procedure,
            given or {},
            bench.file,
            bench.identities(),
            bench.clock.now(),
            conditions,
            inputs,
            bench.proven() if isinstance(bench, KnowsProof) else {},
        )
        return self._carry_out(
            procedure, folder, lambda: Recorder(folder, known, bench.clock), lambda: reading.run(bench)
        )

    def go_on(self, procedure: Procedure, folder: Path, remarks: Sequence[str] = ()) -> Ended:
        """Go on with the interrupted run of `procedure` in `folder`: the seam is marked, its rows are kept.

        remarks: sentences for the record and the observers, such as on files that were changed since it began.

        Raises PlanError when this procedure cannot, or RecordError, before anything moved.
        """
        if not isinstance(procedure, Resumable):
            raise PlanError(
                f"{type(procedure).__name__} cannot go on with an interrupted run: start it anew, it reads before it "
                "pulses."
            )
        bench, before, resumable = self._bench, read_run(folder), procedure
        earlier = Earlier(
            {name: _in_memory(table.columns) for name, table in before.tables.items()},
            dict(before.pictures.items()),
        )

        def reopened() -> Recorder:
            record = Recorder.resume(folder, bench.clock)
            (folder / FILE_NAME).unlink(
                missing_ok=True
            )  # that of the first part; all of it is in the new one
            return record

        return self._carry_out(procedure, folder, reopened, lambda: resumable.resume(bench, earlier), remarks)

    def _carry_out(
        self,
        procedure: Procedure,
        folder: Path,
        open_record: Callable[[], Recorder],
        begin: Callable[[], Experiment],
        remarks: Sequence[str] = (),
    ) -> Ended:
        bench, self._over = self._bench, False
        messages = _messages(bench)
        with nullcontext(self._interrupts) if self._interrupts else Interrupts() as interrupts:
            record = open_record()
            try:
                _mark_run(bench, folder)
                warnings = (*remarks, *_begin_ledger(bench, folder.name))
                for warning in warnings:
                    record.note(warning)
                self._tell(Started(procedure, folder, bench.file.simulated, warnings), record)
                ended = self._complete(begin(), record, interrupts)
            except (KeyboardInterrupt, SystemExit, Aborted) as order:
                ended = Ended(Outcome.ABORTED, reason=str(order) or INTERRUPTED)
            except REFUSALS as error:
                ended = Ended(Outcome.FAILED, reason=str(error), refused=record.is_empty)
            except Exception as error:  # noqa: BLE001 - whatever it is, the run must end safe and recorded
                ended = Ended(Outcome.FAILED, reason=sentence(error, folder))
            if self._order.reason is not None and ended.outcome is not Outcome.ABORTED:
                if ended.outcome is Outcome.FAILED:
                    _note(ended.reason, record)
                ended = Ended(Outcome.ABORTED, reason=self._order.reason)  # even of a procedure that went on
            return self._end(ended, record, messages)

    def _complete(self, rows: Experiment, record: Recorder, interrupts: Interrupts) -> Ended:
        try:
            while not self._control.stopped:
                self._order.check()
                try:
                    with interrupts.let_through(self._order):
                        item = next(rows)
                except StopIteration as end:
                    return Ended(Outcome.FINISHED, verdict=_verdict(end.value))
                self._tell(_record(item, record), record)
                self._hold(item, record, interrupts)
            return Ended(Outcome.STOPPED, reason="Stopped by order between two rows.")
        finally:
            rows.close()

    def _hold(self, item: Yielded, record: Recorder, interrupts: Interrupts) -> None:
        """Hold the run where it is, when that is ordered."""
        bench = self._bench
        at_rest = bench.at_rest if isinstance(bench, TakesOrders) else isinstance(item, Progress)
        if not self._control.holds_at(at_rest):
            return
        record.note("Paused by order.")
        self._tell(Paused(at_rest), record)
        with interrupts.let_through(self._order):
            self._control.hold(self._order.check)
        if not self._control.stopped:
            record.note("Resumed by order.")
            self._tell(Resumed(), record)

    def _end(self, ended: Ended, record: Recorder, messages: int | None) -> Ended:
        unconfirmed = self._make_safe()
        self.forget()
        values: dict[str, Any] = {
            "outcome": ended.outcome.value,
            "verdict": "" if ended.verdict is None else str(ended.verdict.value),
            "reason": ended.reason,
            "unconfirmed": list(unconfirmed),
            "ended": now_iso(),
        }
        if messages is not None:
            values["bus_messages"] = (_messages(self._bench) or 0) - messages
        try:
            record.end(values)
        except (LabError, OSError, RuntimeError) as error:  # h5py tells of a full disk by RuntimeError
            outcome = Outcome.FAILED if ended.outcome is Outcome.FINISHED else ended.outcome
            reason = f"{ended.reason} The record could not be closed: {error}".strip()
            ended = replace(ended, outcome=outcome, verdict=None, reason=reason)
        if not unconfirmed:
            with suppress(LabError):  # the mark stays on a full disk: the next start is then told too much
                _mark_run(self._bench, None)
        final = replace(ended, unconfirmed=unconfirmed)
        for observer in self._observers:
            _tell_quietly(observer, final)
        return final

    def _make_safe(self) -> tuple[str, ...]:
        try:
            return tuple(self._bench.make_safe())
        except Exception as error:  # noqa: BLE001 - nothing may keep the record from being closed
            return (f"The outputs could not be confirmed to be off: {error}",)

    def _tell(self, event: Event, record: Recorder) -> None:
        for observer in tuple(self._observers):
            trouble = _tell_quietly(observer, event)
            if trouble:
                self._observers.remove(observer)
                record.note(f"An observer failed and is left out from here on: {trouble}")


def _tell_quietly(observer: Observer, event: Event) -> str:
    try:
        observer(event)
    except Exception as error:  # noqa: BLE001 - a window that breaks must not break the measurement
        return f"{type(error).__name__}: {error}"
    return ""


def _record(item: Yielded, record: Recorder) -> Event:
    match item:
        case Progress():
            record.unit_end()
            return Progressed(item)
        case Picture():
            record.picture(item)
            return Pictured(item)
        case Block():
            record.block(item)
        case _:
            record.row(item)
    return Acquired(item)


def _in_memory(columns: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Columns that no longer need the file they came from."""
    return {name: np.array(column) for name, column in columns.items()}


def _verdict(value: object) -> Enum | None:
    return value if isinstance(value, Enum) else None


def _begin_ledger(bench: Bench, label: str) -> tuple[str, ...]:
    if not isinstance(bench, KeepsLedger):
        return ()
    bench.begin_run(label)
    return tuple(bench.warnings())


def _mark_run(bench: Bench, folder: Path | None) -> None:
    if isinstance(bench, MarksRuns):
        bench.mark_run(folder)


def _messages(bench: Bench) -> int | None:
    return bench.messages if isinstance(bench, CountsMessages) else None


def _note(text: str, record: Recorder) -> None:
    """A remark in the record; a disk that refuses it is the matter of the record's end."""
    with suppress(LabError):
        record.note(text)
