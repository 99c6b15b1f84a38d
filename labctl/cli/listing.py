"""Tables for people: procedures with their parameters, runs in a folder, one run."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from labctl.catalogue import find, procedures
from labctl.cli.terminal import columns, duration, page, read_and_tell
from labctl.core.errors import RecordError
from labctl.core.quantity import Spec, show, specs
from labctl.record.catalogue import Summary, find_run, list_runs
from labctl.record.outcome import Outcome
from labctl.record.reading import Run


def list_procedures(name: str = "") -> None:
    """Every procedure (or the one called `name`) with its parameters."""
    found = {name: find(name)} if name else procedures()
    console = page()
    for each, kind in found.items():
        console.print(f"[bold]{each}[/]: {_purpose(kind)}")
        table = columns("parameter", "default", "allowed", "unit", "what")
        for spec in specs(kind):
            table.add_row(spec.name, _default(spec), _allowed(spec), spec.unit or "", spec.help)
        console.print(table)
        console.print()


def show_runs(out: Path) -> None:
    """The runs in `out`, oldest first."""
    table = columns("run", "procedure", "bench", "outcome", "verdict", "took")
    for run in list_runs(out):
        bench = f"{run.bench} (SIMULATED)" if run.simulated else run.bench
        table.add_row(run.folder.name, run.procedure, bench, _standing(run), run.verdict, _took(run))
    page().print(table if table.row_count else f"There are no runs in {out}.")


def show_run(named: str) -> None:
    """All that a person wants to know of one run first."""
    run = read_and_tell(find_run(named))
    lacking = [
        name
        for name in ("procedure", "bench", "started", "software", "operator", "instruments")
        if name not in run.head
    ]
    if lacking:
        raise RecordError(f"The record in {run.folder} is not whole: it does not tell {', '.join(lacking)}.")
    console = page()
    mark = " [bold]SIMULATED[/]" if run.simulated else ""
    console.print(
        f"[bold]{run.head['procedure']}[/] on {run.head['bench']['name']}{mark}: {_outcome(run.outcome)}"
    )
    facts = columns()
    for name, value in _facts(run).items():
        facts.add_row(name, value)
    console.print(facts)
    parameters = columns("parameter", "applied", "given")
    for name, entry in run.parameters.items():
        parameters.add_row(name, _applied(entry), str(entry.get("given", "")))
    console.print(parameters)
    recorded = columns("recorded", "size", "columns or unit")
    for name, table in run.tables.items():
        recorded.add_row(name, f"{len(table)} rows", ", ".join(table.columns))
    for name, picture in run.pictures.items():
        recorded.add_row(name, " x ".join(str(length) for length in picture.values.shape), picture.unit)
    console.print(recorded)
    if run.outcome is None:
        console.print(
            f"If it was killed: `labctl run --resume {run.folder}` goes on with it where its procedure can, "
            f"`labctl recover {run.folder}` makes its HDF5 file.",
            markup=False,
            soft_wrap=True,
        )


def _sample(sample: Mapping[str, Any]) -> str:
    named = {"": sample.get("name", ""), **{name: value for name, value in sample.items() if name != "name"}}
    return ", ".join(f"{name} {value}".strip() for name, value in named.items() if value)


def _temperature(conditions: Mapping[str, Any]) -> str:
    kelvin = conditions.get("stage_temperature")
    return "" if kelvin is None else f"{show(float(kelvin), 'K')} at the start"


def _proof(proof: Mapping[str, Any]) -> str:
    when = f", looked at {proof['when']}" if "when" in proof else ""
    told = f", {proof['inconclusive']} inconclusive findings" if proof.get("inconclusive") else ""
    return f"{proof['state']}{when}{told}" if "state" in proof else ""


def _purpose(procedure: type) -> str:
    title = getattr(procedure, "title", "")
    return str(title) or (inspect.getdoc(procedure) or "").partition("\n")[0]


def _facts(run: Run) -> dict[str, str]:
    software, end = run.head["software"], run.end
    facts = {
        "folder": str(run.folder),
        "started": run.head["started"],
        "ended": str(end.get("ended", "")),
        "verdict": str(end.get("verdict", "")),
        "reason": str(end.get("reason", "")),
        "wall time": duration(end["wall_seconds"]) if end else "",
        "bench time": duration(end["bench_seconds"]) if end else "",
        "bus messages": str(end.get("bus_messages", "")),
        "operator": f"{run.head['operator']['user']} on {run.head['operator']['host']}",
        "software": f"labctl {software['labctl']} {software['git']}, Python {software['python']}",
        "bench file": f"{run.head['bench']['source']} (sha256 {run.head['bench']['sha256'][:12]}...)",
    }
    facts |= {
        f"file {name}": f"{entry['path']} (sha256 {entry['sha256'][:12]}..., kept as {entry['kept']})"
        for name, entry in run.head.get("inputs", {}).items()
    }
    facts |= {name: entry["identity"] for name, entry in run.head["instruments"].items()}
    facts |= {
        "wiring": _proof(run.head.get("wiring_proof", {})),
        "sample": _sample(run.head.get("sample", {})),
        "seed": str(run.head.get("seed", "")),
        "stage temperature": _temperature(run.head.get("conditions", {})),
        "gone on with": ", ".join(run.seams),
        "remarks": "\n".join(run.notes),
        "not confirmed": "\n".join(str(each) for each in end.get("unconfirmed", ())),
    }
    return {name: value for name, value in facts.items() if value}


def _applied(entry: Mapping[str, Any]) -> str:
    value = entry["applied"]
    if isinstance(value, str):
        return value
    if isinstance(value, np.ndarray):
        return f"{' x '.join(str(length) for length in value.shape)} values, {entry['unit']}"
    return show(value, entry["unit"])


def _default(spec: Spec) -> str:
    if spec.required:
        return "must be given"
    return "" if spec.default in ((), "") else show(spec.default, spec.unit)


def _allowed(spec: Spec) -> str:
    return "" if spec.low is None and spec.high is None else spec.allowed


def _outcome(outcome: Outcome | None) -> str:
    return "none (killed, or running)" if outcome is None else outcome.value


def _standing(run: Summary) -> str:
    return "damaged" if run.is_damaged else _outcome(run.outcome)


def _took(run: Summary) -> str:
    return "" if run.seconds is None else duration(run.seconds)
