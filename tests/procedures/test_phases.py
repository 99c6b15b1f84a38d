"""One progress through several phases: it never goes back, has one total, and ends with it."""

from labctl.core.rows import Progress, Verdict
from procedures.phases import Phases


def counting(total, *, result=Verdict.DONE, closed=None):
    try:
        for done in range(total + 1):
            yield Progress(done, total, f"{done} of its own")
            yield done
    finally:
        if closed is not None:
            closed.append(True)
    return result


def job(whole, results):
    results.append((yield from whole.count(30, counting(3), "first")))
    results.append((yield from whole.count(10, counting(0))))
    results.append((yield from whole.count(60, counting(600, result=Verdict.PARTLY))))


def test_the_whole_is_counted_through():
    results = []
    told = [each for each in job(Phases(100), results) if isinstance(each, Progress)]
    assert {each.total for each in told} == {100}
    done = [each.done for each in told]
    assert done == sorted(done)
    assert done[:4] == [0, 10, 20, 30]
    assert done[-1] == 100
    assert told[1].doing == "first: 1 of its own"
    assert told[-1].doing == "600 of its own"
    assert results == [Verdict.DONE, Verdict.DONE, Verdict.PARTLY]


def test_what_is_not_progress_passes():
    assert [each for each in Phases(9).count(9, counting(2)) if not isinstance(each, Progress)] == [0, 1, 2]


def test_a_phase_that_is_left_is_closed():
    closed = []
    phase = Phases(9).count(9, counting(2, closed=closed))
    next(phase)
    phase.close()
    assert closed == [True]
