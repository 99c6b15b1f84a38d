"""`labctl bench`: look at benches, serve a virtual one, put a fresh sample into it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from labctl.cli import FAILED

if TYPE_CHECKING:
    from labctl.benchfile import BenchFile

N = TypeVar("N", int, float)
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
def check_command(
    bench: BenchOption,
    wiring: Annotated[
        bool,
        typer.Option(
            "--wiring", help="Look along every wire with a few millivolts, and keep what was found."
        ),
    ] = False,
) -> None:
    """Check a bench file, open every instrument on it and ask who it is; nothing is switched on without --wiring."""
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
    if unwired := _unwired(file):
        console.print(
            f"wired to no matrix column, so that routes which need one are refused: {unwired}", markup=False
        )
    proof = None
    with open_bench(bench) as opened:
        found, warnings = opened.check(), opened.warnings()
        if wiring and all(each.sound for each in found):
            with console.status("wiring") as status:
                proof = opened.prove_wiring(lambda what: status.update(f"wiring: {what}"))
        known = opened.proven()
    table = columns("instrument", "driver", "address", "says it is", "role", "state", "verdict")
    for each in found:
        table.add_row(
            each.name, each.driver, each.address, each.identity, each.role, each.state, each.verdict
        )
    console.print(table)
    for warning in warnings:
        console.print(warning, markup=False, style="yellow")
    mark = " SIMULATED." if file.simulated else ""
    if proof is not None:
        from labctl.cli.wiring import print_proof

        print_proof(console, proof)
    else:
        console.print(
            f"Wiring: {known['state']} (labctl bench check --wiring looks along every wire).", markup=False
        )
    if all(each.sound for each in found):
        console.print(f"All instruments are in order; every output is off, every relay open.{mark}")
        if proof is not None and proof.faults:
            raise typer.Exit(FAILED)
    else:
        console.print(f"Not everything is in order, see the last column.{mark}")
        raise typer.Exit(FAILED)


def _unwired(file: BenchFile) -> str:
    """Names lines of the array, and of its neurons, that have no matrix column; empty when all are wired."""
    from labctl.core.lines import LineKind

    kinds = (LineKind.WORD, LineKind.BIT, *((LineKind.NEURON,) if file.neurons is not None else ()))
    missing = [line for kind in kinds for line in file.lines(kind) if line not in file.columns]
    more = f" and {len(missing) - 8} more" if len(missing) > 8 else ""
    return ", ".join(str(line) for line in missing[:8]) + more


@app.command("new-sample", short_help="Put a fresh sample on a virtual bench.")
def new_sample_command(bench: BenchOption) -> None:
    """Throw the sample of a virtual bench away and put a fresh one in its place."""
    from labctl.sim.workbench import new_sample

    new_sample(bench)
    typer.echo(f"A fresh sample is on the bench {bench}.")


@app.command("chuck", short_help="Where the prober's chuck stands; move it to a die.")
def chuck_command(
    bench: BenchOption,
    die: Annotated[
        str, typer.Option(metavar="X,Y", help="Separate and step to this die, by the prober's own integers.")
    ] = "",
    offset: Annotated[
        str,
        typer.Option(
            metavar="DX,DY", help="Then go so far from the die's reference point, such as '2 mm,0 mm'."
        ),
    ] = "",
    contact: Annotated[
        bool | None, typer.Option("--contact/--separate", help="Then let the probes touch, or take them off.")
    ] = None,
) -> None:
    """Say where the prober's chuck stands; before it moves, every output is off and every relay open."""
    from labctl.bench import open_bench
    from labctl.cli.terminal import page
    from labctl.core.numbers import read_number, read_whole

    to_die = _pair(die, read_whole, "--die 3,-2") if die else None
    to_place = _pair(offset, lambda text: read_number(text, "m"), "--offset '2 mm,0 mm'") if offset else None
    with open_bench(bench) as opened:
        prober = opened.prober
        if to_die is not None:
            prober.to_die(*to_die)
        if to_place is not None:
            prober.to_subsite(*to_place)
        if contact is not None:
            (prober.contact if contact else prober.separate)()
        position = prober.position
    if position is None:
        page().print("Where the chuck stands is not known: it is on no die of a loaded wafer map.")
    else:
        state = "in contact" if position.in_contact else "separated"
        page().print(f"The chuck stands on {position}, {state}.", markup=False)


def _pair(text: str, read: Callable[[str], N], such_as: str) -> tuple[N, N]:
    """Two numbers with a comma between them; PlanError names the option as it should be written."""
    from labctl.core.errors import PlanError

    parts = text.split(",")
    try:
        first, second = parts
        return read(first.strip()), read(second.strip())
    except (ValueError, PlanError):
        raise PlanError(f"'{text}' cannot be read: write for example {such_as}.") from None


@app.command("ledger", short_help="What the sample has taken, how worn the relays are.")
def ledger_command(
    bench: BenchOption,
    most: Annotated[int, typer.Option(min=1, help="How many cells and relays to list.")] = 10,
    renew: Annotated[
        str, typer.Option(metavar="RELAY", help="A relay that was replaced, such as A3 or 'heater 0'.")
    ] = "",
    device: Annotated[
        str, typer.Option(metavar="NAME", help="The ledger of one device of a wafer, such as x003_y-002.")
    ] = "",
    wafer: Annotated[str, typer.Option(metavar="NAME", help="Of which wafer, on a real bench.")] = "",
) -> None:
    """Show what the sample on a bench has taken, and how worn its relays are; no instrument is opened."""
    from labctl.bench.ledger import ledger_path, read_books
    from labctl.bench.relaybook import open_relay_book, read_relay_book
    from labctl.bench.sites import device_ledgers
    from labctl.benchfile import load_bench
    from labctl.cli.ledger import print_books, print_relays
    from labctl.cli.terminal import page
    from labctl.core.errors import PlanError

    file, console = load_bench(bench), page()
    if renew:
        with open_relay_book(file) as book:
            book.renew(renew)
        console.print(f"Relay {renew} counts from 0 again.", markup=False)
    devices = device_ledgers(file, wafer)
    if device and device not in devices:
        raise PlanError(f"No device '{device}' has a ledger (there are: {', '.join(devices) or 'none'}).")
    path = devices[device] if device else ledger_path(file)
    console.print(f"{file.name}: ledger {path}", markup=False, soft_wrap=True)
    print_books(console, read_books(file, path), file.limits, most)
    if devices and not device:
        console.print(f"Devices of the wafer with ledgers of their own (--device): {', '.join(devices)}")
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
