"""Quantities: reading what people type, refusing what is out of range, in sentences."""

from dataclasses import dataclass
from enum import Enum

import pytest

from labctl.core.errors import PlanError
from labctl.core.numbers import read_number
from labctl.core.quantity import check, make, option, quantity, show, specs


class Scheme(Enum):
    """Two ways."""

    HALF = "V/2"
    THIRD = "V/3"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One of everything."""

    target: float = quantity("S", low=1e-6, high=1e-3)
    pulses: int = quantity("1", 5, low=1)
    scheme: Scheme = option(Scheme.HALF)
    corrected: bool = option(True)
    cell: tuple[int, int] = option((0, 0))


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("10u", "A", 10e-6),
        ("10 uA", "A", 10e-6),
        ("10 µA", "A", 10e-6),
        ("1e-5", "A", 1e-5),
        ("20 kohm", "ohm", 20e3),
        ("285 K", "K", 285.0),
        ("100n", "S", 1e-7),
        ("3", "1", 3.0),
    ],
)
def test_reads_what_people_type(text, unit, value):
    assert read_number(text, unit) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "unit", "word"), [("2 V", "A", "in V"), ("ten", "A", "not a number"), ("3 S", "1", "plain")]
)
def test_refuses_another_unit_or_no_number(text, unit, word):
    with pytest.raises(PlanError, match=word):
        read_number(text, unit)


def test_makes_a_plan_from_texts():
    plan = make(Plan, {"target": "100u", "scheme": "v/3", "corrected": "no", "cell": "(3, 5)", "pulses": "7"})
    assert plan == Plan(target=100e-6, scheme=Scheme.THIRD, corrected=False, cell=(3, 5), pulses=7)


def test_all_mistakes_are_told_at_once():
    with pytest.raises(PlanError) as caught:
        make(Plan, {"traget": "1u", "pulses": "2.5", "cell": "3"})
    text = str(caught.value)
    assert "no parameter 'traget'" in text
    assert "not a whole number" in text
    assert "1 values, 2 are wanted" in text
    assert "target must be given (1 uS to 1 mS)" in text


def test_out_of_range_is_refused_with_the_range():
    with pytest.raises(PlanError, match="target = 2 S, allowed 1 uS to 1 mS; pulses = 0, allowed at least 1"):
        check(Plan(target=2.0, pulses=0))


def test_kelvin_is_not_kilo():
    assert show(313.0, "K") == "313 K"
    assert [spec.unit for spec in specs(Plan)] == ["S", "1", "", "", ""]
