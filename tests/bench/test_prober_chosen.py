"""A bench file names its prober, an instrument or a person; what is wrong with it is told."""

import pytest

from labctl.bench import open_bench
from labctl.benchfile import load_bench, read_bench
from labctl.core.capabilities import DiePosition
from labctl.core.errors import BenchFileError, LabError, UnsupportedByBench
from labctl.wafer.operator import OperatorProber
from tests.bench.probing import BENCH, CELL, form, read

pytestmark = pytest.mark.usefixtures("samples")


def test_an_operator_is_told_what_to_do():
    told = []
    prober = OperatorProber(told.append)
    assert prober.position is None
    prober.to_die(3, -2)
    prober.to_subsite(1.5e-3, 0.0, "cell")
    prober.contact()
    assert prober.position == DiePosition(3, -2, "cell", True, 1.5e-3, 0.0)
    prober.to_subsite(0.0, 0.0)
    prober.separate()
    assert told == [
        "Separate the probes from the wafer, then press Enter.",
        "Move to the reference point of die (3, -2), then press Enter.",
        "Move to x 1.5 mm, y 0 m from the reference point of die (3, -2) (cell), then press Enter.",
        "Make contact on die (3, -2), cell, then press Enter.",
        "Separate the probes from the wafer, then press Enter.",
        "Move to the reference point of die (3, -2), then press Enter.",
    ]
    assert prober.position == DiePosition(3, -2)


def test_an_operator_who_gives_up_leaves_an_unknown_place():
    def gives_up(sentence):
        if sentence.startswith("Make contact"):
            raise KeyboardInterrupt

    prober = OperatorProber(gives_up)
    with pytest.raises(LabError, match="move to a die first"):
        prober.contact()
    prober.to_die(0, 0)
    with pytest.raises(KeyboardInterrupt):
        prober.contact()
    assert prober.position is None


OPERATOR = ('kind = "velox"\ninstrument = "prober"', 'kind = "operator"')


def test_a_bench_with_an_operator_asks_for_one(altered):
    with open_bench(altered(OPERATOR)) as bench:
        with pytest.raises(UnsupportedByBench, match="moved by a person .prober.kind., and nobody is asked"):
            _ = bench.prober
        chuck = bench._drivers["prober"]
        hands = {"Make": chuck.contact, "Sepa": chuck.separate, "Move": lambda: chuck.to_die(3, -2)}
        bench.use_prober(OperatorProber(lambda sentence: hands[sentence[:4]]()))
        bench.prober.to_die(3, -2)
        with pytest.raises(UnsupportedByBench, match="the chuck is separated"):
            read(bench)
        bench.prober.contact()
        assert form(bench) > 0
        assert bench.ledger.has_conducted(CELL, 1e-6)


def test_only_a_bench_that_says_so_takes_an_operator():
    for name, words in (
        (BENCH, "leaves no prober to a person"),
        ("virtual_56x8", "leaves no prober to a person"),
    ):
        with open_bench(name) as bench, pytest.raises(UnsupportedByBench, match=words):
            bench.use_prober(OperatorProber(print))
    with open_bench("virtual_56x8") as bench, pytest.raises(UnsupportedByBench, match="has no prober"):
        _ = bench.prober


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            'kind = "velox"',
            'kind = "robot"',
            "prober.kind: 'robot' is no kind of prober (there are: velox, operator)",
        ),
        ('kind = "velox"', 'kind = "operator"', 'prober: kind = "operator" names no instrument'),
        ('instrument = "prober"', "", 'prober: kind = "velox" needs instrument = "..."'),
        (
            'instrument = "prober"',
            'instrument = "robot"',
            "prober.instrument: there is no instrument 'robot'",
        ),
        (
            'instrument = "prober"',
            'instrument = "stage"',
            "prober.instrument: stage is a lakeshore336, no velox",
        ),
        (
            'offset = ["2 mm", "1 mm"]',
            'offset = ["2 mm", "0 mm"]',
            "virtual.wafer: the subsites cell and monitor lie at the same place",
        ),
        ("dead_dies = 0.04", "dead_dies = 4", "virtual.wafer.defects.dead_dies: = 4, allowed 0 to 1"),
        (
            "dead_dies = 0.04",
            "dead_die = 0.04",
            "virtual.wafer.defects.dead_die: unknown key (there are: dead_dies, bad_contacts, ",
        ),
        (
            'array = { kind = "array" }',
            'array = { kin = "array" }',
            "virtual.wafer.subsites.array.kin: unknown key (there are: kind, offset, resistance)",
        ),
    ],
)
def test_a_wrong_prober_or_wafer_is_told_with_its_place(old, new, sentence):
    good = load_bench(BENCH)
    assert old in good.text
    with pytest.raises(BenchFileError) as caught:
        read_bench(good.text.replace(old, new), good.source)
    assert any(mistake.startswith(sentence) for mistake in caught.value.mistakes)


def test_a_virtual_wafer_without_a_prober_is_told():
    good = load_bench(BENCH)
    text = good.text.replace('kind = "velox"\ninstrument = "prober"\n', "").replace(
        "[prober]", "[sample]\nname = 'x'"
    )
    with pytest.raises(BenchFileError, match="virtual.wafer: there is no prober to move this wafer"):
        read_bench(text, good.source)
