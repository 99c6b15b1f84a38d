"""What can be asked for with the selected cells, and the fields for what it needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from labctl.core.errors import PlanError
from labctl.core.lines import Cell, show_cells
from labctl.core.numbers import read_number
from labctl.core.quantity import make, write


@dataclass(frozen=True)
class Field:
    """One value that an action asks for. sign: -1 where the field asks for the size of a negative value."""

    parameter: str
    label: str
    unit: str
    default: str
    sign: int = 0


@dataclass(frozen=True)
class Action:
    """One thing to do: the procedure that does it, and what it asks for first."""

    label: str
    procedure: str
    tip: str
    fields: tuple[Field, ...] = ()

    def settings(self, cells: tuple[Cell, ...], texts: tuple[str, ...]) -> dict[str, str]:
        """The procedure's settings as texts, from the `texts` of the fields; PlanError says what is wrong."""
        settings = {"cells": show_cells(cells)}
        for field, text in zip(self.fields, texts, strict=True):
            settings[field.parameter] = write(_value(field, text), field.unit)
        return settings


_WIDTH = Field("pulse_width", "width", "s", "200 us")
ACTIONS = (
    Action("Read", "cells_read", "Read the selected cells"),
    Action("Form", "cells_form", "Form the selected cells through the series resistor; formed ones are left"),
    Action(
        "SET pulse…",
        "cells_pulse",
        "One positive pulse on each selected cell, read before and after",
        (Field("amplitude", "SET amplitude", "V", "600 mV", 1), _WIDTH),
    ),
    Action(
        "RESET pulse…",
        "cells_pulse",
        "One negative pulse on each selected cell, read before and after",
        (Field("amplitude", "RESET amplitude, its size", "V", "600 mV", -1), _WIDTH),
    ),
    Action(
        "Program to…",
        "cells_program",
        "Bring each selected cell to one conductance and verify it",
        (Field("target", "conductance", "S", "50 uS"),),
    ),
)
"""In the order of buttons and menu."""


@dataclass(frozen=True)
class Mistake:
    """What is wrong with the text of a field (empty parameter: of no field in particular), in a sentence."""

    parameter: str
    sentence: str


def mistake(
    action: Action, cells: tuple[Cell, ...], texts: tuple[str, ...], procedures: Mapping[str, type]
) -> Mistake | None:
    """Why the `texts` of the fields cannot be used; None when they can.

    Ranges are those of the procedure, once it is among `procedures`.
    """
    for field, text in zip(action.fields, texts, strict=True):
        try:
            _value(field, text)
        except PlanError as error:
            return Mistake(field.parameter, _capital(f"{error}."))
    known: Callable[..., Any] | None = procedures.get(action.procedure)
    if isinstance(known, type):
        try:
            make(known, action.settings(cells, texts))
        except PlanError as error:
            sentence = str(error).removeprefix(f"{known.__name__}: ")
            named = [field.parameter for field in action.fields if field.parameter in sentence]
            return Mistake(named[0] if named else "", _capital(sentence))
    return None


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:].replace("..", ".")


def _value(field: Field, text: str) -> float:
    if not text.strip():
        raise PlanError(f"give the {field.label} in {field.unit}, for example {field.default}")
    value = read_number(text, field.unit)
    if field.sign and value <= 0.0:
        if field.sign > 0:
            raise PlanError(f"'{text}' is not above 0 V: a SET pulse is positive")
        raise PlanError(f"'{text}' is not above 0 V: a RESET pulse is negative by itself, give its size")
    return field.sign * value if field.sign else value
