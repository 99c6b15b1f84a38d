"""A dataclass field with its SI unit and range: feeds forms, files, range checks and the command line."""

from __future__ import annotations

import dataclasses
import math
import re
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

from quantiphy import Quantity

from labctl.core.errors import PlanError
from labctl.core.lines import MOST_INDICES, Cell, read_cells, show_cells
from labctl.core.numbers import read_number, read_whole

P = TypeVar("P")
L = TypeVar("L", bound=Sequence[Any])
_KEY = "labctl.quantity"
UNCHOSEN = -1
"""What a device line is before somebody chose one."""


class _Si(Quantity):
    """Numbers with SI prefixes; K stays kelvin (by default quantiphy also reads it as kilo)."""


_Si.set_prefs(input_sf="TGMkmuµμnpfa", spacer=" ", map_sf={})


@dataclass(frozen=True)
class Spec:
    """What is known of one field: unit ("1" = a plain number), permitted range, one line of help.

    is_line: a device line; a plan in Python may leave it `UNCHOSEN` until it is measured (see `device_line`).
    find: for the name of a file (see `input_file`), where it lies; None for a name that stands for no file.
    limit: name of the bench limit that bounds it, such as `write_voltage`; empty where none does.
    bench: whether `low` and `high` are already those of a bench (see `within_bench`).
    """

    name: str
    kind: type
    unit: str
    default: Any
    low: float | None
    high: float | None
    help: str
    is_line: bool = False
    find: Callable[[str], Path | None] | None = None
    limit: str = ""
    bench: bool = False

    @property
    def required(self) -> bool:
        """Whether the plan cannot be made without it."""
        return self.default is MISSING

    @property
    def allowed(self) -> str:
        """The range in words, with its unit."""
        return self._range + (" (bench limit)" if self.bench else "")

    @property
    def _range(self) -> str:
        if self.low is None and self.high is None:
            return "any value"
        if self.high is None:
            return f"at least {show(self.low, self.unit)}"
        if self.low is None:
            return f"at most {show(self.high, self.unit)}"
        return f"{show(self.low, self.unit)} to {show(self.high, self.unit)}"


def quantity(
    unit: str,
    default: Any = MISSING,
    *,
    low: float | None = None,
    high: float | None = None,
    help: str = "",  # noqa: A002 - the word every form and command line uses
    limit: str = "",
) -> Any:
    """Declare a dataclass field holding a value in SI `unit`, permitted from `low` to `high`.

    limit: name of the bench limit that bounds its size as well, such as `write_voltage`.
    """
    known = {"unit": unit, "low": low, "high": high, "help": help, "limit": limit}
    return dataclasses.field(default=default, metadata={_KEY: known})


def device_line(*, help: str = "") -> Any:  # noqa: A002 - as in `quantity`
    """Declare a field for a line of the device, counted from 0.

    It must be given at a command line. In Python it may be left out of a plan, for `bench.measure(plan, cell=...)`.
    """
    known = {"unit": "1", "low": 0, "high": None, "help": help, "is_line": True}
    return dataclasses.field(default=UNCHOSEN, metadata={_KEY: known})


def input_file(
    find: Callable[[str], Path | None],
    default: Any = MISSING,
    *,
    help: str = "",  # noqa: A002 - as in `quantity`
) -> Any:
    """Declare a field that names a file, or a tuple of several, which the run reads and its record keeps.

    find: where the file of a text lies, without `~` or a name that travels with labctl; None where the text stands for
    no file; raises LabError when there is none.
    """
    known = {"unit": "", "low": None, "high": None, "help": help, "find": find}
    return dataclasses.field(default=default, metadata={_KEY: known})


def option(default: Any, *, help: str = "") -> Any:  # noqa: A002 - as in `quantity`
    """Declare a dataclass field without a unit: a choice, a flag, a cell."""
    return quantity("", default, help=help)


def specs(plan: type | object) -> list[Spec]:
    """Every field of a plan (class or instance) in the order of its declaration."""
    owner = plan if isinstance(plan, type) else type(plan)
    if not dataclasses.is_dataclass(owner):
        raise TypeError(f"{owner.__name__} is not a dataclass")
    hints = typing.get_type_hints(owner)
    found = []
    for field in dataclasses.fields(owner):
        meta = field.metadata.get(_KEY, {"unit": "", "low": None, "high": None, "help": ""})
        default = MISSING if meta.get("is_line") else field.default
        found.append(Spec(name=field.name, kind=hints[field.name], default=default, **meta))
    return found


def within_bench(spec: Spec, limits: Mapping[str, float]) -> Spec:
    """`spec` with the range that a bench with these `limits` leaves of it; unchanged where no limit is narrower.

    A limit `temperature` may be given as `temperature_low` and `temperature_high`; any other bounds the size.
    """
    largest = limits.get(spec.limit, math.inf)
    low, high = limits.get(f"{spec.limit}_low", -largest), limits.get(f"{spec.limit}_high", largest)
    narrow_low = low if spec.low is None else max(spec.low, low)
    narrow_high = high if spec.high is None else min(spec.high, high)
    if not spec.limit or (narrow_low, narrow_high) == (spec.low, spec.high):
        return spec
    return dataclasses.replace(spec, low=narrow_low, high=narrow_high, bench=True)


def show(value: Any, unit: str) -> str:
    """A value for people: `25 uA`, `0.1 V`, `12`; enums by name."""
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if unit in ("", "1"):
        return str(value) if isinstance(value, int) else f"{value:g}"
    return _Si(value, unit).render(prec=4)


def write(value: Any, unit: str) -> str:
    """A parameter's value as text that a command line or a form reads back (see `make`); no digit is lost."""
    if isinstance(value, tuple):
        if value and all(isinstance(each, Cell) for each in value):
            return show_cells(value)
        separator = "; " if value and isinstance(value[0], str) else " "
        return separator.join(write(each, "1") for each in value)  # a space parts them: no unit
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, float):
        return show(value, unit)
    short = show(value, unit)
    return short if read_number(short, unit) == value else f"{value!r} {unit}".removesuffix(" 1").strip()


def applied(plan: object) -> dict[str, str]:
    """Every parameter of `plan` as text with its unit, those of a plan inside it as `NAME.PARAMETER`.

    Fields that were not declared as parameters (`quantity`, `device_line`, `option`) are left out.
    """
    found: dict[str, str] = {}
    if not dataclasses.is_dataclass(plan) or isinstance(plan, type):
        return found
    declared = {field.name for field in dataclasses.fields(plan) if _KEY in field.metadata}
    for spec in specs(plan):
        value = getattr(plan, spec.name)
        if spec.name in declared:
            unit = "1" if spec.unit == "" else spec.unit
            found[spec.name] = (
                ", ".join(show(each, unit) for each in value) if _is_list(value) else write(value, unit)
            )
        else:
            found |= {f"{spec.name}.{name}": text for name, text in applied(value).items()}
    return found


def _is_list(value: object) -> bool:
    """Whether `value` is a list of numbers, each of which is shown with the unit."""
    return isinstance(value, tuple) and bool(value) and isinstance(value[0], float)


def check(plan: object) -> None:
    """Raise `PlanError` naming every field of `plan` that lies outside its range."""
    mistakes = []
    for spec in specs(plan):
        value = getattr(plan, spec.name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            continue
        if spec.is_line and value == UNCHOSEN:
            continue
        low = -math.inf if spec.low is None else spec.low
        high = math.inf if spec.high is None else spec.high
        if not low <= value <= high:
            mistakes.append(f"{spec.name} = {_outside(value, spec)}")
    if mistakes:
        raise PlanError(f"{type(plan).__name__}: " + "; ".join(mistakes))


def make(owner: type[P], texts: Mapping[str, str]) -> P:
    """Build a plan from `name: text` pairs as typed at a command line.

    Raises `PlanError` naming every unknown name, missing value and unreadable or forbidden text at once.
    """
    known = {spec.name: spec for spec in specs(owner)}
    mistakes, values = [], {}
    for name, text in texts.items():
        if name not in known:
            mistakes.append(f"no parameter '{name}' (there are: {', '.join(known)})")
            continue
        try:
            values[name] = _read(text, known[name])
        except PlanError as error:
            mistakes.append(f"{name}: {error}")
    missing = [name for name, spec in known.items() if spec.required and name not in texts]
    mistakes += [f"{name} must be given ({known[name].allowed})" for name in missing]
    if mistakes:
        raise PlanError(f"{owner.__name__}: " + "; ".join(mistakes))
    return owner(**values)


def read(text: str, spec: Spec) -> Any:
    """One parameter out of text; PlanError says what is wrong with it, its range included."""
    value = _read(text, spec)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    low = -math.inf if spec.low is None else spec.low
    high = math.inf if spec.high is None else spec.high
    if not low <= value <= high:
        raise PlanError(f"{_outside(value, spec, ' is out of range')}")
    return value


def _outside(value: float, spec: Spec, words: str = "") -> str:
    """A value out of range with the range, and what a slip between M (mega) and m (milli) would explain."""
    text = f"{show(value, spec.unit)}{words}, allowed {spec.allowed}"
    return text + mega_or_milli(value, spec.unit, spec.low, spec.high)


def mega_or_milli(value: float, unit: str, low: float | None, high: float | None) -> str:
    """Words for a value out of range that would be within it with m in the place of M, or M of m; else nothing."""
    for size, factor, typed, meant in (
        ((1e6, 1e9), 1e-9, "M is mega", "m"),
        ((1e-3, 1.0), 1e9, "m is milli", "M"),
    ):
        if size[0] <= abs(value) < size[1] and (-math.inf if low is None else low) <= value * factor <= (
            math.inf if high is None else high
        ):
            return f" ({typed}: is {show(value * factor, unit)}, with {meant}, meant?)"
    return ""


def _read(text: str, spec: Spec) -> Any:
    kind = spec.kind
    if kind is bool:
        if text.lower() not in ("yes", "no", "true", "false", "1", "0"):
            raise PlanError(f"'{text}' is neither yes nor no")
        return text.lower() in ("yes", "true", "1")
    if isinstance(kind, type) and issubclass(kind, Enum):
        by_text = {str(member.value).lower(): member for member in kind}
        if text.lower() not in by_text:
            raise PlanError(f"'{text}' is not one of {', '.join(by_text)}")
        return by_text[text.lower()]
    if kind is str:
        return text
    if kind is int:
        number = read_number(text, spec.unit)
        if not math.isfinite(number) or number != int(number):
            raise PlanError(f"'{text}' is not a whole number")
        return int(number)
    if kind is float:
        return read_number(text, spec.unit)
    if typing.get_origin(kind) is tuple:
        inner = typing.get_args(kind)
        if inner[0] is Cell:
            return read_cells(text)
        if inner[0] is str:
            return tuple(part.strip() for part in text.split(";") if part.strip())
        if inner[0] is float:
            return _fitting(_numbers(text, spec.unit), inner, text)
        parts = text.strip("()[] ").replace(",", " ").split()
        return tuple(number for part in _fitting(parts, inner, text) for number in _wholes(part))
    raise PlanError(f"cannot be given as text (kind {kind})")


def _fitting(parts: L, inner: Sequence[Any], text: str) -> L:
    """`parts`, as many as a tuple of the kinds `inner` has; PlanError otherwise."""
    if inner[-1] is not Ellipsis and len(parts) != len(inner):
        raise PlanError(f"'{text}' has {len(parts)} values, {len(inner)} are wanted")
    return parts


def _numbers(text: str, unit: str) -> tuple[float, ...]:
    """Numbers with blanks, `;` or `, ` between them.

    A comma between digits is a separator where every number has a decimal point; elsewhere it could be either.
    """
    inner = text.strip().removeprefix("(").removeprefix("[").removesuffix(")").removesuffix("]")
    if (
        "," in inner
        and all("." in part for part in inner.split(","))
        and not re.search(r"[0-9][\s;]+[0-9]", inner)
    ):
        inner = inner.replace(",", " ")
    if re.search(r"[0-9],[0-9]", inner) or re.search(r",\s*,", inner):
        raise PlanError(f"'{text}': put a blank between numbers and a point into them, for example 0.1 0.25")
    return tuple(read_number(part, unit) for part in re.split(r"\s*[;,]\s*|\s+", inner.strip()) if part)


def _wholes(text: str) -> Sequence[int]:
    """A whole number, or `0-7` for those from 0 to 7."""
    match = re.fullmatch(r"([0-9]{1,9})-([0-9]{1,9})", text)
    if match and int(match[2]) - int(match[1]) in range(MOST_INDICES):
        return range(int(match[1]), int(match[2]) + 1)
    try:
        return (read_whole(text),)
    except PlanError:
        raise PlanError(f"'{text}' is not a whole number, nor a range such as 0-7") from None
