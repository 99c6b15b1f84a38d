"""The sections of a bench TOML, each checked by itself: kinds, units, ranges, wires that are there twice."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from labctl.core.errors import PlanError
from labctl.core.lines import Line, LineKind
from labctl.core.names import normal_name
from labctl.core.numbers import read_number
from labctl.core.quantity import mega_or_milli, show


@dataclass(frozen=True)
class DriverFacts:
    """What the bench file must know of a driver: what kind it is and which terminals it has."""

    kind: str
    channels: tuple[str, ...] = ()
    digital_lines: int = 0
    slots: int = 0


DRIVERS = {
    "keithley2602b": DriverFacts("source", channels=("a", "b"), digital_lines=14),
    "keithley2612b": DriverFacts("source", channels=("a", "b"), digital_lines=14),
    "keithley2636b": DriverFacts("source", channels=("a", "b"), digital_lines=14),
    "keithley707b": DriverFacts("matrix", slots=6),
    "keithley708b": DriverFacts("matrix", slots=1),
    "lakeshore336": DriverFacts("stage"),
    "velox": DriverFacts("prober"),
}
OPERATOR = "operator"
PROBER_KINDS = ("velox", OPERATOR)
CARD_COLUMNS = {"7174A": 12}
MATRIX_ROWS = "ABCDEFGH"


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
    if name not in DRIVERS:
        raise ValueError(f"unknown driver '{name}' (there are: {', '.join(DRIVERS)})")
    return str(name)


def _card(name: object) -> str:
    if name not in CARD_COLUMNS:
        raise ValueError(f"unknown card '{name}' (there are: {', '.join(CARD_COLUMNS)})")
    return str(name)


def _row_letter(letter: object) -> str:
    if not isinstance(letter, str) or letter not in MATRIX_ROWS or len(letter) != 1:
        raise ValueError(f"'{letter}' is not a matrix row (allowed A to H)")
    return letter


def _sample_name(name: object) -> str:
    plain = normal_name(name) if isinstance(name, str) else ""
    if not re.fullmatch(r"[\w][\w .+-]*", plain):
        raise ValueError(f"'{name}' cannot be a file's name (letters, digits, space and . + - _ can)")
    return plain


RowLetter = Annotated[str, BeforeValidator(_row_letter)]


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
    cards: tuple[Annotated[str, BeforeValidator(_card)], ...] = ()

    @model_validator(mode="after")
    def _cards_fit(self) -> InstrumentEntry:
        slots = DRIVERS[self.driver].slots
        if slots and not 1 <= len(self.cards) <= slots:
            raise ValueError(f"{self.driver} holds 1 to {slots} cards, {len(self.cards)} are listed")
        if self.cards and not slots:
            raise ValueError(f"{self.driver} holds no cards")
        return self

    @property
    def channels(self) -> tuple[str, ...]:
        """Letters of its source-measure channels."""
        return DRIVERS[self.driver].channels

    @property
    def kind(self) -> str:
        """What it is: source, matrix, stage or prober."""
        return DRIVERS[self.driver].kind

    @property
    def matrix_columns(self) -> int:
        """Columns of all cards together, rows joined across cards."""
        return sum(CARD_COLUMNS[card] for card in self.cards)


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
    rows: dict[RowLetter, RowWire]
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

    drive: RowLetter
    bias: RowLetter
    sense: RowLetter
    bias_high: RowLetter | None = None
    forming: RowLetter | None = None
    forming_bias: RowLetter | None = None
    levels: tuple[RowLetter, ...] = ()
    trim: RowLetter | None = None
    output: RowLetter | None = None

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
    if kind not in PROBER_KINDS:
        raise ValueError(f"'{kind}' is no kind of prober (there are: {', '.join(PROBER_KINDS)})")
    return str(kind)


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
