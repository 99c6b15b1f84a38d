"""`labctl bench ledger`, and where worn relays are told of."""

from __future__ import annotations

import json
from pathlib import Path

from labctl.benchfile import load_bench
from tests.cli.command import Command


def bench(folder: Path, *replacements: tuple[str, str]) -> Path:
    """A bench file with pieces of its text replaced."""
    text = load_bench("virtual_56x8").text
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    path = folder / "bench.toml"
    path.write_text(text, encoding="utf-8")
    return path


def forming(labctl: Command, path: Path, out: Path) -> object:
    return labctl("run", "forming", "--bench", path, "--out", out, "--set", "word=3", "--set", "bit=5")


def test_what_a_run_did_is_in_the_ledger(labctl: Command, tmp_path: Path) -> None:
    path = bench(tmp_path)
    assert "No cell has taken anything yet" in labctl("bench", "ledger", "--bench", path).out
    forming(labctl, path, tmp_path / "runs")
    told = labctl("bench", "ledger", "--bench", path, "--most", "1").out
    (run,) = (tmp_path / "runs").iterdir()
    assert "(3, 5)" in told
    assert run.name in told
    assert "heater" not in told.split("rated life")[0]
    labctl("bench", "new-sample", "--bench", path)
    assert "No cell has taken anything yet" in labctl("bench", "ledger", "--bench", path).out


def test_a_worn_relay_is_told_of_in_check_in_the_record_and_on_the_terminal(
    labctl: Command, tmp_path: Path
) -> None:
    path = bench(tmp_path, ("relay_life = 1e8", "relay_life = 2"))
    first = forming(labctl, path, tmp_path / "first")
    assert "Warning" not in first.out
    forming(labctl, path, tmp_path / "second")
    assert "100 % of its rated life" in " ".join(labctl("bench", "check", "--bench", path).out.split())
    third = forming(labctl, path, tmp_path / "third")
    told = " ".join((third.out + third.err).split())
    assert third.code == 2
    assert told.count("Warning: Relay H4 has closed 2 times, 100 % of its rated life") == 1
    assert "relay C62 has closed 2 times, its rated life is 2" in told
    for relay in ("C62", "heater 9"):
        renewed = labctl("bench", "ledger", "--bench", path, "--renew", relay)
        assert (renewed.code == 0) == (relay == "C62")


def test_the_record_keeps_the_warnings_of_its_run(labctl: Command, tmp_path: Path) -> None:
    path = bench(tmp_path, ("relay_life = 1e8", "relay_life = 10"))
    for number in range(9):
        forming(labctl, path, tmp_path / f"out{number}")
    (run,) = (tmp_path / "out8").iterdir()
    lines = [json.loads(line) for line in (run / "journal.jsonl").read_text().splitlines()]
    notes = [line["text"] for line in lines if line["line"] == "note"]
    assert any(note.startswith("Relay H4 has closed 8 times, 80 % of its rated life") for note in notes)
