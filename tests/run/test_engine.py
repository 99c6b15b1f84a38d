"""The engine as others see it: commands, events, several observers, one that stalls, one that has no business there."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client
from pathlib import Path

import pytest

from labctl.benchfile import load_bench
from labctl.catalogue import find
from labctl.core.clock import WallClock
from labctl.core.errors import LabError
from labctl.record.outcome import Outcome
from labctl.record.reading import read_run
from labctl.run.client import EngineClient
from labctl.run.engine import Engine
from labctl.run.mailbox import Hears, Mailbox
from labctl.run.plain import decoded, encoded
from labctl.run.switchboard import note_path
from tests.faults.lab import BITS, WORDS, small_bench, target_map

IDLE = {"state": "idle", "warnings": [], "unended": ""}


@pytest.fixture
def bench_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LABCTL_SAMPLES", str(tmp_path))
    return small_bench(tmp_path)


@pytest.fixture
def running(bench_file: Path) -> Engine:
    return Engine(bench_file, find)


@pytest.fixture
def engine(bench_file: Path, running: Engine):
    ready = threading.Event()
    thread = threading.Thread(target=running.serve, args=(ready.set,))
    thread.start()
    assert ready.wait(20.0)
    yield bench_file
    running._quit()
    thread.join(20.0)
    assert not thread.is_alive()
    assert not note_path(load_bench(bench_file)).exists()


def until(events, kind):
    """Events up to the first of this kind."""
    seen = []
    for event in events:
        seen.append(event)
        if event["event"] == kind:
            return seen
    raise AssertionError(f"there was no {kind}, but {seen}")


def forming(client, out, word=1):
    client.command("run", procedure="forming", out=str(out), settings={"word": str(word), "bit": "1"})


def programming(client, folder):
    """A run that takes a second or more."""
    target = target_map(folder, {(word, bit): 80e-6 for word in range(WORDS) for bit in range(BITS)})
    settings = {"target": str(target)}
    client.command("run", procedure="crossbar_program", out=str(folder / "runs"), settings=settings)


def test_every_observer_hears_the_same_run(engine, tmp_path) -> None:
    with EngineClient(engine) as one, EngineClient(engine) as two:
        assert one.command("state") == IDLE
        assert two.command("state") == IDLE
        forming(one, tmp_path / "runs")
        heard = until(one.events(), "ended")
        assert heard == until(two.events(), "ended")
    kinds = [event["event"] for event in heard]
    assert kinds[0] == "started"
    assert kinds[-1] == "ended"
    rows = [event for event in heard if event["event"] == "row"]
    assert rows[0]["kind"] == "FormingRead"
    found = read_run(heard[0]["folder"])
    assert found.outcome is Outcome.FINISHED
    assert [row["values"]["conductance"] for row in rows] == list(
        found.tables["FormingRead"].columns["conductance"]
    )
    assert heard[-1]["verdict"] == "formed"


def test_an_observer_hears_what_it_wants(engine, tmp_path) -> None:
    with (
        EngineClient(engine) as all_of_it,
        EngineClient(engine, hears=Hears.EVENTS) as events,
        EngineClient(engine, hears=Hears.NOTHING) as nothing,
    ):
        forming(all_of_it, tmp_path / "runs")
        heard = until(all_of_it.events(), "ended")
        heard_events = until(events.events(), "ended")
        assert nothing.command("state")["state"]
    assert "row" in [event["event"] for event in heard]
    assert [event for event in heard_events if event["event"] == "row"] == []
    assert [event["event"] for event in heard_events][-1] == "ended"
    assert list(nothing.events()) == []


def test_a_run_is_held_told_of_its_state_and_aborted_over_the_pipe(engine, tmp_path) -> None:
    with EngineClient(engine) as client:
        events = client.events()
        programming(client, tmp_path)
        until(events, "started")
        client.command("pause", at="row")
        until(events, "paused")
        state = client.command("state")
        assert (state["state"], state["procedure"]) == ("paused", "crossbar_program")
        with pytest.raises(LabError, match="A run is under way"):
            forming(client, tmp_path / "runs")
        client.command("resume")
        until(events, "resumed")
        client.command("pause", at="safe")
        assert until(events, "paused")[-1]["at_rest"]
        client.command("abort", reason="Ordered from the window.")
        ended = until(events, "ended")[-1]
        assert (ended["outcome"], ended["reason"]) == ("aborted", "Ordered from the window.")
        assert ended["unconfirmed"] == []
        until(events, "idle")
        forming(client, tmp_path / "runs")
        assert until(events, "ended")[-1]["outcome"] == "finished"


def test_what_makes_no_sense_is_refused_in_a_sentence_and_harms_nothing(engine, tmp_path) -> None:
    with EngineClient(engine) as client:
        for command, given, words in (
            ("dance", {}, "knows no command 'dance'"),
            ("stop", {}, "No run is under way"),
            ("run", {"procedure": "forming", "out": str(tmp_path)}, "word must be given"),
            ("run", {"procedure": "nothing", "out": str(tmp_path)}, "There is no procedure"),
            ("run", {"nonsense": 1}, "no command of the engine"),
            ("listen", {"hears": "whispers"}, "no command of the engine"),
            ("go_on", {"run": str(tmp_path / "none")}, "There is no run"),
        ):
            with pytest.raises(LabError, match=words):
                client.command(command, **given)
        client._pipe.send_bytes(b"\xff not JSON")
        assert client.command("state") == IDLE


def test_who_does_not_know_the_key_is_not_let_in_and_keeps_nobody_out(engine) -> None:
    note = json.loads(note_path(load_bench(engine)).read_text(encoding="utf-8"))
    assert note_path(load_bench(engine)).stat().st_mode & 0o077 == 0
    silent = Client(note["address"])  # never answers the challenge
    with pytest.raises(AuthenticationError):
        Client(note["address"], authkey=b"guessed")
    with EngineClient(engine) as client:
        assert client.command("state") == IDLE
    silent.close()


def test_an_observer_that_stalls_slows_nobody_and_is_told_when_it_wakes(engine, running, monkeypatch) -> None:
    monkeypatch.setattr("labctl.run.switchboard.Mailbox", lambda: Mailbox(most=5))
    note = json.loads(note_path(load_bench(engine)).read_text(encoding="utf-8"))
    stalled = Client(note["address"], authkey=bytes.fromhex(note["key"]))
    stalled.send_bytes(encoded({"id": 1, "command": "state"}))
    assert decoded(stalled.recv_bytes())["state"] == "idle"
    wall, large = WallClock(), {"event": "picture", "values": [0.0] * 50_000}
    with EngineClient(engine) as awake:
        awake.command("state")
        events = awake.events()
        for number in range(20):
            start = wall.now()
            running._clients.tell({**large, "number": number})
            assert wall.now() - start < 0.05
            assert next(events)["number"] == number
    told = {}
    while told.get("event") != "dropped":
        told = decoded(stalled.recv_bytes())
    with pytest.raises(EOFError):
        stalled.recv_bytes()
    stalled.close()


def test_clients_that_hang_up_leave_nothing_behind(engine, running) -> None:
    with EngineClient(engine) as first:
        first.command("state")
    before = threading.active_count()
    for _ in range(5):
        with EngineClient(engine) as client:
            client.command("state")
    wall = WallClock()
    end = wall.now() + 10.0
    while (running._clients.are_there or threading.active_count() > before) and wall.now() < end:
        wall.wait(0.02)
    assert not running._clients.are_there
    assert threading.active_count() <= before


def test_a_full_mailbox_gives_its_observer_up_and_says_so() -> None:
    mailbox = Mailbox(most=2)
    assert mailbox.put({"event": "row", "values": {}})
    assert mailbox.put({"event": "progress", "done": 1})
    assert mailbox.put({"event": "progress", "done": 2}), "progress takes the place of progress"
    assert not mailbox.put({"event": "row", "values": {}})
    told = mailbox.take()
    assert told is not None
    assert told["event"] == "dropped"
    assert mailbox.take() is None
    assert not mailbox.put({"event": "row"})


def test_without_an_engine_a_client_says_how_to_start_one(bench_file) -> None:
    with pytest.raises(LabError, match="start one with labctl engine --bench"):
        EngineClient(bench_file)


def test_sigterm_in_a_run_ends_the_engine_with_outcome_and_without_its_note(bench_file, tmp_path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "labctl", "engine", "--bench", str(bench_file)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    assert "is ready" in process.stdout.readline()
    with EngineClient(bench_file) as client:
        events = client.events()
        programming(client, tmp_path)
        until(events, "started")
        client.command("pause", at="row")
        until(events, "paused")
        wall, start = WallClock(), WallClock().now()
        process.terminate()
        ended = until(events, "ended")[-1]
        assert ended["outcome"] == "aborted"
        assert until(events, "quit")
        assert list(events) == []
    process.communicate(timeout=20.0)
    assert process.returncode == 0
    assert wall.now() - start < 10.0
    assert not note_path(load_bench(bench_file)).exists()
