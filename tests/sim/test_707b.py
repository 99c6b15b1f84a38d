"""The virtual 707B over plain PyVISA: specifiers, rules, errors, settling."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import pyvisa

from labctl.sim.keithley707 import Keithley707B
from labctl.sim.visa_library import LabctlVisaLibrary
from tests.sim.fakes import FakeClock, FakeMatrix


@dataclass
class Matrix:
    visa: Any
    port: FakeMatrix
    clock: FakeClock

    def ask(self, command: str) -> str:
        return str(self.visa.query(command)).removesuffix("\n")

    def error(self) -> tuple[int, str]:
        code, text, *_ = self.ask("print(errorqueue.next())").split("\t")
        return int(float(code)), text

    def took(self, command: str) -> float:
        begin = self.clock.now()
        self.visa.write(command)
        self.ask("*OPC?")
        return self.clock.now() - begin


@pytest.fixture
def matrix() -> Iterator[Matrix]:
    clock, port = FakeClock(), FakeMatrix()
    instrument = Keithley707B("1200001", port, clock)
    manager = pyvisa.ResourceManager(LabctlVisaLibrary.serving({"GPIB0::16::INSTR": instrument}, clock))
    yield Matrix(manager.open_resource("GPIB0::16::INSTR"), port, clock)
    manager.close()


def test_numbers_have_ten_digits(matrix: Matrix) -> None:
    assert matrix.ask("print(1)") == "1.000000000e+00"


def test_close_adds_and_reports_in_slot_order(matrix: Matrix) -> None:
    assert matrix.ask('print(channel.getclose("allslots"))') == "nil"
    matrix.visa.write('channel.close("6H12,1B04;1A03")')
    assert matrix.ask('print(channel.getclose("allslots"))') == "1A03;1B04;6H12"
    assert matrix.port.states[-1] == {("A", 3), ("B", 4), ("H", 72)}
    matrix.visa.write('channel.close("1a01:1a02")')
    assert matrix.ask('print(channel.getclose("slot1"))') == "1A01;1A02;1A03;1B04"
    assert matrix.ask('print(channel.getstate("1A02,1A04"))') == "1,0"
    matrix.visa.write('channel.open("1A03")')
    assert matrix.ask('print(channel.getclose("1A03"))') == "nil"


@pytest.mark.parametrize("bad", ["7A03", "1J03", "1A13", "1A00", "1A3", "", "allslots", "slot2", "1A05:1A02"])
def test_an_error_in_a_list_closes_nothing(matrix: Matrix, bad: str) -> None:
    moves = len(matrix.port.states)
    matrix.visa.write(f'channel.close("1A01,{bad}")')
    assert matrix.error()[0] == -222
    assert matrix.ask('print(channel.getclose("allslots"))') == "nil"
    assert len(matrix.port.states) == moves


def test_exclusive_close_breaks_before_it_makes(matrix: Matrix) -> None:
    matrix.visa.write('channel.close("1A01,2B01")')
    assert matrix.took('channel.exclusiveclose("1A02")') == pytest.approx(8e-3)
    assert matrix.port.states[-2:] == [frozenset(), {("A", 2)}]
    matrix.visa.write("channel.connectrule = channel.MAKE_BEFORE_BREAK")
    matrix.visa.write('channel.exclusiveclose("1A03")')
    assert matrix.port.states[-2:] == [{("A", 2), ("A", 3)}, {("A", 3)}]
    matrix.visa.write("channel.connectrule = channel.OFF")
    assert matrix.took('channel.exclusiveclose("1A04")') == pytest.approx(4e-3)


def test_exclusive_slot_close_leaves_other_slots(matrix: Matrix) -> None:
    matrix.visa.write('channel.close("1A01,2B01")')
    matrix.visa.write('channel.exclusiveslotclose("1A02")')
    assert matrix.ask('print(channel.getclose("allslots"))') == "1A02;2B01"


def test_settling_delay_and_sequence_are_paid_inside_the_call(matrix: Matrix) -> None:
    assert matrix.took('channel.close("1A01,1A02,1A03")') == pytest.approx(4e-3)
    matrix.visa.write("channel.connectsequential = channel.ON")
    assert matrix.took('channel.close("1B01,1B02,1B03")') == pytest.approx(12e-3)
    matrix.visa.write('channel.setdelay("1C01", 0.5)')
    assert matrix.took('channel.close("1C01")') == pytest.approx(0.504)
    assert matrix.ask('print(channel.getdelay("1C01"))') == "5.000000000e-01"
    assert matrix.took('channel.close("1C01")') == 0.0


def test_counts_closures_and_forbids(matrix: Matrix) -> None:
    for _ in range(3):
        matrix.visa.write('channel.close("1A01")')
        matrix.visa.write('channel.open("allslots")')
    assert matrix.ask('print(channel.getcount("1A01,1A02"))') == "3,0"
    matrix.visa.write('channel.setforbidden("1A02")')
    matrix.visa.write('channel.close("1A01,1A02")')
    assert matrix.error()[0] == -221
    assert matrix.ask('print(channel.getclose("allslots"))') == "nil"


def test_reset_opens_everything(matrix: Matrix) -> None:
    matrix.visa.write('channel.close("3C07")')
    matrix.visa.write("reset()")
    assert matrix.port.states[-1] == frozenset()


def test_tells_its_cards(matrix: Matrix) -> None:
    assert matrix.ask("*IDN?").split(", ")[1] == "Model 707B"
    assert matrix.ask("print(slot[6].idn)").startswith("7174A,8x12")
    assert matrix.ask("*OPC?") == "1"
