"""Each message of a short run meets a fault in turn: outputs end off, the record says why, no pulse is given twice."""

import pytest
from pyvisa.constants import StatusCode

from labctl.core.errors import LabError
from labctl.record.outcome import Outcome
from labctl.record.reading import read_run
from labctl.run.session import run_on
from labctl.sim.visa_library import LabctlVisaLibrary
from procedures.forming import Forming
from tests.bench.watching import OBSERVER
from tests.faults.conftest import STRIDE
from tests.faults.lab import is_pulse, small_bench

FAULTS = ["lost", "unanswered", "late", "garbage", "no text", "truncated", "cut", "gone"]
"""What happens to a message or its answer:
the instrument never gets the message; it answers and the answer is lost; the answer comes after everybody gave up; the
answer is another text; is no text; is its first half; the connection is cut, and works again after a device clear; the
connection is gone for good."""
LEVELS_AND_OUTPUTS = [f"smu{letter}.source.{what}" for letter in "ab" for what in ("levelv", "output")]


class FaultyBus:
    """Stands in the way of one library's messages; fault number `at` (from 0) is `kind`."""

    def __init__(self, monkeypatch, kind="", at=-1):
        self.kind, self.at = kind, at
        self.written = []
        """Address and text of every message, in order."""
        self.world = None
        self._struck = None
        self._held = False
        self._patch(monkeypatch)

    def _patch(self, monkeypatch):
        bus = self
        open_bench, write, read = (
            LabctlVisaLibrary._open_bench,
            LabctlVisaLibrary.write,
            LabctlVisaLibrary.read,
        )
        clear = LabctlVisaLibrary.clear

        def opened(library):
            bus.world = open_bench(library)
            return bus.world

        def written(library, session, data):
            address = library._sessions[session].link.address
            number = len(bus.written)
            bus.written.append((address, data.decode().strip()))
            if number == bus.at:
                bus._struck, bus._held = address, True
                if bus.kind == "gone":
                    judge = OBSERVER.judge_of(bus.world)
                    judge.lost.add(judge.names[address])
            if bus._concerns(address):
                if bus.kind in ("cut", "gone"):
                    library._fail(session, StatusCode.error_connection_lost)
                if bus.kind == "lost" and number == bus.at:
                    return len(data), StatusCode.success
            return write(library, session, data)

        def answered(library, session, count):
            address = library._sessions[session].link.address
            if not bus._concerns(address):
                return read(library, session, count)
            if bus.kind in ("cut", "gone"):
                library._fail(session, StatusCode.error_connection_lost)
            if bus.kind == "lost":
                return read(library, session, count)
            answer, status = read(library, session, count)
            if bus.kind in ("unanswered", "late"):
                if (
                    bus.kind == "late"
                ):  # it waits in the instrument's output until somebody clears or reads on
                    library._sessions[session].link._fetched = answer
                    library._sessions[session].link._fetched_end = True
                opened, world = library._exchange(session, leap=False)
                library._time_out(session, world, world.clock.now() + opened.timeout_s)
            bus._held = False
            wrong = {
                "garbage": b"(nil)\n",
                "no text": b"\xff\xfe\x80\n",
                "truncated": answer[: len(answer) // 2],
            }
            return wrong[bus.kind], status

        def cleared(library, session):
            address = library._sessions[session].link.address
            if address == bus._struck and bus.kind == "gone":
                library._fail(session, StatusCode.error_connection_lost)
            if address == bus._struck:
                bus._held = False
            return clear(library, session)

        monkeypatch.setattr(LabctlVisaLibrary, "_open_bench", opened)
        monkeypatch.setattr(LabctlVisaLibrary, "write", written)
        monkeypatch.setattr(LabctlVisaLibrary, "read", answered)
        monkeypatch.setattr(LabctlVisaLibrary, "clear", cleared)

    def _concerns(self, address):
        return address == self._struck and (self._held or self.kind == "gone")

    def pulses(self, first=0):
        """Pulse messages from message number `first` on."""
        return [text for _, text in self.written[first:] if is_pulse(text)]

    def live_outputs(self, gone=""):
        """Sources of the true bench that are on or not at 0 V, asked of the instruments themselves."""
        live = []
        for address, device in self.world.instruments.items():
            if address == gone or not hasattr(device, "channels"):
                continue
            device.clear()
            device.receive(f"print({', '.join(LEVELS_AND_OUTPUTS)})\n".encode(), True)
            answer, _ = device.transmit(1000)
            if any(float(value) for value in answer.split()):
                live.append(f"{address}: {answer.decode()}")
        return live


def attempt(folder, monkeypatch, kind="", at=-1):
    """Form a cell with one fault on the bus; the bus and how the run ended, or why the bench did not open."""
    folder.mkdir()
    monkeypatch.setenv("LABCTL_SAMPLES", str(folder))
    bench = small_bench(folder)
    run = folder / "run"
    run.mkdir()
    with monkeypatch.context() as patch:
        bus = FaultyBus(patch, kind, at)
        try:
            return bus, run_on(bench, Forming(word=1, bit=1), run), run
        except LabError as error:
            return bus, error, run


@pytest.fixture(scope="module")
def length(tmp_path_factory):
    """Messages of a run without faults."""
    with pytest.MonkeyPatch.context() as patch:
        bus, ended, _ = attempt(tmp_path_factory.mktemp("length") / "lab", patch)
    assert ended.outcome is Outcome.FINISHED
    assert len(bus.pulses()) >= 2
    return len(bus.written)


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_at_any_message_leaves_outputs_off_and_a_reason(kind, offset, length, tmp_path, monkeypatch):
    first = (FAULTS.index(kind) + offset) % STRIDE  # every kind meets other messages of the sample
    for at in range(first, length, STRIDE):
        bus, ended, run = attempt(tmp_path / f"at {at}", monkeypatch, kind, at)
        where = f"{kind} at message {at} of {length}, {bus.written[at]}: {ended}"
        gone = bus._struck if kind == "gone" else ""
        assert bus.live_outputs(gone) == [], where
        assert bus.pulses(at + 1) == [] or _went_on(bus, at, ended), where
        if isinstance(ended, LabError):
            assert str(ended), where
            continue
        if ended.outcome is Outcome.FINISHED:
            assert kind != "gone" or ended.unconfirmed, where
            continue
        assert ended.outcome is Outcome.FAILED, where
        assert "Unexpected" not in ended.reason, where
        record = read_run(run)
        assert record.outcome is Outcome.FAILED, where
        assert record.end["reason"] == ended.reason != "", where
        if gone:
            assert any("could not be made safe" in sentence for sentence in ended.unconfirmed), where


def _went_on(bus, at, ended):
    """Whether the fault did no harm: nothing waited for an answer, and what was lost was not a pulse."""
    return (
        isinstance(ended, LabError) is False
        and ended.outcome is Outcome.FINISHED
        and not is_pulse(bus.written[at][1])
    )
