"""What the VISA door does when a bus misbehaves: messages go out once, only reading is tried again."""

import pytest
from pyvisa.constants import StatusCode
from pyvisa.errors import VisaIOError

from labctl.core.errors import InstrumentError, LinkLost
from labctl.driver.door import PATIENCE, Driver
from labctl.driver.tsp import TspInstrument

LATE = VisaIOError(StatusCode.error_timeout)
GONE = VisaIOError(StatusCode.error_connection_lost)


class Bus:
    """An adapter whose reads are scripted: text to answer, or an exception to raise; each read takes 0.1 s."""

    def __init__(self, *reads, after_clear=()):
        self.after_clear = after_clear
        self.reads, self.written, self.clears, self.time = list(reads), [], 0, 0.0
        self.connection = self

    def write(self, message):
        self.written.append(message)

    def read(self):
        self.time += 0.1
        answer = self.reads.pop(0) if self.reads else LATE
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def clear(self):
        self.clears += 1
        if self.written:
            self.reads = list(self.after_clear)

    def now(self):
        return self.time

    def wait(self, seconds):
        self.time += seconds

    def close(self):
        self.closed = True


class Thing(Driver):
    model = "Thing"


class Script(TspInstrument):
    model = "Script"


def test_a_late_answer_is_polled_for_and_the_question_is_not_repeated():
    bus = Bus(LATE, LATE, "42")
    assert Thing(bus, clock=bus).query("meaning?") == "42"
    assert bus.written == ["meaning?"]


def test_silence_ends_in_link_lost_after_the_patience_of_the_bench_clock():
    bus = Bus()
    with pytest.raises(LinkLost, match="its state is unknown"):
        Thing(bus, clock=bus).query("pulse", takes=3.0)
    assert bus.written == ["pulse"]
    assert bus.clears == 1
    assert PATIENCE + 3.0 <= bus.time < PATIENCE + 3.5


def test_a_lost_connection_is_link_lost_at_once():
    bus = Bus(GONE)
    with pytest.raises(LinkLost, match="broke off"):
        Thing(bus, clock=bus).query("*IDN?")
    assert bus.time < 1.0


def test_after_an_interrupt_the_stale_answer_is_cleared_before_the_next_message():
    bus = Bus(KeyboardInterrupt(), "of the first question", after_clear=["of the next question"])
    thing = Thing(bus, clock=bus)
    with pytest.raises(KeyboardInterrupt):
        thing.query("first?")
    assert thing.query("second?") == "of the next question"
    assert bus.clears == 1


def test_bytes_that_are_no_text_name_the_instrument():
    bus = Bus(UnicodeDecodeError("ascii", b"\xff", 0, 1, "no text"))
    with pytest.raises(InstrumentError, match="stage .Thing. answered with bytes"):
        Thing(bus, clock=bus, name="stage").query("KRDG? A")


def test_a_script_that_fails_is_told_from_the_error_queue():
    bus = Bus(after_clear=["-2.86e+02\tattempt to index field 'x'\t2.0e+01\t1.0e+00"])
    script = Script(bus, clock=bus)
    with pytest.raises(InstrumentError, match="refuses 'print.x.y.': attempt to index"):
        script.ask("x.y")


def test_a_dead_script_instrument_is_link_lost():
    bus = Bus()
    with pytest.raises(LinkLost):
        Script(bus, clock=bus).ask("1")


def test_messages_are_counted():
    bus = Bus("1", "2")
    thing = Thing(bus, clock=bus)
    thing.query("a?")
    thing.send("b")
    assert thing.messages == 2
