"""Scripts that run on: suspended, polled to their end, aborted whatever they do."""

import gc
import time
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest
import pyvisa
from pyvisa.errors import VisaIOError

from labctl.core.errors import RouteRefused
from labctl.sim.keithley2600 import Keithley2636B
from labctl.sim.lakeshore336 import LakeShore336
from labctl.sim.visa_library import LabctlVisaLibrary
from tests.sim.conftest import SMU_ADDRESS, Smu
from tests.sim.fakes import FakeClock, FakeDigital, FakeNoise, FakeStage, ResistorTerminal

ENDLESS = {
    "plain": "while true do end",
    "pcall": "while true do pcall(function() while true do end end) end",
    "xpcall": "while true do xpcall(function() while true do end end, function() while true do end end) end",
    "leaves in pcall": "while true do pcall(smua.measure.i) end",
    "errors in pcall": "while true do pcall(error, 'x') end",
    "delays": "while true do delay(0.01) end",
    "metamethods": "local t = setmetatable({}, {__index = function(t, k) while true do end end}) print(t.x)",
    "sort": "while true do pcall(table.sort, {3, 1, 2}, function(a, b) while true do end end) end",
    "handler": "xpcall(error, function() while true do end end)",
}


@pytest.mark.parametrize("script", ENDLESS.values(), ids=ENDLESS.keys())
def test_device_clear_ends_any_script_within_100_ms(smu: Smu, script: str) -> None:
    smu.visa.write(script)
    begin = time.perf_counter()
    smu.visa.clear()
    assert time.perf_counter() - begin < 0.1
    assert smu.ask("print('alive')") == "alive"
    assert smu.errors() == []


@pytest.mark.parametrize("script", ENDLESS.values(), ids=ENDLESS.keys())
def test_abort_ends_any_script_and_leaves_the_output_on(smu: Smu, script: str) -> None:
    smu.visa.write("smua.source.output = 1")
    smu.visa.write(script)
    smu.visa.write("abort")
    assert smu.ask("print(smua.source.output)") == "1.00000e+00"


def test_a_write_returns_while_the_script_goes_on(smu: Smu) -> None:
    smu.visa.write("delay(20) print('done')")
    assert smu.clock.now() < 1.0
    while not smu.visa.stb & 16:
        pass
    assert smu.clock.now() == pytest.approx(20.0)
    assert smu.visa.read() == "done\n"


def test_an_answer_later_than_the_time_out_comes_to_a_later_read(smu: Smu) -> None:
    smu.visa.timeout = 2000
    smu.visa.write("delay(10) print('late')")
    with pytest.raises(VisaIOError, match="VI_ERROR_TMO"):
        smu.visa.read()
    assert 2.0 <= smu.clock.now() < 4.0
    smu.visa.timeout = 20_000
    assert smu.visa.read() == "late\n"
    assert smu.clock.now() == pytest.approx(10.0)


def test_a_read_of_an_endless_loop_times_out_at_once(smu: Smu) -> None:
    smu.visa.timeout = 2000
    smu.visa.write("while true do end")
    begin = time.perf_counter()
    with pytest.raises(VisaIOError, match="VI_ERROR_TMO"):
        smu.visa.read()
    assert time.perf_counter() - begin < 0.5  # bounded by slices: some 20 ms where nothing else runs
    assert smu.clock.now() == pytest.approx(2.0)
    smu.visa.clear()


def test_messages_wait_for_the_script_before_them(smu: Smu) -> None:
    smu.visa.write("x = 1 for i = 1, 1e6 do x = x + 1 end print('first')")
    smu.visa.write("print('second')")
    assert (smu.visa.read(), smu.visa.read()) == ("first\n", "second\n")


def test_waiting_messages_go_with_the_aborted_script(smu: Smu) -> None:
    smu.visa.write("while true do end")
    smu.visa.write("print('never')")
    smu.visa.clear()
    assert smu.ask("print('new')") == "new"


def test_work_goes_on_while_another_instrument_is_talked_to(smu: Smu) -> None:
    library = LabctlVisaLibrary.serving(
        {SMU_ADDRESS: smu.instrument, "GPIB0::12::INSTR": LakeShore336("L", FakeStage(), smu.clock)},
        smu.clock,
        latency=0.01,
    )
    manager = pyvisa.ResourceManager(library)
    working, other = manager.open_resource(SMU_ADDRESS), manager.open_resource("GPIB0::12::INSTR")
    working.write("smua.source.output = 1 smua.source.levelv = 0.1 delay(1) smua.source.levelv = 0")
    begin = smu.clock.now()
    other.query("KRDG? A")
    assert smu.clock.now() - begin == pytest.approx(0.02), "the delay did not leap"
    while smu.terminals[0].source.level:
        other.query("KRDG? A")
    (up, high), (down, low) = [(when, source.level) for when, source in smu.terminals[0].history[-2:]]
    assert (high, low) == (0.1, 0.0)
    assert down - up == pytest.approx(1.0, abs=0.021)
    manager.close()


def test_a_delay_is_over_when_the_bench_waited_meanwhile(smu: Smu) -> None:
    smu.visa.write("delay(5) print('over')")
    smu.clock.wait(10.0)
    assert smu.visa.read() == "over\n"
    assert smu.clock.now() < 10.5


def test_slices_are_the_same_every_time(smu: Smu) -> None:
    """Interleaving must not depend on how fast the computer is."""
    counts = []
    for _ in range(2):
        smu.visa.write("for i = 1, 3e6 do end print('end')")
        polls = 0
        while not smu.visa.stb & 16:
            polls += 1
        counts.append(polls)
        smu.visa.read()
    assert abs(counts[0] - counts[1]) <= 1
    assert counts[0] > 3


def test_a_fault_of_the_bench_reaches_the_program_and_leaves_the_node_usable(
    smu: Smu, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fault() -> None:
        raise RouteRefused("Two sources on one line: smu1.a and smu1.b.")

    monkeypatch.setattr(smu.terminals[0], "sense", fault)
    with pytest.raises(RouteRefused, match="Two sources"):
        smu.visa.write("print(smua.measure.v())")
    assert smu.ask("print(smub.measure.v())") == "0.00000e+00"


def test_another_thread_may_talk_only_when_no_script_is_under_way(smu: Smu) -> None:
    with ThreadPoolExecutor(1) as other:
        assert other.submit(smu.ask, "print('there')").result() == "there"
        assert smu.ask("print('back')") == "back"
        smu.visa.write("while true do end")
        with pytest.raises(RuntimeError, match="one thread owns the instruments"):
            other.submit(smu.visa.clear).result()
    smu.visa.clear()


def test_an_instrument_that_is_dropped_leaves_nothing_behind() -> None:
    clock = FakeClock()
    terminals = ResistorTerminal(clock), ResistorTerminal(clock)
    virtual = Keithley2636B("4000001", terminals, FakeDigital(), FakeNoise(), clock)
    virtual.receive(b"print(smua.measure.i()) delay(1)\n", True)
    while virtual.proceed():
        pass
    assert virtual.transmit(100)[1]
    gone = weakref.ref(virtual)
    del virtual
    gc.collect()
    assert gone() is None
