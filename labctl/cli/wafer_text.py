"""What people read of a wafer: its map, a dry run, each die as it ends, how the wafer ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from labctl.cli.rehearsal import announcement, facts_of
from labctl.cli.terminal import columns, complain, duration, observer, page
from labctl.core.quantity import show
from labctl.record.outcome import Outcome
from labctl.run.events import Event, Started
from labctl.wafer.dry_run import WaferRehearsal
from labctl.wafer.plan import WaferPlan
from labctl.wafer.planmodel import Quality
from labctl.wafer.textmap import LEGEND, draw

if TYPE_CHECKING:
    from labctl.wafer.campaign import CampaignEnd
    from labctl.wafer.results import DieReport


def print_map(plan: WaferPlan, turn: int) -> None:
    """Print the map of dies."""
    geometry = plan.geometry
    console = page()
    console.print(
        f"{plan.name}: wafer of {show(geometry.diameter, 'm')}, {len(geometry.all_dies())} dies of "
        f"{show(geometry.die_size[0], 'm')} x {show(geometry.die_size[1], 'm')}, {len(plan.dies)} of them tested",
        markup=False,
    )
    console.print(f"{LEGEND}\n", markup=False)
    for line in draw(plan, turn):
        console.print(line, markup=False, no_wrap=True, soft_wrap=True)


def announce_rehearsal(plan: WaferPlan, bench: str, is_virtual: bool) -> None:
    """Print what is about to be rehearsed."""
    page().print(announcement(f"the wafer plan {plan.name}", bench, is_virtual), markup=False)


def print_wafer_rehearsal(found: WaferRehearsal) -> None:
    """Print a dry run; a refusal goes to stderr as one sentence."""
    ended = found.found.ended
    if ended.refused:
        complain(ended.reason)
        return
    console, table = page(), columns()
    for name, value in _wafer_facts(found).items():
        table.add_row(name, value)
    console.print(table)
    worst = columns(
        "worst case by settings", "across the cell", "across others", "pulses a cell", "energy a cell"
    )
    for each in found.worst:
        worst.add_row(
            f"{each.subsite}, {each.test}",
            show(each.selected, "V"),
            show(each.others, "V"),
            f"at most {each.pulses}",
            f"at most {show(each.energy, 'J')}",
        )
    if worst.row_count:
        console.print(worst)
    limits = found.found.file.limits
    console.print(
        f"This bench permits {show(limits.write_voltage, 'V')} across a cell, "
        f"{show(limits.half_select_voltage, 'V')} across others, {limits.run_pulses:.12g} pulses and "
        f"{show(limits.run_energy, 'J')} a cell and die; what would exceed that is refused.",
        markup=False,
    )
    console.print(f"\ndie {found.die}, rehearsed on " + _sample(found), markup=False)
    details = columns()
    for name, value in facts_of(found.found).items():
        if value:
            details.add_row(name, value)
    console.print(details)
    if ended.outcome is Outcome.FAILED:
        complain(ended.reason)


def _wafer_facts(found: WaferRehearsal) -> dict[str, str]:
    plan, rehearsal = found.plan, found.found
    count, pulses = len(plan.dies), rehearsal.totals.pulses
    closures = sum(rehearsal.closures.values())
    settling = f", {duration(found.settling)} of it until the stage is settled" if found.settling else ""
    return {
        "dies": str(count),
        "touchdowns": f"{found.touchdowns}, {len(plan.subsites)} on each die",
        "pulses": f"about {count * pulses} expected, {pulses} on each die; at most {count * found.pulses}, "
        f"{found.pulses} on each die",
        "relay closures": f"about {count * closures}, {closures} on each die",
        "time": f"about {duration(found.die_seconds)} a die, {duration(found.wafer_seconds)} the wafer{settling}",
    }


def _sample(found: WaferRehearsal) -> str:
    return "a copy of this wafer:" if found.found.is_copy else "a virtual sample, not on yours:"


class Watch:
    """Tells a person what happens on a wafer: progress while a die is tested, one line when it is over."""

    def __init__(self) -> None:
        """Prints on stdout."""
        self._console = Console(highlight=False, soft_wrap=True)
        self._warned: set[str] = set()
        self._watching: Callable[[Event], None] = observer(self._console, quietly=True)

    def __call__(self, event: Event) -> None:
        """An event of the die under test."""
        if isinstance(event, Started):  # a bar of its own for each die
            self._watching = observer(self._console, quietly=True)
            for warning in event.warnings:
                if warning not in self._warned:
                    self._console.print(f"Warning: {warning}", style="yellow", markup=False)
                self._warned.add(warning)
        self._watching(event)

    def die_told(self, report: DieReport, finished: int, of: int) -> None:
        """A die is over."""
        took = "" if report.seconds is None else f", {duration(report.seconds)}"
        outcome = "" if report.outcome is None else report.outcome.value
        found = report.sorted.bin
        where = f"bin {found.number} {found.name}" if found is not None else f"no bin, {outcome}"
        colour = "yellow" if found is None else "green" if found.quality is Quality.PASS else "red"
        reason = f" ({report.reason})" if report.reason else ""
        self._console.print(f"{finished} of {of}  die {report.die}: ", end="", markup=False)
        self._console.print(where, end="", style=colour, markup=False)
        self._console.print(f"{took}{reason}", markup=False)


def asked(sentence: str) -> None:
    """Say to the person at the prober what to do, and wait for Enter."""
    typer.prompt(f"{sentence}", default="", show_default=False, prompt_suffix=" ")


def print_end(end: CampaignEnd, out: Path, again: str) -> None:
    """Print how a wafer ended and what can be done next; `again` is the command that goes on with it."""
    console = Console(highlight=False, soft_wrap=True)
    colour = "green" if end.outcome is Outcome.FINISHED else "red"
    console.print(f"{end.outcome.value}", style=colour, end="")
    console.print(f": {end.finished} of {end.of} dies. {_bins(out)}", markup=False)
    if end.reason:
        complain(end.reason[0].upper() + end.reason[1:])
    for sentence in end.unconfirmed:
        console.print("[bold red]Not confirmed to be safe, please look:[/] ", end="")
        console.print(sentence, markup=False)
    if end.finished < end.of:
        console.print(f"To go on with it: {again}", markup=False)


def _bins(out: Path) -> str:
    """How many dies are in which bin, and the yield."""
    from labctl.analysis.yields import quality_yield
    from labctl.wafer.campaignfile import read_head

    dies = read_head(out)["dies"]
    counts = Counter(f"{die['bin']} {die['bin_name']}" for die in dies if die["bin"] is not None)
    if not counts:
        return ""
    share = quality_yield(die["quality"] for die in dies)
    sizes = ", ".join(f"{count} in bin {name}" for name, count in counts.most_common())
    return f"{sizes}; yield {share.good} of {share.of} tested"
