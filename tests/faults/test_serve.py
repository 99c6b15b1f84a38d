"""`labctl bench serve` as a user starts and ends it, and as it is when it is killed."""

import signal
import socket

import pytest

from labctl.benchfile import load_bench
from labctl.sim.sample import sample_path
from tests.faults.lab import Lab, small_bench


@pytest.fixture
def lab(tmp_path):
    return Lab(None, tmp_path / "lab.toml", tmp_path / "runs")


@pytest.fixture
def server(lab, tmp_path):
    process = lab.start(
        "bench", "serve", "--bench", str(small_bench(tmp_path)), "--write-bench", str(lab.lab_file)
    )
    assert lab.wait_until(lambda: lab.lab_file.exists() or process.poll() is not None)
    assert process.poll() is None, process.communicate()[0]
    yield process
    process.kill()
    process.communicate()


def complete(process):
    said = process.communicate(timeout=60.0)[0]
    assert process.returncode == 0, said
    return said


def test_a_run_on_a_served_bench_is_a_run_like_any_other_and_says_simulated(lab, server):
    said = complete(lab.start("bench", "check", "--bench", str(lab.lab_file)))
    assert "All instruments are in order" in said
    command = ("run", "forming", "--bench", str(lab.lab_file), "--out", str(lab.out), "--set", "word=1")
    said = complete(lab.start(*command, "--set", "bit=1"))
    assert "Recording (SIMULATED)" in said
    assert "finished: formed" in said
    server.terminate()
    assert "the sample is saved" in complete(server)
    assert sample_path(load_bench(small_bench(lab.out.parent))).exists()


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no Ctrl-C between processes")
def test_ctrl_c_ends_it_cleanly(server):
    server.send_signal(signal.SIGINT)
    assert "Every connection is closed" in complete(server)


def test_nobody_but_this_computer_reaches_it(lab, server):
    for address in load_bench(lab.lab_file).visa.addresses.values():
        _, host, port, _ = address.split("::")
        assert host == "127.0.0.1"
        with socket.socket() as elsewhere:
            assert elsewhere.connect_ex(("127.0.0.2", int(port))) != 0


def test_a_killed_server_leaves_the_sample_of_a_moment_ago(lab, server, tmp_path):
    command = ("run", "forming", "--bench", str(lab.lab_file), "--out", str(lab.out), "--set", "word=2")
    complete(lab.start(*command, "--set", "bit=0"))
    sample = sample_path(load_bench(tmp_path / "small.toml"))
    assert lab.wait_until(sample.exists, 5.0)
    lab.wall.wait(1.2)
    server.kill()
    server.wait()
    again = (
        "run",
        "forming",
        "--bench",
        str(tmp_path / "small.toml"),
        "--out",
        str(lab.out),
        "--set",
        "word=2",
    )
    assert "already formed" in complete(lab.start(*again, "--set", "bit=0"))
