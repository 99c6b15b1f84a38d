"""campaign.json: what a campaign is, how far it is; written in one step at each change."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from labctl.benchfile import BenchFile
from labctl.core.errors import PlanError, RecordError
from labctl.core.paths import CAMPAIGN_FILE, device_name
from labctl.record.catalogue import BENCH_COPY
from labctl.record.journal import FILE_NAME as JOURNAL
from labctl.record.journal import first_line
from labctl.record.outcome import Outcome
from labctl.record.provenance import now_iso, software
from labctl.wafer.geometry import Die
from labctl.wafer.inputs import Noted
from labctl.wafer.plan import WaferPlan
from labctl.wafer.results import FILE_NAME as RESULTS
from labctl.wafer.results import DieReport, read_die, replace_file, write_results

FORMAT = "labctl-campaign-1"
DIES = "dies"


class CampaignFile:
    """One campaign in its folder: dies by the prober's integers, each with what its record tells."""

    def __init__(self, out: Path, plan: WaferPlan, head: dict[str, Any]) -> None:
        """`head`: all of campaign.json but its dies."""
        self.out, self.plan, self._head = out, plan, head
        self.dies: dict[Die, DieReport] = {}

    @classmethod
    def begin(cls, out: Path, plan: WaferPlan, bench: BenchFile) -> CampaignFile:
        """A new campaign in `out`; PlanError when one is there already, RecordError when it cannot be written."""
        if (out / CAMPAIGN_FILE).exists():
            raise PlanError(
                f"{out} holds a campaign already: go on with it with --resume, or choose another folder with --out."
            )
        campaign = cls(out, plan, {**_identity(plan, bench), **_conditions(bench), "judged_from": 0})
        try:
            (out / DIES).mkdir(parents=True, exist_ok=True)
            (out / BENCH_COPY).write_text(bench.text, encoding="utf-8")
        except OSError as error:
            raise RecordError(
                f"The folder {out} cannot be used ({error.strerror}): choose another one with --out."
            ) from error
        campaign.save()
        return campaign

    @classmethod
    def inputs_of(cls, out: Path, plan: WaferPlan, bench: BenchFile) -> Noted:
        """The files that the tests of the campaign in `out` read; nothing is written.

        Raises PlanError and RecordError as `go_on` does.
        """
        head = read_head(out)
        _refuse_another(out, head, _identity(plan, bench))
        return cls(out, plan, head).inputs

    @classmethod
    def go_on(cls, out: Path, plan: WaferPlan, bench: BenchFile) -> CampaignFile:
        """The campaign in `out`, its dies read from their records.

        Raises PlanError when it is one of another plan, lot, wafer or bench, or RecordError when there is none.
        """
        head = read_head(out)
        _refuse_another(out, head, _identity(plan, bench))
        head.pop("dies", None)
        campaign = cls(out, plan, head)
        for die in plan.dies:
            if campaign.is_begun(die):
                campaign.dies[die] = read_die(plan, die, campaign.folder(die))
        if head.get("outcome") == Outcome.STOPPED.value:  # somebody has looked: the rules count anew
            head["judged_from"] = len(campaign.finished)
        head["resumed"] = [*head.get("resumed", []), now_iso()]
        head |= {"ended": "", "outcome": "", "stopped_because": ""}
        campaign.save()
        return campaign

    def folder(self, die: Die) -> Path:
        """Where the record of `die` lies."""
        return self.out / DIES / device_name(*die)

    def is_begun(self, die: Die) -> bool:
        """Whether the record of `die` holds its first line: before that nothing has moved."""
        journal = self.folder(die) / JOURNAL
        return journal.is_file() and bool(first_line(journal))

    @property
    def inputs(self) -> Noted:
        """The files that its tests read (see `labctl.wafer.inputs`)."""
        found: Noted = self._head.get("inputs", {})
        return found

    @inputs.setter
    def inputs(self, noted: Noted) -> None:
        self._head["inputs"] = noted

    def remark(self, sentences: Sequence[str]) -> None:
        """Write sentences down in campaign.json; RecordError when the disk refuses."""
        if sentences:
            self._head["remarks"] = [*self._head.get("remarks", []), *sentences]
            self.save()

    @property
    def finished(self) -> list[DieReport]:
        """Dies on which nothing is left to do, in the order of the path."""
        found = (self.dies.get(die) for die in self.plan.dies)
        return [report for report in found if report is not None and report.is_finished]

    @property
    def judged(self) -> list[DieReport]:
        """Those of them that stop rules look at."""
        return self.finished[int(self._head["judged_from"]) :]

    def report(self, die: Die) -> DieReport:
        """Read the record of `die` and write down what it tells; RecordError when there is none."""
        self.dies[die] = read_die(self.plan, die, self.folder(die))
        self.save()
        return self.dies[die]

    def end(self, outcome: Outcome, reason: str) -> None:
        """Write down how the campaign ended."""
        self._head |= {"ended": now_iso(), "outcome": outcome.value, "stopped_because": reason}
        self.save()

    def save(self) -> None:
        """Write campaign.json and the table of results; RecordError when the disk refuses."""
        reports = [self.dies[die] for die in self.plan.dies if die in self.dies]
        plain = {**self._head, "dies": [report.plain(self.out) for report in reports]}
        try:
            write_results(self.out / RESULTS, reports)
            replace_file(self.out / CAMPAIGN_FILE, json.dumps(plain, indent=1, allow_nan=False) + "\n")
        except OSError as error:
            raise RecordError(
                f"The campaign in {self.out} cannot be written ({error.strerror}): free some disk space."
            ) from error


def read_head(out: Path) -> dict[str, Any]:
    """campaign.json in `out`; RecordError when there is none, or none that can be understood."""
    path = out / CAMPAIGN_FILE
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RecordError(f"{out} holds no campaign: there is no {CAMPAIGN_FILE} in it.") from None
    except (OSError, ValueError) as error:
        raise RecordError(f"{path} cannot be read ({error}).") from None
    told = found.get("format") if isinstance(found, dict) else None
    if told != FORMAT:
        raise RecordError(f"{path} is of format '{told}', this version of labctl reads '{FORMAT}'.")
    return found


def _identity(plan: WaferPlan, bench: BenchFile) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "plan": {
            "name": plan.name,
            "text": plan.text,
            "source": str(plan.source),
            "sha256": plan.sha256,
        },
        "lot": plan.lot,
        "wafer": plan.wafer,
        "operator": plan.operator,
        "bench": {"name": bench.name, "source": str(bench.source), "sha256": _sha256(bench.text)},
        "simulated": bench.simulated,
    }


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _conditions(bench: BenchFile) -> dict[str, Any]:
    seed = bench.virtual.seed if bench.simulated and bench.virtual is not None else None
    return {
        "seed": seed,
        "versions": software(),
        "started": now_iso(),
        "ended": "",
        "outcome": "",
        "stopped_because": "",
    }


def _refuse_another(out: Path, head: dict[str, Any], wanted: dict[str, Any]) -> None:
    for key in ("lot", "wafer"):
        if head[key] != wanted[key]:
            raise PlanError(
                f"{out} holds the campaign of {key} '{head[key]}', not of '{wanted[key]}': each wafer has a folder of "
                "its own (--out)."
            )
    if head["plan"]["sha256"] != wanted["plan"]["sha256"]:
        raise PlanError(
            f"{out} holds a campaign of another text of the plan {head['plan']['name']}: a wafer is gone on with by "
            "the plan that it was begun with. It stands in campaign.json; give a new plan another folder (--out)."
        )
    if head["bench"]["sha256"] != wanted["bench"]["sha256"]:
        raise PlanError(
            f"{out} holds a campaign on the bench {head['bench']['name']}, whose file was another one then: a copy "
            f"lies in {out / BENCH_COPY}. Give this bench another folder (--out)."
        )
