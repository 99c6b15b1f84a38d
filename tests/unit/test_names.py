"""Names that differ in what nobody sees are one name."""

import pytest

from labctl.bench.ledger import ledger_path, namesakes
from labctl.benchfile import load_bench, read_bench
from labctl.core.errors import LabError
from labctl.core.names import blind_name, file_name, kept_path, namesake, normal_name

MICRO, MU = "\N{MICRO SIGN}", "\N{GREEK SMALL LETTER MU}"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("chip 7", "chip 7 "),
        ("chip 7", "Chip  7"),
        (f"5 {MICRO}m", f"5 {MU}m"),
        ("caf\N{LATIN SMALL LETTER E WITH ACUTE}", "cafe\N{COMBINING ACUTE ACCENT}"),
        ("STRASSE", "straße"),
        ("chip\N{NO-BREAK SPACE}7", "chip 7"),
    ],
)
def test_two_spellings_are_one_name(one, other):
    assert blind_name(one) == blind_name(other)
    assert blind_name("chip 7") != blind_name("chip 8")


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("chip 7", "chip 7"),
        ("a/b:c", "a-b-c"),
        ("CON", "CON-"),
        ("nul.txt", "nul.txt-"),
        ("a. .", "a---"),
        ("Com1", "Com1-"),
    ],
)
def test_a_name_is_a_file_on_every_system(name, file):
    assert file_name(name) == file


def test_what_is_there_under_a_namesake_is_used_and_told(tmp_path):
    path = kept_path(tmp_path, "Chip 7", ".ledger.jsonl")
    assert path == tmp_path / "Chip 7.ledger.jsonl"
    path.touch()
    again = kept_path(tmp_path, "chip 7 ", ".ledger.jsonl")
    assert again == path
    assert namesake(path, "Chip 7", ".ledger.jsonl") == ""
    assert namesake(again, "chip 7 ", ".ledger.jsonl").startswith(
        "'chip 7 ' is taken for 'Chip 7', whose records"
    )
    (tmp_path / "chip 7.ledger.jsonl").touch()
    if len(list(tmp_path.iterdir())) == 2:  # else the disk itself is blind
        with pytest.raises(LabError, match="Chip 7.ledger.jsonl and of .*chip 7.ledger.jsonl"):
            kept_path(tmp_path, "chip 7", ".ledger.jsonl")


def bench_with(sample, tmp_path):
    text = load_bench("virtual_56x8").text.replace('library = "{this_file}@labctl"', 'library = "@py"')
    return read_bench(f'{text}\n[sample]\nname = "{sample}"\n', tmp_path / "real.toml")


def test_two_benches_that_spell_a_sample_differently_share_its_ledger(tmp_path, monkeypatch):
    monkeypatch.setenv("LABCTL_SAMPLES", str(tmp_path))
    first, second = bench_with(f"5 {MICRO}m Chip", tmp_path), bench_with(f"5 {MU}m chip ", tmp_path)
    ledger_path(first).touch()
    assert ledger_path(second) == ledger_path(first)
    assert namesakes(first) == []
    (told,) = namesakes(second)
    assert f"is taken for '5 {MU}m Chip'" in told
    assert normal_name(f" 5 {MICRO}m") == f"5 {MU}m"


def test_a_ledger_under_an_older_spelling_is_found(tmp_path, monkeypatch):
    monkeypatch.setenv("LABCTL_SAMPLES", str(tmp_path))
    old = tmp_path / f"5 {MICRO}m Chip .ledger.jsonl"
    old.touch()
    assert ledger_path(bench_with(f"5 {MICRO}m Chip", tmp_path)) == old
