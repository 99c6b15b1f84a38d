"""The bench file: one good one is read whole, a bad one is told every mistake with its place."""

import pytest

from labctl.benchfile import load_bench, read_bench
from labctl.core.errors import BenchFileError, LabError
from labctl.core.lines import Line, LineKind
from labctl.core.route import Crosspoint


@pytest.fixture(scope="module")
def good():
    return load_bench("virtual_56x8")


def changed(good, *replacements):
    """The good bench file's text with some of it replaced; each replacement must hit."""
    text = good.text
    for old, new in replacements:
        assert old in text, f"the bench file no longer holds {old!r}"
        text = text.replace(old, new)
    return read_bench(text, good.source)


def mistakes(good, *replacements):
    with pytest.raises(BenchFileError) as caught:
        changed(good, *replacements)
    return caught.value.mistakes


def test_the_shipped_bench_uses_every_column(good):
    assert sorted(good.columns.values()) == list(range(1, 73))
    assert good.crosspoint("A", Line(LineKind.WORD, 2)) == Crosspoint("A", 3)
    assert good.crosspoint("C", Line(LineKind.BIT, 5)) == Crosspoint("C", 62)
    assert good.relays[0] == ("smu3", 1)
    assert good.row("H").series == 20e3
    assert good.simulated


def test_replacing_the_address_book_makes_it_a_real_bench(good):
    real = changed(good, ('library = "{this_file}@labctl"', 'library = "@py"'), ("GPIB0::21", "GPIB0::26"))
    assert real.library == "@py"
    assert not real.simulated
    assert real.visa.addresses["smu1"] == "GPIB0::26::INSTR"


def test_every_mistake_is_told_at_once(good):
    found = mistakes(
        good,
        ('"57-64"', '"56-63"'),
        ('driver = "lakeshore336"', 'driver = "lakeshore"'),
        ('compliance = "5 mA"', 'compliance = "2 V"'),
        ("seed = 20231", "sed = 1"),
        ('C = "smu2.a"', 'C = "smu1.a"'),
        ('forming_bias = "E"', 'forming_bias = "A"'),
        ('read_voltage = "0.3 V"', 'read_voltage = "3 V"'),
    )
    text = "\n".join(found)
    assert "wiring.columns: column 56 is wired twice, to word 55 and to bit 0" in text
    assert "instruments.stage.driver: unknown driver 'lakeshore'" in text
    assert "limits.compliance: '2 V' is in V, a value in A is wanted" in text
    assert "limits.read_voltage: = 3 V, allowed 1 mV to 2 V" in text
    assert "virtual.sed: unknown key" in text
    assert "wiring.rows.C: smu1.a is already wired directly to row A" in text
    assert "must be channels of one instrument" in text
    assert len(found) == 7


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('"1-56" = "word 0-55"', '"1-56" = "word 0-54"', "56 columns cannot be wired to 55 lines"),
        ('"65-72" = "neuron 0-7"', '"66-73" = "neuron 0-7"', "column 73 .* does not exist"),
        (
            '"65-72" = "neuron 0-7"',
            '"65-72" = "neuron 1-8"',
            "leads to neuron 8, the array has neuron 0 to 7",
        ),
        ('"smu3 1-8"', '"smu3 8-15"', "has no digital output 15"),
        ('A = "smu1.a"', 'A = "smu9.a"', "there is no instrument 'smu9'"),
        ('A = "smu1.a"', 'A = "smu1.c"', "has no channel 'c'"),
        ('smu2 = "GPIB0::22::INSTR"', 'smu2 = "GPIB0::21::INSTR"', "already the address of smu1"),
        ('output = "F"', 'output = "I"', "roles.output: matrix row I has nothing wired to it"),
        (
            "H = {",
            "I = {",
            r"wiring.rows.I: matrix \(keithley707b\) has no row 'I' \(it has: A, B, C, D, E, F, G, H\)",
        ),
        ('format = "labctl-bench-1"', 'format = "labctl-bench-9"', "this version reads"),
        ("[array]", "[aray]", "the section \\[array\\] is missing"),
        ("[wiring]", "[wiring", "not valid TOML"),
    ],
)
def test_one_mistake_one_sentence(good, old, new, sentence):
    with pytest.raises(BenchFileError, match=sentence):
        changed(good, (old, new))


def test_unknown_bench_names_those_that_exist():
    with pytest.raises(LabError, match="virtual_56x8"):
        load_bench("no_such_bench")
    with pytest.raises(LabError, match="no bench file"):
        load_bench("nowhere/bench.toml")


@pytest.mark.parametrize(
    ("replacement", "sentence"),
    [
        (
            ('instrument = "stage"', 'instrument = "smu1"'),
            "stage.instrument: smu1 is a keithley2636b, not a temperature controller (lakeshore336)",
        ),
        (
            ('instrument = "stage"', 'instrument = "matrix"'),
            "stage.instrument: matrix is a keithley707b, not a temperature controller (lakeshore336)",
        ),
        (('drive = "B"', 'drive = "G"'), "roles.drive: matrix row G is wired to ground, a source is needed"),
        (
            ('"smu3 1-8" = "heater 0-7"', '"matrix 1-8" = "heater 0-7"'),
            "wiring.relays: matrix (keithley707b) has no digital outputs",
        ),
        (
            ('E = "smu3.a"', 'E = "stage.a"'),
            "wiring.rows.E: stage (lakeshore336) has no channel 'a' (it has: none)",
        ),
        (
            ('sense = "C"', 'sense = "D"'),
            "roles: bias_high (row D) and sense (row D) are needed at the same time, and smu2.b is one source",
        ),
        (
            ('forming_bias = "E"', 'forming_bias = "F"'),
            "roles: forming (row H) and forming_bias (row F) are needed at the same time, and smu3.b is one source",
        ),
        (
            ('levels = ["A", "B", "C", "D"]', 'levels = ["A", "B", "C", "A"]'),
            "roles: levels (row A) and levels (row A) are needed at the same time, and smu1.a is one source",
        ),
    ],
)
def test_every_role_is_of_its_kind(good, replacement, sentence):
    assert sentence in mistakes(good, replacement)
