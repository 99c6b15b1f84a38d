"""What is typed at a command line is understood exactly, or refused in one sentence."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from labctl.benchfile import load_bench
from labctl.core.errors import BenchFileError
from labctl.record.reading import read_run
from tests.cli.command import Command

BENCH = ("--bench", "virtual_56x8")
FORM = ("run", "forming", *BENCH)
CELL = ("--set", "word=3", "--set", "bit=5")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((*FORM, *CELL, "--set", "word=2"), "--set word=... is given 2 times: give it once."),
        ((*FORM, *CELL, "--out", "b"), "--out is given 2 times: give it once."),
        ((*FORM, *BENCH, *CELL), "--bench is given 2 times: give it once."),
        ((*FORM, "--set", "word=3,5", "--set", "bit=5"), "word: '3,5' is not a whole number"),
        ((*FORM, *CELL, "--set", "forming_max=1.000,5 V"), "forming_max: '1.000,5 V' is not a number"),
        ((*FORM, *CELL, "--set", "forming_max=1500 MV"), "forming_max = 1.5 GV, allowed"),
        (("bench", "chuck", "--bench", "virtual_wafer", "--die", "1_0,2"), "write for example --die 3,-2"),
        (("bench", "chuck", "--bench", "virtual_wafer", "--offset", "2,5 mm,0 mm"), "--offset '2 mm,0 mm'"),
    ],
)
def test_what_is_typed_twice_or_has_no_certain_meaning_is_refused(
    labctl: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    answer = labctl(*words, *(() if words[0] == "bench" else ("--out", "a")))
    assert answer.code == 2
    assert says in answer.err
    assert not Path("a").exists()


def test_a_decimal_comma_is_a_decimal_comma(labctl: Command, tmp_path: Path) -> None:
    answer = labctl(*FORM, *CELL, "--set", "forming_max=1,7 V", "--out", tmp_path / "runs")
    assert answer.code == 0
    (folder,) = (tmp_path / "runs").iterdir()
    assert read_run(folder).parameters["forming_max"]["applied"] == 1.7
    assert "word = 3, bit = 5" in answer.out
    assert "forming_max = 1.7 V, " in answer.out


def test_a_dry_run_says_what_was_understood(labctl: Command) -> None:
    answer = labctl(*FORM, *CELL, "--set", "forming_max=\N{MINUS SIGN}1,7 V", "--dry-run")
    assert answer.code == 2
    assert "forming_max = -1.7 V, allowed" in answer.err
    answer = labctl(*FORM, *CELL, "--set", "forming_max=1700 m", "--dry-run")
    assert answer.code == 0
    assert "forming_max = 1.7 V, " in answer.out


def test_a_folder_in_the_home_folder(
    labctl: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    assert labctl(*FORM, *CELL, "--out=~/runs").code == 0
    assert len(list((tmp_path / "home" / "runs").iterdir())) == 1
    assert not (tmp_path / "~").exists()
    answer = labctl(*FORM, *CELL, "--out=~nobody_of_this_name/runs")
    assert answer.code == 2
    assert "begins with a home folder that does not exist" in answer.err


BENCH_TEXT = load_bench("virtual_56x8").text


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_bench_file_of_a_windows_editor(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "MINE.TOML"
    text = BENCH_TEXT.replace('write_voltage = "2 V"', 'write_voltage = "1,5 V"')
    assert text != BENCH_TEXT
    path.write_bytes(text.replace("\n", "\r\n").encode(encoding))
    assert load_bench(path).limits.write_voltage == 1.5


@pytest.mark.parametrize(
    ("text", "says"),
    [("2,000 V", "could mean 2.000 or 2000"), ("200 MV", "M is mega"), ("2 000 mV", "not grouped")],
)
def test_a_limit_with_two_meanings_is_refused(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(BENCH_TEXT.replace('write_voltage = "2 V"', f'write_voltage = "{text}"'))
    with pytest.raises(BenchFileError, match=says):
        load_bench(path)


@pytest.mark.skipif(sys.platform != "linux", reason="file names are text there")
def test_a_path_and_a_login_name_that_are_not_utf_8(
    labctl: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/Me\xdfreihe"))
    odd.mkdir()
    bench = odd / "bench.toml"
    bench.write_text(BENCH_TEXT)
    monkeypatch.setenv("LOGNAME", os.fsdecode(b"J\xfcrgen"))
    assert labctl("run", "forming", "--bench", bench, *CELL, "--out", odd / "runs").code == 0
    (folder,) = (odd / "runs").iterdir()
    run = read_run(folder)
    assert run.head["operator"]["user"] == r"J\xfcrgen"
    assert run.head["bench"]["source"].endswith(r"Me\xdfreihe/bench.toml")
    shown = labctl("show", folder)
    assert shown.code == 0
    assert labctl("list", odd / "runs").code == 0
    assert labctl("export", folder).code == 0
