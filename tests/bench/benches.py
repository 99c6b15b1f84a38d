"""Small benches for tests, as bench files: 5 word lines, 3 bit lines, every wire under control."""

from pathlib import Path

from labctl.bench.books import Books
from labctl.bench.ledger import Ledger
from labctl.bench.relaybook import RelayBook
from labctl.benchfile import BenchFile, read_bench

WORDS, BITS = 5, 3
ROWS = {
    "A": "smu1.a",
    "B": "smu1.b",
    "C": "smu2.a",
    "D": "smu2.b",
    "E": "smu3.a",
    "F": "smu3.b",
    "G": "ground",
    "H": "smu3.b through 20 kohm",
}
LIMITS = {
    "write_voltage": "2 V",
    "half_select_voltage": "0.95 V",
    "read_voltage": "0.3 V",
    "compliance": "2 mA",
    "compliance_ratio": "3",
}


def small_bench(columns=None, rows=None, limits=None, neurons=True) -> BenchFile:
    """A checked bench file; `columns` maps matrix column to line ("word 0"), `rows` replaces rows of `ROWS`."""
    lines = [f"word {n}" for n in range(WORDS)] + [f"bit {n}" for n in range(BITS)]
    lines += [f"neuron {n}" for n in range(BITS)]
    wired = dict(enumerate(lines, start=1)) if columns is None else columns
    text = [
        'format = "labctl-bench-1"',
        'name = "small"',
        '[visa]\nlibrary = ""',
        "[visa.addresses]",
        *[f'{name} = "GPIB0::{n}::INSTR"' for n, name in enumerate(("matrix", "smu1", "smu2", "smu3"), 1)],
        '[instruments]\nmatrix = { driver = "keithley707b", cards = ["7174A", "7174A"] }',
        *[f'smu{n} = {{ driver = "keithley2636b" }}' for n in (1, 2, 3)],
        "[wiring]",
        "[wiring.rows]",
        *[_row(letter, wire) for letter, wire in (ROWS | (rows or {})).items()],
        "[wiring.columns]",
        *[f'"{column}" = "{line}"' for column, line in wired.items()],
        '[wiring.relays]\n"smu3 1-3" = "heater 0-2"' if neurons else "",
        '[roles]\ndrive = "B"\nbias = "A"\nbias_high = "D"\nsense = "C"\nforming = "H"\nforming_bias = "E"',
        'levels = ["A", "B", "C", "D"]\ntrim = "E"\noutput = "F"',
        f'[array]\nword_lines = {WORDS}\nbit_lines = {BITS}\nsegment_resistance = "2 ohm"',
        '[neurons]\nheater_resistance = "250 ohm"\noutput_bias = "50 mV"' if neurons else "",
        "[limits]",
        *[f'{key} = "{value}"' for key, value in (LIMITS | (limits or {})).items()],
    ]
    return read_bench("\n".join(text), Path("small.toml"))


def fresh_ledger(bench, lines=None) -> Ledger:
    """The ledger of a new sample on `bench`, kept in `lines`."""
    shape = (bench.array.word_lines, bench.array.bit_lines)
    return Ledger(bench, [] if lines is None else lines, Books(shape))


def fresh_relays(bench, closures=None) -> RelayBook:
    """A book of relay closures that begins with `closures`."""
    return RelayBook(bench.limits, [], dict(closures or {}))


def _row(letter: str, wire: str) -> str:
    terminal, _, series = wire.partition(" through ")
    if series:
        return f'{letter} = {{ terminal = "{terminal}", series = "{series}" }}'
    return f'{letter} = "{terminal}"'
