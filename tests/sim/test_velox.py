"""The virtual Velox over plain PyVISA, and under PyMeasure's own driver as it is."""

from dataclasses import dataclass, field
from typing import Any

import pytest
import pyvisa
from pymeasure.instruments.formfactor.velox import Velox
from pyvisa.errors import VisaIOError

from labctl.sim.velox import VirtualVelox
from labctl.sim.visa_library import LabctlVisaLibrary
from tests.sim.fakes import FakeClock

ADDRESS = "GPIB0::28::INSTR"


@dataclass
class FakeChuck:
    """Six dies of 8 mm x 6 mm; remembers where it was and when."""

    clock: FakeClock
    position: tuple[float, float] = (0.0, 0.0)
    height: str = "S"
    dies: tuple[tuple[int, int], ...] = ((-1, 0), (0, 0), (1, 0), (1, 1), (0, 1), (-1, 1))
    pitch: tuple[float, float] = (8e-3, 6e-3)
    subsites: tuple[tuple[float, float], ...] = ((0.0, 0.0), (2e-3, 1e-3))
    log: list[tuple[str, float]] = field(default_factory=list)

    def move(self, x: float, y: float) -> None:
        self.position = (x, y)
        self.log.append((f"({x * 1e3:g}, {y * 1e3:g}) mm", self.clock.now()))

    def lift(self, height: str) -> None:
        self.height = height
        self.log.append((height, self.clock.now()))


class Prober:
    """The instrument, its chuck, and a PyVISA resource to it."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.chuck = FakeChuck(self.clock)
        self.instrument = VirtualVelox("SIM0001", self.chuck, self.clock)
        self.library = LabctlVisaLibrary.serving({ADDRESS: self.instrument}, self.clock)
        self.manager = pyvisa.ResourceManager(self.library)
        self.visa: Any = self.manager.open_resource(ADDRESS, read_termination="\n", timeout=40_000)

    def ask(self, command: str) -> str:
        return str(self.visa.query(command))


@pytest.fixture
def prober():
    made = Prober()
    yield made
    made.manager.close()


@pytest.fixture
def velox(prober):
    """PyMeasure's driver, unmodified."""
    return Velox(ADDRESS, visa_library=prober.library)


def test_it_says_what_it_is(prober):
    assert prober.ask("*IDN?") == "FormFactor,Velox,SIM0001,1.0"
    assert prober.ask("ReportSoftwareVersion") == "0: 3.4"
    assert prober.ask("EchoData hello") == "0: hello"
    assert (prober.ask("IsAppRegistered WaferMap"), prober.ask("IsAppRegistered Laser")) == ("0: 1", "0: 0")
    assert prober.ask("ReadChuckIndex Y") == "0: 8000.000 6000.000"


def test_moves_take_their_time_on_the_bench(prober):
    assert prober.ask("StepNextDie 1 1") == "0: 1 1 0 2"
    sideways = prober.clock.now()
    assert 0.3 < sideways < 1.0
    assert prober.chuck.log == [("(8, 6) mm", pytest.approx(sideways))]
    prober.ask("MoveChuckContact 100")
    assert prober.clock.now() - sideways == pytest.approx(0.4)
    prober.ask("MoveChuckSeparation 50")
    assert prober.clock.now() - sideways == pytest.approx(1.2)


def test_a_short_time_out_leaves_the_move_going_on(prober):
    prober.visa.timeout = 100
    with pytest.raises(VisaIOError, match="VI_ERROR_TMO"):
        prober.ask("MoveChuckContact 100")
    assert prober.chuck.height == "S"
    polls = 1
    while True:
        try:
            answer = prober.visa.read()
            break
        except VisaIOError:
            polls += 1
    assert (answer, polls) == ("0:", 2)
    assert prober.chuck.log == [("C", pytest.approx(0.4))]


def test_contact_ends_with_the_beginning_of_separation_and_begins_with_the_end_of_contact(prober):
    prober.ask("MoveChuckContact")
    prober.ask("MoveChuckSeparation")
    assert [(what, round(when, 3)) for what, when in prober.chuck.log] == [("C", 0.4), ("S", 0.4), ("S", 0.8)]


def test_a_sideways_move_in_contact_is_refused(prober):
    prober.ask("MoveChuckContact 100")
    for command in (
        "StepNextDie 1 1",
        "MoveChuck 5 5 R Y 100",
        "MoveChuckIndex 1 0 R",
        "MoveChuckSubsite 1 1 Y",
    ):
        assert prober.ask(command) == "3: The chuck is in contact (interlock)."
    assert prober.chuck.position == (0.0, 0.0)


def test_only_a_subsite_leaves_the_home_of_the_die_where_it_is(prober):
    prober.ask("StepNextDie 1 0")
    prober.ask("MoveChuckSubsite 1500 -20 Y 100")
    assert prober.ask("ReadChuckPosition Y D") == "0: 1500.000 -20.000 0.000"
    assert prober.ask("ReadChuckPosition Y H") == "0: 9500.000 -20.000 0.000"
    prober.ask("MoveChuckSubsite 0 0 Y 100")
    assert prober.chuck.position == (8e-3, 0.0)
    prober.ask("MoveChuck 1000 0 D Y 100")
    assert prober.ask("ReadChuckPosition Y D") == "0: 0.000 0.000 0.000"
    prober.ask("MoveChuckIndex -1 1 H 100")
    assert prober.chuck.position == (-8e-3, 6e-3)


def test_the_map_is_stepped_to_its_end(prober):
    found = [prober.ask("StepFirstDie")] + [prober.ask("StepNextDie") for _ in range(5)]
    assert [tuple(map(int, answer.split()[1:3])) for answer in found] == list(prober.chuck.dies)
    assert prober.ask("StepNextDie") == "703: End of wafer map."
    assert prober.ask("StepNextDie 5 5") == "703: End of wafer map."
    assert prober.ask("ReadMapPosition2") == "0: -1 1 -8000.000 6000.000 -1 1 6 6 0 0"
    assert prober.ask("StepNextDie 0 1 1") == "0: 0 1 1 2"
    assert prober.chuck.position == (2e-3, 7e-3)


def test_off_the_map_no_die_is_told(prober):
    prober.ask("MoveChuck 90000 0 H Y 100")
    assert prober.ask("ReadMapPosition2").startswith("4: ")


def test_bins_are_kept_until_the_first_die(prober):
    prober.ask("StepNextDie 1 0")
    assert prober.ask("BinSubDie 4 1 0 1") == "0: 1 0 1 1"
    assert prober.ask("BinMapDie 2") == "0: 1 0"
    assert prober.ask("SetDieResultAsNum passed 3") == "0:"
    assert prober.instrument.bins == {(1, 0, 1): 4, (1, 0, -1): 2}
    assert prober.instrument.results == {3: "passed"}
    prober.ask("StepFirstDie")
    assert (prober.instrument.bins, prober.instrument.results) == ({}, {})


@pytest.mark.parametrize(
    "wrong",
    ["StepNextDie one two", "MoveChuck 5", "MoveChuckContact 200", "MoveChuck 1 1 Q Y", "MoveChuck 1 1 H J"],
)
def test_what_makes_no_sense_is_answered_by_an_error(prober, wrong):
    assert prober.ask(wrong).startswith("2: A parameter of ")
    assert prober.ask("Dance") == "1: Command Dance is unknown."


def test_after_a_device_clear_the_move_ends_unheard(prober):
    prober.visa.write("MoveChuckContact 100")
    prober.visa.clear()
    assert prober.ask("EchoData here") == "0: here"
    assert prober.chuck.height == "C"


def test_commands_during_a_move_wait_for_its_end(prober):
    prober.visa.write("MoveChuckContact 100")
    prober.visa.write("ReadChuckStatus")
    assert prober.visa.read() == "0:"
    assert prober.visa.read().split()[7] == "C"


def test_pymeasures_driver_walks_over_the_map(prober, velox):
    assert velox.id == "FormFactor,Velox,SIM0001,1.0"
    assert velox.version == 3.4
    assert velox.wafermap.enabled
    assert velox.chuck.index == [8000.0, 6000.0]
    found = [velox.wafermap.step_first_die()]
    while True:
        velox.chuck.move_contact()
        assert prober.chuck.height == "C"
        velox.chuck.move_separation()
        step = velox.wafermap.step_next_die()
        if velox.wafermap.end_reached:
            break
        found.append(step)
    assert [tuple(each[:2]) for each in found] == list(prober.chuck.dies)
    velox.chuck.move_contact()
    with pytest.raises(ConnectionError, match="3: The chuck is in contact"):
        velox.chuck.move(10, 10)
