"""Numbers as people in ten countries type them: exactly what was meant, or one sentence."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labctl.core.errors import PlanError
from labctl.core.numbers import PREFIXES, read_number, read_whole
from labctl.core.quantity import Spec, read, write

LOCALES = {  # thousands separator, decimal mark
    "en": (",", "."),
    "en-CH": ("'", "."),
    "de": (".", ","),
    "de-CH": ("\N{RIGHT SINGLE QUOTATION MARK}", "."),
    "fr": ("\N{NARROW NO-BREAK SPACE}", ","),
    "ru": ("\N{NO-BREAK SPACE}", ","),
    "pl": (" ", ","),
    "es": (".", ","),
    "python": ("_", "."),
    "si": ("\N{THIN SPACE}", "."),
}


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("0,05 mS", "S", 5e-5),
        ("0,1", "1", 0.1),
        ("1,5 V", "V", 1.5),
        ("0,125", "V", 0.125),
        ("1234,5", "V", 1234.5),
        ("\N{MINUS SIGN}3 mV", "V", -3e-3),
        ("5 \N{MICRO SIGN}A", "A", 5e-6),
        ("5\N{GREEK SMALL LETTER MU}A", "A", 5e-6),
        ("5\N{NO-BREAK SPACE}uA", "A", 5e-6),
        ("2 kΩ", "ohm", 2e3),
        ("2 k\N{OHM SIGN}", "ohm", 2e3),
        ("1e\N{MINUS SIGN}3 V", "V", 1e-3),
        (".5", "V", 0.5),
        ("5.", "V", 5.0),
        ("2 m", "m", 2.0),
        ("2 mm", "m", 2e-3),
        ("10 k", "K", 1e4),
        ("10K", "K", 10.0),
        (" 7 ", "1", 7.0),
    ],
)
def test_what_has_one_meaning_is_read(text, unit, value):
    assert read_number(text, unit) == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize(
    ("text", "unit", "says"),
    [
        ("1,500 V", "V", "'1,500 V' could mean 1.500 or 1500: write one of these"),
        ("1.000,5", "1", "digits are not grouped"),
        ("1,000.5", "1", "digits are not grouped"),
        ("1,000,000", "1", "digits are not grouped"),
        ("1 000", "1", "digits are not grouped"),
        ("1'000", "1", "digits are not grouped"),
        ("1_000", "1", "digits are not grouped"),
        ("\N{FULLWIDTH DIGIT ONE}\N{FULLWIDTH DIGIT TWO}", "1", "other characters than 0 to 9"),
        ("\N{ARABIC-INDIC DIGIT THREE} V", "V", "other characters than 0 to 9"),
        ("\N{SUPERSCRIPT TWO}", "1", "other characters than 0 to 9"),
        ("1e-3,5", "1", "is not a number"),
        ("--5", "1", "is not a number"),
        ("+-5", "1", "is not a number"),
        (".5.", "1", "is not a number"),
        (",5", "1", "is not a number"),
        ("5,", "1", "is not a number"),
        (".", "1", "is not a number"),
        ("0x10", "1", "is not a number"),
        ("1e400", "V", "too large"),
        ("inf", "V", "is not a number"),
        ("nan", "V", "is not a number"),
        ("", "V", "an empty text is not a number"),
        ("10 K", "ohm", "is in K, a value in ohm is wanted; kilo is a small k"),
        ("2m", "m", "could mean the unit m or the prefix m: write 2 m"),
        ("5 mV mV", "V", "is not a number"),
        ("5 %", "1", "is in %, a plain number is wanted"),
    ],
)
def test_what_has_none_or_two_is_refused(text, unit, says):
    with pytest.raises(PlanError, match=re.escape(says)):
        read_number(text, unit)


@pytest.mark.parametrize("text", ["1_0", "3.0", "\N{FULLWIDTH DIGIT ONE}", "--1", "", "1e3"])
def test_whole_numbers_are_digits(text):
    with pytest.raises(PlanError, match="is not a whole number"):
        read_whole(text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("5 MV", r"M is mega: is 5 mV, with m, meant\?"),
        ("500 mV", "^500 mV is out of range, allowed 1 mV to 20 mV$"),
    ],
)
def test_mega_in_the_place_of_milli_is_told_where_the_range_makes_it_absurd(text, says):
    with pytest.raises(PlanError, match=says):
        read(text, Spec("level", float, "V", 0.0, 1e-3, 20e-3, ""))


@pytest.mark.parametrize("text", ["0,1 0,2", "0,5", "1,2,3", "1.000,5", "0.1,0.2 0.3"])
def test_a_comma_between_the_digits_of_a_list_could_be_either_and_is_refused(text):
    with pytest.raises(PlanError, match="put a blank between numbers"):
        read(text, Spec("levels", tuple[float, ...], "V", (), None, None, ""))


@pytest.mark.parametrize(
    "text", ["0.1 0.25", "0.1,0.25", "(0.1, 0.25)", "0.1; 0.25", "100m 250 m".replace("250 m", "250m")]
)
def test_lists_of_numbers(text):
    assert read(text, Spec("levels", tuple[float, ...], "V", (), None, None, "")) == (0.1, 0.25)


def _as_typed(value: int, places: int, locale: str, grouped: bool) -> str:
    """`value` / 10**places as somebody of `locale` writes it."""
    separator, mark = LOCALES[locale]
    digits = f"{value:0{places + 1}d}"
    whole, part = (digits[:-places], digits[-places:]) if places else (digits, "")
    if grouped:
        whole = re.sub(r"(?<=\d)(?=(?:\d{3})+$)", lambda _: separator, whole)
    return f"{whole}{mark}{part}" if part else whole


def _outcome(text: str) -> float | str:
    """The number read, or the sentence of the refusal."""
    try:
        return read_number(text, "V")
    except PlanError as error:
        return str(error)


MICRO = ("\N{MICRO SIGN}", "\N{GREEK SMALL LETTER MU}")
SIGNS = ("", "-", "\N{MINUS SIGN}")


@given(
    value=st.integers(0, 10**8),
    places=st.integers(0, 4),
    locale=st.sampled_from(sorted(LOCALES)),
    grouped=st.booleans(),
    prefix=st.sampled_from(["", "k", "m", "u", "n", "p", "M", *MICRO]),
    unit=st.sampled_from(["", "V"]),
    gap=st.sampled_from(["", " ", "\N{NO-BREAK SPACE}"]),
    sign=st.sampled_from(SIGNS),
)
def test_numbers_of_ten_locales_are_read_as_meant_or_refused(
    value, places, locale, grouped, prefix, unit, gap, sign
):
    typed = sign + _as_typed(value, places, locale, grouped) + (gap if prefix + unit else "") + prefix + unit
    meant = value * 10.0 ** (PREFIXES.get(prefix, 0) - places) * (-1 if sign else 1)
    separator, mark = LOCALES[locale]
    found = _outcome(typed)
    if isinstance(found, str):
        assert typed in found
        assert grouped or (mark == "," and places == 3)
    else:
        if grouped and separator == "." and not places and value >= 1000:
            meant /= 1000.0  # 1.000 is 1: a point is always decimal, and what was understood is echoed
        assert found == pytest.approx(meant, rel=1e-12, abs=0.0)


TYPED = "0123456789.,eE+-\N{MINUS SIGN} _'kKmMuV\N{MICRO SIGN}\N{FULLWIDTH DIGIT ONE}"


@given(st.text(alphabet=TYPED, max_size=9))
def test_any_text_is_a_number_that_float_reads_too_or_one_sentence(text):
    found = _outcome(text)
    if isinstance(found, str):
        assert "\n" not in found
        return
    digits = text.strip().replace("\N{MINUS SIGN}", "-").replace(",", ".")
    plain = float(re.sub("\\s?[kmMu\N{MICRO SIGN}]?V?$", "", digits))
    assert found == plain == 0.0 or 1e-7 < found / plain < 1e7


@given(st.floats(-1e300, 1e300), st.sampled_from(["V", "ohm", "m", "K", "1", "S"]))
def test_what_is_written_is_read_back_exactly(value, unit):
    assert read_number(write(value, unit), unit) == value
