"""Commands on a damaged record: what stands in for it is said, and mended by `labctl recover`."""

from __future__ import annotations

from pathlib import Path

from labctl.record.hdf5 import FILE_NAME
from labctl.record.reading import read_run
from tests.cli.command import Command
from tests.record.harm import ROWS, assert_right, harmed, recorded


def test_commands_say_that_the_journal_stands_in_and_recover_mends_it(
    labctl: Command, tmp_path: Path
) -> None:
    folder = recorded(tmp_path / "run")
    path = folder / FILE_NAME
    path.write_bytes(harmed(path.read_bytes(), "flipped", 5))
    for words in (("show", folder), ("export", folder), ("diff", folder, folder)):
        answer = labctl(*words)
        assert answer.code == 0
        assert "run.h5 is damaged" in answer.err
        assert "All of this is read from the journal" in answer.err
    recovered = labctl("recover", folder)
    assert recovered.code == 0
    assert f"{ROWS} Reading" in recovered.out
    again = labctl("show", folder)
    assert again.err == ""
    assert_right(read_run(folder))


def test_a_damaged_file_without_its_journal_is_refused_in_a_sentence(labctl: Command, tmp_path: Path) -> None:
    folder = recorded(tmp_path / "run")
    (folder / "journal.jsonl").unlink()
    assert_right(read_run(folder))
    path = folder / FILE_NAME
    path.write_bytes(harmed(path.read_bytes(), "zeroed", 1))
    answer = labctl("show", folder)
    assert answer.code == 2
    assert "There is no journal beside it." in answer.err
    assert len(answer.err.splitlines()) == 1
