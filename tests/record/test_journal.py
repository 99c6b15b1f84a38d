"""The journal: every line whole or not there, numbers and arrays exactly as they were."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from labctl.core.errors import RecordError
from labctl.record.journal import Journal, first_line, last_line, read_journal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    journal = Journal(tmp_path / "journal.jsonl")
    journal.write({"line": "row", "values": [0.1 + 0.2, 3, True, "a \u00b5"]})
    journal.write({"line": "row", "values": [float("nan"), float("-inf")]})
    journal.write({"line": "picture", "values": np.array([[1.0, np.nan], [-np.inf, 5e-324]])})
    journal.close()
    return journal.path


def test_numbers_texts_and_arrays_come_back_exactly(path: Path) -> None:
    first, second, third = read_journal(path)
    assert first["values"] == [0.1 + 0.2, 3, True, "a \u00b5"]
    assert np.isnan(second["values"][0])
    assert second["values"][1] == -np.inf
    np.testing.assert_array_equal(third["values"], [[1.0, np.nan], [-np.inf, 5e-324]])


@pytest.mark.parametrize("cut", [1, 5, 60])
def test_a_cut_last_line_is_left_out(path: Path, cut: int) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    assert len(list(read_journal(path))) == 2
    assert np.isnan(last_line(path)["values"][0])


def test_a_broken_line_in_the_middle_is_told(path: Path) -> None:
    lines = path.read_bytes().split(b"\n")
    lines[1] = lines[1][:-4]
    path.write_bytes(b"\n".join(lines))
    with pytest.raises(RecordError, match="line 2"):
        list(read_journal(path))


def test_both_ends_are_found_without_the_middle(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    journal.write({"line": "start"})
    for number in range(300):
        journal.write({"line": "row", "values": "x" * 1000, "number": number})
    journal.write({"line": "block", "values": "y" * 200_000})
    journal.close()
    assert first_line(journal.path) == {"line": "start"}
    assert last_line(journal.path)["line"] == "block"


def test_a_line_is_in_the_file_before_write_returns(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    journal.write({"line": "start"})
    assert list(read_journal(journal.path)) == [{"line": "start"}]
    journal.close()


def test_a_journal_is_never_written_over(path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(RecordError, match="exists already"):
        Journal(path)
    assert path.read_bytes() == before
