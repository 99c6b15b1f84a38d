"""The validated model of a bench TOML: read by the bench and by the virtual bench, all mistakes told at once."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import Field, ValidationError

from labctl.benchmodel import (
    Array,
    BusAddresses,
    InstrumentEntry,
    Limits,
    Neurons,
    ProberEntry,
    Roles,
    RowWire,
    SampleEntry,
    Section,
    Stage,
    Wiring,
)
from labctl.core.errors import BenchFileError
from labctl.core.lines import Line, LineKind
from labctl.core.paths import find_bench
from labctl.core.route import GROUND, Crosspoint
from labctl.core.textfile import read_text
from labctl.instrumenttype import InstrumentKind, instrument_names, instrument_type
from labctl.virtualmodel import Virtual, read_line

FORMAT = "labctl-bench-1"
THIS_FILE = "{this_file}"
S = TypeVar("S", bound=Section)
REQUIRED: Mapping[str, type[Section]] = {
    "visa": BusAddresses,
    "wiring": Wiring,
    "roles": Roles,
    "array": Array,
    "limits": Limits,
}
OPTIONAL: Mapping[str, type[Section]] = {
    "neurons": Neurons,
    "stage": Stage,
    "prober": ProberEntry,
    "sample": SampleEntry,
    "virtual": Virtual,
}


class BenchFile(Section):
    """A bench: instruments, wiring, device under test, limits and, if it is virtual, the sample's physics."""

    source: Path
    format: str
    name: str
    description: str = ""
    visa: BusAddresses
    instruments: dict[str, InstrumentEntry]
    wiring: Wiring
    roles: Roles
    array: Array
    limits: Limits
    neurons: Neurons | None = None
    stage: Stage | None = None
    prober: ProberEntry | None = None
    sample: SampleEntry | None = None
    virtual: Virtual | None = None
    text: str = Field(repr=False)

    @property
    def library(self) -> str:
        """The PyVISA library of this bench, `NAME@BACKEND`, with the place of this file filled in."""
        return self.visa.library.replace(THIS_FILE, str(self.source))

    @property
    def sha256(self) -> str:
        """Hash of its text, in hex."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def simulated(self) -> bool:
        """Whether the address book leads to virtual instruments: marks records and reports, decides nothing."""
        return self.library.endswith("@labctl") or self.visa.simulated

    @cached_property
    def columns(self) -> Mapping[Line, int]:
        """Matrix column of each wired line."""
        return {line: column for column, line in self.wiring.lines()}

    @cached_property
    def relays(self) -> Mapping[int, tuple[str, int]]:
        """Instrument and digital output of each bit line's heater isolation relay."""
        return {heater: (instrument, output) for instrument, output, heater in self.wiring.heater_relays()}

    def row(self, letter: str) -> RowWire:
        """What is wired to matrix row `letter`."""
        return self.wiring.rows[letter]

    def instruments_of(self, kind: InstrumentKind) -> list[str]:
        """Names of the instruments of one kind."""
        return [name for name, entry in self.instruments.items() if entry.kind is kind]

    def instrument_of(self, kind: InstrumentKind) -> str:
        """The only instrument of `kind`; KeyError when there is none."""
        for name in self.instruments_of(kind):
            return name
        raise KeyError(kind.value)

    def crosspoint(self, row: str, line: Line) -> Crosspoint | None:
        """The relay that joins `row` and `line`; None when the line is not wired."""
        column = self.columns.get(line)
        return None if column is None else Crosspoint(row, column)

    def lines(self, kind: LineKind) -> list[Line]:
        """All lines of one kind that the device has, wired or not."""
        return list(self._all_lines[kind])

    @cached_property
    def _all_lines(self) -> Mapping[LineKind, tuple[Line, ...]]:
        counts = dict.fromkeys(LineKind, self.array.bit_lines) | {LineKind.WORD: self.array.word_lines}
        return {kind: tuple(Line(kind, index) for index in range(count)) for kind, count in counts.items()}


def load_bench(name_or_path: str | Path) -> BenchFile:
    """Read and check a bench file, found by path or by name among the benches that travel with labctl.

    Raises BenchFileError with every mistake: its place, what is allowed, the unit.
    """
    path = find_bench(name_or_path)
    return read_bench(read_text(path), path)


def read_bench(text: str, source: Path) -> BenchFile:
    """Check the text of a bench file that stands (or would stand) at `source`."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BenchFileError(str(source), [f"not valid TOML: {error}"]) from None
    mistakes: list[str] = []
    parts: dict[str, Any] = {}
    for key in ("format", "name"):
        if not isinstance(raw.get(key), str) or not raw[key]:
            mistakes.append(f'{key}: is missing (write {key} = "...")')
    if isinstance(raw.get("format"), str) and raw["format"] != FORMAT:
        mistakes.append(f"format: '{raw['format']}' is not known, this version reads '{FORMAT}'")
    parts["instruments"] = _instruments(raw, mistakes)
    for key, model in REQUIRED.items():
        _section(raw, key, model, parts, mistakes)
    for key, model in OPTIONAL.items():
        if key in raw:
            _section(raw, key, model, parts, mistakes)
    known = {"format", "name", "description", *BenchFile.model_fields} - {"source", "text"}
    mistakes += [
        f"{key}: unknown section (there are: {', '.join(sorted(known))})" for key in raw if key not in known
    ]
    mistakes += _contradictions(parts, named=set(raw.get("instruments") or ()))
    if mistakes:
        raise BenchFileError(str(source), mistakes)
    head = {key: raw[key] for key in ("format", "name", "description") if key in raw}
    return BenchFile(source=source, text=text, **head, **parts)


def _section(
    raw: Mapping[str, Any], key: str, model: type[S], parts: dict[str, Any], mistakes: list[str]
) -> None:
    if not isinstance(raw.get(key), dict):
        mistakes.append(f"{key}: the section [{key}] is missing")
        return
    found = _validated(raw[key], key, model, mistakes)
    if found is not None:
        parts[key] = found


def _validated(raw: object, place: str, model: type[S], mistakes: list[str]) -> S | None:
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        mistakes += [_sentence(place, item, model) for item in error.errors(include_url=False)]
        return None


def _sentence(place: str, item: Any, model: type[Section]) -> str:
    where = ".".join([place, *(str(part) for part in item["loc"])])
    if item["type"] == "missing":
        return f"{where}: is missing"
    if item["type"] == "extra_forbidden":
        return f"{where}: unknown key (there are: {', '.join(_keys_at(model, item['loc'][:-1]))})"
    message = item["msg"].removeprefix("Value error, ")
    return f"{where}: {message}"


def _keys_at(model: type[Section], place: Sequence[Any]) -> list[str]:
    """Keys that `model` has at `place` within it; the names in a table of sections lead no further down."""
    for part in place:
        field = model.model_fields.get(part)
        model = (_section_in(field.annotation) if field is not None else None) or model
    return list(model.model_fields)


def _section_in(annotation: Any) -> type[Section] | None:
    """The section that an annotation such as `Stage | None` or `dict[str, Stage]` speaks of."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    return next(filter(None, map(_section_in, get_args(annotation))), None)


def _instruments(raw: Mapping[str, Any], mistakes: list[str]) -> dict[str, InstrumentEntry]:
    entries = raw.get("instruments")
    if not isinstance(entries, dict) or not entries:
        mistakes.append("instruments: the section [instruments] is missing")
        return {}
    found = {}
    for name, entry in entries.items():
        model = _validated(entry, f"instruments.{name}", InstrumentEntry, mistakes)
        if model is not None:
            found[name] = model
    return found


def _contradictions(parts: Mapping[str, Any], named: set[str]) -> Iterator[str]:
    """Mistakes that no section can see alone; only what is sound by itself is compared.

    `named` are all instruments that the file names, sound or not.
    """
    instruments: dict[str, InstrumentEntry] = parts["instruments"]
    visa: BusAddresses | None = parts.get("visa")
    wiring: Wiring | None = parts.get("wiring")
    array: Array | None = parts.get("array")
    if visa is not None:
        yield from _address_mistakes(visa, named)
    if wiring is not None:
        yield from wiring.wired_twice()
        yield from _terminal_mistakes(wiring, instruments, named)
        yield from _column_mistakes(wiring, instruments)
        if array is not None:
            yield from _line_mistakes(wiring, array)
        roles: Roles | None = parts.get("roles")
        if roles is not None:
            yield from _role_mistakes(roles, wiring)
    stage: Stage | None = parts.get("stage")
    if stage is not None:
        yield from _stage_mistakes(stage, instruments, named)
    yield from _prober_mistakes(parts, named)
    virtual: Virtual | None = parts.get("virtual")
    if virtual is not None and array is not None:
        yield from _fault_mistakes(virtual, array)


def _stage_mistakes(
    stage: Stage, instruments: Mapping[str, InstrumentEntry], named: set[str]
) -> Iterator[str]:
    entry = instruments.get(stage.instrument)
    if entry is None and stage.instrument not in named:
        yield f"stage.instrument: there is no instrument '{stage.instrument}'"
    elif entry is not None and entry.kind is not InstrumentKind.STAGE:
        stages = (name for name in instrument_names() if instrument_type(name).kind is InstrumentKind.STAGE)
        drivers = ", ".join(stages)
        yield f"stage.instrument: {stage.instrument} is a {entry.driver}, not a temperature controller ({drivers})"


def _prober_mistakes(parts: Mapping[str, Any], named: set[str]) -> Iterator[str]:
    prober: ProberEntry | None = parts.get("prober")
    virtual: Virtual | None = parts.get("virtual")
    if prober is not None and prober.instrument is not None:
        entry: InstrumentEntry | None = parts["instruments"].get(prober.instrument)
        if entry is None and prober.instrument not in named:
            yield f"prober.instrument: there is no instrument '{prober.instrument}'"
        elif entry is not None and entry.driver != prober.kind:
            yield f"prober.instrument: {prober.instrument} is a {entry.driver}, no {prober.kind}"
    if prober is None and virtual is not None and virtual.wafer is not None:
        yield "virtual.wafer: there is no prober to move this wafer (section [prober])"


def _address_mistakes(visa: BusAddresses, named: set[str]) -> Iterator[str]:
    taken: dict[str, str] = {}
    for name, address in visa.addresses.items():
        if name not in named:
            yield f"visa.addresses.{name}: there is no instrument of this name in [instruments]"
        if address in taken:
            yield f"visa.addresses.{name}: {address} is already the address of {taken[address]}"
        taken.setdefault(address, name)
    for name in sorted(named):
        if name not in visa.addresses:
            yield f"visa.addresses.{name}: is missing, the instrument has no address"


def _terminal_mistakes(
    wiring: Wiring, instruments: Mapping[str, InstrumentEntry], named: set[str]
) -> Iterator[str]:
    direct: dict[str, str] = {}
    for letter, wire in wiring.rows.items():
        place = f"wiring.rows.{letter}"
        if wire.terminal == GROUND:
            continue
        instrument, _, channel = wire.terminal.partition(".")
        entry = instruments.get(instrument)
        if entry is None:
            if instrument not in named:
                yield f"{place}: there is no instrument '{instrument}' (write for example smu1.a, or ground)"
        elif channel not in entry.channels:
            channels = ", ".join(entry.channels) or "none"
            yield f"{place}: {instrument} ({entry.driver}) has no channel '{channel}' (it has: {channels})"
        if wire.series == 0.0:
            if wire.terminal in direct:
                yield f"{place}: {wire.terminal} is already wired directly to row {direct[wire.terminal]}"
            direct.setdefault(wire.terminal, letter)
    for instrument, output, _ in wiring.heater_relays():
        entry = instruments.get(instrument)
        if entry is None:
            if instrument not in named:
                yield f"wiring.relays: there is no instrument '{instrument}'"
        elif not entry.type.digital_outputs:
            yield f"wiring.relays: {instrument} ({entry.driver}) has no digital outputs"
        elif not 1 <= output <= entry.type.digital_outputs:
            yield (
                f"wiring.relays: {instrument} has no digital output {output} "
                f"(allowed 1 to {entry.type.digital_outputs})"
            )


def _column_mistakes(wiring: Wiring, instruments: Mapping[str, InstrumentEntry]) -> Iterator[str]:
    matrices = [(name, entry) for name, entry in instruments.items() if entry.kind is InstrumentKind.MATRIX]
    if not instruments:
        return
    if len(matrices) != 1:
        yield f"instruments: {len(matrices)} switch matrices, exactly 1 is needed"
        return
    name, entry = matrices[0]
    for row in wiring.rows:
        if row not in entry.type.rows:
            rows = ", ".join(entry.type.rows)
            yield f"wiring.rows.{row}: {name} ({entry.driver}) has no row '{row}' (it has: {rows})"
    last = entry.matrix_columns
    for column, line in wiring.lines():
        if not 1 <= column <= last:
            yield f"wiring.columns: column {column} ({line}) does not exist, the matrix has columns 1 to {last}"


def _fault_mistakes(virtual: Virtual, array: Array) -> Iterator[str]:
    counts = _line_counts(array)
    for line in (read_line(text) for pair in virtual.faults.shorts.items() for text in pair):
        last = counts[line.kind] - 1
        if line.index > last:
            yield f"virtual.faults.shorts: there is no {line}, the array has {line.kind.value} 0 to {last}"
    last = array.bit_lines - 1
    for heater in virtual.faults.heaters_connected:
        if heater > last:
            yield f"virtual.faults.heaters_connected: there is no heater {heater}, the array has 0 to {last}"


def _line_counts(array: Array) -> Mapping[LineKind, int]:
    return {
        LineKind.WORD: array.word_lines,
        LineKind.BIT: array.bit_lines,
        LineKind.NEURON: array.bit_lines,
    }


def _line_mistakes(wiring: Wiring, array: Array) -> Iterator[str]:
    counts = _line_counts(array)
    for column, line in wiring.lines():
        if line.index >= counts[line.kind]:
            yield (
                f"wiring.columns: column {column} leads to {line}, "
                f"the array has {line.kind.value} 0 to {counts[line.kind] - 1}"
            )
    for instrument, output, heater in wiring.heater_relays():
        if heater >= array.bit_lines:
            yield (
                f"wiring.relays: {instrument} output {output} drives heater {heater}, "
                f"the array has 0 to {array.bit_lines - 1}"
            )


def _role_mistakes(roles: Roles, wiring: Wiring) -> Iterator[str]:
    for role, letter in roles.rows():
        if letter not in wiring.rows:
            yield f"roles.{role}: matrix row {letter} has nothing wired to it"
        elif wiring.rows[letter].terminal == GROUND:
            yield f"roles.{role}: matrix row {letter} is wired to ground, a source is needed"
    yield from _shared_sources(roles, wiring)
    sides = ((roles.drive, roles.bias), (roles.forming, roles.forming_bias))
    for selected, bias in sides:
        if selected is None or bias is None or selected not in wiring.rows or bias not in wiring.rows:
            continue
        first, second = wiring.rows[selected].terminal, wiring.rows[bias].terminal
        if first.partition(".")[0] != second.partition(".")[0]:
            yield (
                f"roles: rows {selected} ({first}) and {bias} ({second}) must be channels of one instrument, "
                "else a pulse cannot be timed inside it"
            )


def _shared_sources(roles: Roles, wiring: Wiring) -> Iterator[str]:
    """A sentence for each pair of roles that one source would have to play at the same time."""
    levels = tuple(("levels", letter) for letter in roles.levels)
    together = (
        (
            ("drive", roles.drive),
            ("bias", roles.bias),
            ("bias_high", roles.bias_high),
            ("sense", roles.sense),
        ),
        (
            ("forming", roles.forming),
            ("forming_bias", roles.forming_bias),
            ("bias_high", roles.bias_high),
            ("sense", roles.sense),
        ),
        (*levels, ("trim", roles.trim), ("output", roles.output)),
    )
    told: dict[str, None] = {}
    for group in together:
        filled = [(role, row) for role, row in group if row is not None and row in wiring.rows]
        for (role, row), (other, beside) in combinations(filled, 2):
            wire, there = wiring.rows[row], wiring.rows[beside]
            both_direct = row != beside and not (wire.series or there.series)  # told where the rows are wired
            if wire.terminal == there.terminal != GROUND and not both_direct:
                told[
                    f"roles: {role} (row {row}) and {other} (row {beside}) are needed at the same time, and "
                    f"{wire.terminal} is one source"
                ] = None
    yield from told
