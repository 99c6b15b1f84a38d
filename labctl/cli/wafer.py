"""`labctl wafer`: look at wafer plans, run one on a bench, go on with it, report."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from labctl.cli import FAILED, INTERRUPTED, REFUSED
from labctl.core.errors import PlanError

if TYPE_CHECKING:
    from labctl.benchfile import BenchFile
    from labctl.wafer.plan import WaferPlan

app = typer.Typer(no_args_is_help=True, help="Test wafers by a plan.", rich_markup_mode=None)
PlanArgument = Annotated[
    str, typer.Argument(metavar="PLAN", help="Wafer plan, or the name of one that travels with labctl.")
]


@app.command("plans")
def plans_command() -> None:
    """List the wafer plans that travel with labctl."""
    from labctl.cli.terminal import columns, page
    from labctl.core.paths import data_folder
    from labctl.wafer.plan import load_plan

    table = columns("plan", "dies", "bench", "what it is")
    for path in sorted((data_folder() / "wafers").glob("*.toml")):
        plan = load_plan(path)
        table.add_row(path.stem, str(len(plan.dies)), plan.bench, plan.description)
    page().print(table)


@app.command("map", short_help="Show which dies a plan tests, in which order.")
def map_command(
    plan: PlanArgument,
    turn: Annotated[
        int, typer.Option(help="Turn the picture counter-clockwise by 90, 180 or 270 degrees.")
    ] = 0,
) -> None:
    """Show which dies a plan tests, in which order; turning the picture renames no die."""
    from labctl.cli.wafer_text import print_map
    from labctl.wafer.plan import load_plan

    if turn % 90:
        raise PlanError(f"--turn {turn}: a wafer map is turned by 90, 180 or 270 degrees.")
    print_map(load_plan(plan), turn)


@app.command("run", short_help="Test a wafer by a plan, or go on with one.")
def run_command(
    plan: PlanArgument,
    bench: Annotated[
        str, typer.Option(help="Bench file, or the name of one [default: the bench that the plan names].")
    ] = "",
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of this wafer: records, results, report.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on at the first test that is not finished in DIR.")
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Say what would happen: dies, pulses, time, worst stress, relays. Nothing moves.",
        ),
    ] = False,
    lot: Annotated[str, typer.Option(help="Instead of the plan's.")] = "",
    wafer: Annotated[str, typer.Option(help="Instead of the plan's.")] = "",
    operator: Annotated[str, typer.Option(help="Instead of the plan's.")] = "",
    report: Annotated[bool, typer.Option(help="Write report.html at the end.")] = True,
) -> None:
    """Test every die of a plan and record it. Ctrl-C ends it with every output at 0 V; --resume goes on."""
    from labctl.catalogue import find
    from labctl.wafer.fit import load_for

    if out is None and not dry_run:
        raise PlanError("labctl wafer run needs --out, the folder of this wafer; or --dry-run.")
    if resume and dry_run:
        raise PlanError("--resume goes on with a wafer, --dry-run moves nothing: choose one of them.")
    loaded, file = load_for(plan, bench, find, procedures_fit=not resume)
    loaded = loaded.identified(lot=lot, wafer=wafer, operator=operator)
    if out is None or dry_run:
        raise typer.Exit(_rehearse(loaded, file))
    given = (
        ("--bench", bench),
        ("--out", str(out)),
        ("--lot", lot),
        ("--wafer", wafer),
        ("--operator", operator),
    )
    words = [
        "labctl",
        "wafer",
        "run",
        plan,
        *(word for pair in given if pair[1] for word in pair),
        "--resume",
    ]
    raise typer.Exit(_run(loaded, file, out, resume=resume, report=report, again=shlex.join(words)))


@app.command("report")
def report_command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a wafer.")],
) -> None:
    """Write the report of a wafer anew, from its records."""
    from labctl.report.wafer import write_wafer_report

    typer.echo(f"Report: {write_wafer_report(folder)}")


def _rehearse(plan: WaferPlan, bench: BenchFile) -> int:
    from rich.console import Console

    from labctl.catalogue import find
    from labctl.cli.terminal import observer
    from labctl.cli.wafer_text import announce_rehearsal, print_wafer_rehearsal
    from labctl.record.outcome import Outcome
    from labctl.wafer.dry_run import rehearse_wafer

    announce_rehearsal(plan, bench.name, bench.simulated)
    found = rehearse_wafer(plan, bench, find, [observer(Console(highlight=False), quietly=True)])
    print_wafer_rehearsal(found)
    ended = found.found.ended
    codes = {Outcome.FAILED: REFUSED if ended.refused else FAILED, Outcome.ABORTED: INTERRUPTED}
    return codes.get(ended.outcome, 0)


def _run(plan: WaferPlan, bench: BenchFile, out: Path, *, resume: bool, report: bool, again: str) -> int:
    from labctl.catalogue import find
    from labctl.cli.wafer_text import Watch, asked, print_end
    from labctl.record.outcome import Outcome
    from labctl.wafer.campaign import run_wafer

    watch = Watch()
    end = run_wafer(
        plan,
        bench.source,
        out,
        resume=resume,
        observers=[watch],
        ask=asked,
        find=find,
        die_told=watch.die_told,
    )
    print_end(end, out, again)
    if report and end.finished and end.outcome is not Outcome.ABORTED:
        report_command(out)
    else:
        typer.echo(f"For its report: labctl wafer report {out}")
    codes = {Outcome.FINISHED: FAILED if end.unconfirmed else 0, Outcome.ABORTED: INTERRUPTED}
    return codes.get(end.outcome, FAILED)
