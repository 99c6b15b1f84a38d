"""Run folders: made before anything moves, gone when nothing began, listed with how they ended."""

from __future__ import annotations

from pathlib import Path

import pytest

from labctl.benchfile import load_bench
from labctl.core.clock import WallClock
from labctl.core.errors import RecordError
from labctl.record import catalogue
from labctl.record.catalogue import find_run, list_runs, new_run_folder
from labctl.record.outcome import Outcome
from labctl.record.provenance import head
from labctl.record.recorder import Recorder


class Nothing:
    """A procedure without parameters."""


def recorded(out: Path, name: str, outcome: str, verdict: str = "") -> Path:
    with new_run_folder(out, name) as folder:
        record = Recorder(folder, head("u", Nothing(), {}, load_bench("virtual_56x8"), {}, 0.0), WallClock())
        record.end({"outcome": outcome, "verdict": verdict})
    return folder


def without_its_end(folder: Path) -> None:
    """Leave the journal as a killed program does."""
    lines = (folder / "journal.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "journal.jsonl").write_bytes(b"".join(lines[:-1]))


def test_runs_are_listed_with_their_outcome(tmp_path: Path) -> None:
    recorded(tmp_path, "forming", "finished", "formed")
    recorded(tmp_path, "forming", "stopped")
    without_its_end(recorded(tmp_path, "forming", "finished"))
    (tmp_path / "something else").mkdir()
    runs = list_runs(tmp_path)
    assert [run.outcome for run in runs] == [Outcome.FINISHED, Outcome.STOPPED, None]
    assert runs[0].verdict == "formed"
    assert runs[0].procedure == "nothing"
    assert runs[0].simulated
    assert runs[0].folder.name[10] == "T"
    assert "_forming_" in runs[0].folder.name


@pytest.mark.parametrize(
    "spoil", [lambda text: text.replace('"procedure"', '"something"'), lambda text: "{" + text]
)
def test_a_run_whose_journal_cannot_be_read_is_listed_as_damaged(tmp_path: Path, spoil) -> None:
    recorded(tmp_path, "forming", "finished", "formed")
    journal = recorded(tmp_path, "forming", "finished") / "journal.jsonl"
    journal.write_text(spoil(journal.read_text(encoding="utf-8")), encoding="utf-8")
    assert sorted(run.is_damaged for run in list_runs(tmp_path)) == [False, True]
    (damaged,) = [run for run in list_runs(tmp_path) if run.is_damaged]
    assert (damaged.folder, damaged.outcome) == (journal.parent, None)
    assert damaged.started[:16].replace(":", "-") == damaged.folder.name[:16]
    assert "cannot be read" in damaged.verdict


def test_a_folder_in_which_nothing_began_vanishes_with_the_parents_made_for_it(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), new_run_folder(tmp_path / "a" / "b", "forming"):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_hold_a_folder_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(RecordError, match=r"cannot be made.*choose another"),
        new_run_folder(tmp_path / "file", "x"),
    ):
        pytest.fail("the run must not begin")


def test_a_disk_that_is_nearly_full_is_told_before_anything_moves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue, "LEAST_FREE", 10**18)
    with pytest.raises(RecordError, match="MB are free"), new_run_folder(tmp_path, "x"):
        pytest.fail("the run must not begin")
    assert list(tmp_path.iterdir()) == []


def test_a_run_is_found_by_a_part_of_its_name_that_is_its_alone(tmp_path: Path) -> None:
    first = recorded(tmp_path, "forming", "finished")
    recorded(tmp_path, "reading", "finished")
    assert find_run(str(tmp_path / "forming")) == first
    with pytest.raises(RecordError, match="could be any of"):
        find_run(str(tmp_path / "20"))
    with pytest.raises(RecordError, match="There is no run"):
        find_run(str(tmp_path / "nobody"))


def test_a_bare_name_is_looked_for_where_runs_usually_lie(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs").mkdir()
    first = recorded(tmp_path / "runs", "forming", "finished")
    assert find_run("forming").resolve() == first
    with pytest.raises(RecordError, match="`labctl list runs` shows those in runs"):
        find_run("nobody")
    with pytest.raises(RecordError, match="There is no run elsewhere/forming"):
        find_run("elsewhere/forming")
