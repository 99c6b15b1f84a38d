"""The suite is killed with outputs on: its watchdog brings them to 0 V within two seconds, and disturbs nobody."""

import io
import subprocess
import sys

import pytest

from labctl.bench import open_bench
from labctl.benchfile import load_bench
from labctl.run import watchdog
from labctl.run.watchdog import DONE, Watchdog, watch
from tests.faults.lab import BITS, WORDS, is_pulse, served, target_map

WITHIN = 2.0


def zeroed(lab, since):
    """Source-measure units that were ordered to 0 V and off by a message after the first `since`."""
    return sum("smua.source.output = 0" in message for message in lab.messages[since:])


def start_programming(lab, folder):
    target = target_map(folder, {(word, bit): 80e-6 for word in range(WORDS) for bit in range(BITS)})
    command = ("run", "crossbar_program", "--bench", str(lab.lab_file), "--out", str(lab.out))
    process = lab.start(*command, "--set", f"target={target}")
    assert lab.wait_until(lambda: any(map(is_pulse, tuple(lab.messages)))), process.communicate()[0]
    return process


def test_kill_9_with_outputs_on_and_they_are_off_within_two_seconds(tmp_path):
    with served(tmp_path) as lab:
        process = start_programming(lab, tmp_path)
        process.kill()  # in the middle of programming a cell: outputs are on
        killed, heard = lab.wall.now(), len(lab.messages)
        assert lab.wait_until(lambda: zeroed(lab, heard) == 3, WITHIN)
        assert lab.wall.now() - killed < WITHIN
        assert lab.wait_until(lambda: any("channel.open" in each for each in lab.messages[-20:]))
        process.communicate()
        assert lab.wait_until(lab.is_left_alone)
        lab.account()
        assert lab.live_outputs() == {}
        (folder,) = lab.out.iterdir()
        said = subprocess.run(
            [sys.executable, "-m", "labctl", "bench", "check", "--bench", str(lab.lab_file)],
            capture_output=True,
            text=True,
            check=True,
            env={"LABCTL_SAMPLES": str(tmp_path / "samples"), "PATH": ""},
        ).stdout
        assert f"labctl run --resume {folder}" in " ".join(said.split())


def test_an_owner_that_ends_as_it_should_dismisses_its_watchdog(tmp_path, monkeypatch):
    monkeypatch.setattr(watchdog, "rescue", lambda file: pytest.fail("nobody died"))
    with served(tmp_path) as lab:
        assert watch(load_bench(lab.lab_file), io.BytesIO(DONE)) == 0
        with Watchdog(load_bench(lab.lab_file)) as guard:
            process = guard._process
        assert process.returncode == 0
        assert lab.messages == []


def test_a_watchdog_leaves_a_bench_alone_that_somebody_holds(tmp_path, monkeypatch):
    monkeypatch.setenv("LABCTL_SAMPLES", str(tmp_path / "samples"))
    with served(tmp_path) as lab, open_bench(lab.lab_file):
        before = len(lab.messages)
        assert watch(load_bench(lab.lab_file), io.BytesIO(b"")) == 0
        assert len(lab.messages) == before


def test_a_rescue_tries_every_instrument_and_says_what_it_could_not_confirm(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("LABCTL_SAMPLES", str(tmp_path / "samples"))
    with served(tmp_path) as lab:
        text = lab.lab_file.read_text(encoding="utf-8")
        address = load_bench(lab.lab_file).visa.addresses["smu1"]
        lab.lab_file.write_text(text.replace(address, "TCPIP::127.0.0.1::1::SOCKET"), encoding="utf-8")
        assert watch(load_bench(lab.lab_file), io.BytesIO(b"")) == 1
        said = capsys.readouterr().err
        assert "smu1 could not be made safe" in said
        assert "smu2" not in said
        assert sum("smua.source.output = 0" in each for each in lab.messages) == 2
        assert any("channel.open" in each for each in lab.messages)


def test_a_virtual_bench_of_this_process_needs_none():
    with Watchdog(load_bench("virtual_56x8")) as guard:
        assert guard._process is None
