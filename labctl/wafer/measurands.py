"""The values that each procedure gives a wafer's results, by name, with their units."""

from __future__ import annotations

from collections.abc import Mapping

_FORMING = {"forming_voltage": "V", "formed": "1", "forming_pulses": "1"}
_PROGRAMMING = {"programming_error": "1", "conductance": "S", "verified": "1", "pulses": "1"}

VALUES: Mapping[str, Mapping[str, str]] = {
    "contact_check": {"contact_resistance": "ohm", "contact": "1"},
    "forming": _FORMING,
    "cells_form": _FORMING,
    "program_verify": _PROGRAMMING,
    "cells_program": _PROGRAMMING,
    "crossbar_program": _FORMING | _PROGRAMMING,
    "cells_read": {"conductance": "S", "resistance": "ohm"},
    "crossbar_read": {"conductance": "S", "resistance": "ohm"},
    "neuron_transfer": {"threshold": "A", "gain": "1", "hysteresis": "A"},
}
"""By procedure and value. Other procedures give every numeric column of their last row, under the column's name."""


def plain_name(procedure: str) -> str:
    """The name of a procedure as the catalogue keeps it: `cells-form` is `cells_form`."""
    return procedure.replace("-", "_").lower()


def unit_of(procedure: str, value: str) -> str | None:
    """Unit of a value; None when this procedure is not in the table.

    Raises KeyError when it is and gives no such value.
    """
    known = VALUES.get(plain_name(procedure))
    return None if known is None else known[value]
