"""Scripts that run on: suspended, polled to their end, aborted whatever they do."""

import time

import pytest
from pyvisa.errors import VisaIOError

from tests.sim.conftest import Smu

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
