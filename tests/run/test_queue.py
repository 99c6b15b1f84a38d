"""The queue by itself: order, what may be changed, what outlives the program."""

import json

import pytest

from labctl.core.errors import PlanError
from labctl.run.queue import ENDED_KEPT, RunQueue, Status


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state" / "bench.queue"


@pytest.fixture
def queue(path):
    found = RunQueue(path)
    for word in "012":
        found.add("forming", {"word": word, "bit": "1"}, "runs")
    return found


def waiting(queue):
    return [item.settings["word"] for item in queue.items if item.status is Status.WAITING]


def test_nothing_begins_before_somebody_says_so(queue):
    assert queue.is_held
    assert queue.take() is None
    queue.go()
    assert queue.take().settings["word"] == "0"
    assert waiting(queue) == ["1", "2"]


def test_waiting_items_move_among_themselves_and_stop_at_the_ends(queue):
    queue.move(3, -1)
    assert waiting(queue) == ["0", "2", "1"]
    queue.move(3, -5)
    assert waiting(queue) == ["2", "0", "1"]
    queue.move(3, 9)
    assert waiting(queue) == ["0", "1", "2"]


def test_the_running_item_is_neither_moved_nor_removed_and_stands_before_those_that_wait(queue):
    queue.go()
    number = queue.take().number
    with pytest.raises(PlanError, match="runs: stop or abort it first"):
        queue.remove(number)
    with pytest.raises(PlanError, match="only waiting items move"):
        queue.move(number, 1)
    queue.move(3, -5)
    assert [item.number for item in queue.items] == [1, 3, 2]


def test_a_duplicate_is_a_new_item_with_the_same_parameters(queue):
    twin = queue.duplicate(2)
    assert (twin.number, twin.settings, twin.status) == (4, {"word": "1", "bit": "1"}, Status.WAITING)


def test_clear_takes_out_only_what_is_over(queue):
    queue.go()
    queue.change(queue.take().number, status=Status.FAILED, reason="It broke.")
    queue.take()
    queue.clear()
    assert [item.number for item in queue.items] == [2, 3]


def test_a_new_program_finds_what_waited_held_and_what_ran_killed(queue, path):
    queue.go()
    queue.take()
    again = RunQueue(path)
    assert again.is_held
    assert waiting(again) == ["1", "2"]
    assert again.item(1).status is Status.KILLED
    assert "in the middle of this run" in again.item(1).reason


def test_a_damaged_file_is_put_aside_and_told(queue, path):
    path.write_text("{half", encoding="utf-8")
    again = RunQueue(path)
    assert again.items == []
    assert "put aside" in again.trouble
    assert path.with_suffix(".damaged").read_text(encoding="utf-8") == "{half"


def test_what_is_kept_of_the_past_is_bounded(path):
    queue = RunQueue(path)
    queue.go()
    for _ in range(ENDED_KEPT + 5):
        queue.add("forming", {}, "runs")
        queue.change(queue.take().number, status=Status.FINISHED)
    kept = [item.number for item in queue.items]
    assert kept == list(range(6, ENDED_KEPT + 6))
    assert len(json.loads(path.read_text(encoding="utf-8"))["items"]) == ENDED_KEPT


def test_an_item_that_is_not_there_is_told(queue):
    with pytest.raises(PlanError, match="no item 9"):
        queue.remove(9)


def test_each_change_is_told(path):
    told = []
    queue = RunQueue(path, lambda: told.append(len(queue.items)))
    queue.add("forming", {}, "runs")
    queue.go()
    queue.go()
    queue.take()
    assert told == [1, 1, 1]
