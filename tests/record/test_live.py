"""A live run, followed by its journal from elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from labctl.record.following import LiveRun, follow
from tests.record.rows import Reading, begun


class Between:
    """A clock that lets something happen at each wait."""

    def __init__(self, *happenings: Callable[[], object]) -> None:
        self._left = list(happenings)

    def now(self) -> float:
        return 0.0

    def wait(self, seconds: float) -> None:
        self._left.pop(0)()


def test_each_look_gives_what_was_added_since(tmp_path: Path) -> None:
    record = begun(tmp_path)
    seen = []
    clock = Between(
        lambda: record.row(Reading(1)),
        lambda: None,
        lambda: [record.row(Reading(number)) for number in (2, 3)],
        lambda: record.end({"outcome": "finished"}),
    )
    for live in follow(tmp_path, clock):
        seen.append((live.counts.get("Reading", 0), live.last.get("Reading", {}).get("number"), live.is_over))
    assert seen == [(0, None, False), (1, 1, False), (3, 3, False), (3, 3, True)]


def test_a_line_that_is_being_written_is_waited_for(tmp_path: Path) -> None:
    record = begun(tmp_path)
    record.row(Reading(1))
    record.end({"outcome": "finished"})
    whole = (tmp_path / "journal.jsonl").read_bytes()
    (tmp_path / "live").mkdir()
    journal = tmp_path / "live" / "journal.jsonl"
    cut = whole.index(b'"line":"row"') + 5
    journal.write_bytes(whole[:cut])
    live = LiveRun(tmp_path / "live")
    assert live.update()
    assert live.counts == {}
    assert not live.update()
    journal.write_bytes(whole)
    assert live.update()
    assert live.counts == {"Reading": 1}
    assert live.is_over
