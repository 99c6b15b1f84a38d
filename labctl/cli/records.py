"""The commands for records: recover, export, diff, follow. Heavy imports wait inside the command that needs them."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer

from labctl.core.csvstyle import FOR_PROGRAMS, CsvStyle, DecimalMark, Separator
from labctl.core.errors import PlanError

RUN = typer.Argument(metavar="RUN", help="A run folder, or a part of its name that is its alone.")


class ExportFormat(Enum):
    """What `labctl export` writes."""

    CSV = "csv"
    PARQUET = "parquet"


def add_to(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    commands = (
        ("follow", follow, "Watch a run that another program writes, until it ends."),
        ("recover", recover, "Make run.h5 of the journal of a run that was killed."),
        ("export", export, "Write tables and pictures as CSV or Parquet."),
        ("diff", diff, "How two runs differ."),
    )
    for name, command, what in commands:
        app.command(name, short_help=what)(command)


def recover(run: Annotated[str, RUN]) -> None:
    """Make run.h5 of the journal of a run that was killed. Its outcome stays absent; the journal stays as it is."""
    from labctl.record.catalogue import find_run
    from labctl.record.hdf5 import FILE_NAME, PART_NAME
    from labctl.record.reading import read_run
    from labctl.record.replay import recover as rebuild

    folder = find_run(run)
    if (folder / FILE_NAME).exists() and not (folder / PART_NAME).exists() and not read_run(folder).damage:
        typer.echo(f"{folder / FILE_NAME} is whole: there is nothing to recover.")
        return
    rebuild(folder)
    found = read_run(folder)
    rows = ", ".join(f"{len(table)} {name}" for name, table in found.tables.items()) or "no rows"
    outcome = "none, it was killed" if found.outcome is None else found.outcome.value
    pictures = ", ".join(found.pictures) or "none"
    typer.echo(f"{folder / FILE_NAME}: {rows}; pictures: {pictures}; outcome: {outcome}.")


def export(
    run: Annotated[str, RUN],
    kind: Annotated[
        ExportFormat, typer.Option("--format", help="What tables are written as.")
    ] = ExportFormat.CSV,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the files. [default: export in the run folder]")
    ] = None,
    separator: Annotated[
        Separator, typer.Option(help="What stands between the values of a CSV file.")
    ] = Separator.COMMA,
    decimal: Annotated[
        DecimalMark | None,
        typer.Option(help="Decimal mark of a CSV file. [default: comma between semicolons, else point]"),
    ] = None,
    separator_line: Annotated[
        bool,
        typer.Option("--sep-line", help="Begin each CSV file with a line such as sep=; that Excel obeys."),
    ] = False,
) -> None:
    """Write a run's tables and pictures for other programs, and all else that is known of it as run.json."""
    from labctl.cli.terminal import read_and_tell
    from labctl.record.catalogue import find_run
    from labctl.record.export import Format
    from labctl.record.export import export as write

    usual = DecimalMark.COMMA if separator is Separator.SEMICOLON else DecimalMark.POINT
    style = CsvStyle(separator, decimal or usual, separator_line)
    if kind is not ExportFormat.CSV and style != FOR_PROGRAMS:
        raise PlanError(
            "--separator, --decimal and --sep-line are for CSV files: leave them out with this format."
        )
    folder = find_run(run)
    for path in write(read_and_tell(folder), out or folder / "export", Format(kind.value), style):
        typer.echo(path)


def diff(
    first: Annotated[str, RUN],
    second: Annotated[str, RUN],
) -> None:
    """How two runs differ: parameters, versions, instruments, wiring, rows; smallest / median / largest of a column."""
    from rich.text import Text

    from labctl.cli.terminal import columns, page, read_and_tell
    from labctl.record.catalogue import find_run
    from labctl.record.comparing import differences

    runs = [read_and_tell(find_run(named)) for named in (first, second)]
    found = differences(*runs)
    console = page()
    if not found:
        console.print("The two runs do not differ in anything but their times.")
        return
    table = columns("", "what", *(run.folder.name for run in runs))
    for place, each in enumerate(found):
        is_first = place == 0 or found[place - 1].section != each.section
        section = each.section if is_first else ""
        table.add_row(*(Text(text) for text in (section, each.name, each.first, each.second)))
    console.print(table)
    if any(each.section in runs[0].tables and each.name != "rows" for each in found):
        console.print("Of a column: smallest / median / largest number.")


def follow(run: Annotated[str, RUN]) -> None:
    """Watch a run that another program writes, until it ends; Ctrl-C ends the watching, not the run."""
    from labctl.core.clock import WallClock
    from labctl.record.catalogue import find_run
    from labctl.record.following import follow as watch

    said: dict[str, int] = {}
    is_announced = False
    for live in watch(find_run(run), WallClock()):
        if not is_announced:
            is_announced = True
            mark = " (SIMULATED)" if live.state.head.get("simulated") else ""
            typer.echo(f"{live.state.head.get('procedure', '')}{mark} in {live.folder}")
        for name, count in live.counts.items():
            if count != said.get(name):
                said[name] = count
                typer.echo(f"{name}: {count} row{'' if count == 1 else 's'}, last {_last(live, name)}")
        if live.is_over:
            end = live.state.end
            typer.echo(
                " ".join(part for part in (f"{end['outcome']}:", end["verdict"], end["reason"]) if part)
            )


def _last(live: Any, table: str) -> str:
    from labctl.core.quantity import show

    units = {column.name: column.unit for column in live.state.waiting[table].columns}
    values = list(live.last[table].items())[2:]  # times left out
    return ", ".join(f"{name} {show(_item(value), units[name])}" for name, value in values)


def _item(value: Any) -> Any:
    return value.item() if getattr(value, "ndim", 1) == 0 and hasattr(value, "item") else value
