"""The campaign of a wafer read back from `campaign.json`: what was to be done, and how each die ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labctl.analysis.yields import FAIL, PASS
from labctl.core.errors import PlanError, RecordError
from labctl.core.paths import CAMPAIGN_FILE
from labctl.wafer.campaignfile import read_head
from labctl.wafer.geometry import Die
from labctl.wafer.plan import WaferPlan, read_plan


@dataclass(frozen=True)
class TestEnd:
    """How one test of a subsite ended: passed, failed, skipped or error, and why."""

    __test__ = False  # no test of ours, whatever its name

    name: str
    outcome: str
    reason: str


@dataclass(frozen=True)
class SubsiteEnd:
    """How one subsite of a die ended; `bin` is None where it was not sorted."""

    name: str
    bin: int | None
    tests: tuple[TestEnd, ...]


@dataclass(frozen=True)
class DieEnd:
    """How one die ended; `bin` is None and `quality` empty where it was not sorted. `seconds`: s, NaN if unknown."""

    die: Die
    bin: int | None
    bin_name: str
    quality: str
    folder: str
    outcome: str
    reason: str
    started: str
    seconds: float
    subsites: tuple[SubsiteEnd, ...]

    @property
    def tested(self) -> bool:
        """Whether it counts in the yield."""
        return self.quality in (PASS, FAIL)


@dataclass(frozen=True)
class Campaign:
    """All that `campaign.json` says; texts are empty where it says nothing (a campaign that runs has no end)."""

    folder: Path
    plan: WaferPlan
    plan_name: str
    plan_source: str
    plan_sha256: str
    lot: str
    wafer: str
    operator: str
    bench: Mapping[str, str]
    simulated: bool
    seed: str
    versions: Mapping[str, str]
    started: str
    ended: str
    outcome: str
    stopped_because: str
    resumed: tuple[str, ...]
    dies: tuple[DieEnd, ...]

    @property
    def tested(self) -> tuple[DieEnd, ...]:
        """Dies that were sorted into a bin, in the order of testing."""
        return tuple(die for die in self.dies if die.tested)

    def die(self, die: Die) -> DieEnd | None:
        """How `die` ended; None when it was not begun."""
        return next((each for each in self.dies if each.die == die), None)


def read_campaign(folder: Path) -> Campaign:
    """Read `campaign.json` in `folder`, and the plan out of it.

    Raises RecordError when there is none, or it cannot be understood.
    """
    path = folder / CAMPAIGN_FILE
    try:
        return _campaign(folder, read_head(folder))
    except (KeyError, TypeError, ValueError) as error:
        raise RecordError(f"{path} cannot be read as a campaign: {error!r} is wrong or missing.") from None
    except PlanError as error:
        raise RecordError(f"The plan in {path} cannot be read any more. {error}") from error


def _campaign(folder: Path, found: Mapping[str, Any]) -> Campaign:
    plan = found["plan"]
    return Campaign(
        folder=folder,
        plan=read_plan(plan["text"], Path(plan["source"])),
        plan_name=str(plan["name"]),
        plan_source=str(plan["source"]),
        plan_sha256=str(plan["sha256"]),
        lot=_text(found["lot"]),
        wafer=_text(found["wafer"]),
        operator=_text(found["operator"]),
        bench={key: _text(value) for key, value in found["bench"].items()},
        simulated=bool(found["simulated"]),
        seed=_text(found.get("seed")),
        versions=_flat(found.get("versions") or {}),
        started=_text(found.get("started")),
        ended=_text(found.get("ended")),
        outcome=_text(found.get("outcome")),
        stopped_because=_text(found.get("stopped_because")),
        resumed=tuple(str(each) for each in found.get("resumed") or ()),
        dies=tuple(_die(each) for each in found["dies"]),
    )


def _die(found: Mapping[str, Any]) -> DieEnd:
    seconds = found.get("seconds")
    return DieEnd(
        die=Die(int(found["x"]), int(found["y"])),
        bin=_number(found.get("bin")),
        bin_name=_text(found.get("bin_name")),
        quality=_text(found.get("quality")),
        folder=_text(found.get("folder")),
        outcome=_text(found.get("outcome")),
        reason=_text(found.get("reason")),
        started=_text(found.get("started")),
        seconds=float("nan") if seconds is None else float(seconds),
        subsites=tuple(_subsite(each) for each in found.get("subsites") or ()),
    )


def _subsite(found: Mapping[str, Any]) -> SubsiteEnd:
    tests = tuple(
        TestEnd(str(each["name"]), str(each["outcome"]), _text(each.get("reason"))) for each in found["tests"]
    )
    return SubsiteEnd(str(found["name"]), _number(found.get("bin")), tests)


def _number(value: Any) -> int | None:
    return None if value is None or value == "" else int(value)


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _flat(versions: Mapping[str, Any]) -> dict[str, str]:
    """Nested versions (libraries in a part of their own) as one table; what has none is left out."""
    found: dict[str, str] = {}
    for name, value in versions.items():
        if isinstance(value, Mapping):
            found |= _flat(value)
        elif value:
            found[name] = str(value)
    return found
