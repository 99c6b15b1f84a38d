"""`labctl bench`: look at benches, and put a fresh sample into a virtual one."""

from __future__ import annotations

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
    from rich.table import Table

    from labctl.benchfile import load_bench
    from labctl.cli.terminal import page
    from labctl.core.paths import data_folder

    table = Table("bench", "what it is", box=None)
    for path in sorted((data_folder() / "benches").glob("*.toml")):
        table.add_row(path.stem, load_bench(path).description)
    page().print(table)


@app.command("check")
def check_command(bench: BenchOption) -> None:
    """Check a bench file, open every instrument on it and ask who it is; nothing is switched on."""
    from rich.table import Table

    from labctl.bench import open_bench
    from labctl.benchfile import load_bench
    from labctl.cli.terminal import page

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
        found = opened.check()
    table = Table("instrument", "driver", "address", "says it is", "role", "state", "verdict", box=None)
    for each in found:
        table.add_row(
            each.name, each.driver, each.address, each.identity, each.role, each.state, each.verdict
        )
    console.print(table)
    mark = " SIMULATED." if file.simulated else ""
    if all(each.sound for each in found):
        console.print(f"All instruments are in order; every output is off, every relay open.{mark}")
    else:
        console.print(f"Not everything is in order, see the last column.{mark}")
        raise typer.Exit(FAILED)


@app.command("new-sample")
def new_sample_command(bench: BenchOption) -> None:
    """Throw the sample of a virtual bench away and put a fresh one in its place."""
    from labctl.sim.workbench import new_sample

    new_sample(bench)
    typer.echo(f"A fresh sample is on the bench {bench}.")
