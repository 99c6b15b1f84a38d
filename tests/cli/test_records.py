"""The commands for records: recover, export, diff, follow."""

from __future__ import annotations

import codecs
import json
import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from labctl.core.rows import Picture
from labctl.record.outcome import Outcome
from labctl.record.reading import read_run
from tests.cli.command import Command
from tests.record.rows import Reading, begun, sweep


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A finished run of two kinds of rows and a picture."""
    return recorded(tmp_path / "run_a")


def recorded(folder: Path, level: float = 0.25, rows: int = 3) -> Path:
    record = begun(folder, level)
    for number in range(rows):
        record.row(Reading(number, current=level * number, note='50 # of a "word", [red]µ[/red]'))
        record.row(sweep(number))
    record.picture(Picture("conductance map", np.array([[1e-6, np.nan]]), "S", ("word", "bit")))
    record.note("a remark")
    record.end({"outcome": "finished", "verdict": "done", "reason": ""})
    return folder


def kill(folder: Path) -> None:
    """Leave the files of a killed program."""
    journal = folder / "journal.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[:-1]) + lines[-1][:30])
    (folder / "run.h5").rename(folder / "run.h5.part")


def test_a_killed_run_is_recovered_without_an_outcome(labctl: Command, folder: Path) -> None:
    kill(folder)
    answer = labctl("recover", folder)
    assert answer.code == 0
    assert "3 Reading, 3 Sweep; pictures: conductance map; outcome: none, it was killed" in answer.out
    assert (folder / "run.h5").exists()
    assert not (folder / "run.h5.part").exists()
    run = read_run(folder)
    assert run.outcome is None
    assert list(run.tables["Reading"].columns["number"]) == [0, 1, 2]
    before = (folder / "run.h5").read_bytes()
    assert "nothing to recover" in labctl("recover", folder).out
    assert (folder / "run.h5").read_bytes() == before
    shown = labctl("show", folder).out
    assert "none (killed, or running)" in shown
    assert f"labctl run --resume {folder}" in shown
    assert "a remark" in shown


def test_a_run_whose_journal_was_changed_is_listed_as_damaged_and_shown_in_a_sentence(
    labctl: Command, folder: Path
) -> None:
    journal = folder / "journal.jsonl"
    changed = journal.read_text(encoding="utf-8").replace('"procedure"', '"something"', 1)
    journal.write_text(changed, encoding="utf-8")
    (folder / "run.h5").unlink(missing_ok=True)
    assert "damaged" in labctl("list", folder.parent).out
    answer = labctl("show", folder)
    assert answer.code == 2
    assert "line 1 cannot be understood (its checksum is wrong" in answer.err
    journal.write_text(re.sub(r',"crc":"\w{8}"}$', "}", changed, flags=re.MULTILINE), encoding="utf-8")
    answer = labctl("show", folder)
    assert answer.code == 2, "a journal of an earlier version"
    assert "is not whole: it does not tell procedure" in answer.err


def test_csv_reads_back_exactly_with_pandas(labctl: Command, folder: Path, tmp_path: Path) -> None:
    answer = labctl("export", folder, "--out", tmp_path / "csv")
    assert answer.code == 0
    names = ["Reading.csv", "Sweep.csv", "conductance_map.csv", "run.json"]
    assert [Path(line).name for line in answer.out.splitlines()] == names
    frame = pd.read_csv(tmp_path / "csv" / "Reading.csv", skiprows=[1])
    run = read_run(folder)
    for name, values in run.tables["Reading"].columns.items():
        assert frame[name].tolist() == values.tolist()
    assert set(frame["mark"]) == {"SIMULATED"}
    units = pd.read_csv(tmp_path / "csv" / "Reading.csv", nrows=1).iloc[0]
    assert (units["current"], units["bench_time"], units["note"]) == ("A", "s", "-")
    sweeps = pd.read_csv(tmp_path / "csv" / "Sweep.csv", skiprows=[1])
    assert sweeps["corners_0_0"].tolist() == [0.25, 1.25, 2.25]
    assert [float(each) for each in sweeps["samples"][2].split()] == [0.0, 1e-6]
    picture = pd.read_csv(tmp_path / "csv" / "conductance_map.csv", skiprows=[1])
    assert picture.iloc[0][["word", "bit", "value"]].tolist() == [0, 0, 1e-6]
    assert np.isnan(picture["value"][1])
    facts = json.loads((tmp_path / "csv" / "run.json").read_text(encoding="utf-8"))
    assert facts["parameters"]["level"]["applied"] == 0.25
    assert facts["units"]["Reading"]["current"] == "A"
    assert (facts["end"]["outcome"], facts["notes"], facts["mark"]) == ("finished", ["a remark"], "SIMULATED")


def test_csv_for_a_spreadsheet_with_decimal_commas(labctl: Command, folder: Path, tmp_path: Path) -> None:
    assert labctl("export", folder, "--out", tmp_path / "de", "--separator", "semicolon").code == 0
    data = (tmp_path / "de" / "Reading.csv").read_bytes()
    assert data.startswith(codecs.BOM_UTF8)
    frame = pd.read_csv(tmp_path / "de" / "Reading.csv", skiprows=[1], sep=";", decimal=",")
    np.testing.assert_array_equal(frame["current"], read_run(folder).tables["Reading"].columns["current"])
    assert b"0,25" in data
    said = labctl("export", folder, "--out", tmp_path / "en", "--sep-line")
    assert said.code == 0
    assert (tmp_path / "en" / "Reading.csv").read_text(encoding="utf-8").startswith("sep=,\n")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--decimal", "comma"), "choose semicolon or tab"),
        (("--format", "parquet", "--separator", "tab"), "are for CSV files"),
    ],
)
def test_a_csv_that_nobody_could_read_is_refused(
    labctl: Command, folder: Path, words: tuple[str, ...], says: str
) -> None:
    answer = labctl("export", folder, *words)
    assert answer.code == 2
    assert says in answer.err
    assert not (folder / "export").exists()


def test_text_in_csv_is_no_formula(labctl: Command, tmp_path: Path) -> None:
    record = begun(tmp_path / "run", 0.25)
    for note in ("=1+1", "@SUM(A1)", "-", "+3", "plain"):
        record.row(Reading(0, current=-0.5, note=note))
    record.end({"outcome": "finished", "verdict": "done", "reason": ""})
    assert labctl("export", tmp_path / "run").code == 0
    frame = pd.read_csv(tmp_path / "run" / "export" / "Reading.csv", skiprows=[1])
    assert frame["note"].tolist() == ["'=1+1", "'@SUM(A1)", "-", "'+3", "plain"]
    assert frame["current"].tolist() == [-0.5] * 5


def test_nothing_is_written_over_by_an_export(labctl: Command, folder: Path) -> None:
    assert labctl("export", folder).code == 0
    assert (folder / "export" / "Reading.csv").exists()
    again = labctl("export", folder)
    assert again.code == 2
    assert "exists already" in again.err


def test_a_large_table_is_exported_in_pieces(
    labctl: Command, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("labctl.record.export.AT_ONCE", 2)
    assert labctl("export", folder).code == 0
    assert pd.read_csv(folder / "export" / "Reading.csv", skiprows=[1])["number"].tolist() == [0, 1, 2]


def test_parquet_without_its_library_is_one_sentence(
    labctl: Command, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    answer = labctl("export", folder, "--format", "parquet")
    assert answer.code == 2
    assert "labctl[parquet]" in answer.err
    assert not (folder / "export").exists()


def test_parquet_keeps_units_and_ragged_columns(labctl: Command, folder: Path) -> None:
    pytest.importorskip("pyarrow", reason="pip install 'labctl[parquet]'")
    import pyarrow.parquet

    assert labctl("export", folder, "--format", "parquet").code == 0
    table = pyarrow.parquet.read_table(folder / "export" / "Sweep.parquet")
    assert table.schema.field("samples").metadata[b"units"] == b"A"
    assert table["samples"].to_pylist()[2] == [0.0, 1e-6]
    assert json.loads(table.schema.metadata[b"labctl"])["procedure"] == "plan"


def test_two_runs_are_compared(labctl: Command, folder: Path, tmp_path: Path) -> None:
    other = recorded(tmp_path / "run_b", level=0.5, rows=4)
    answer = labctl("diff", folder, other)
    assert answer.code == 0
    said = {tuple(line.split()[-2:]) for line in answer.out.splitlines()}
    assert ("250", "mV") not in said
    for words in ("level", "250 mV", "500 mV", "rows", "0 A / 250 mA / 500 mA", "0 A / 750 mA / 1.5 A"):
        assert words in answer.out
    for words in ("bench_time", "sha256", "python", "707B"):
        assert words not in answer.out, "it is the same, or is never the same"
    same = recorded(tmp_path / "run_c")
    assert "do not differ" in labctl("diff", folder, same).out


def test_a_run_is_followed_to_its_end(labctl: Command, folder: Path) -> None:
    (folder / "run.h5").unlink()
    answer = labctl("follow", folder)
    assert answer.code == 0
    assert answer.out.splitlines()[0] == f"plan (SIMULATED) in {folder}"
    assert "Reading: 3 rows, last number 2, current 500 mA" in answer.out
    assert answer.out.splitlines()[-1] == "finished: done"


@pytest.mark.parametrize("words", [("recover",), ("export",), ("follow",), ("diff", ".")])
def test_what_is_no_run_is_one_sentence(labctl: Command, tmp_path: Path, words: tuple[str, ...]) -> None:
    answer = labctl(*words, tmp_path)
    assert answer.code == 2
    assert "no run" in answer.err
    assert list(tmp_path.iterdir()) == []


def test_xarray_has_units_and_dimensions(folder: Path) -> None:
    pytest.importorskip("xarray", reason="pip install 'labctl[xarray]'")
    found = read_run(folder).to_xarray("Sweep")
    assert found["corners"].dims == ("row", "corners_0", "corners_1")
    assert found["corners"].attrs["units"] == "V"
    assert found.attrs["outcome"] == Outcome.FINISHED.value
