"""The engine's queue and what a window asks beside it, over the pipe."""

import threading
from contextlib import suppress

import pytest

from labctl.catalogue import find
from labctl.core.errors import LabError
from labctl.record.outcome import Outcome
from labctl.record.reading import read_run
from labctl.run.client import EngineClient
from labctl.run.engine import Engine
from labctl.run.mailbox import Hears
from tests.faults.lab import BITS, WORDS
from tests.run.test_engine import bench_file, engine, programming, running, until

__all__ = ["bench_file", "engine", "running"]


@pytest.fixture
def client(engine):
    with EngineClient(engine, hears=Hears.EVENTS) as found:
        yield found


def add(client, tmp_path, word, bit="1"):
    settings = {"word": str(word), "bit": bit}
    return client.command("queue_add", procedure="forming", out=str(tmp_path / "runs"), settings=settings)[
        "number"
    ]


def stands(client):
    return [(item["number"], item["status"]) for item in client.command("queue")["items"]]


def test_queued_runs_follow_one_another_and_one_that_fails_blocks_none(client, tmp_path):
    events = client.events()
    add(client, tmp_path, 0)
    add(client, tmp_path, 99)  # the bench has no such word line: told when it begins
    add(client, tmp_path, 1)
    assert client.command("queue")["held"]
    client.command("queue_go")
    heard = []
    while stands(client) != [(1, "finished"), (2, "failed"), (3, "finished")]:
        heard += until(events, "idle")
    first, second, third = client.command("queue")["items"]
    assert read_run(first["folder"]).outcome is Outcome.FINISHED
    assert first["verdict"] == third["verdict"] == "formed"
    assert "There is no cell (99, 1)" in second["reason"]
    assert second["folder"] == ""
    assert first["seconds"] > 0.0
    assert len(list((tmp_path / "runs").iterdir())) == 2
    assert {event["event"] for event in heard} & {"row", "block", "picture"} == set()


def test_a_run_started_out_of_turn_is_listed_and_leaves_a_held_queue_alone(client, tmp_path):
    events = client.events()
    add(client, tmp_path, 0)
    settings = {"word": "1", "bit": "0"}
    number = client.command("start", procedure="forming", out=str(tmp_path / "runs"), settings=settings)[
        "number"
    ]
    with pytest.raises(LabError, match="A run is under way"):
        client.command("start", procedure="forming", out=str(tmp_path / "runs"), settings=settings)
    assert until(events, "ended")[-1]["verdict"] == "formed"
    until(events, "idle")
    assert dict(stands(client)) == {1: "waiting", number: "finished"}
    assert client.command("queue")["held"]


def test_a_wrong_parameter_is_refused_when_it_is_queued(client, tmp_path):
    with pytest.raises(LabError, match="bit must be given"):
        client.command("queue_add", procedure="forming", out=str(tmp_path), settings={"word": "1"})
    assert stands(client) == []


def test_an_item_added_to_a_queue_that_goes_begins_at_once(client, tmp_path):
    events = client.events()
    client.command("queue_go")
    add(client, tmp_path, 2)
    assert until(events, "ended")[-1]["verdict"] == "formed"


def test_emergency_ends_the_run_and_lets_no_other_begin(client, tmp_path):
    events = client.events()
    programming(client, tmp_path)
    add(client, tmp_path, 0)
    client.command("queue_go")
    until(events, "started")
    client.command("emergency", reason="Emergency stop in the window.")
    ended = until(events, "ended")[-1]
    assert (ended["outcome"], ended["reason"]) == ("aborted", "Emergency stop in the window.")
    assert ended["unconfirmed"] == []
    until(events, "idle")
    assert client.command("queue")["held"]
    assert stands(client) == [(1, "waiting")]


def test_emergency_without_a_run_makes_safe_and_says_so(client):
    events = client.events()
    client.command("emergency")
    assert until(events, "safe")[-1]["unconfirmed"] == []


def test_an_abort_before_the_run_has_begun_is_not_lost(client, running, tmp_path, monkeypatch):
    """Also not when an earlier run is over: what it left behind must not swallow the order."""
    events = client.events()
    client.command("run", procedure="forming", out=str(tmp_path / "runs"), settings={"word": "0", "bit": "0"})
    until(events, "idle")
    reached, begin = threading.Event(), threading.Event()
    run = running._run

    def late(*given):
        reached.set()
        assert begin.wait(10.0)
        return run(*given)

    monkeypatch.setattr(running, "_run", late)
    client.command("run", procedure="forming", out=str(tmp_path / "runs"), settings={"word": "0", "bit": "1"})
    assert reached.wait(10.0)
    client.command("abort", reason="Too soon.")
    begin.set()
    assert until(events, "refused")[-1]["reason"] == "Too soon."
    until(events, "idle")
    assert len(list((tmp_path / "runs").iterdir())) == 1, "the run that never began leaves no folder"


def test_an_order_that_met_no_run_does_not_end_the_next_one(client, tmp_path):
    events = client.events()
    client.command("check")
    with suppress(LabError):  # the check may be over by then
        client.command("abort")
    until(events, "idle")
    add(client, tmp_path, 3)
    client.command("queue_go")
    assert until(events, "ended")[-1]["outcome"] == "finished"


def test_the_bench_can_be_checked_and_tells_who_is_there(client):
    events = client.events()
    client.command("check")
    told = until(events, "checked")[-1]
    assert [each["name"] for each in told["instruments"]] == ["matrix", "smu1", "smu2", "smu3", "stage"]
    assert all(each["sound"] for each in told["instruments"])
    assert "2636B" in client.command("live")["identities"]["smu1"]


def test_closed_crosspoints_and_levels_can_be_seen_while_a_run_is_held(client, tmp_path):
    events = client.events()
    settings = {"neuron": "1", "points": "5"}
    client.command("run", procedure="neuron_transfer", out=str(tmp_path), settings=settings)
    client.command("pause", at="row")
    until(events, "paused")
    for _ in range(2):  # on to the second point, where the heater is driven
        client.command("resume")
        until(events, "resumed")
        client.command("pause", at="row")
        until(events, "paused")
    live = client.command("live")
    assert live["heaters"] == [1]
    assert not live["at_rest"]
    assert live["on"] == list(live["levels"])
    assert 0.0 < max(live["levels"].values()) <= 0.095
    assert len(live["closed"]) > WORDS
    client.command("resume")
    until(events, "ended")
    assert client.command("live")["levels"] == {}


def test_the_array_is_told_from_the_ledger(client, tmp_path):
    events = client.events()
    add(client, tmp_path, 2)
    client.command("queue_go")
    until(events, "ended")
    array = client.command("array")
    assert array["conducted"][2][1] is True
    assert array["conductance"][2][1] > 1e-6
    assert array["pulses"][2][1] >= 1
    assert array["conductance"][0][0] is None
    assert (len(array["pulses"]), len(array["pulses"][0])) == (WORDS, BITS)


def test_a_queue_is_held_when_somebody_must_look(client, running, tmp_path, monkeypatch):
    events = client.events()
    monkeypatch.setattr(running._bench, "make_safe", lambda: ["smu1 could not be confirmed to be off."])
    add(client, tmp_path, 0)
    add(client, tmp_path, 1)
    client.command("queue_go")
    until(events, "ended")
    until(events, "idle")
    assert client.command("queue")["held"]
    assert stands(client)[1] == (2, "waiting")
    monkeypatch.undo()


def test_a_saved_queue_waits_in_the_next_engine(bench_file, tmp_path):
    def opened():
        ready = threading.Event()
        found = Engine(bench_file, find)
        thread = threading.Thread(target=found.serve, args=(ready.set,))
        thread.start()
        assert ready.wait(20.0)
        return thread

    first = opened()
    with EngineClient(bench_file) as client:
        add(client, tmp_path, 1)
        client.command("quit")
    first.join(20.0)
    second = opened()
    with EngineClient(bench_file) as client:
        assert stands(client) == [(1, "waiting")]
        assert client.command("queue")["held"]
        client.command("quit")
    second.join(20.0)


def test_an_engine_that_is_left_alone_ends_when_all_is_done_and_not_before(bench_file, tmp_path):
    ready = threading.Event()
    found = Engine(bench_file, find)
    thread = threading.Thread(target=found.serve, args=(ready.set,))
    thread.start()
    assert ready.wait(20.0)
    with EngineClient(bench_file, hears=Hears.EVENTS) as client:
        for word in range(2):
            add(client, tmp_path, word)
        client.command("queue_go")
        client.command("end_when_done")
    thread.join(30.0)
    assert not thread.is_alive()
    runs = [read_run(folder) for folder in (tmp_path / "runs").iterdir()]
    assert [run.outcome for run in runs] == [Outcome.FINISHED] * 2
