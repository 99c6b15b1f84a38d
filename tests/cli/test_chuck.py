"""`labctl bench chuck`, and what a run is told that finds no contact."""

from pathlib import Path

import pytest

from tests.cli.command import Command

BENCH = ("--bench", "virtual_wafer")
FORMING = ("run", "forming", *BENCH, "--set", "word=1", "--set", "bit=1", "--out")


def test_a_run_without_contact_is_told_what_to_do_and_leaves_no_folder(
    labctl: Command, tmp_path: Path
) -> None:
    assert labctl("bench", "chuck", *BENCH).out == "The chuck stands on die (0, 0), separated.\n"
    refused = labctl(*FORMING, str(tmp_path / "runs"))
    assert refused.code == 2
    assert "the chuck is separated, no probe touches die (0, 0)" in refused.err
    assert "labctl bench chuck --bench virtual_wafer --contact" in refused.err
    assert not list(tmp_path.glob("runs/*"))
    moved = labctl("bench", "chuck", *BENCH, "--die", "-2,1", "--contact")
    assert moved.out == "The chuck stands on die (-2, 1), in contact.\n"
    assert labctl(*FORMING, str(tmp_path / "runs")).code == 0
    booked = labctl("bench", "ledger", *BENCH)
    assert "(--device): x-002_y001" in booked.out
    assert "(1, 1)" in labctl("bench", "ledger", *BENCH, "--device", "x-002_y001").out


def test_a_place_on_the_die_is_a_length(labctl: Command) -> None:
    moved = labctl("bench", "chuck", *BENCH, "--die", "0,3", "--offset", "2 mm, 1 mm")
    assert moved.out == "The chuck stands on die (0, 3) + (2 mm, 1 mm), separated.\n"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--die", "3;4"), "'3;4' cannot be read: write for example --die 3,-2."),
        (("--offset", "2 mm"), "'2 mm' cannot be read: write for example --offset '2 mm,0 mm'."),
        (("--die", "40,0"), "there is no die (40, 0) on the prober's wafer map"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(labctl: Command, words: tuple[str, ...], sentence: str) -> None:
    refused = labctl("bench", "chuck", *BENCH, *words)
    assert refused.code != 0
    assert sentence in refused.err


def test_a_bench_without_a_prober_says_so(labctl: Command) -> None:
    refused = labctl("bench", "chuck", "--bench", "virtual_56x8")
    assert "bench 'virtual_56x8' has no prober" in refused.err


def test_a_device_without_a_ledger_is_told(labctl: Command) -> None:
    refused = labctl("bench", "ledger", *BENCH, "--device", "x001_y001")
    assert "No device 'x001_y001' has a ledger (there are: none)." in refused.err
