"""What a dry run found, as a table: time, pulses, worst case of each kind of device, relays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from labctl.cli.terminal import columns, complain, duration
from labctl.core.lines import Cell
from labctl.core.quantity import show
from labctl.record.outcome import Outcome
from labctl.run.rehearsal import Rehearsal


def print_rehearsal(console: Console, found: Rehearsal) -> None:
    """Print it; a refusal goes to stderr as one sentence."""
    ended = found.ended
    if ended.refused:
        complain(ended.reason)
        return
    table = columns()
    for name, value in facts_of(found).items():
        if value:
            table.add_row(name, value)
    console.print(table)
    console.print(
        "Worst cases, routes and limits are those of the real run; time, pulses and outcome are those of "
        + ("a copy of this sample." if found.is_copy else "the virtual cells, not of yours."),
        markup=False,
    )
    if ended.outcome is Outcome.FAILED:
        complain(ended.reason)


def announcement(procedure: str, bench: str, is_virtual: bool) -> str:
    """What is said before a dry run begins."""
    sample = "a copy of its virtual sample" if is_virtual else "a new virtual sample"
    return f"Dry run of {procedure} on {bench}: rehearsed on {sample}, nothing moves on the bench, nothing is kept."


def facts_of(found: Rehearsal) -> dict[str, str]:
    """What is told of a dry run, by the words that name it; empty where there is nothing to tell."""
    limits, totals = found.file.limits, found.totals
    verdict = "" if found.ended.verdict is None else f": {found.ended.verdict.value}"
    most = max(found.doses.items(), key=lambda item: item[1].pulses, default=None)
    energy = max(found.doses.items(), key=lambda item: item[1].energy, default=None)
    relay = next(iter(found.closures.items()), None)
    pulses = str(totals.pulses)
    if most is not None and totals.pulses:
        pulses += f", at most {most[1].pulses} on cell {most[0]}; limit {limits.run_pulses:.12g} per run"
    return {
        "outcome": f"{found.ended.outcome.value}{verdict}",
        "time": f"about {duration(found.seconds)} on the bench, {found.messages} messages",
        "rows": ", ".join(f"{count} {name}" for name, count in found.rows.items()) or "none",
        "pulses": pulses,
        "reads": str(totals.reads),
        "voltage, selected": _worst(found.selected, limits.write_voltage),
        "voltage, others": _worst(found.unselected, limits.half_select_voltage),
        "current": f"at most {show(totals.current, 'A')} into a cell" if totals.current else "",
        "energy": ""
        if energy is None
        else f"at most {show(energy[1].energy, 'J')} into cell {energy[0]}; limit "
        f"{show(limits.run_energy, 'J')} per run",
        "heaters": f"at most {show(found.heater_voltage, 'V')} at a tap" if found.heater_voltage else "",
        "stage": f"set to {show(totals.stage, 'K')} at most" if totals.stage else "",
        "relays": "none closes"
        if relay is None
        else f"{sum(found.closures.values())} closures, at most {relay[1]} of one relay ({relay[0]}); the most worn is "
        f"then at {100.0 * found.wear:.2g} % of its rated life",
    }


def _worst(voltages: NDArray[np.float64], limit: float) -> str:
    if not voltages.any():
        return "none"
    place = np.unravel_index(int(voltages.argmax()), voltages.shape)
    cell = Cell(int(place[0]), int(place[1]))
    return f"at most {show(float(voltages[cell]), 'V')}, across cell {cell}; limit {show(limit, 'V')}"
