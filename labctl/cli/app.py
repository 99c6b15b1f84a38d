"""The commands of `labctl`. Heavy imports wait inside the command that needs them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from labctl import __version__
from labctl.cli import FAILED, INTERRUPTED, REFUSED, records
from labctl.cli.bench import app as bench_app
from labctl.cli.command import use_for
from labctl.cli.wafer import app as wafer_app
from labctl.core.errors import LabError, PlanError

if TYPE_CHECKING:
    from labctl.run.events import Ended

app = typer.Typer(
    help="Instrument control and measurement for memristor crossbars with Mott neurons.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"labctl {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """Instrument control and measurement for memristor crossbars with Mott neurons."""


@app.command("run", short_help="Run a procedure on a bench and record it, or go on with a run.")
def run_command(
    procedure: Annotated[str, typer.Argument(help="Which procedure, see --list.")] = "",
    bench: Annotated[
        str, typer.Option(help="Bench file, or the name of a bench that travels with labctl.")
    ] = "",
    out: Annotated[Path | None, typer.Option(help="Folder that the run folder is made in.")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A parameter; may be repeated.")
    ] = None,
    show_list: Annotated[bool, typer.Option("--list", help="List procedures and their parameters.")] = False,
    resume: Annotated[
        str, typer.Option(metavar="DIR", help="Go on with the interrupted run in this folder.")
    ] = "",
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="Say what would happen: time, pulses, worst voltages, relays. Nothing moves."
        ),
    ] = False,
) -> None:
    """Run a procedure on a bench and record it. Ctrl-C ends it with every output at 0 V and off."""
    if show_list:
        from labctl.cli.listing import list_procedures

        list_procedures(procedure)
        return
    if resume:
        if procedure or settings or out is not None or dry_run:
            raise PlanError(
                "labctl run --resume DIR takes procedure, parameters and folder from that run, and has no dry run."
            )
        _exit_with(_resume(resume, bench))
    missing = [
        name
        for name, value in (("PROCEDURE", procedure), ("--bench", bench), ("--out", out or dry_run))
        if not value
    ]
    if missing:
        raise PlanError(
            f"labctl run needs {' and '.join(missing)}; `labctl run --list` shows what can be run."
        )

    from labctl.catalogue import find
    from labctl.core.quantity import make

    kind = find(procedure)
    given = _settings(settings or [])
    plan: Any = make(kind, given)
    _exit_with(_rehearse(plan, bench, given) if out is None or dry_run else _run(plan, bench, out, given))


@app.command("engine", short_help="Hold a bench in a process of its own and run what clients order.")
def engine_command(
    bench: Annotated[str, typer.Option(help="Bench file, or the name of a bench that travels with labctl.")],
) -> None:
    """Hold a bench in a process of its own and run what clients on this computer order; Ctrl-C ends it."""
    from rich.console import Console

    from labctl.catalogue import find
    from labctl.cli.terminal import observer
    from labctl.run.engine import Engine

    console = Console(highlight=False, soft_wrap=True)
    engine = Engine(bench, find, [observer(console)])
    engine.serve(lambda: console.print(f"The engine of {bench} is ready, Ctrl-C ends it.", markup=False))


@app.command("featuremap", short_help="Turn images into feature maps on an array with neurons.")
def featuremap_command(
    bench: Annotated[str, typer.Option(help="Bench file, or the name of a bench that travels with labctl.")],
    weights: Annotated[
        str,
        typer.Option(
            help="An .npz with kernel (out, in, row, col) and bias; or 'edges', eight built-in filters."
        ),
    ],
    images: Annotated[
        list[Path], typer.Option(metavar="IMAGE...", help="PNG or CIFAR-10 .bin files, all of one size.")
    ],
    out: Annotated[Path, typer.Option(help="Folder that the run folder is made in.")],
    more: Annotated[list[Path] | None, typer.Argument(metavar="[IMAGE...]", hidden=True)] = None,
    card: Annotated[
        str,
        typer.Option(
            help="Model card of the weights: a .toml, or a name that travels with labctl "
            "[default: vgg16_caffe; centred_rgb for 'edges']."
        ),
    ] = "",
    filters: Annotated[str, typer.Option(help="Which filters: 0-7, or 0,3,5. [default: all]")] = "",
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A parameter; may be repeated.")
    ] = None,
) -> None:
    """Turn images into feature maps on an array with neurons, eight filters at a time; write maps and a report."""
    from labctl.cli.featuremap import feature_maps

    given = _settings(settings or [])
    _exit_with(
        feature_maps(bench, weights, [*images, *(more or [])], out, card=card, filters=filters, given=given)
    )


@app.command("report")
def report_command(
    run: Annotated[Path, typer.Argument(help="A run folder, or a part of its name that is its alone.")],
) -> None:
    """Write the report of a recorded run anew."""
    from labctl.cli.terminal import read_and_tell
    from labctl.record.catalogue import find_run
    from labctl.report.html import write_report

    folder = find_run(str(run))
    read_and_tell(folder)
    path, _ = write_report(folder)
    typer.echo(f"Report: {path}")


@app.command("list")
def list_command(
    out: Annotated[Path, typer.Argument(metavar="DIR", help="Folder with run folders.")],
) -> None:
    """List the runs in a folder."""
    from labctl.cli.listing import show_runs

    show_runs(out)


@app.command("show", short_help="Show one run: how it ended, parameters, what was recorded.")
def show_command(
    run: Annotated[Path, typer.Argument(help="A run folder, or a part of its name that is its alone.")],
) -> None:
    """Show one run: how it ended, parameters, instruments, what was recorded."""
    from labctl.cli.listing import show_run

    show_run(str(run))


@app.command("demo", short_help="Program a virtual crossbar, compute feature maps with it, report.")
def demo_command(
    out: Annotated[Path, typer.Option(help="Folder that the run folder is made in.")] = Path("runs"),
    short: Annotated[bool, typer.Option("--short", help="A corner of the array, a small image.")] = False,
    picture: Annotated[
        Path | None, typer.Option(metavar="FILE.png", help="Write one wide picture of the result as well.")
    ] = None,
) -> None:
    """Program a virtual 56 x 8 crossbar to a picture, compute feature maps with it; write a record and a report."""
    from rich.console import Console

    from labctl.cli.terminal import observer
    from labctl.demo import run_demo

    console = Console(highlight=False, soft_wrap=True)
    result = run_demo(out, short=short, picture=picture, observers=[observer(console)])
    for line in result.lines:
        console.print(line, markup=False)
    _exit_with(result.ended)


records.add_to(app)
app.add_typer(bench_app, name="bench", short_help="Look at benches, serve a virtual one, renew its sample.")
app.add_typer(
    wafer_app, name="wafer", short_help="Test wafers by a plan: die after die, bins, results, report."
)


@app.command("gui")
def gui_command(
    bench: Annotated[str, typer.Option(help="Bench to open at once: a bench file, or the name of one.")] = "",
    out: Annotated[
        str, typer.Option(help="Folder that run folders are made in [default: the last one].")
    ] = "",
) -> None:
    """Open the window."""
    from labctl.gui.display import trouble

    if sentence := trouble():
        raise LabError(sentence)
    try:
        from labctl.gui.app import main
    except ImportError as error:
        if str(error.name).split(".")[0] == "labctl":
            raise
        raise LabError(
            f"The window needs Qt, which does not load ({error}): `make gui` installs the packages."
        ) from None

    raise typer.Exit(main(bench, out))


def _run(plan: Any, bench: str, out: Path, given: dict[str, str]) -> Ended:
    from rich.console import Console

    from labctl.cli.terminal import observer
    from labctl.record.catalogue import new_run_folder
    from labctl.record.outcome import Outcome
    from labctl.record.provenance import procedure_name
    from labctl.run.runner import Resumable
    from labctl.run.session import run_on

    with new_run_folder(out, procedure_name(type(plan))) as folder:
        ended = run_on(bench, plan, folder, [observer(Console(highlight=False))], given)
    if ended.outcome is not Outcome.FINISHED and not ended.refused and isinstance(plan, Resumable):
        typer.echo(f"To go on with it: labctl run --resume {folder}")
    return ended


def _rehearse(plan: Any, bench: str, given: dict[str, str]) -> Ended:
    from rich.console import Console

    from labctl.benchfile import load_bench
    from labctl.cli.rehearsal import announcement, print_rehearsal
    from labctl.cli.terminal import observer, page, print_parameters
    from labctl.record.provenance import procedure_name
    from labctl.run.rehearsal import rehearse

    console, file = page(), load_bench(bench)
    console.print(announcement(procedure_name(type(plan)), file.name, file.simulated), markup=False)
    print_parameters(console, plan)
    found = rehearse(bench, plan, [observer(Console(highlight=False), quietly=True)], given)
    print_rehearsal(console, found)
    return found.ended


def _resume(named: str, bench: str) -> Ended:
    from rich.console import Console

    from labctl.catalogue import find
    from labctl.cli.terminal import observer
    from labctl.record.catalogue import find_run
    from labctl.run.resuming import find_interrupted
    from labctl.run.session import go_on_with

    found = find_interrupted(find_run(named), bench)
    plan, remarks = found.plan(find(found.procedure))
    return go_on_with(found.bench, plan, found.folder, [observer(Console(highlight=False))], remarks)


def _settings(texts: list[str]) -> dict[str, str]:
    wrong = [text for text in texts if "=" not in text]
    if wrong:
        raise PlanError(f"--set {', --set '.join(wrong)}: write NAME=VALUE, for example --set target=100u.")
    pairs = [text.split("=", 1) for text in texts]
    names = [name for name, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            raise PlanError(f"--set {name}=... is given {names.count(name)} times: give it once.")
    return dict(pairs)


def _exit_with(ended: Ended) -> None:
    from labctl.record.outcome import Outcome

    codes = {Outcome.FAILED: REFUSED if ended.refused else FAILED, Outcome.ABORTED: INTERRUPTED}
    raise typer.Exit(codes.get(ended.outcome, FAILED if ended.unconfirmed else 0))


use_for(app)
