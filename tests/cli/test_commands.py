"""The command line on the virtual bench: what it prints, its exit codes, nothing half-done."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from labctl import __version__, cli
from labctl.core.rows import Verdict
from labctl.record.outcome import Outcome
from labctl.record.reading import read_run
from labctl.run.events import Ended
from tests.cli.command import Command
from tests.faults.lab import small_bench

BENCH = ("--bench", "virtual_56x8")
CELL = ("--set", "word=3", "--set", "bit=5")


def test_a_run_is_recorded_listed_and_shown(labctl: Command, tmp_path: Path) -> None:
    out = tmp_path / "runs"
    formed = labctl("run", "forming", *BENCH, "--out", out, *CELL)
    assert formed.code == 0
    assert "SIMULATED" in formed.out
    assert "finished: formed" in formed.out
    again = labctl("run", "forming", *BENCH, "--out", out, *CELL)
    assert "already formed" in again.out, "the virtual sample outlives the command"

    folders = sorted(out.iterdir())
    assert len(folders) == 2
    run = read_run(folders[0])
    assert run.outcome is Outcome.FINISHED
    assert run.parameters["word"]["given"] == "3"
    assert run.end["bus_messages"] > 10
    assert "2636B" in run.head["instruments"]["smu1"]["identity"]
    assert (folders[0] / "bench.toml").read_text() == run.head["bench"]["text"]

    listed = labctl("list", out)
    assert [line.split()[1] for line in listed.out.splitlines()[1:]] == ["forming", "forming"]
    assert "already formed" in listed.out
    shown = labctl("show", folders[0])
    for words in (
        "SIMULATED",
        "finished",
        "formed",
        "forming_start",
        "read_voltage",
        "FormingRead",
        "bus messages",
    ):
        assert words in shown.out

    assert labctl("bench", "new-sample", *BENCH).code == 0
    assert "finished: formed" in labctl("run", "forming", *BENCH, "--out", out, *CELL).out


def test_all_mistakes_in_parameters_come_in_one_sentence(labctl: Command, tmp_path: Path) -> None:
    answer = labctl(
        "run", "program_verify", *BENCH, "--out", tmp_path / "runs", "--set", "word=three",
        "--set", "target=10 V", "--set", "colour=red",
    )  # fmt: skip
    assert answer.code == 2
    for words in ("'three' is not a number", "'10 V' is in V", "no parameter 'colour'", "bit must be given"):
        assert words in answer.err
    assert "Traceback" not in answer.err
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("run", "nonsense", *BENCH, "--out", "OUT"), "no procedure 'nonsense'.*forming"),
        (("run", "forming", "--bench", "nowhere", "--out", "OUT", *CELL), "no bench 'nowhere'.*virtual_56x8"),
        (("run", "forming", *CELL), "needs --bench and --out"),
        (("run", "forming", *BENCH, "--out", "OUT", "--set", "word"), "write NAME=VALUE"),
        (("run", "forming", *BENCH, "--out", "FILE/runs", *CELL), "cannot be made.*another folder"),
        (("demo", "--out", "FILE/runs"), "cannot be made.*another folder"),
        (("list", "OUT"), "no folder"),
        (("show", "OUT"), "no run"),
        (("bench", "check", "--bench", "nowhere"), "no bench 'nowhere'"),
        (("bench", "new-sample", "--bench", "nowhere"), "no bench 'nowhere'"),
        (("diff", "OUT"), "Missing argument.*labctl diff --help"),
        (("run", "forming", "--colour", "red"), "No such option.*labctl run --help"),
        (("engine",), "Missing option '--bench'.*labctl engine --help"),
        (("bench", "serve", *BENCH, "--port", "99999"), "--port.*65000"),
        (("dance",), "No such command 'dance'.*labctl --help"),
        (("run", "--resume", "OUT", "--dry-run"), "has no dry run"),
        (("run", "forming", "--dry-run", *CELL), "needs --bench;"),
        (("run", "forming", "--dry-run", *BENCH, "--set", "word=77", "--set", "bit=1"), r"no cell \(77, 1\)"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_nothing_is_left(
    labctl: Command, tmp_path: Path, words: tuple[str, ...], sentence: str
) -> None:
    (tmp_path / "file").write_text("")
    places = {"OUT": str(tmp_path / "out"), "FILE/runs": str(tmp_path / "file" / "runs")}
    answer = labctl(*(places.get(word, word) for word in words))
    assert answer.code == 2
    assert re.search(sentence, answer.err)
    assert len(answer.err.splitlines()) == 1
    assert {path.name for path in tmp_path.iterdir()} <= {"file", "samples"}


def test_a_cell_that_is_not_there_is_refused_by_the_procedure(labctl: Command, tmp_path: Path) -> None:
    answer = labctl("run", "forming", *BENCH, "--out", tmp_path, "--set", "word=3", "--set", "bit=8")
    assert answer.code == 2
    assert "no cell (3, 8)" in answer.err
    assert not list(tmp_path.glob("*_forming_*"))


def test_a_compliance_above_the_limit_is_refused_and_leaves_nothing(labctl: Command, tmp_path: Path) -> None:
    settings = [*CELL, "--set", "target=100u", "--set", "cell_current=20m"]
    answer = labctl("run", "program_verify", *BENCH, "--out", tmp_path / "out", *settings)
    assert answer.code == 2
    assert "this bench permits 5 mA (limits.compliance)" in answer.err
    assert not (tmp_path / "out").exists()


def test_a_dry_run_tells_time_pulses_worst_cases_and_relays_and_leaves_nothing(
    labctl: Command, tmp_path: Path
) -> None:
    answer = labctl("run", "forming", *BENCH, "--out", tmp_path / "out", *CELL, "--dry-run")
    assert answer.code == 0
    for words in (
        "nothing moves on the bench",
        "finished: formed",
        "on cell (3, 5); limit 100000 per run",
        "across cell (3, 5); limit 2 V",
        "limit 950 mV",
        "closures, at most",
    ):
        assert words in answer.out
    assert "Recording" not in answer.out
    assert not (tmp_path / "out").exists()
    formed = labctl("run", "forming", *BENCH, "--out", tmp_path / "out", *CELL)
    assert "finished: formed" in formed.out, "the sample is as new"


def test_no_command_is_cut_short_in_the_list_of_commands(labctl: Command) -> None:
    for words in ((), ("bench",)):
        answer = labctl(*words, "--help")
        assert answer.code == 0
        assert "..." not in answer.out.partition("Commands:")[2]
        asked_nothing = labctl(*words)
        assert asked_nothing.code == 2
        assert asked_nothing.err == answer.out


def test_an_error_nobody_foresaw_is_a_sentence_with_a_hint(
    labctl: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(out: Path) -> None:
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr("labctl.cli.listing.list_runs", broken)
    answer = labctl("list", tmp_path)
    assert answer.code == 1
    assert "Unexpected ZeroDivisionError: by nothing" in answer.err
    assert "Traceback" not in answer.err
    written = Path(re.search(r"traceback is in (.*?);", answer.err)[1])
    assert "ZeroDivisionError" in written.read_text()


def test_procedures_are_listed_with_unit_default_and_range(labctl: Command) -> None:
    answer = labctl("run", "--list")
    assert answer.code == 0
    assert "crossbar_program: " in answer.out
    line = next(line for line in answer.out.splitlines() if line.split()[:1] == ["read_voltage"])
    for words in ("100 mV", "10 mV to 300 mV", "V"):
        assert words in line
    only = labctl("run", "forming", "--list").out
    assert "forming_start" in only
    assert "crossbar_program" not in only


def test_benches_are_listed_and_checked(labctl: Command) -> None:
    assert "virtual_56x8" in labctl("bench", "list").out
    checked = labctl("bench", "check", *BENCH)
    assert checked.code == 0
    for words in ("707B", "2636B", "GPIB0::16::INSTR", "in order", "56 x 8", "SIMULATED"):
        assert words in checked.out


def test_the_version_is_told(labctl: Command) -> None:
    answer = labctl("--version")
    assert (answer.code, answer.out) == (0, f"labctl {__version__}\n")


def test_help_imports_nothing_heavy() -> None:
    code = "import sys, json; from labctl.cli import app; print(json.dumps(sorted(sys.modules)))"
    loaded = json.loads(subprocess.check_output([sys.executable, "-c", code], text=True, timeout=60))
    heavy = {"numpy", "h5py", "matplotlib", "pandas", "numba", "pyvisa", "pymeasure", "scipy", "labctl.sim"}
    assert heavy.isdisjoint(loaded)


def test_a_run_whose_outputs_are_not_confirmed_is_no_success(
    labctl: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = Ended(Outcome.FINISHED, Verdict.DONE, unconfirmed=("smu2 does not answer.",))
    monkeypatch.setattr("labctl.run.session.run_on", lambda *_: ended)
    assert labctl("run", "forming", *BENCH, "--out", tmp_path, *CELL).code == 1


@pytest.mark.parametrize("procedure", ["crossbar_program", "crossbar_read"])
def test_a_run_that_can_be_gone_on_with_says_how(
    procedure: str, labctl: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("labctl.run.session.run_on", lambda *_: Ended(Outcome.ABORTED, reason="Enough."))
    settings = ("--set", "target=checkers_56x8") if procedure == "crossbar_program" else ()
    answer = labctl("run", procedure, *BENCH, "--out", tmp_path, *settings)
    assert answer.code == cli.INTERRUPTED
    assert ("labctl run --resume" in answer.out) == (procedure == "crossbar_program")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot send Ctrl-C to one process")
def test_ctrl_c_ends_a_run_with_its_outcome_recorded(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "labctl",
        "run",
        "crossbar_read",
        *BENCH,
        "--out",
        str(tmp_path / "runs"),
    ]
    environment = {**os.environ, "LABCTL_SAMPLES": str(tmp_path / "samples")}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        assert "Recording" in running.stdout.readline()
        for _ in range(3):
            running.send_signal(signal.SIGINT)
        rest, _ = running.communicate(timeout=60)
    assert running.returncode == cli.INTERRUPTED
    assert "aborted" in rest
    (folder,) = (tmp_path / "runs").iterdir()
    assert read_run(folder).outcome is Outcome.ABORTED
    assert list(read_run(folder).end["unconfirmed"]) == []


def test_the_short_demo_ends_with_a_report_and_leaves_the_users_sample_alone(
    labctl: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, small in (("SHORT_WORDS", 4), ("SHORT_SIDE", 5), ("SHORT_FILTERS", 1), ("SHORT_PATCHES", 8)):
        monkeypatch.setattr(f"labctl.demo.{name}", small)
    monkeypatch.setattr(
        "labctl.demo.BENCH", str(small_bench(tmp_path, words=56, bits=2, sample="virtual_56x8"))
    )
    picture = tmp_path / "wide.png"
    answer = labctl("demo", "--short", "--out", tmp_path / "runs", "--picture", picture)
    assert answer.code == 0, answer.err
    (folder,) = (tmp_path / "runs").iterdir()
    for path in (folder / "report.html", folder / "feature_maps.npz", picture):
        assert str(path) in answer.out
        assert path.is_file()
    assert "8 of 8, 56 of 56" in answer.out
    page = (folder / "report.html").read_text(encoding="utf-8")
    for words in (
        "SIMULATED",
        "Feature maps",
        "Picture: target",
        "Filter 0: target",
        "Neurons",
        "transfer curves",
    ):
        assert words in page
    assert not (tmp_path / "samples").exists()
    run = read_run(folder)
    assert run.end["verdict"] == "done"
    assert len(run.tables["CellSummary"]) == 8 + 56 + 2
    assert run.end["bench_seconds"] > run.end["wall_seconds"]
    with Image.open(picture) as image:
        assert image.width == 1200


def test_a_picture_that_cannot_be_written_is_told_before_the_demo(labctl: Command, tmp_path: Path) -> None:
    answer = labctl("demo", "--out", tmp_path / "runs", "--picture", tmp_path / "absent" / "wide.png")
    assert answer.code == 2
    assert "there is no folder" in answer.err
    assert not (tmp_path / "runs").exists()


def test_a_window_without_qt_is_told_with_what_to_install(labctl, monkeypatch):
    for name in ("qtpy", *(name for name in sys.modules if name.startswith("qtpy."))):
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, "labctl.gui.app", raising=False)
    answer = labctl("gui")
    assert answer.code == 2
    assert "needs Qt, which does not load" in answer.err
    assert "make gui" in answer.err


def test_bench_check_names_the_lines_that_are_not_wired(labctl: Command, tmp_path: Path) -> None:
    bench = small_bench(tmp_path, words=4, bits=2)
    assert "no matrix column" not in labctl("bench", "check", "--bench", bench).out
    text = bench.read_text(encoding="utf-8")
    bench.write_text(text.replace('"1-4" = "word 0-3"', '"2-3" = "word 1-2"'), encoding="utf-8")
    checked = labctl("bench", "check", "--bench", bench)
    assert checked.code == 0
    said = " ".join(checked.out.split())
    assert "wired to no matrix column, so that routes which need one are refused: word 0, word 3" in said


def test_bench_check_proves_the_wiring_and_a_run_says_so(labctl: Command, tmp_path: Path) -> None:
    bench = small_bench(tmp_path)
    assert "Wiring: never proven" in labctl("bench", "check", "--bench", bench).out
    run = ("run", "forming", "--bench", bench, "--set", "word=1", "--set", "bit=1", "--out")
    assert labctl(*run, tmp_path / "before").code == 0
    assert "never proven" in labctl("show", *(tmp_path / "before").iterdir()).out
    proven = labctl("bench", "check", "--wiring", "--bench", bench)
    assert proven.code == 0
    assert "no fault found" in proven.out
    assert labctl(*run, tmp_path / "after").code == 0
    assert "proven, looked at 20" in labctl("show", *(tmp_path / "after").iterdir()).out
    wrong = bench.read_text(encoding="utf-8") + '\n[virtual.faults]\nshorts = { "word 1" = "word 2" }\n'
    bench.write_text(wrong, encoding="utf-8")
    assert "was changed after its wiring was proven" in labctl("bench", "check", "--bench", bench).out
    found = labctl("bench", "check", "--wiring", "--bench", bench)
    assert found.code == cli.FAILED
    assert "word 1 and word 2" in found.out
    assert "1 fault found" in found.out
