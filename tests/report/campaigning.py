"""A campaign's folder with known contents, written in the formats of the wafer runs without any instrument."""

from __future__ import annotations

import csv
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from labctl.benchfile import load_bench
from labctl.core.quantity import quantity
from labctl.record.provenance import head
from labctl.record.recorder import Recorder
from labctl.wafer.geometry import Die
from labctl.wafer.plan import WaferPlan, read_plan
from procedures.neuron_transfer import Branch, TransferFit, TransferPoint
from procedures.program_verify import VerifyRead
from tests.clocks import HandClock
from tests.report.computing import Plan
from tests.wafer.pieces import BINS, CONTACT, bins, die_test, forming, limit, programming, subsite

WORDS, BITS = 8, 4
HIGHEST = 1.8
"""V; a cell that wants more never forms."""
START = 1.3
"""V of the first pulse."""
SHAPE, SCALE = 14.0, 1.6
NEURONS = 2
HEAD = """
format = "labctl-wafer-1"
name = "known"
lot = "L1"
wafer = "W7"
operator = "anna"
bench = "virtual_56x8"

[geometry]
diameter = "100 mm"
notch = {notch}
die_size = ["10 mm", "8 mm"]
x_to = "{x_to}"
y_to = "{y_to}"
reference_die = [0, 0]
reference_offset = ["0 mm", "0 mm"]
edge_exclusion = "3 mm"

[dies]
select = "within {radius} mm"
skip = [[1, 1]]

[stage]
temperature = "313 K"
"""
TESTS = "".join(
    [
        subsite("array", 'kind = "array"', 'words = "0-7"', 'bits = "0-3"'),
        CONTACT,
        forming("0-7,0-3"),
        programming("0-7,0-3", 'target = "50 uS"', "form"),
        *(
            die_test(f"transfer{neuron}", "neuron_transfer", f"settings = {{ neuron = {neuron} }}")
            for neuron in range(NEURONS)
        ),
        bins(*BINS),
        limit("contact", "contact", 1, 9, "min"),
        limit("form", "formed", 0.85, 3),
        limit("program", "verified", 0.9, 4),
        "[stop]\nconsecutive_no_contact = 3\nerrors = 2\n",
    ]
)
COLUMNS = (
    "lot", "wafer", "die_x", "die_y", "subsite", "row", "col", "test", "cycle", "value", "unit", "bin", "time_utc",
    "censored",
)  # fmt: skip
NO_CONTACT, BROKEN = Die(-1, 0), Die(0, -1)


@dataclass(frozen=True, kw_only=True)
class TestEnd:
    """As the record of a die parts its tests."""

    __test__ = False

    subsite: str = quantity("")
    test: str = quantity("")
    cycle: int = quantity("1")
    outcome: str = quantity("")
    reason: str = quantity("")


@dataclass(frozen=True)
class Row:
    """One row of `results.csv` without its die."""

    row: int
    col: int
    test: str
    value: float
    unit: str
    censored: bool = False


def plan_of(notch: int = 270, x_to: str = "right", y_to: str = "up", radius: float = 23.0) -> WaferPlan:
    """The plan of the campaign, drawn one way or another."""
    head = HEAD.format(notch=notch, x_to=x_to, y_to=y_to, radius=radius)
    return read_plan(head + TESTS, Path("data/wafers/known.toml"))


def write_campaign(
    folder: Path, plan: WaferPlan, *, leave: int = 2, seed: int = 3, records: bool = True
) -> None:
    """Write the folder; the last `leave` dies of the plan were not begun, one die met no contact, one an error."""
    rng = np.random.default_rng(seed)
    dies, rows = [], []
    for number, die in enumerate(plan.dies[: len(plan.dies) - leave]):
        mine = _no_contact() if die == NO_CONTACT else _measured(plan, die, rng)
        bin_number = None if die == BROKEN else _sorted(mine)
        dies.append(_die(die, bin_number, number))
        rows += [(die, row, bin_number) for row in mine]
        if records:
            _record(folder / dies[-1]["folder"], mine, broken=die == BROKEN)
    with (folder / "results.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for die, row, bin_number in rows:
            value = repr(float(row.value))
            writer.writerow(
                [plan.lot, plan.wafer, die.x, die.y, "array", row.row, row.col, row.test, 1, value, row.unit,
                 "" if bin_number is None else bin_number, "2026-11-20T10:00:00Z", int(row.censored)]
            )  # fmt: skip
    (folder / "campaign.json").write_text(json.dumps(_campaign(plan, dies)), encoding="utf-8")


def of_test(rows: list[dict[str, str]], test: str) -> dict[tuple[str, ...], float]:
    """Values of one test in a table of results, by die and device."""
    keys = ("die_x", "die_y", "row", "col")
    return {tuple(row[key] for key in keys): float(row["value"]) for row in rows if row["test"] == test}


def _campaign(plan: WaferPlan, dies: list[dict[str, object]]) -> dict[str, object]:
    return {
        "format": "labctl-campaign-1",
        "plan": {
            "name": plan.name, "text": plan.text, "source": str(plan.source),
            "sha256": hashlib.sha256(plan.text.encode()).hexdigest(),
        },
        "lot": plan.lot, "wafer": plan.wafer, "operator": plan.operator,
        "bench": {"name": plan.bench, "source": "data/benches/virtual_56x8.toml", "sha256": "ab" * 32},
        "simulated": True, "seed": 17, "versions": {"labctl": "0.6", "libraries": {"numpy": "2.4"}},
        "started": "2026-11-20T09:00:00.000+01:00", "ended": "2026-11-20T12:00:00.000+01:00",
        "outcome": "stopped", "stopped_because": "the operator stopped it", "dies": dies,
    }  # fmt: skip


def _no_contact() -> list[Row]:
    return [
        Row(-1, neuron, f"contact.{name}", value, unit)
        for neuron in range(NEURONS)
        for name, value, unit in (("contact_resistance", 1e7, "ohm"), ("contact", 0.0, "1"))
    ]


def _measured(plan: WaferPlan, die: Die, rng: np.random.Generator) -> list[Row]:
    """All tests of one die; forming voltages rise with x, the die at the right edge forms badly."""
    rows = []
    for neuron in range(NEURONS):
        rows.append(Row(-1, neuron, "contact.contact_resistance", 600.0 + 5.0 * rng.normal(), "ohm"))
        rows.append(Row(-1, neuron, "contact.contact", 1.0, "1"))
    shift = 1.0 + 0.03 * die.x
    voltages = shift * SCALE * rng.weibull(SHAPE, (WORDS, BITS))
    for (word, bit), voltage in np.ndenumerate(voltages):
        formed = voltage <= HIGHEST
        tried = float(np.clip(voltage, START, HIGHEST))
        pulses = 1 + int(np.ceil((tried - START) / 0.05))
        rows.append(Row(word, bit, "form.forming_voltage", tried, "V", censored=not formed))
        rows.append(Row(word, bit, "form.forming_pulses", float(pulses), "1", censored=not formed))
        rows.append(Row(word, bit, "form.formed", float(formed), "1"))
    if np.mean(voltages <= HIGHEST) < 0.85:
        return rows
    for word, bit in zip(*np.nonzero(voltages <= HIGHEST), strict=True):
        pulses = int(np.exp(rng.normal(2.0, 0.8)))
        verified = pulses < 60 and rng.uniform() > 0.02
        error = abs(rng.normal(0.0, 0.02)) if verified else rng.uniform(0.1, 0.5)
        for name, value, unit in (
            ("programming_error", error, "1"), ("verified", float(verified), "1"), ("pulses", float(pulses), "1"),
        ):  # fmt: skip
            rows.append(Row(int(word), int(bit), f"program.{name}", value, unit))
    for neuron in range(NEURONS):
        if rng.uniform() > 0.1:
            for name, value, unit in (
                ("threshold", 1.9e-4 * (1 + 0.02 * die.y + 0.01 * rng.normal()), "A"), ("gain", 0.04, "1"),
                ("hysteresis", 2.2e-5, "A"),
            ):  # fmt: skip
                rows.append(Row(-1, neuron, f"transfer{neuron}.{name}", value, unit))
    return rows


def _values(rows: list[Row], test: str) -> list[float]:
    return [row.value for row in rows if row.test == test]


def _sorted(rows: list[Row]) -> int:
    if min(_values(rows, "contact.contact")) < 1:
        return 9
    if np.mean(_values(rows, "form.formed")) < 0.85:
        return 3
    return 1 if np.mean(_values(rows, "program.verified")) >= 0.9 else 4


def _die(die: Die, bin_number: int | None, number: int) -> dict[str, object]:
    name, quality = BINS[bin_number] if bin_number is not None else ("", "")
    why = {9: "contact", 3: "form", 4: "program"}.get(bin_number or 0, "")
    tests, seen = [], False
    for test in ("contact", "form", "program", "transfer0", "transfer1"):
        outcome, reason = "passed", ""
        if seen:
            outcome, reason = "skipped", f"'{why}' did not pass"
        if test == why:
            outcome, reason, seen = "failed", f"{why} breaks a limit of the plan", True
        tests.append({"name": test, "outcome": outcome, "reason": reason})
    broken = bin_number is None
    return {
        "x": die.x, "y": die.y, "bin": bin_number, "bin_name": name, "quality": quality,
        "folder": f"dies/x{die.x:04d}_y{die.y:04d}", "outcome": "failed" if broken else "finished",
        "reason": "smu1 does not answer." if broken else "", "started": "2026-11-20T09:00:00.000+01:00",
        "seconds": 100.0 + number, "subsites": [{"name": "array", "bin": bin_number, "tests": tests}],
    }  # fmt: skip


def _record(folder: Path, rows: list[Row], *, broken: bool) -> None:
    """The record of a die: the story of each cell that was programmed, the curve of each neuron."""
    folder.mkdir(parents=True)
    clock = HandClock()
    record = Recorder(folder, head("<uuid>", Plan(), {}, load_bench("virtual_56x8"), {}, 100.0), clock)
    for row in rows:
        if row.test == "program.pulses":
            _staircase(record, clock, row)
    clock.wait(1.0)
    record.row(TestEnd(subsite="array", test="program", cycle=1, outcome="passed", reason=""))
    for neuron in range(NEURONS):
        knee = _values([each for each in rows if each.col == neuron], f"transfer{neuron}.threshold")
        _transfer(record, clock, neuron, knee[0] if knee else float("nan"))
    record.end({"outcome": "failed" if broken else "finished", "verdict": "", "reason": ""})


def _staircase(record: Recorder, clock: HandClock, row: Row) -> None:
    for pulses in range(int(row.value) + 1):
        clock.wait(0.1)
        reached = 5e-5 * pulses / max(row.value, 1.0)
        record.row(
            VerifyRead(
                word=row.row, bit=row.col, pulses=pulses, amplitude=0.5 + 0.01 * pulses if pulses else 0.0,
                apparent=reached, conductance=reached, target=5e-5, low=4.75e-5, high=5.25e-5,
            )
        )  # fmt: skip


def _transfer(record: Recorder, clock: HandClock, neuron: int, knee: float) -> None:
    for branch in (Branch.UP, Branch.DOWN):
        steps = np.linspace(0.0, 3e-4, 16)
        for heater in steps if branch is Branch.UP else steps[::-1]:
            clock.wait(0.1)
            begin = knee - (2e-5 if branch is Branch.DOWN else 0.0)
            output = 5e-8 + 0.04 * max(float(heater) - begin, 0.0) if np.isfinite(knee) else 5e-8
            record.row(
                TransferPoint(
                    neuron=neuron, branch=branch, tap_voltage=0.0, heater_current=float(heater), output_current=output,
                )
            )  # fmt: skip
    if np.isfinite(knee):
        record.row(
            TransferFit(
                neuron=neuron, threshold=knee, gain=0.04, hysteresis=2e-5, dark_current=5e-8, reset_error=0.0
            )
        )
    clock.wait(0.1)
    record.row(TestEnd(subsite="array", test=f"transfer{neuron}", cycle=1, outcome="passed", reason=""))
