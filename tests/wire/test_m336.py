"""Exact messages of the Lake Shore 336 driver, the forms QCoDeS' driver sends (`SETP 1,310.0`, `KRDG? A`)."""

from contextlib import contextmanager

import pytest
from pymeasure.test import expected_protocol

from instruments.lakeshore.m336 import LakeShore336
from labctl.core.errors import InstrumentError, NotConfirmed, SettingOutOfRange


@contextmanager
def stage(*exchanges):
    with expected_protocol(LakeShore336, list(exchanges)) as driver:
        yield driver


def test_a_setpoint_closes_the_loop_and_is_read_back():
    with stage(
        ("OUTMODE 1,1,1,0", None),
        ("SETP 1,313.25", None),
        ("SETP? 1", "+313.250"),
        ("RANGE 1,2", None),
        ("RANGE? 1", "2"),
    ) as driver:
        driver.set_setpoint(313.25)


def test_another_setpoint_read_back_is_not_confirmed_and_the_heater_stays_off():
    with (
        stage(("OUTMODE 1,1,1,0", None), ("SETP 1,313.0", None), ("SETP? 1", "+300.000")) as driver,
        pytest.raises(NotConfirmed, match="313 K, but the instrument answers 300 K"),
    ):
        driver.set_setpoint(313.0)


def test_a_setpoint_for_no_stage_is_refused():
    with stage() as driver, pytest.raises(SettingOutOfRange, match="500 K, allowed 250 K to 400 K"):
        driver.set_setpoint(500.0)


def test_temperature_is_read_after_its_status():
    with stage(("RDGST? A", "000"), ("KRDG? A", "+313.012")) as driver:
        assert driver.temperature() == 313.012


def test_a_broken_thermometer_is_told_in_words():
    with stage(("RDGST? A", "128")) as driver, pytest.raises(InstrumentError, match="sensor overrange"):
        driver.temperature()


def test_errors_are_bits_of_the_event_register_in_words():
    with stage(("*ESR?", "48"), ("*ESR?", "0")) as driver:
        assert [text.split(":")[0] for text in driver.errors()] == ["execution error", "command error"]
        assert driver.errors() == []


def test_make_safe_switches_the_heater_off():
    with stage(("RANGE 1,0", None), ("RANGE? 1", "0")) as driver:
        driver.make_safe()
    with stage(("RANGE 1,0", None), ("RANGE? 1", "2")) as driver, pytest.raises(NotConfirmed):
        driver.make_safe()
