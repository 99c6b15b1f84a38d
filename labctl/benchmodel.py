"""The sections of a bench TOML, each checked by itself: kinds, units, ranges, wires that are there twice."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from labctl.core.errors import LabError, PlanError
from labctl.core.lines import Line, LineKind
from labctl.core.names import normal_name
from labctl.core.numbers import read_number
from labctl.core.quantity import mega_or_milli, show
from labctl.instrumenttype import InstrumentKind, InstrumentType, instrument_names, instrument_type

OPERATOR = "operator"
"""A prober that is a person."""


class Section(BaseModel):
    """A part of a bench file: immutable, and unknown keys are mistakes."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


def in_unit(unit: str, low: float, high: float) -> BeforeValidator:
    """Read `"20 kohm"` or a bare SI number, and refuse what lies outside `low` to `high`."""

    def read(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise ValueError(f'must be a quantity such as "{show(low or high, unit)}"')
        try:
            number = read_number(value, unit) if isinstance(value, str) else float(value)
        except PlanError as error:
            raise ValueError(str(error)) from None
        if not low <= number <= high:
            raise ValueError(
                f"= {show(number, unit)}, allowed {show(low, unit)} to {show(high, unit)}"
                + mega_or_milli(number, unit, low, high)
            )
        return number

    return BeforeValidator(read)


def whole(low: int, high: int) -> BeforeValidator:
    """Read a whole number from `low` to `high`."""

    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError(f"must be a whole number, allowed {low} to {high}")
        if not low <= value <= high:
            raise ValueError(f"= {value}, allowed {low} to {high}")
        return value

    return BeforeValidator(read)


def _driver(name: object) -> str:
    try:
        return instrument_type(str(name)).name
    except LabError as error:
        raise ValueError(str(error)) from None


def _row_name(name: object) -> str:
    if not isinstance(name, str) or not name.strip():
        raise ValueError(f"'{name}' is not the name of a matrix row")
    return name


def _sample_name(name: object) -> str:
    plain = normal_name(name) if isinstance(name, str) else ""
    if not re.fullmatch(r"[\w][\w .+-]*", plain):
        raise ValueError(f"'{name}' cannot be a file's name (letters, digits, space and . + - _ can)")
    return plain


RowName = Annotated[str, BeforeValidator(_row_name)]


class BusAddresses(Section):
    """The address book: PyVISA library and the VISA address of each instrument.

    `simulated` marks addresses that lead to virtual instruments through an ordinary VISA library: `labctl bench serve`.
    """

    library: str = ""
    simulated: bool = False
    addresses: dict[str, str]


class InstrumentEntry(Section):
    """One instrument: its driver and, for a matrix, its cards."""

    driver: Annotated[str, BeforeValidator(_driver)]
    cards: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _cards_fit(self) -> InstrumentEntry:
        slots, known = self.type.slots, self.type.cards
        if slots and not 1 <= len(self.cards) <= slots:
            raise ValueError(f"{self.driver} holds 1 to {slots} cards, {len(self.cards)} are listed")
        if self.cards and not slots:
            raise ValueError(f"{self.driver} holds no cards")
        for card in self.cards:
            if card not in known:
                raise ValueError(f"unknown card '{card}' (there are: {', '.join(known)})")
        return self

    @property
    def type(self) -> InstrumentType:
        """What is known of its driver."""
        return instrument_type(self.driver)

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of its source-measure channels."""
        return self.type.channels

    @property
    def kind(self) -> InstrumentKind:
        """What it is on the bench."""
        return self.type.kind

    @property
    def matrix_columns(self) -> int:
        """Columns of all cards together, rows joined across cards."""
        return sum(self.type.cards[card] for card in self.cards)


class RowWire(Section):
    """What is wired to a matrix row: an instrument terminal or the star ground, direct or through a resistor."""

    terminal: str
    series: Annotated[float, in_unit("ohm", 0.0, 10e6)] = 0.0

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, value: Any) -> Any:
        return {"terminal": value} if isinstance(value, str) else value


_RANGE = re.compile(r"(?P<name>.*?)\s*(?P<first>\d+)(?:-(?P<last>\d+))?$")


def _range(text: str) -> tuple[str, range]:
    found = _RANGE.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"'{text}' does not end in a number or a range such as 0-7")
    first = int(found["first"])
    last = int(found["last"]) if found["last"] else first
    if last < first:
        raise ValueError(f"'{text}': a range runs from low to high")
    return found["name"].strip(), range(first, last + 1)


def _pairs(table: dict[str, str], left: str, right: tuple[str, ...]) -> Iterator[tuple[str, int, str, int]]:
    """Single wires of a table whose two sides are ranges of equal length; raises ValueError at the first flaw."""
    for key, value in table.items():
        key_name, key_range = _range(key)
        value_name, value_range = _range(value)
        if value_name not in right:
            raise ValueError(f"'{value}': must begin with {' or '.join(right)}")
        if len(key_range) != len(value_range):
            raise ValueError(
                f'"{key}" = "{value}": {len(key_range)} {left} cannot be wired to {len(value_range)} lines'
            )
        for key_number, value_number in zip(key_range, value_range, strict=True):
            yield key_name, key_number, value_name, value_number


class Wiring(Section):
    """All wires: instrument terminals to rows, columns to lines of the device, digital outputs to relays.

    `ground_resistance` leads from the ground row to the star ground, `path_resistance` is the nominal resistance from a
    row to a line of the device (relay contact and lead), which reads are corrected for.
    """

    ground_resistance: Annotated[float, in_unit("ohm", 0.0, 100.0)] = 0.0
    path_resistance: Annotated[float, in_unit("ohm", 0.0, 1e3)] = 0.0
    rows: dict[RowName, RowWire]
    columns: dict[str, str]
    relays: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _readable(self) -> Wiring:
        for wires in (self.lines(), self.heater_relays()):
            for _ in wires:
                pass
        return self

    def wired_twice(self) -> Iterator[str]:
        """One sentence for every column, line, digital output or relay that two wires claim."""
        by_column: dict[int, Line] = {}
        by_line: dict[Line, int] = {}
        for column, line in self.lines():
            if column in by_column:
                yield f"wiring.columns: column {column} is wired twice, to {by_column[column]} and to {line}"
            if line in by_line:
                yield f"wiring.columns: {line} is wired twice, to columns {by_line[line]} and {column}"
            by_column.setdefault(column, line)
            by_line.setdefault(line, column)
        outputs: set[tuple[str, int]] = set()
        heaters: set[int] = set()
        for instrument, output, heater in self.heater_relays():
            if (instrument, output) in outputs:
                yield f"wiring.relays: digital output {output} of {instrument} drives two relays"
            if heater in heaters:
                yield f"wiring.relays: the relay of heater {heater} is driven twice"
            outputs.add((instrument, output))
            heaters.add(heater)

    def lines(self) -> Iterator[tuple[int, Line]]:
        """Matrix column and device line of every wire."""
        kinds = tuple(kind.value for kind in LineKind)
        for _, column, kind, index in _pairs(self.columns, "columns", kinds):
            yield column, Line(LineKind(kind), index)

    def heater_relays(self) -> Iterator[tuple[str, int, int]]:
        """Instrument, digital output and bit line of every heater isolation relay."""
        for instrument, output, _, heater in _pairs(self.relays, "outputs", ("heater",)):
            yield instrument, output, heater


class Roles(Section):
    """Which matrix row does what; a role left out makes the procedures that need it unavailable."""

    drive: RowName
    bias: RowName
    sense: RowName
    bias_high: RowName | None = None
    forming: RowName | None = None
    forming_bias: RowName | None = None
    levels: tuple[RowName, ...] = ()
    trim: RowName | None = None
    output: RowName | None = None

    def rows(self) -> Iterator[tuple[str, str]]:
        """Role and row letter of every role that is filled."""
        for role in type(self).model_fields:
            value = getattr(self, role)
            if isinstance(value, tuple):
                for letter in value:
                    yield role, letter
            elif value is not None:
                yield role, value


class Array(Section):
    """Geometry of the crossbar; the segment resistance is that of one line between two neighbouring cells."""

    word_lines: Annotated[int, whole(1, 1024)]
    bit_lines: Annotated[int, whole(1, 1024)]
    segment_resistance: Annotated[float, in_unit("ohm", 0.0, 1e5)]


class Neurons(Section):
    """Nominal values of the neurons at the feet of the bit lines."""

    heater_resistance: Annotated[float, in_unit("ohm", 1.0, 1e6)]
    output_bias: Annotated[float, in_unit("V", 1e-3, 1.0)]


class Stage(Section):
    """The heated stage under the die."""

    instrument: str
    loop: Annotated[int, whole(1, 4)] = 1
    input: str = "A"


def _prober_kind(kind: object) -> str:
    if kind == OPERATOR:
        return OPERATOR
    try:
        if instrument_type(str(kind)).kind is InstrumentKind.PROBER:
            return str(kind)
    except LabError:
        pass
    probers = [name for name in instrument_names() if instrument_type(name).kind is InstrumentKind.PROBER]
    raise ValueError(f"'{kind}' is no kind of prober (there are: {', '.join([*probers, OPERATOR])})")


class ProberEntry(Section):
    """What brings a wafer's dies under the probes: an instrument, or a person who is told what to do ("operator")."""

    kind: Annotated[str, BeforeValidator(_prober_kind)]
    instrument: str | None = None

    @model_validator(mode="after")
    def _driven_by(self) -> ProberEntry:
        if (self.kind == OPERATOR) == (self.instrument is not None):
            raise ValueError(
                'kind = "operator" names no instrument'
                if self.kind == OPERATOR
                else f'kind = "{self.kind}" needs instrument = "..."'
            )
        return self


class SampleEntry(Section):
    """Which sample is on the bench: its ledger of doses is kept under this name."""

    name: Annotated[str, BeforeValidator(_sample_name)]


class Limits(Section):
    """What nothing on this bench may exceed: at any moment, in one run, in a device's life.

    The last two kinds are counted by the ledger. Their defaults are generic, assumed: no figure of a paper or a data
    sheet. Relay lives are numbers of closures without load; the bench never switches another way.
    """

    write_voltage: Annotated[float, in_unit("V", 0.01, 20.0)]
    half_select_voltage: Annotated[float, in_unit("V", 0.01, 20.0)]
    read_voltage: Annotated[float, in_unit("V", 1e-3, 2.0)]
    compliance: Annotated[float, in_unit("A", 1e-9, 1.0)]
    compliance_ratio: Annotated[float, in_unit("1", 1.0, 100.0)] = 3.0
    heater_line_voltage: Annotated[float, in_unit("V", 0.0, 5.0)] = 0.15
    heater_current: Annotated[float, in_unit("A", 0.0, 0.1)] = 500e-6
    stage_temperature_low: Annotated[float, in_unit("K", 250.0, 400.0)] = 285.0
    stage_temperature_high: Annotated[float, in_unit("K", 250.0, 400.0)] = 330.0
    cell_pulses: Annotated[float, in_unit("1", 0.0, 1e15)] = 1e6
    cell_energy: Annotated[float, in_unit("J", 0.0, 1e3)] = 1.0
    half_select_pulses: Annotated[float, in_unit("1", 0.0, 1e15)] = 1e8
    run_pulses: Annotated[float, in_unit("1", 0.0, 1e15)] = 1e5
    run_energy: Annotated[float, in_unit("J", 0.0, 1e3)] = 0.1
    relay_life: Annotated[float, in_unit("1", 1.0, 1e15)] = 1e8
    heater_relay_life: Annotated[float, in_unit("1", 1.0, 1e15)] = 1e7
