"""`labctl bench`: look at benches, serve a virtual one, put a fresh sample into it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from labctl.cli import FAILED

app = typer.Typer(no_args_is_help=True, help="Look at benches.", rich_markup_mode=None)
BenchOption = Annotated[
    str, typer.Option("--bench", help="Bench file, or the name of one that travels with labctl.")
]


@app.command("list")
def list_command() -> None:
    """List the benches that travel with labctl."""
    from labctl.benchfile import load_bench
    from labctl.cli.terminal import columns, page
    from labctl.core.paths import data_folder

    table = columns("bench", "what it is")
    for path in sorted((data_folder() / "benches").glob("*.toml")):
        table.add_row(path.stem, load_bench(path).description)
    page().print(table)


@app.command("check", short_help="Check a bench file and ask every instrument who it is.")
def check_command(bench: BenchOption) -> None:
    """Check a bench file, open every instrument on it and ask who it is; nothing is switched on."""
    from labctl.bench import open_bench
    from labctl.benchfile import load_bench
    from labctl.cli.terminal import columns, page

    console = page()
    file = load_bench(bench)
    array = file.array
    console.print(f"{file.name}: {file.description}", markup=False)
    console.print(f"{file.source}", markup=False)
    console.print(
        f"array {array.word_lines} x {array.bit_lines}, {len(file.columns)} lines wired, "
        f"{len(file.relays)} heater relays, VISA library '{file.library}'",
        markup=False,
    )
    with open_bench(bench) as opened:
        found, warnings = opened.check(), opened.warnings()
    table = columns("instrument", "driver", "address", "says it is", "role", "state", "verdict")
    for each in found:
        table.add_row(
            each.name, each.driver, each.address, each.identity, each.role, each.state, each.verdict
        )
    console.print(table)
    for warning in warnings:
        console.print(warning, markup=False, style="yellow")
    mark = " SIMULATED." if file.simulated else ""
    if all(each.sound for each in found):
        console.print(f"All instruments are in order; every output is off, every relay open.{mark}")
    else:
        console.print(f"Not everything is in order, see the last column.{mark}")
        raise typer.Exit(FAILED)


@app.command("new-sample", short_help="Put a fresh sample on a virtual bench.")
def new_sample_command(bench: BenchOption) -> None:
    """Throw the sample of a virtual bench away and put a fresh one in its place."""
    from labctl.sim.workbench import new_sample

    new_sample(bench)
    typer.echo(f"A fresh sample is on the bench {bench}.")


@app.command("ledger", short_help="What the sample has taken, how worn the relays are.")
def ledger_command(
    bench: BenchOption,
    most: Annotated[int, typer.Option(min=1, help="How many cells and relays to list.")] = 10,
    renew: Annotated[
        str, typer.Option(metavar="RELAY", help="A relay that was replaced, such as A3 or 'heater 0'.")
    ] = "",
) -> None:
    """Show what the sample on a bench has taken, and how worn its relays are; no instrument is opened."""
    from labctl.bench.ledger import ledger_path, read_books
    from labctl.bench.relaybook import open_relay_book, read_relay_book
    from labctl.benchfile import load_bench
    from labctl.cli.ledger import print_books, print_relays
    from labctl.cli.terminal import page

    file, console = load_bench(bench), page()
    if renew:
        with open_relay_book(file) as book:
            book.renew(renew)
        console.print(f"Relay {renew} counts from 0 again.", markup=False)
    console.print(f"{file.name}: ledger {ledger_path(file)}", markup=False, soft_wrap=True)
    print_books(console, read_books(file), file.limits, most)
    print_relays(console, read_relay_book(file), most)


@app.command("serve", short_help="Put virtual instruments on TCP sockets of this computer.")
def serve_command(
    bench: BenchOption,
    port: Annotated[
        int, typer.Option(min=0, max=65_000, help="Of the first instrument, others follow; 0: any free ones.")
    ] = 0,
    write_bench: Annotated[
        Path | None, typer.Option(metavar="FILE.toml", help="Write the bench file that leads here.")
    ] = None,
    speed: Annotated[
        float, typer.Option(min=0.0, help="Bench seconds per second in which no instrument works.")
    ] = 1.0,
) -> None:
    """Put virtual instruments on TCP sockets of this computer, for any VISA program; Ctrl-C ends it."""
    import signal

    from labctl.sim.server import BenchServer
    from labctl.sim.workbench import open_workbench

    server = BenchServer(open_workbench(bench), port=port, speed=speed)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: server.stop())
    if write_bench is not None:
        server.write_bench(write_bench)
    for name, address in server.addresses.items():
        typer.echo(f"{name} at {address}")
    if write_bench is not None:
        typer.echo(f"To measure with them: --bench {write_bench}")
    typer.echo("Serving, Ctrl-C ends it.")
    server.serve()
    typer.echo("Every connection is closed, the sample is saved.")
