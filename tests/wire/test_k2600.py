"""Exact messages of the Keithley 2600B driver.

The words are those of the Series 2600B reference manual 2600BS-901-01; answers have the form that
`format.asciiprecision = 10` gives.
"""

import math
from contextlib import contextmanager

import pytest
from pymeasure.test import expected_protocol

from instruments.keithley.k2600 import Keithley2636B
from labctl.core.errors import InstrumentError, NotConfirmed, SettingOutOfRange

OPENING = ("errorqueue.clear() format.data = format.ASCII format.asciiprecision = 10", None)
SOURCE_OFF = (
    "smua.source.output = 0.0 smua.source.levelv = 0.0 smua.source.func = 1.0 smua.source.offmode = 0.0 "
    "smua.source.offfunc = 1.0 smua.source.offlimiti = 0.001 smua.sense = 0.0 print(smua.source.output, "
    "smua.source.levelv, smua.source.func, smua.source.offmode, smua.source.offfunc, smua.source.offlimiti, "
    "smua.sense, errorqueue.count)"
)
RANGES = (
    "smua.source.rangev = 0.8 smua.source.limiti = 1e-07 smua.measure.rangei = 1e-07 smua.measure.nplc = 1.0 "
    "print(smua.source.rangev, smua.source.limiti, smua.measure.rangei, smua.measure.nplc, errorqueue.count)"
)
PREPARE = [
    (SOURCE_OFF, "0.0e+00\t0.0e+00\t1.0e+00\t0.0e+00\t1.0e+00\t1.000000047e-03\t0.0e+00\t0.0e+00"),
    (RANGES, "2.000000000e+00\t1.000000012e-07\t1.000000012e-07\t1.000000000e+00\t0.000000000e+00"),
]


@contextmanager
def smu(*exchanges):
    with expected_protocol(Keithley2636B, [OPENING, *exchanges]) as driver:
        yield driver


def test_opening_clears_the_device_and_prints_ten_digits():
    with smu() as driver:
        driver.adapter.connection.clear.assert_called_once_with()


def test_prepare_confirms_everything_and_only_then_the_output_closes():
    closing = ("smua.source.output = 1.0 print(smua.source.output, errorqueue.count)", "1.0e+00\t0.0e+00")
    with smu(*PREPARE, closing) as driver:
        driver.channels["a"].prepare(largest_level=0.8, compliance=100e-9, nplc=1.0)
        driver.channels["a"].set_output(True)


def test_off_is_zero_first():
    message = (
        "smua.source.levelv = 0.0 smua.source.output = 0.0 print(smua.source.levelv, smua.source.output, "
        "errorqueue.count)"
    )
    with smu((message, "0.0e+00\t0.0e+00\t0.0e+00")) as driver:
        driver.channels["a"].set_output(False)


def test_the_output_stays_off_before_prepare():
    with smu() as driver, pytest.raises(NotConfirmed, match="output stays off"):
        driver.channels["a"].set_output(True)


def test_another_compliance_read_back_is_not_confirmed():
    first, (message, answer) = PREPARE
    with smu(first, (message, answer.replace("1.000000012e-07\t1.0", "1.000000000e-06\t1.0", 1))) as driver:
        channel = driver.channels["a"]
        with pytest.raises(NotConfirmed, match="100 nA"):
            channel.prepare(largest_level=0.8, compliance=100e-9, nplc=1.0)
        with pytest.raises(NotConfirmed):
            channel.set_output(True)


def test_a_compliance_that_the_model_cannot_take_sends_nothing_of_it():
    with smu(PREPARE[0]) as driver, pytest.raises(SettingOutOfRange, match="1 pA, allowed 100 pA to 1.5 A"):
        driver.channels["a"].prepare(largest_level=0.8, compliance=1e-12, nplc=1.0)


def test_a_level_beyond_the_prepared_one_is_refused():
    with smu(*PREPARE) as driver:
        driver.channels["a"].prepare(largest_level=0.8, compliance=100e-9, nplc=1.0)
        with pytest.raises(SettingOutOfRange, match="prepared for at most 800 mV"):
            driver.channels["a"].set_level(-0.9)


def test_a_level_goes_out_in_full_precision():
    message = "smub.source.levelv = 1.23456789e-05 print(smub.source.levelv, errorqueue.count)"
    with smu((message, "1.234567890e-05\t0.0e+00")) as driver:
        driver.channels["b"].set_level(1.23456789e-5)


def test_a_pulse_is_one_message_that_returns_in_reverse_order():
    message = (
        "smua.source.levelv = 0.5 smub.source.levelv = 1.0 delay(0.0002) smub.source.levelv = 0.0 "
        "smua.source.levelv = 0.0 print(smub.source.levelv, smua.source.levelv, errorqueue.count)"
    )
    with smu((message, "0.0e+00\t0.0e+00\t0.0e+00")) as driver:
        driver.pulse({"a": 0.5, "b": 1.0}, 200e-6)


def test_a_pulse_can_space_its_steps():
    message = (
        "smua.source.levelv = 0.5 delay(0.0001) smub.source.levelv = 1.0 delay(0.0002) smub.source.levelv = 0.0 "
        "delay(0.0001) smua.source.levelv = 0.0 print(smub.source.levelv, smua.source.levelv, errorqueue.count)"
    )
    with smu((message, "0.0e+00\t0.0e+00\t0.0e+00")) as driver:
        driver.pulse({"a": 0.5, "b": 1.0}, 200e-6, spacing=100e-6)


def test_a_pulse_can_rest_above_zero():
    up_and_down = "smub.source.levelv = 0.9 delay(0.001) smub.source.levelv = 0.3"
    message = f"{up_and_down} print(smub.source.levelv, errorqueue.count)"
    with smu((message, "3.000000119e-01\t0.0e+00")) as driver:
        driver.pulse({"b": 0.9}, 1e-3, rest={"b": 0.3})


def test_a_pulse_too_short_for_the_instrument_is_refused():
    with smu() as driver, pytest.raises(SettingOutOfRange, match="20 us, allowed 100 us"):
        driver.pulse({"a": 0.5}, 20e-6)


def test_a_sample_is_one_message():
    with smu(
        ("print(smua.measure.i(), smua.source.compliance)", "-1.500000000e-06\tfalse"),
        ("smua.source.levelv = 0.1 print(smua.measure.i(), smua.source.compliance)", "1.000000000e-04\ttrue"),
        ("print(smua.measure.i(), smua.source.compliance)", "9.910000000e+37\tfalse"),
        ("print(smua.measure.i())", "2.500000000e-09"),
        ("print(smua.measure.iv())", "2.500000000e-09\t1.000000000e-01"),
    ) as driver:
        channel = driver.channels["a"]
        assert channel.sample() == (-1.5e-6, False)
        assert channel.source_and_sample(0.1) == (1e-4, True)
        assert channel.sample() == (math.inf, True)
        assert channel.measure_current() == 2.5e-9
        assert channel.measure() == (0.1, 2.5e-9)


def test_a_visit_comes_back_to_zero_in_the_same_message():
    message = (
        "smub.source.levelv = 0.05 local current, limited = smub.measure.i(), smub.source.compliance "
        "smub.source.levelv = 0.0 print(current, limited)"
    )
    with smu((message, "4.200000000e-06\tfalse")) as driver:
        assert driver.channels["b"].visit(0.05) == (4.2e-6, False)


def test_what_a_relay_would_switch_is_asked_in_one_message():
    message = (
        "print(smua.source.output ~= 0 and smua.source.levelv or 0, "
        "smua.source.output ~= 0 and smua.measure.i() or 0)"
    )
    with smu((message, "1.000000000e-03\t2.000000000e-09"), (message, "0.0e+00\t0.0e+00")) as driver:
        assert driver.channels["a"].residue() == (1e-3, 2e-9)
        assert driver.channels["a"].residue() == (0.0, 0.0)


def test_errors_come_in_words():
    with smu(
        ("print(smua.source.level)", "nil"),
        ("print(errorqueue.next())", "-2.860000000e+02\tTSP Runtime Error\t2.0e+01\t1.0e+00"),
        ("print(errorqueue.next())", "0.000000000e+00\tQueue Is Empty\t0.0e+00\t0.0e+00"),
    ) as driver:
        with pytest.raises(InstrumentError, match="'nil' where a number"):
            driver.ask_numbers("smua.source.level")
        assert driver.errors() == ["-286: TSP Runtime Error"]


def test_a_level_the_instrument_complains_about_raises_in_its_words():
    with (
        smu(
            ("smua.source.levelv = 5.0 print(smua.source.levelv, errorqueue.count)", "0.0e+00\t1.0e+00"),
            ("print(errorqueue.next())", "5.007000000e+03\tOperation would exceed range\t2.0e+01\t1.0e+00"),
            ("print(errorqueue.next())", "0.000000000e+00\tQueue Is Empty\t0.0e+00\t0.0e+00"),
        ) as driver,
        pytest.raises(InstrumentError, match="5007: Operation would exceed range"),
    ):
        driver.channels["a"].set_level(5.0)


def test_digital_lines_are_written_and_read_back():
    with smu(
        ("digio.writebit(3, 1) print(digio.readbit(3), errorqueue.count)", "1.0e+00\t0.0e+00"),
        ("digio.writebit(3, 1) print(digio.readbit(3), errorqueue.count)", "0.0e+00\t0.0e+00"),
        ("print(digio.readbit(14))", "1.0e+00"),
    ) as driver:
        driver.write_digital(3, True)
        with pytest.raises(NotConfirmed, match="line 3 was set high and reads low"):
            driver.write_digital(3, True)
        assert driver.read_digital(14)
        with pytest.raises(SettingOutOfRange):
            driver.write_digital(15, True)


SAFE = (
    "smua.source.levelv = 0 smua.source.leveli = 0 smua.source.output = 0 smub.source.levelv = 0 "
    "smub.source.leveli = 0 smub.source.output = 0 print(smua.source.levelv, smua.source.leveli, "
    "smua.source.output, smub.source.levelv, smub.source.leveli, smub.source.output)"
)


def test_make_safe_aborts_zeroes_switches_off_and_forgets_what_was_prepared():
    zeros = "\t".join(["0.0e+00"] * 6)
    with smu(*PREPARE, ("abort", None), (SAFE, zeros)) as driver:
        driver.channels["a"].prepare(largest_level=0.8, compliance=100e-9, nplc=1.0)
        driver.make_safe()
        with pytest.raises(NotConfirmed):
            driver.channels["a"].set_output(True)


def test_make_safe_says_which_output_did_not_go_off():
    stuck = "\t".join(["0.0e+00"] * 5 + ["1.0e+00"])
    with (
        smu(("abort", None), (SAFE, stuck)) as driver,
        pytest.raises(NotConfirmed, match="smub.source.output"),
    ):
        driver.make_safe()
