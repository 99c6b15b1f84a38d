"""The virtual Lake Shore 336 over plain PyVISA."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import pyvisa
from pyvisa.errors import VisaIOError

from labctl.sim.lakeshore336 import LakeShore336
from labctl.sim.scpi import header_pattern, split_units
from labctl.sim.visa_library import LabctlVisaLibrary
from tests.sim.fakes import FakeClock, FakeStage


@dataclass
class Controller:
    visa: Any
    stage: FakeStage
    clock: FakeClock

    def ask(self, command: str) -> str:
        return str(self.visa.query(command))


@pytest.fixture
def controller() -> Iterator[Controller]:
    clock, stage = FakeClock(), FakeStage()
    library = LabctlVisaLibrary.serving({"GPIB0::12::INSTR": LakeShore336("LSA1234", stage, clock)}, clock)
    manager = pyvisa.ResourceManager(library)
    visa = manager.open_resource("GPIB0::12::INSTR", read_termination="\r\n", write_termination="\r\n")
    yield Controller(visa, stage, clock)
    manager.close()


def test_answers_end_with_cr_lf(controller: Controller) -> None:
    controller.visa.write("*IDN?")
    assert controller.visa.read_raw() == b"LSCI,MODEL336,LSA1234/LSA1234,1.0\r\n"


def test_heats_only_in_closed_loop_with_a_range(controller: Controller) -> None:
    controller.visa.write("SETP 1,313.25")
    assert controller.stage.orders[-1] == (313.25, False)
    controller.visa.write("OUTMODE 1,1,1,0")
    controller.visa.write("RANGE 1,2")
    assert controller.stage.orders[-1] == (313.25, True)
    assert controller.ask("SETP? 1") == "+313.250"
    assert controller.ask("KRDG? A") == "+313.250"
    assert controller.ask("OUTMODE? 1") == "1,1,0"
    controller.visa.write("RANGE 1,0")
    assert controller.stage.orders[-1][1] is False
    assert controller.ask("HTR? 1") == "+000.0"


def test_an_input_without_sensor_says_so(controller: Controller) -> None:
    assert (controller.ask("RDGST? A"), controller.ask("RDGST? B")) == ("000", "064")
    assert controller.ask("KRDG? B") == "+000.000"


def test_commands_chain_and_any_case_will_do(controller: Controller) -> None:
    assert controller.ask("setp 1, 300;setp? 1;range? 1") == "+300.000;0"


def test_unknown_and_wrong_commands_set_event_bits_and_give_no_answer(controller: Controller) -> None:
    controller.visa.timeout = 1000
    begin = controller.clock.now()
    with pytest.raises(VisaIOError, match="VI_ERROR_TMO"):
        controller.ask("NONSENSE?")
    assert controller.clock.now() - begin == pytest.approx(1.0)
    assert controller.ask("*ESR?") == "32"
    for wrong in ("SETP 1,cold", "SETP 1,-4", "RANGE 9,1", "SETP 1", "RANGE 1,1.5"):
        controller.visa.write(wrong)
        assert controller.ask("*ESR?") == "16", wrong


def test_a_ramp_moves_the_setpoint_with_the_clock(controller: Controller) -> None:
    for command in ("OUTMODE 1,1,1,0", "SETP 1,300", "RANGE 1,1", "RAMP 1,1,6", "SETP 1,303"):
        controller.visa.write(command)
    assert controller.ask("RAMPST? 1") == "1"
    controller.clock.wait(10.0)
    assert controller.ask("SETP? 1") == "+301.000"
    controller.clock.wait(60.0)
    assert (controller.ask("RAMPST? 1"), controller.stage.orders[-1]) == ("0", (303.0, True))


@pytest.mark.parametrize(
    ("header", "text", "fits"),
    [
        ("SOURce:VOLTage?", ":sour:volt?", True),
        ("SOURce:VOLTage?", "SOURCE:VOLTAGE?", True),
        ("SOURce:VOLTage?", "SOURC:VOLT?", False),
        ("SOURce:VOLTage", "SOUR:VOLT?", False),
        ("*RST", ":*RST", True),
    ],
)
def test_headers_match_in_short_and_long_form(header: str, text: str, fits: bool) -> None:
    assert bool(header_pattern(header).fullmatch(text)) is fits


def test_semicolons_in_quotes_do_not_separate() -> None:
    assert split_units("A 'x;y'; B \"u;v\" ;") == ["A 'x;y'", 'B "u;v"']
