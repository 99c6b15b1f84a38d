"""A wafer from its first die to its last: one bench for all of them, one record for each, resumable at any moment."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from labctl.bench import open_bench
from labctl.benchfile import load_bench
from labctl.benchmodel import OPERATOR
from labctl.core.capabilities import Prober
from labctl.core.errors import LabError, NotConfirmed, PlanError, RecordError
from labctl.record.catalogue import LEAST_FREE
from labctl.record.outcome import Outcome
from labctl.run.events import Ended, Observer
from labctl.run.interrupts import Interrupts
from labctl.run.runner import Bench, Runner
from labctl.run.watchdog import Watchdog
from labctl.wafer.campaignfile import CampaignFile
from labctl.wafer.fit import Find, check_against
from labctl.wafer.geometry import Die
from labctl.wafer.inputs import keep_files, kept_files
from labctl.wafer.operator import OperatorProber
from labctl.wafer.plan import WaferPlan
from labctl.wafer.planmodel import Quality
from labctl.wafer.results import DieReport
from labctl.wafer.sequence import BoundPlan, DieSequence
from procedures import catalogue

Ask = Callable[[str], None]
"""Says a sentence to the person at the prober, and returns when it was done."""
DieTold = Callable[[DieReport, int, int], None]
"""Called at the end of each die: what its record tells, how many dies are finished, of how many."""


@dataclass(frozen=True)
class CampaignEnd:
    """How a campaign ended.

    outcome:     finished: every die; stopped: by a rule of the plan; aborted: by somebody; failed: see the reason.
    finished:    dies on which nothing is left to do, `of` so many in the plan.
    unconfirmed: what the bench could not confirm to be safe; somebody must look.
    """

    outcome: Outcome
    reason: str
    finished: int
    of: int
    unconfirmed: tuple[str, ...] = ()


def run_wafer(
    plan: WaferPlan,
    bench: str | Path,
    out: Path,
    *,
    resume: bool = False,
    observers: Iterable[Observer] = (),
    ask: Ask | None = None,
    find: Find = catalogue.find,
    die_told: DieTold = lambda report, finished, of: None,
) -> CampaignEnd:
    """Test every die of `plan` on `bench` (name or path) and record it in `out`; with `resume` go on there.

    observers hear the events of each die's run; `ask` reaches the person at an operator's prober.

    Raises LabError before anything moved: a plan that does not fit the bench, a folder that holds another campaign,
    a bench that cannot be opened.
    """
    file = load_bench(bench)
    reading, remarks = plan, list[str]()
    if resume:  # with the files that it was begun with, wherever those that the plan names are now
        reading, remarks = kept_files(plan, find, out, CampaignFile.inputs_of(out, plan, file))
    check_against(reading, file, find)
    is_guided = file.prober is not None and file.prober.kind == OPERATOR
    if is_guided and ask is None:
        raise PlanError(
            f"The bench {file.name} has a person move the wafer (prober.kind), and nobody is asked here."
        )
    campaign = CampaignFile.go_on(out, plan, file) if resume else CampaignFile.begin(out, plan, file)
    if resume:
        plan = reading
        campaign.remark(remarks)
    else:
        plan, campaign.inputs = keep_files(plan, find, out)
        campaign.save()
    ended = None
    with Interrupts() as interrupts, Watchdog(file):
        with interrupts.let_through():
            opened = open_bench(bench)
        try:
            with opened:
                if is_guided and ask is not None:
                    opened.use_prober(OperatorProber(ask))
                opened.put_wafer("_".join(filter(None, (plan.lot, plan.wafer))))
                wafer = Campaign(campaign, BoundPlan(plan, find), opened, observers, interrupts, die_told)
                ended = wafer.test_all()
        except NotConfirmed:
            if ended is None or not ended.unconfirmed:  # else it was told when the die ended
                raise
    return ended


class ProbedBench(Bench, Protocol):
    """A bench with a prober."""

    @property
    def prober(self) -> Prober:
        """Moves the wafer under the probes."""
        ...


class Campaign:
    """The dies of one wafer, one after another, on an open bench."""

    def __init__(
        self,
        file: CampaignFile,
        plan: BoundPlan,
        bench: ProbedBench,
        observers: Iterable[Observer],
        interrupts: Interrupts,
        die_told: DieTold,
    ) -> None:
        """Nothing moves before `test_all`."""
        self._file, self._plan, self._bench = file, plan, bench
        self._interrupts, self._die_told = interrupts, die_told
        self._runner = Runner(bench, observers, interrupts)
        self._is_settled = False
        self._errors = 0

    def test_all(self) -> CampaignEnd:
        """Every die that is not finished, in the order of the path, until a rule or somebody ends it."""
        try:
            end = self._all()
        except LabError as error:
            end = self._end(Outcome.FAILED, str(error))
        self._file.end(end.outcome, end.reason)
        return end

    def _all(self) -> CampaignEnd:
        for die in self._plan.plan.dies:
            known = self._file.dies.get(die)
            if known is not None and known.is_finished:
                continue
            try:
                with self._interrupts.let_through():
                    self._refuse_full_disk()
            except KeyboardInterrupt as order:
                return self._end(Outcome.ABORTED, str(order))
            ended = self._test(die)
            report = self._file.report(die)
            self._die_told(report, len(self._file.finished), len(self._plan.plan.dies))
            if ended.unconfirmed:
                return self._end(Outcome.FAILED, ended.reason, ended.unconfirmed)
            if ended.outcome in (Outcome.ABORTED, Outcome.STOPPED):
                return self._end(ended.outcome, ended.reason)
            reason = self._stopping(die, ended)
            if reason:
                with suppress(LabError):  # the bench is safe: the chuck may also stay where it is
                    self._bench.prober.separate()
                return self._end(Outcome.STOPPED, reason)
        left = [report for report in self._file.dies.values() if not report.is_finished]
        if left:
            return self._end(
                Outcome.FAILED, f"die {left[0].die} is not finished: {left[0].reason} Go on with --resume."
            )
        return self._end(Outcome.FINISHED, "")

    def _test(self, die: Die) -> Ended:
        folder, plan = self._file.folder(die), self._plan.plan
        sequence = DieSequence(
            lot=plan.lot,
            wafer=plan.wafer,
            operator=plan.operator,
            die_x=die.x,
            die_y=die.y,
            settle=plan.temperature is not None and not self._is_settled,
            plan=self._plan,
        )
        if self._file.is_begun(die):
            ended = self._runner.go_on(sequence, folder)
        else:
            _make_anew(folder)
            ended = self._runner.run(sequence, folder)
        self._is_settled |= ended.outcome is Outcome.FINISHED
        self._errors += ended.outcome is Outcome.FAILED
        return ended

    def _stopping(self, die: Die, ended: Ended) -> str:
        """Why the wafer is not gone on with after this die; empty when it is."""
        rules, judged = self._plan.plan.stop, self._file.judged
        if rules.errors and self._errors >= rules.errors:
            return (
                f"die {die} met an error ({ended.reason}), the plan permits {rules.errors - 1} (stop.errors)."
            )
        no_contact = self._plan.plan.no_contact_bin
        last = judged[-rules.consecutive_no_contact :] if rules.consecutive_no_contact else []
        if no_contact and _all_of(
            last, rules.consecutive_no_contact, lambda each: each.sorted.bin == no_contact
        ):
            return (
                f"the probes touched none of the last {len(last)} dies (stop.consecutive_no_contact): look at the "
                "probes and the height of the chuck, then go on with --resume."
            )
        last = judged[-rules.consecutive_fails :] if rules.consecutive_fails else []
        if _all_of(last, rules.consecutive_fails, _has_failed):
            return f"the last {len(last)} dies failed (stop.consecutive_fails): go on with --resume if they shall."
        return ""

    def _refuse_full_disk(self) -> None:
        free = shutil.disk_usage(self._file.out).free
        if free < LEAST_FREE:
            raise RecordError(
                f"Only {free / 1e6:.0f} MB are free in {self._file.out}, a die wants {LEAST_FREE / 1e6:.0f} MB: free "
                "some disk space, then go on with --resume."
            )

    def _end(self, outcome: Outcome, reason: str, unconfirmed: tuple[str, ...] = ()) -> CampaignEnd:
        return CampaignEnd(outcome, reason, len(self._file.finished), len(self._plan.plan.dies), unconfirmed)


def _has_failed(report: DieReport) -> bool:
    return report.sorted.bin is not None and report.sorted.bin.quality is Quality.FAIL


def _all_of(last: list[DieReport], count: int, is_so: Callable[[DieReport], bool]) -> bool:
    return count > 0 and len(last) == count and all(is_so(each) for each in last)


def _make_anew(folder: Path) -> None:
    """An empty folder for a die: what a killed program left there before the record's first line tells nothing."""
    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise RecordError(
            f"The folder {folder} cannot be made ({error.strerror}): look at its rights, then go on with --resume."
        ) from error
